"""What each model can do, and which model answers when the requested one has retired.

`models.toml` holds the facts. A name that is not in it is no error: it gets capabilities that every current model
of its provider has. A server that is only compatible (another base URL) retires on nobody's calendar but its own.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, TypeAdapter, with_config

from aiworker.errors import ConfigurationError

Policy = Literal["successor", "fail"]

NOTICE = timedelta(days=90)


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What a model can do where it is served.

    `name` is what to send: a pinned date stays. `min_cache_tokens` is None where nothing is known to be cached: then
    no breakpoints are set. `is_listed` is False for a model that `models.toml` does not know; `is_compatible` is True
    on a server that speaks the provider's older dialect: `max_tokens`, no cache key, no enforced schema.
    """

    name: str
    provider: str
    window: int
    max_output: int
    accepts_temperature: bool
    structured_output: bool
    min_cache_tokens: int | None = None
    retires_on: date | None = None
    successor: str | None = None
    serve_successor_from: date | None = None
    token_factor: float = 1.0
    token_factor_other: float = 1.0
    aliases: tuple[str, ...] = ()
    is_listed: bool = True
    is_compatible: bool = False

    def is_retired(self, today: date) -> bool:
        """Say whether requests fail today."""
        return self.retires_on is not None and today >= self.retires_on


@dataclass(frozen=True, slots=True)
class Served:
    """Who answers a request for a model, and what to tell the operator about it."""

    requested: str
    served: Model
    warning: str | None


@dataclass(slots=True)
class Choice:
    """A model that a setting requests, and who answers for it today: models retire while a process runs."""

    provider: str
    requested: str
    policy: Policy
    now: Callable[[], datetime]
    setting: str
    base_url: str | None = None
    compatible: bool | None = None
    _known: tuple[date, Served] | None = field(default=None, repr=False)

    @property
    def served(self) -> Served:
        """Who answers; raises ConfigurationError once the model has retired and nobody may answer instead."""
        today = self.now().date()
        if self._known is None or self._known[0] != today:
            served = resolve(
                self.provider,
                self.requested,
                today,
                self.policy,
                base_url=self.base_url,
                compatible=self.compatible,
            )
            self._known = (today, served)
        return self._known[1]


OWN_HOSTS: Mapping[str, str] = MappingProxyType({"openai": "api.openai.com", "anthropic": "api.anthropic.com"})

# Every chat model that the two still serve has at least this. Temperature, schema and caching are left out, because a
# model without them answers 400; the high factor over-counts rather than overflows.
_UNLISTED = MappingProxyType(
    {
        "openai": Model(
            name="",
            provider="openai",
            window=128_000,
            max_output=16_384,
            accepts_temperature=False,
            structured_output=False,
            is_listed=False,
        ),
        "anthropic": Model(
            name="",
            provider="anthropic",
            window=200_000,
            max_output=32_000,
            accepts_temperature=False,
            structured_output=False,
            token_factor=1.7,
            token_factor_other=1.9,
            is_listed=False,
        ),
    }
)

# What a local server loads is unknown: Ollama's default window, a tokenizer that may need more than o200k. Each of
# them takes a temperature.
_UNLISTED_COMPATIBLE = Model(
    name="",
    provider="",
    window=8_192,
    max_output=4_096,
    accepts_temperature=True,
    structured_output=False,
    token_factor=1.3,
    token_factor_other=1.9,
    is_listed=False,
    is_compatible=True,
)

_DATED = re.compile(r"-(?:\d{8}|\d{4}-\d{2}-\d{2}|latest)\Z")


def resolve(
    provider: str,
    requested: str,
    today: date,
    policy: Policy = "successor",
    *,
    base_url: str | None = None,
    compatible: bool | None = None,
) -> Served:
    """Find who answers for `requested`; raise ConfigurationError for a retired model under the policy `fail`.

    With a `base_url` off the provider's own hosts the server counts as compatible only, unless `compatible` says
    otherwise (a gateway or test double that behaves exactly like the provider).
    """
    own_host = _own_host(provider)
    found = _find(provider, requested)
    if compatible is None:
        compatible = base_url is not None and not _is_on(base_url, own_host)
    if compatible:
        return Served(requested, _compatible(found, provider, requested), None)
    if found is None:
        return Served(requested, replace(_UNLISTED[provider], name=requested), _unlisted_warning(provider, requested))
    if not _is_replaced(found, today, policy):
        return Served(requested, replace(found, name=requested), _ending(found, today))
    successor = _successor(found, today, policy)
    if successor is None or policy == "fail":
        raise _retired(found, successor)
    warnings = (_replaced(requested, found, successor, today), _ending(successor, today))
    return Served(requested, successor, " ".join(filter(None, warnings)))


