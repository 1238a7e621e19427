"""Our clients on the fake: their settings, requests, and the models they make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiworker.llm import client
from aiworker.llm.anthropic import AnthropicMessages
from aiworker.llm.client import LLM
from aiworker.llm.openai import OpenAIChat
from aiworker.protocol import Block, JsonValue, LLMRequest, Prompt
from aiworker.settings import Settings
from aiworker.testing.llm import FakeProviders
from tests.support.providers import IN_PROCESS

PROVIDERS = ("openai", "anthropic")
PLAIN = Prompt("plain", "0123456789ab", (Block("rules", "system", "Be brief."), Block("task", "user", "Say hello.")))
MAP: Mapping[str, JsonValue] = {
    "type": "object",
    "properties": {"b0": {"type": "string"}, "b1": {"type": "string"}},
    "required": ["b0", "b1"],
    "additionalProperties": False,
}


def request(
    prompt: Prompt = PLAIN, *, schema: Mapping[str, JsonValue] | None = None, max_tokens: int = 500, task: str = "plain"
) -> LLMRequest:
    """Return one question."""
    return LLMRequest("q", task, {}, schema or {}, max_tokens, prompt=prompt)


def settings(fake: FakeProviders, provider: str, *, url: str | None = None, **values: object) -> Settings:
    """Return settings under which a provider's client asks the fake, which counts as the provider itself."""
    base = url or f"{IN_PROCESS}/v1" * (provider == "openai") or IN_PROCESS
    given = {f"{provider}_api_key": fake.api_key, f"{provider}_base_url": base, "llm_compatible": False, **values}
    return Settings.model_validate({"llm_provider": provider, **given})


def variables(fake: FakeProviders, provider: str) -> dict[str, str]:
    """Return what makes a command take the fake for this provider."""
    given = {} if provider == "offline" else {"api_key": fake.api_key, "base_url": on(fake, provider)}
    own = {f"{provider}_{name}".upper(): value for name, value in given.items()}
    return {"LLM_PROVIDER": provider, "LLM_COMPATIBLE": "false", **own}


def on(fake: FakeProviders, provider: str) -> str:
    """Return the base URL of the fake on loopback."""
    return fake.openai_url if provider == "openai" else fake.anthropic_url


def door(
    fake: FakeProviders,
    provider: str,
    http: Any = None,
    *,
    model: str | None = None,
    strict: bool = True,
    url: str | None = None,
    **values: object,
) -> OpenAIChat | AnthropicMessages:
    """Return one provider's door on the fake; without an HTTP client the SDK brings its own."""
    chosen = settings(fake, provider, url=url, **values)
    return client.door(chosen, provider, now=fake.clock.now, model=model, http_client=http, strict=strict)


def asking(
    fake: FakeProviders,
    provider: str,
    http: Any = None,
    *,
    model: str | None = None,
    strict: bool = True,
    url: str | None = None,
    **values: object,
) -> LLM:
    """Return a model on the fake."""
    chosen = settings(fake, provider, url=url, **values)
    return client.build(chosen, provider, now=fake.clock.now, model=model, http_client=http, strict=strict)
