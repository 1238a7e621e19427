"""The one interface behind which a model answers, and the choice of who it is.

A client imports its SDK when it is warmed or first asked: a process pays for the providers its queues need.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from pydantic import SecretStr

from aiworker.domain.characters import storable
from aiworker.errors import ConfigurationError, DeadlineExceeded
from aiworker.llm import rates
from aiworker.llm.anthropic import AnthropicMessages
from aiworker.llm.capabilities import Choice, Served
from aiworker.llm.notices import Notices
from aiworker.llm.offline import OfflineModel
from aiworker.llm.openai import OpenAIChat
from aiworker.llm.prices import NormalisedUsage, cost
from aiworker.llm.reply import Answered, Garbled, no_answer
from aiworker.llm.tokens import count
from aiworker.protocol import Block, Limits, LLMReply, LLMRequest, Prompt, Usage
from aiworker.settings import Settings

DEADLINE = timedelta(seconds=30)


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
    """A model behind an SDK, with what its answers cost on the day; without `notices` the log is told nothing."""

    door: Door
    now: Callable[[], datetime]
    notices: Notices | None = None
    monotonic: Callable[[], float] = field(default=time.monotonic, repr=False)

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
        served = self.door.served
        if self.notices:
            self.notices.of_model(served)
            self.notices.of_prompt(request, served.served)
        began = self.monotonic()
        try:
            answered = await self.door.send(request)
        except Garbled as fault:
            fault.evidence = self._evidence(fault, served, self.monotonic() - began)
            raise
        seconds = self.monotonic() - began
        return LLMReply(
            text=answered.text,
            provider=self.provider,
            requested_model=served.requested,
            served_model=answered.model or served.served.name,
            stop_reason=answered.stop,
            usage=self._usage(answered.usage, served.served.name),
            external_id=answered.external_id,
            seconds=seconds,
            rate_limits=rates.read(answered.limits, self.now()),
        )

    def _evidence(self, fault: Garbled, served: Served, seconds: float) -> LLMReply:
        return LLMReply(
            text=fault.raw_head,
            provider=self.provider,
            requested_model=served.requested,
            served_model=served.served.name,
            stop_reason="garbled",
            usage=Usage(cost_usd=None),
            seconds=seconds,
        )

    def _usage(self, used: NormalisedUsage, model: str) -> Usage:
        price = cost(self.provider, model, used, at=self.now())
        return Usage(
            tokens_in=used.input_total,
            tokens_out=used.output,
            tokens_cached=used.cache_read,
            cost_usd=str(price.usd) if price.known else None,
            tokens_cache_written=used.cache_write_5m + used.cache_write_1h,
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
    notices = Notices()
    notices.of_model(found.served)
    return SdkModel(found, now, notices)


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
    choice = Choice(
        provider,
        model or configured,
        settings.llm_retired_model,
        now,
        _setting(settings, provider, model),
        base_url=base_url,
        compatible=settings.llm_compatible,
    )
    # Whoever starts with a model that nobody serves any more is told now, not at the first job.
    _ = choice.served
    return kind(choice, key.get_secret_value() if key else "", base_url, settings.llm_temperature, http_client, strict)


def _setting(settings: Settings, provider: str, model: str | None) -> str:
    """Name the setting that chose a model."""
    own = {"INTERVIEW_MODEL": settings.interview_model, "EVALUATION_MODEL": settings.evaluation_model}
    chosen = (name for name, value in own.items() if value == f"{provider}:{model}")
    return next(chosen, f"{provider}_model".upper())


class LLMClient:
    """The documents' client: one prompt in, one text out."""

    def __init__(self, llm: LLM, *, deadline: timedelta = DEADLINE) -> None:
        self._llm = llm
        self._deadline = deadline

    async def complete(self, prompt: str, max_tokens: int = 2000) -> str:
        """Return the model's whole answer; raises an AiworkerError for anything less, DeadlineExceeded after 30 s."""
        whole = Prompt("complete", "none", (Block("prompt", "user", storable(prompt)),))
        request = LLMRequest("complete", "complete", {"prompt": prompt}, {}, max_tokens, prompt=whole)
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                reply = await self._llm.answer(request)
        except TimeoutError as error:
            raise DeadlineExceeded(f"No answer within {self._deadline.total_seconds():g} s.") from error
        if error := no_answer(reply.stop_reason):
            raise error
        return reply.text