def models() -> tuple[Model, ...]:
    """Return every model of the table."""
    return tuple(_table().values())


@cache
def _table() -> Mapping[str, Model]:
    text = resources.files("aiworker.llm").joinpath("models.toml").read_text(encoding="utf-8")
    listed = TypeAdapter(tuple[Model, ...]).validate_python(tomllib.loads(text)["model"])
    return MappingProxyType({model.name: model for model in listed})


@cache
def _names() -> Mapping[tuple[str, str], Model]:
    return {(model.provider, name): model for model in models() for name in (model.name, *model.aliases)}


def _own_host(provider: str) -> str:
    host = OWN_HOSTS.get(provider)
    if host is None:
        raise ConfigurationError(
            f"No models are known for the provider {provider}.", remedy=f"use one of {', '.join(OWN_HOSTS)}"
        )
    return host


def _is_on(base_url: str, own_host: str) -> bool:
    """Say whether a URL names the provider's own API, regional hosts (eu.api.openai.com) included."""
    try:
        host = urlsplit(base_url).hostname or ""
    except ValueError:
        return False
    return host == own_host or host.endswith("." + own_host)


def _find(provider: str, requested: str) -> Model | None:
    names = _names()
    return names.get((provider, requested)) or names.get((provider, _DATED.sub("", requested)))


def _compatible(found: Model | None, provider: str, requested: str) -> Model:
    """Describe a model behind a compatible server (Ollama, vLLM, llama.cpp, a gateway)."""
    if found is None:
        return replace(_UNLISTED_COMPATIBLE, provider=provider, name=requested)
    return replace(found, name=requested, structured_output=False, min_cache_tokens=None, is_compatible=True)


def _is_replaced(model: Model, today: date, policy: Policy) -> bool:
    if model.is_retired(today):
        return True
    early = model.serve_successor_from
    return policy == "successor" and early is not None and today >= early


def _successor(model: Model, today: date, policy: Policy) -> Model | None:
    """Follow the successors to the first that answers today."""
    following: Model | None = model
    while following is not None and _is_replaced(following, today, policy):
        following = _table().get(following.successor or "")
    return following


def _retired(model: Model, successor: Model | None) -> ConfigurationError:
    choice = f"{successor.name}, or set LLM_RETIRED_MODEL=successor" if successor else "another model"
    return ConfigurationError(
        f"The model {model.name} ({model.provider}) was retired on {model.retires_on}.",
        code="retired_model",
        remedy=f"request {choice}",
    )


def _replaced(requested: str, model: Model, successor: Model, today: date) -> str:
    if model.is_retired(today):
        end = f"was retired on {model.retires_on}; {successor.name} answers instead."
        return f"The model {requested} ({model.provider}) {end} Request {successor.name} to silence this."
    end = f"ends on {model.retires_on}; {successor.name} answers already."
    return f"The model {requested} ({model.provider}) {end} Set LLM_RETIRED_MODEL=fail to keep it until then."


def _ending(model: Model, today: date) -> str | None:
    """Warn of a model that ends within 90 days."""
    if model.retires_on is None or model.retires_on - today > NOTICE:
        return None
    remedy = f" Its successor is {model.successor}." if model.successor else ""
    days = (model.retires_on - today).days
    return f"The model {model.name} ({model.provider}) ends on {model.retires_on}, in {days} days.{remedy}"


def _unlisted_warning(provider: str, requested: str) -> str:
    return (
        f"The model {requested} ({provider}) is not in the capability table: cautious limits apply, "
        "without temperature, strict schema and cache breakpoints."
    )
