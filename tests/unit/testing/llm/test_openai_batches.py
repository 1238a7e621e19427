from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import openai
import pytest
from openai.types import Batch

from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import BadJson, Delay, EchoMap, Hang, RateLimited, Text

CHAT = "/v1/chat/completions"


def line(custom_id: str, *, url: str = CHAT, model: str = "gpt-4o", **body: Any) -> dict[str, Any]:
    asked = {"messages": [{"role": "user", "content": "Hello."}]} if url == CHAT else {"input": "Hello."}
    return {"custom_id": custom_id, "method": "POST", "url": url, "body": {"model": model, **asked, **body}}


async def submit(gpt: openai.AsyncOpenAI, *lines: dict[str, Any] | str, endpoint: Any = CHAT) -> Batch:
    text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines)
    file = await gpt.files.create(file=("in.jsonl", text.encode()), purpose="batch")
    assert (file.purpose, file.bytes, file.filename) == ("batch", len(text), "in.jsonl")
    return await gpt.batches.create(
        input_file_id=file.id, endpoint=endpoint, completion_window="24h", metadata={"run": "r1"}
    )


async def results(gpt: openai.AsyncOpenAI, file_id: str | None) -> dict[str, Any]:
    assert file_id is not None
    text = (await gpt.files.content(file_id)).text
    return {row["custom_id"]: row for row in map(json.loads, text.splitlines())}


