"""What came back over the wire, in terms that no provider owns.

A body that is no reply travels on the error that it causes, for its row in `calls` and for nobody else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from aiworker.errors import ContextTooLong, JobFailed, OutputCut, Refused, TransientFault
from aiworker.llm.prices import NormalisedUsage
from aiworker.protocol import LLMReply

MOST_TOKENS = 2**31 - 1
"""What a count's column holds; a compatible server may send anything."""
RAW_HEAD = 2_000
"""Characters that are kept of a body that is no reply."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A model's answer; `stop` is one of end, length, refusal, filter, window, `limits` are the rate headers."""

    text: str
    stop: str
    model: str
    external_id: str | None
    usage: NormalisedUsage
    limits: Mapping[str, str] = field(default_factory=dict[str, str])


class Garbled(TransientFault):
    """The provider answered something that is no reply."""

    code = "provider_garbled"
    raw_head = ""
    """The beginning of what came; never part of the message."""
    evidence: LLMReply | None = None
    """The same as a row of `calls`, once it is known who was asked."""


def parse_json(text: str, provider: str) -> dict[str, Any]:
    """Parse a response body; TransientFault if it is no JSON object."""
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        raise garbled(provider, text) from None
    if not isinstance(document, dict):
        raise garbled(provider, text)
    return cast("dict[str, Any]", document)


def garbled(provider: str, text: str) -> Garbled:
    """Return the fault of a 200 whose body is no answer: the transport's, so it is worth another try."""
    fault = Garbled(f"{provider} answered something that is no reply.")
    fault.raw_head = text[:RAW_HEAD]
    return fault


def mapping(value: object) -> dict[str, Any]:
    """Return an object of a body as it is, and an empty one for whatever else stands in its place."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def tokens(usage: Mapping[str, Any], name: str) -> int:
    """Read a count that a compatible server may leave out, send as null or get wrong."""
    value = usage.get(name)
    return min(value, MOST_TOKENS) if type(value) is int and value > 0 else 0


def no_answer(stop_reason: str) -> JobFailed | None:
    """Return the error of a reply that stopped before it was an answer."""
    match stop_reason:
        case "length":
            return OutputCut()
        case "refusal" | "filter":
            return Refused()
        case "window":
            return ContextTooLong(maximum=-1)
        case _:
            return None
