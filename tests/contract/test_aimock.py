"""Somebody else's fake of both providers is the referee: what it answers, both our clients understand."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aiworker.errors import RateLimited
from aiworker.llm.client import LLM, LLMClient, build
from aiworker.protocol import Block, LLMRequest, Prompt
from aiworker.settings import load
from tests.contract.node_bullmq import ROOT

pytestmark = pytest.mark.node

COMMAND = ROOT / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
SECONDS = 20.0
QUESTION = "Which river runs past the fictional town of Brackenvale?"
TOO_MUCH = "Too much is asked of Brackenvale."
ANSWER = "The Thistle, says the almanac: 42 km — naïvely measured. 🛶"
MODELS = {"openai": "gpt-5.4-mini", "anthropic": "claude-sonnet-4-6"}
LISTENING = re.compile(rb"listening on (http://127\.0\.0\.1:\d+)")


@pytest.fixture
async def aimock(tmp_path: Path) -> AsyncGenerator[str]:
    """Run aimock on a loopback port of its own and return its address."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("not run: Node.js is not installed")
    if not COMMAND.is_file():
        pytest.skip("not run: node_modules/@copilotkit/aimock is missing (make node)")
    fixtures = tmp_path / "fixtures.json"
    limit = {"status": 429, "retryAfter": 7, "error": {"message": TOO_MUCH, "type": "rate_limit_error"}}
    answers = [
        {"match": {"userMessage": QUESTION}, "response": {"content": ANSWER}},
        {"match": {"userMessage": TOO_MUCH}, "response": limit},
    ]
    fixtures.write_text(json.dumps({"fixtures": answers}), "utf-8")
    words = ("--host", "127.0.0.1", "--port", "0", "--fixtures", str(fixtures), "--validate-on-load", "--strict")
    process = await asyncio.create_subprocess_exec(node, str(COMMAND), *words, cwd=tmp_path, stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(SECONDS):
            yield await _address(process.stdout)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def _address(said: asyncio.StreamReader) -> str:
    async for line in said:
        if found := LISTENING.search(line):
            return found[1].decode()
    raise AssertionError("aimock ended without listening")


def client_on(provider: str, url: str) -> LLM:
    """Return our client of a provider, whose requests go to `url`."""
    settings = load(
        overrides={
            "llm_provider": provider,
            "llm_compatible": False,
            f"{provider}_api_key": "fictional-key",
            f"{provider}_base_url": f"{url}/v1" if provider == "openai" else url,
            f"{provider}_model": MODELS[provider],
        }
    )
    return build(settings, provider, now=lambda: datetime.now(UTC), strict=True)


def question(text: str) -> LLMRequest:
    prompt = Prompt("contract", "0", (Block("rules", "system", "Be brief."), Block("question", "user", text)))
    return LLMRequest("ask", "contract", {"text": text}, {}, 200, prompt=prompt)


@pytest.mark.parametrize("provider", MODELS)
async def test_both_our_clients_accept_its_answer(aimock: str, provider: str) -> None:
    client = client_on(provider, aimock)
    try:
        reply = await client.answer(question(QUESTION))
        text = await LLMClient(client).complete(QUESTION)
    finally:
        await client.aclose()
    assert (reply.text, reply.stop_reason, reply.provider) == (ANSWER, "end", provider)
    assert reply.requested_model == reply.served_model == MODELS[provider]
    assert reply.external_id
    assert text == ANSWER


@pytest.mark.parametrize("provider", MODELS)
async def test_both_our_clients_wait_as_long_as_its_rate_limit_says(aimock: str, provider: str) -> None:
    client = client_on(provider, aimock)
    try:
        with pytest.raises(RateLimited) as raised:
            await client.answer(question(TOO_MUCH))
    finally:
        await client.aclose()
    assert raised.value.retry_after == timedelta(seconds=7)
    assert "Brackenvale" not in str(raised.value)
