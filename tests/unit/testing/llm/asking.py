"""The shortest questions that both SDKs can put."""

from __future__ import annotations

from typing import Any

from anthropic import AsyncAnthropic
from anthropic.types import Message
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion

GPT = "gpt-4o"
CLAUDE = "claude-sonnet-4-6"


async def ask_gpt(client: AsyncOpenAI, text: str = "Hello.", *, model: str = GPT, **more: Any) -> ChatCompletion:
    create: Any = client.chat.completions.create
    return await create(**{"model": model, "messages": [{"role": "user", "content": text}], **more})


async def ask_claude(
    client: AsyncAnthropic, text: str = "Hello.", *, model: str = CLAUDE, max_tokens: int = 500, **more: Any
) -> Message:
    create: Any = client.messages.create
    return await create(model=model, max_tokens=max_tokens, messages=[{"role": "user", "content": text}], **more)


def said_by_gpt(answer: ChatCompletion) -> str:
    text = answer.choices[0].message.content
    assert text is not None
    return text


def said_by_claude(answer: Message) -> str:
    (block,) = answer.content
    assert block.type == "text"
    return block.text
