from __future__ import annotations

from datetime import timedelta
from typing import Any

import anthropic
import pytest
from anthropic.types.messages import MessageBatch, MessageBatchIndividualResponse, MessageBatchSucceededResult

from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import Drip, Hang, Overloaded, Reset, Text
from tests.unit.testing.llm.asking import CLAUDE, ask_claude

LONG = {"type": "text", "text": "x" * 8000, "cache_control": {"type": "ephemeral"}}


async def submit(claude: anthropic.AsyncAnthropic, *names: str, model: str = CLAUDE, **more: Any) -> MessageBatch:
    params: Any = {"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": "Hello."}], **more}
    return await claude.messages.batches.create(requests=[{"custom_id": name, "params": params} for name in names])


async def results(claude: anthropic.AsyncAnthropic, batch: MessageBatch) -> dict[str, MessageBatchIndividualResponse]:
    return {row.custom_id: row async for row in await claude.messages.batches.results(batch.id)}


def succeeded(row: MessageBatchIndividualResponse) -> MessageBatchSucceededResult:
    assert row.result.type == "succeeded"
    return row.result


async def test_a_batch_ends_and_counts_only_then(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    batch = await submit(claude, "a", "b", "c")
    fake.clock.advance(timedelta(minutes=9))
    batch = await claude.messages.batches.retrieve(batch.id)
    assert (batch.processing_status, batch.results_url, batch.ended_at) == ("in_progress", None, None)
    assert (batch.request_counts.processing, batch.request_counts.succeeded) == (3, 0)
    fake.clock.advance(timedelta(minutes=1))
    batch = await claude.messages.batches.retrieve(batch.id)
    assert (batch.processing_status, batch.ended_at) == ("ended", fake.clock.now())
    assert (batch.request_counts.processing, batch.request_counts.succeeded) == (0, 3)
    assert batch.expires_at - batch.created_at == timedelta(hours=24)


async def test_results_before_the_end_are_the_sdks_own_error(claude: anthropic.AsyncAnthropic) -> None:
    batch = await submit(claude, "a")
    with pytest.raises(anthropic.AnthropicError, match="No `results_url`"):
        await claude.messages.batches.results(batch.id)
    with pytest.raises(anthropic.NotFoundError):
        await claude.get(f"/v1/messages/batches/{batch.id}/results", cast_to=object)


async def test_results_come_in_another_order_with_usage_of_the_batch_tier(
    fake: FakeProviders, claude: anthropic.AsyncAnthropic
) -> None:
    fake.script(Text("one"), Overloaded(), Drip(1, 5, Text("three")), Reset())
    batch = await submit(claude, "a", "b", "c", "d", "e", system=[LONG])
    fake.clock.advance(timedelta(minutes=10))
    rows = await results(claude, batch)
    assert sorted(rows) == ["a", "b", "c", "d", "e"]
    assert list(rows) != sorted(rows)
    assert {name: row.result.type for name, row in rows.items()} == {
        **dict.fromkeys("ace", "succeeded"),
        **dict.fromkeys("bd", "errored"),
    }
    first, third = (succeeded(rows[name]).message for name in "ac")
    assert [block.text for block in (*first.content, *third.content) if block.type == "text"] == ["one", "three"]
    assert (first.usage.service_tier, first.usage.cache_creation_input_tokens) == ("batch", 2000)
    assert third.usage.cache_read_input_tokens == 2000
    error = rows["b"].result
    assert error.type == "errored"
    assert (error.error.type, error.error.error.type) == ("error", "overloaded_error")
    batch = await claude.messages.batches.retrieve(batch.id)
    assert (batch.request_counts.succeeded, batch.request_counts.errored) == (3, 2)


async def test_wrong_parameters_err_inside_the_batch(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    batch = await submit(claude, "a", model="claude-opus-4-8", temperature=0.3)
    fake.clock.advance(timedelta(minutes=10))
    result = (await results(claude, batch))["a"].result
    assert result.type == "errored"
    assert result.error.error.message == "`temperature` is deprecated for this model"


async def test_what_never_ends_expires_after_a_day(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    fake.script(Text("done"), Hang())
    batch = await submit(claude, "a", "b")
    fake.clock.advance(timedelta(hours=23, minutes=59))
    assert (await claude.messages.batches.retrieve(batch.id)).processing_status == "in_progress"
    fake.clock.advance(timedelta(minutes=1))
    batch = await claude.messages.batches.retrieve(batch.id)
    assert (batch.request_counts.succeeded, batch.request_counts.expired) == (1, 1)
    rows = await results(claude, batch)
    assert (rows["a"].result.type, rows["b"].result.type) == ("succeeded", "expired")


async def test_a_canceled_batch_ends_with_what_was_done(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    batch = await submit(claude, "a", "b")
    fake.clock.advance(timedelta(minutes=5))
    batch = await claude.messages.batches.cancel(batch.id)
    assert (batch.processing_status, batch.cancel_initiated_at) == ("canceling", fake.clock.now())
    fake.clock.advance(timedelta(seconds=10))
    rows = await results(claude, batch)
    assert (rows["a"].result.type, rows["b"].result.type) == ("succeeded", "canceled")
    with pytest.raises(anthropic.BadRequestError, match="finished processing"):
        await claude.messages.batches.cancel(batch.id)


async def test_results_are_kept_for_29_days(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    batch = await submit(claude, "a")
    fake.clock.advance(timedelta(days=29))
    batch = await claude.messages.batches.retrieve(batch.id)
    assert (batch.results_url, batch.archived_at) == (None, fake.clock.now())


async def test_an_ended_batch_can_be_deleted(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    batch = await submit(claude, "a")
    with pytest.raises(anthropic.BadRequestError, match="still processing"):
        await claude.messages.batches.delete(batch.id)
    fake.clock.advance(timedelta(minutes=10))
    assert (await claude.messages.batches.delete(batch.id)).id == batch.id
    with pytest.raises(anthropic.NotFoundError):
        await claude.messages.batches.retrieve(batch.id)


async def test_batches_are_listed_newest_first_in_pages(claude: anthropic.AsyncAnthropic) -> None:
    ids = [(await submit(claude, "a")).id for _ in range(5)]
    assert [batch.id async for batch in claude.messages.batches.list(limit=2)] == ids[::-1]


@pytest.mark.parametrize(
    ("names", "said"),
    [(("a", "a"), "unique"), (("a b",), "match pattern"), (("x" * 65,), "match pattern"), ((), "1 to")],
)
async def test_bad_requests_are_refused_at_once(
    claude: anthropic.AsyncAnthropic, names: tuple[str, ...], said: str
) -> None:
    with pytest.raises(anthropic.BadRequestError, match=said):
        await submit(claude, *names)


async def test_a_live_request_hits_what_the_batch_wrote(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    await submit(claude, "a", system=[LONG])
    assert (await ask_claude(claude, system=[LONG])).usage.cache_read_input_tokens == 2000
