"""What the client adds to a provider's answer: time, price, allowances."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from aiworker.llm.capabilities import Served, resolve
from aiworker.llm.client import SdkModel
from aiworker.llm.prices import NormalisedUsage
from aiworker.llm.reply import Answered, Garbled, garbled
from aiworker.protocol import Allowance, LLMRequest, Usage
from tests.support.doors import request

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
USED = NormalisedUsage(input_uncached=10, cache_read=20, cache_write_5m=3, cache_write_1h=4, output=5)


@dataclass
class StubDoor:
    """Answers without a provider."""

    served: Served
    broken: Garbled | None = None
    limits: Mapping[str, str] = field(default_factory=dict[str, str])
    provider: str = "anthropic"

    def body(self, request: LLMRequest) -> dict[str, Any]:
        return {}

    async def send(self, request: LLMRequest) -> Answered:
        if self.broken:
            raise self.broken
        return Answered("Hello.", "end", "", None, USED, self.limits)

    def warm(self) -> None: ...
    async def aclose(self) -> None: ...


def model(name: str = "claude-sonnet-4-6", **more: Any) -> SdkModel:
    """Return a model whose calls take half a second."""
    ticks = itertools.count(100.0, 0.5)
    served = resolve("anthropic", name, date(2026, 11, 20))
    return SdkModel(StubDoor(served, **more), lambda: NOW, monotonic=lambda: next(ticks))


async def test_the_time_of_the_call_is_told_in_seconds() -> None:
    assert (await model().answer(request())).seconds == 0.5


async def test_every_token_is_told_once_and_what_was_written_to_the_cache_beside() -> None:
    usage = (await model().answer(request())).usage
    assert usage.cost_usd is not None
    assert usage == Usage(37, 5, 20, usage.cost_usd, tokens_cache_written=7)


@pytest.mark.parametrize(("name", "known"), [("claude-sonnet-4-6", True), ("nobody-s-model", False)])
async def test_a_price_that_is_not_known_is_none(name: str, known: bool) -> None:
    cost = (await model(name).answer(request())).usage.cost_usd
    assert (cost is not None) == known and cost != "0"


async def test_allowances_are_held_against_our_clock_where_the_answer_has_none() -> None:
    headers = {"anthropic-ratelimit-requests-reset": "2026-11-20T09:30:09Z"}
    limits = (await model(limits=headers).answer(request())).rate_limits
    assert limits.requests == Allowance(reset=timedelta(seconds=9))


async def test_a_body_that_is_no_reply_becomes_evidence_under_both_names_and_is_quoted_nowhere() -> None:
    with pytest.raises(Garbled) as raised:
        await model("claude-sonnet-4-5", broken=garbled("anthropic", "canary" + "x" * 5_000)).answer(request())
    came = raised.value.evidence
    assert came is not None and came.text == "canary" + "x" * 1_994
    assert (came.requested_model, came.served_model) == ("claude-sonnet-4-5", "claude-sonnet-4-6")
    assert (came.seconds, came.usage.cost_usd) == (0.5, None)
    assert "canary" not in f"{raised.value} {raised.value!r} {raised.value.args}"
