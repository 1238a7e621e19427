"""The one interface behind which a model answers, and the choice of who it is.

A client imports its SDK when it is warmed or first asked: a process pays for the providers its queues need.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from pydantic import SecretStr

from aiworker.errors import ConfigurationError, DeadlineExceeded
from aiworker.llm.anthropic import AnthropicMessages
from aiworker.llm.capabilities import Served, resolve
from aiworker.llm.offline import OfflineModel
from aiworker.llm.openai import OpenAIChat
from aiworker.llm.prices import NormalisedUsage, cost
from aiworker.llm.reply import Answered
from aiworker.llm.tokens import count
from aiworker.protocol import Block, Limits, LLMReply, LLMRequest, Prompt, Usage
from aiworker.settings import Settings

DEADLINE = timedelta(seconds=30)

log = logging.getLogger("aiworker.llm")


class LLM(Protocol):
    """A model that answers requests; the caller sets the deadline."""

    @property
    def provider(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def limits(self) -> Limits: ...

    async def answer(self, request: LLMRequest) -> LLMReply:
        """Ask the model once; raises an AiworkerError that knows its outcome."""
        ...

    def warm(self) -> None:
        """Import what the first call would otherwise import while jobs wait."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class Door(Protocol):
    """One provider's SDK: builds the body, sends it once, reads what comes back."""

    @property
    def provider(self) -> str: ...
    @property
    def served(self) -> Served: ...

    def body(self, request: LLMRequest) -> dict[str, Any]: ...
    async def send(self, request: LLMRequest) -> Answered: ...
    def warm(self) -> None: ...
    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class SdkModel:
    """A model behind an SDK, with what its answers cost on the day."""

    door: Door
    now: Callable[[], datetime]

    @property
    def provider(self) -> str:
        return self.door.provider

    @property
    def model(self) -> str:
        return self.door.served.served.name

    @property
    def limits(self) -> Limits:
        model = self.door.served.served
        return Limits(model.window, model.max_output, lambda text: count(text, model).tokens)

    async def answer(self, request: LLMRequest) -> LLMReply:
        """Ask once and put a price on the answer."""
        answered = await self.door.send(request)
        price = cost(self.provider, self.model, answered.usage, at=self.now())
        return LLMReply(
            text=answered.text,
            provider=self.provider,
            requested_model=self.door.served.requested,
            served_model=answered.model or self.model,
            stop_reason=answered.stop,
            usage=Usage(answered.usage.input_total, answered.usage.output, answered.usage.cache_read, str(price.usd)),
            external_id=answered.external_id,
        )

    def warm(self) -> None:
        self.door.warm()
        # Vocabulary and price table take 0.4 s to load.
        self.limits.count("warm")
        cost(self.provider, self.model, NormalisedUsage(), at=self.now())

    async def aclose(self) -> None:
        await self.door.aclose()


def build(
    settings: Settings,
    provider: str,
    *,
    now: Callable[[], datetime],
    model: str | None = None,
    http_client: Any = None,
    strict: bool = False,
) -> LLM:
    """Return the client of a provider, with a warning in the log of a model that is replaced, ends or is unlisted.

    Raises ConfigurationError if the key is missing or the model has retired without a successor.
    """
    if provider == "offline":
        return OfflineModel()
    found = door(settings, provider, now=now, model=model, http_client=http_client, strict=strict)
    served = found.served
    if served.warning:
        fields = {"requestedModel": served.requested, "servedModel": served.served.name}
        is_same = served.served.name == served.requested
        event = "model-replaced" if not is_same else "model-ending" if served.served.is_listed else "model-unlisted"
        log.warning(event, extra={"fields": fields})
    return SdkModel(found, now)


def door(
    settings: Settings,
    provider: str,
    *,
    now: Callable[[], datetime],
    model: str | None = None,
    http_client: Any = None,
    strict: bool = False,
    needs_key: bool = True,
) -> OpenAIChat | AnthropicMessages:
    """Return the SDK behind a provider's model.

    Without a key (`needs_key=False`) it can only tell what it would send.
    """
    kind = {"openai": OpenAIChat, "anthropic": AnthropicMessages}[provider]
    key: SecretStr | None = getattr(settings, f"{provider}_api_key")
    configured: str = getattr(settings, f"{provider}_model")
    base_url: str | None = getattr(settings, f"{provider}_base_url")
    if key is None and needs_key:
        name = settings.missing_key(provider)
        raise ConfigurationError(f"{provider} cannot be asked: {name} is not set.", remedy=f"set {name}")
    served = resolve(
        provider,
        model or configured,
        now().date(),
        settings.llm_retired_model,
        base_url=base_url,
        compatible=settings.llm_compatible,
    )
    return kind(served, key.get_secret_value() if key else "", base_url, settings.llm_temperature, http_client, strict)


class LLMClient:
    """The documents' client: one prompt in, one text out."""

    def __init__(self, llm: LLM, *, deadline: timedelta = DEADLINE) -> None:
        self._llm = llm
        self._deadline = deadline

    async def complete(self, prompt: str, max_tokens: int = 2000) -> str:
        """Return the model's text; raises an AiworkerError, DeadlineExceeded after 30 s in all."""
        whole = Prompt("complete", "none", (Block("prompt", "user", prompt),))
        request = LLMRequest("complete", "complete", {"prompt": prompt}, {}, max_tokens, prompt=whole)
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                return (await self._llm.answer(request)).text
        except TimeoutError as error:
            raise DeadlineExceeded(f"No answer within {self._deadline.total_seconds():g} s.") from error
