"""The one interface behind which a model answers."""

from __future__ import annotations

from typing import Protocol

from aiworker.errors import ConfigurationError
from aiworker.llm.offline import OfflineModel
from aiworker.protocol import Limits, LLMReply, LLMRequest


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


def build(provider: str) -> LLM:
    """Return the client of a provider."""
    if provider == "offline":
        return OfflineModel()
    raise ConfigurationError(
        f"The provider {provider} cannot be used yet in this version.",
        remedy="set LLM_PROVIDER=offline (rule engine, no model)",
    )