async def test_a_batch_goes_through_its_states(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    batch = await submit(gpt, line("a"), line("b"))
    assert (batch.status, batch.metadata, batch.output_file_id) == ("validating", {"run": "r1"}, None)
    seen = [batch.status]
    for seconds in (10, 300, 300, 10):
        fake.clock.advance(timedelta(seconds=seconds))
        batch = await gpt.batches.retrieve(batch.id)
        seen.append(batch.status)
    assert seen == ["validating", "in_progress", "in_progress", "finalizing", "completed"]
    assert batch.request_counts is not None
    assert (batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed) == (2, 2, 0)
    assert batch.completed_at == int(fake.clock.now().timestamp())
    assert (batch.error_file_id, batch.model) == (None, "gpt-4o")


async def test_progress_shows_while_it_works(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    batch = await submit(gpt, *(line(str(number)) for number in range(10)))
    fake.clock.advance(timedelta(minutes=5, seconds=10))
    counts = (await gpt.batches.retrieve(batch.id)).request_counts
    assert counts is not None
    assert (counts.completed, counts.total) == (5, 10)


async def test_answers_and_errors_come_in_two_files_in_any_order(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.script(Text("one"), RateLimited(), Delay(timedelta(hours=1), Text("three")), BadJson())
    sent = [line(name) for name in ("a", "b", "c", "d", "e")]
    batch = await submit(gpt, *sent, line("f", model="gpt-unheard-of"))
    fake.clock.advance(timedelta(minutes=11))
    batch = await gpt.batches.retrieve(batch.id)
    answers = await results(gpt, batch.output_file_id)
    errors = await results(gpt, batch.error_file_id)
    assert set(answers) == {"a", "c", "e"}
    assert list(answers) != ["a", "c", "e"]
    assert answers["a"]["response"]["body"]["choices"][0]["message"]["content"] == "one"
    assert answers["c"]["response"]["body"]["choices"][0]["message"]["content"] == "three"
    assert {name: row["response"]["status_code"] for name, row in errors.items()} == {"b": 429, "d": 500, "f": 404}
    assert errors["f"]["response"]["body"]["error"]["code"] == "model_not_found"
    assert fake.unplayed == []


async def test_usage_is_the_sum(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.default(Text("12345678"))
    batch = await submit(gpt, line("a"), line("b"))
    assert batch.usage is None
    fake.clock.advance(timedelta(minutes=11))
    usage = (await gpt.batches.retrieve(batch.id)).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (4, 4, 8)


async def test_responses_can_be_batched(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    batch = await submit(gpt, line("a", url="/v1/responses"), endpoint="/v1/responses")
    fake.clock.advance(timedelta(minutes=11))
    batch = await gpt.batches.retrieve(batch.id)
    assert (await results(gpt, batch.output_file_id))["a"]["response"]["body"]["object"] == "response"
    assert batch.usage is not None
    assert batch.usage.input_tokens == 2


async def test_what_never_ends_expires_after_a_day_and_the_rest_is_kept(
    fake: FakeProviders, gpt: openai.AsyncOpenAI
) -> None:
    fake.script(Text("done"), Hang())
    batch = await submit(gpt, line("a"), line("b"))
    fake.clock.advance(timedelta(hours=23, minutes=59))
    assert (await gpt.batches.retrieve(batch.id)).status == "in_progress"
    fake.clock.advance(timedelta(minutes=1))
    batch = await gpt.batches.retrieve(batch.id)
    assert (batch.status, batch.expired_at) == ("expired", batch.expires_at)
    assert set(await results(gpt, batch.output_file_id)) == {"a"}
    errors = await results(gpt, batch.error_file_id)
    assert (errors["b"]["response"], errors["b"]["error"]["code"]) == (None, "batch_expired")


async def test_a_slow_batch_expires_half_done(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.batches_take(timedelta(hours=48))
    batch = await submit(gpt, *(line(str(number)) for number in range(10)))
    fake.clock.advance(timedelta(days=1))
    counts = (await gpt.batches.retrieve(batch.id)).request_counts
    assert counts is not None
    assert counts.completed == 4


async def test_a_cancelled_batch_keeps_what_was_done(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    batch = await submit(gpt, line("a"), line("b"))
    fake.clock.advance(timedelta(minutes=5, seconds=10))
    assert (await gpt.batches.cancel(batch.id)).status == "cancelling"
    fake.clock.advance(timedelta(seconds=10))
    batch = await gpt.batches.retrieve(batch.id)
    assert batch.status == "cancelled"
    assert set(await results(gpt, batch.output_file_id)) == {"a"}
    assert (await results(gpt, batch.error_file_id))["b"]["error"]["code"] == "batch_cancelled"
    with pytest.raises(openai.ConflictError):
        await gpt.batches.cancel(batch.id)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["{not json"], "invalid_json_line"),
        ([line("a"), line("a")], "duplicate_custom_id"),
        ([line("a", url="/v1/responses")], "mismatched_url"),
        ([{"custom_id": "a", "method": "POST", "url": CHAT}], "missing_required_parameter"),
        ([], "empty_file"),
    ],
)
async def test_a_bad_file_fails_the_batch(
    fake: FakeProviders, gpt: openai.AsyncOpenAI, lines: list[dict[str, Any] | str], code: str
) -> None:
    batch = await submit(gpt, *lines)
    assert batch.status == "validating"
    fake.clock.advance(timedelta(days=2))
    batch = await gpt.batches.retrieve(batch.id)
    assert (batch.status, batch.output_file_id, batch.completed_at) == ("failed", None, None)
    assert batch.errors is not None
    assert [problem.code for problem in batch.errors.data or []] == [code]
    with pytest.raises(openai.ConflictError):
        await gpt.batches.cancel(batch.id)


async def test_a_batch_needs_a_batch_file(gpt: openai.AsyncOpenAI) -> None:
    file = await gpt.files.create(file=b"x", purpose="user_data")
    with pytest.raises(openai.BadRequestError, match="purpose"):
        await gpt.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h")
    with pytest.raises(openai.NotFoundError):
        await gpt.batches.create(input_file_id="file-unheard-of", endpoint=CHAT, completion_window="24h")
    bad: Any = "/v1/unheard-of"
    with pytest.raises(openai.BadRequestError):
        await gpt.batches.create(input_file_id=file.id, endpoint=bad, completion_window="24h")
    bad = "1h"
    with pytest.raises(openai.BadRequestError, match="24h"):
        await gpt.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window=bad)


async def test_batches_are_listed_newest_first_in_pages(gpt: openai.AsyncOpenAI) -> None:
    ids = [(await submit(gpt, line("a"))).id for _ in range(5)]
    assert [batch.id async for batch in gpt.batches.list(limit=2)] == ids[::-1]
    with pytest.raises(openai.NotFoundError):
        await gpt.batches.retrieve("batch_unheard_of")


async def test_files_are_kept_listed_and_deleted(gpt: openai.AsyncOpenAI) -> None:
    content = bytes(range(256))
    file = await gpt.files.create(file=("raw.bin", content), purpose="user_data")
    other = await gpt.files.create(file=("in.jsonl", b"{}"), purpose="batch")
    assert (await gpt.files.content(file.id)).content == content
    assert [one.id async for one in gpt.files.list()] == [file.id, other.id]
    assert [one.id async for one in gpt.files.list(purpose="batch")] == [other.id]
    assert (await gpt.files.retrieve(file.id)).bytes == 256
    assert (await gpt.files.delete(file.id)).deleted
    with pytest.raises(openai.NotFoundError):
        await gpt.files.retrieve(file.id)
    bad: Any = "whatever"
    with pytest.raises(openai.BadRequestError, match="whatever"):
        await gpt.files.create(file=b"x", purpose=bad)


async def test_routes_of_batches_can_be_scripted_too(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.script(RateLimited(), route="/v1/files")
    fake.script(EchoMap())
    with pytest.raises(openai.RateLimitError):
        await submit(gpt, line("a"))
    await gpt.models.list()
    assert fake.unplayed == [EchoMap()]
