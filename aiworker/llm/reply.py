"""What came back over the wire, in terms that no provider owns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from aiworker.errors import TransientFault
from aiworker.llm.prices import NormalisedUsage


@dataclass(frozen=True, slots=True)
class Answered:
    """A model's answer; `stop` is one of end, length, refusal, filter, window, `limits` are the rate headers."""

    text: str
    stop: str
    model: str
    external_id: str | None
    usage: NormalisedUsage
    limits: Mapping[str, str] = field(default_factory=dict[str, str])


def parse_json(text: str, provider: str) -> dict[str, Any]:
    """Parse a response body; TransientFault if it is no JSON object."""
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        raise garbled(provider) from None
    if not isinstance(document, dict):
        raise garbled(provider)
    return cast("dict[str, Any]", document)


def garbled(provider: str) -> TransientFault:
    """Return the fault of a 200 whose body is no answer: the transport's, so it is worth another try."""
    return TransientFault(f"{provider} answered something that is no reply.", code="provider_garbled")


def mapping(value: object) -> dict[str, Any]:
    """Return an object of a body as it is, and an empty one for whatever else stands in its place."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def tokens(usage: Mapping[str, Any], name: str) -> int:
    """Read a count that a compatible server may leave out, send as null or get wrong."""
    value = usage.get(name)
    return value if isinstance(value, int) and value > 0 else 0
