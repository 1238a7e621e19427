"""Every way a provider can fail, all the way: SDK, wire, worker, queue and database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from aiworker import settings
from aiworker.domain.student_texts import student_text
from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import (
    BadJson,
    ContentFilter,
    ContextTooLong,
    Cut,
    Drip,
    EchoMap,
    Forbidden,
    Hang,
    ModelNotFound,
    Overloaded,
    Quota,
    Ramp,
    RateLimited,
    Refusal,
    Reset,
    ServerError,
    SpendCap,
    Step,
    Text,
    Unauthorized,
    WindowExceeded,
    WrongShape,
)
from aiworker.testing.llm.wire import Provider
from tests.integration.runtime.bench import ANSWERED, Bench, Left, Row, bench, for_both, table
from tests.integration.runtime.floor import log, own_environment
from tests.support.jobs import HONEST, REWRITTEN

__all__ = ["bench", "log", "own_environment"]

GOOD = EchoMap()
INSTANT = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture
def short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run's calls take one second in all instead of 30."""
    monkeypatch.setattr(settings, "POLICIES", tuple(replace(p, deadline=INSTANT) for p in settings.POLICIES))


# Asked to wait


WAITS = (
    Row("429", RateLimited(7), "rate_limited", 7),
    Row("429-milliseconds", RateLimited(9, ms=2500), "rate_limited", 2.5),
    Row("429-silent", RateLimited(None), "rate_limited", 15),
    Row("429-an-hour", RateLimited(3600), "rate_limited", 60),
    Row("429-ramp", Ramp(5), "rate_limited", 5),
    Row("529", Overloaded(), "overloaded", 15),
    Row("529-and-when", Overloaded(4), "overloaded", 4),
    Row("no-money", Quota(), "provider_quota", 60),
    Row("spend-cap", SpendCap("enforced"), "provider_quota", 60),
    Row("spend-cap-contract", SpendCap("contract"), "provider_quota", 60, only="anthropic"),
    Row("spend-cap-linked", SpendCap("linked-organisation"), "provider_quota", 60, only="anthropic"),
    Row("401", Unauthorized(), "provider_auth", 60),
    Row("403", Forbidden(), "provider_auth", 60),
)


@table(WAITS)
async def test_a_job_waits_as_long_as_it_was_told_and_no_attempt_is_spent(bench: Bench, row: Row) -> None:
    async with bench.serving():
        before = datetime.now(UTC)
        left = await bench.work(row.step, ends="delayed", attempts=1)
        after = datetime.now(UTC)
        job = left.run["job_id"]
        due = await bench.comes_back(job)
        assert before + timedelta(seconds=row.wait) - MILLISECOND <= due <= after + timedelta(seconds=row.wait)
        assert (left.made, left.reason, left.calls, left.errors) == (0, "", [], [])
        assert (left.run["state"], left.run["clean_ends"]) == ("running", 1)
        assert (left.run["snoozes"] == 0) is (left.run["blocked_since"] is not None) is row.code.startswith("provider_")
        assert len(bench.asked) == 1

        left = await bench.promoted(job, GOOD, ends="completed")
    assert (left.run["state"], left.run["starts"], left.made) == ("succeeded", 2, 1)
    assert left.steps == [("rewrite", "end")]
    assert len(bench.asked) == 2
    first, second = bench.told("job-ended")
    assert (first["outcome"], first["errorCode"], second["outcome"]) == ("snooze", row.code, "done")


@for_both()
async def test_a_date_to_come_back_at_is_understood(bench: Bench) -> None:
    span = timedelta(seconds=20)
    async with bench.serving():
        now = datetime.now(UTC)
        left = await bench.work(RateLimited(format_datetime(now + span, usegmt=True)), ends="delayed")
        due = await bench.comes_back(left.run["job_id"])
    # HTTP dates are whole seconds.
    assert now + span - timedelta(seconds=2) <= due <= datetime.now(UTC) + span + timedelta(seconds=1)


@for_both()
async def test_after_ten_waits_an_attempt_is_spent(bench: Bench) -> None:
    async with bench.serving():
        job = (await bench.work(RateLimited(1), ends="delayed", attempts=2)).run["job_id"]
        await bench.site.db.execute("UPDATE aiworker.runs SET snoozes = 10")
        left = await bench.promoted(job, RateLimited(1), GOOD, ends="completed")
    assert (left.run["state"], left.run["snoozes"], left.run["starts"], left.made) == ("succeeded", 10, 3, 2)
    assert [line["outcome"] for line in bench.told("job-ended")] == ["snooze", "retry", "done"]


@for_both()
async def test_a_blocked_provider_is_given_up_after_six_hours(bench: Bench) -> None:
    async with bench.serving():
        job = (await bench.work(Quota(), ends="delayed")).run["job_id"]
        await bench.site.db.execute("UPDATE aiworker.runs SET blocked_since = now() - interval '6 hours'")
        left = await bench.promoted(job, Quota(), ends="failed")
    (error,) = left.errors
    assert (left.code, error["code"], left.run["state"]) == ("provider_blocked", "provider_blocked", "failed")
    assert error["message"] == student_text("provider_blocked")


# Worth another attempt


FAULTS = (
    Row("500", ServerError(), "provider_5xx"),
    Row("503", ServerError(503), "provider_5xx"),
    Row("504", ServerError(504), "provider_5xx"),
    Row("502-html", ServerError(502, html=True), "provider_5xx"),
    Row("reset", Reset(), "provider_unreachable"),
    Row("cut-body", BadJson(f'{{"id": "{ANSWERED}", "content": ['), "provider_garbled"),
    Row("other-shape", WrongShape({"unexpected": ANSWERED}), "provider_garbled"),
)
SLOW = (
    Row("hang", Hang(), "timeout"),
    Row("drip", Drip(0.05, 40), "timeout"),
)


async def spends_attempts(bench: Bench, row: Row) -> None:
    async with bench.serving():
        once = await bench.work(row.step, GOOD, ends="completed", attempts=2)
        twice = await bench.work(row.step, row.step, ends="failed", attempts=2)
    assert (once.run["state"], once.run["starts"], once.made, once.errors) == ("succeeded", 2, 2, [])
    kept = [("rewrite/garbled", "garbled")] * (row.code == "provider_garbled")
    assert once.steps == [*kept, ("rewrite", "end")]
    assert (twice.run["state"], twice.run["error_code"], twice.code, twice.made) == ("failed", row.code, row.code, 2)
    (error,) = twice.errors
    assert (error["code"], error["attempts"], error["message"]) == (row.code, 2, student_text(row.code))
    assert twice.steps == kept
    assert all(ANSWERED in call["reply"] for call in twice.calls), "an engineer can see what came"
    assert [error["raw_ref"]] == [f"{call['step']}/{call['request_hash']}" for call in twice.calls] or not kept
    assert len(bench.asked) == 4
    ended = [(line["outcome"], line.get("errorCode")) for line in bench.told("job-ended")]
    assert ended == [("retry", row.code), ("done", None), ("retry", row.code), ("cancel", row.code)]
    assert bench.told("job-crashed") == []


@table(FAULTS)
async def test_a_fault_spends_an_attempt(bench: Bench, row: Row) -> None:
    await spends_attempts(bench, row)


@table(SLOW)
async def test_what_outlasts_the_deadline_spends_an_attempt(bench: Bench, row: Row, short_deadline: None) -> None:
    await spends_attempts(bench, row)


GARBLED: dict[str, tuple[Step, ...]] = {
    "both": (
        BadJson(""),
        BadJson(f"<html><body>{ANSWERED}</body></html>"),
        WrongShape(None),
        WrongShape(ANSWERED),
        WrongShape([ANSWERED]),
    ),
    "openai": (
        WrongShape({"choices": {}}),
        WrongShape({"choices": []}),
        WrongShape({"choices": [ANSWERED]}),
        WrongShape({"choices": [{"message": None}]}),
        WrongShape({"choices": [{"message": ANSWERED}]}),
        WrongShape({"choices": [{"message": {"content": [ANSWERED]}}]}),
    ),
    "anthropic": (
        WrongShape({"content": ANSWERED, "usage": {}}),
        WrongShape({"content": [], "usage": ANSWERED}),
        WrongShape({"content": [], "usage": {}}),
        WrongShape({"content": [ANSWERED], "usage": {}}),
    ),
}


@for_both()
async def test_whatever_stands_in_the_place_of_a_reply_is_a_fault_of_the_transport(bench: Bench) -> None:
    steps = (*GARBLED["both"], *GARBLED[bench.provider])
    codes: list[str] = []
    async with bench.serving():
        for step in steps:
            # Five in a row would open the breaker.
            await bench.site.forget_limits()
            codes.append((await bench.work(step, ends="failed", attempts=1)).code)
    assert dict(zip(map(str, steps), codes, strict=True)) == dict.fromkeys(map(str, steps), "provider_garbled")
    assert bench.told("job-crashed") == []


@for_both()
async def test_nobody_listening_spends_every_attempt(bench: Bench) -> None:
    async with FakeProviders() as gone:
        url = gone.url
    async with bench.serving(**{f"{bench.provider}_base_url": url}):
        left = await bench.work(ends="failed", attempts=2)
    assert (left.code, left.made, left.run["starts"]) == ("provider_unreachable", 2, 2)
    assert [error["code"] for error in left.errors] == ["provider_unreachable"]
    assert bench.asked == []


# Failed for good


@dataclass(frozen=True, slots=True)
class Final(Row):
    """With the calls that are stored: step and stop reason."""

    calls: tuple[tuple[str, str], ...] = ()


FINAL = (
    Final("refusal", Refusal(), "refused", calls=(("rewrite", "refusal"),)),
    Final("filter", ContentFilter(), "refused", only="openai", calls=(("rewrite", "filter"),)),
    Final("filter-late", ContentFilter(f"{ANSWERED} and"), "refused", only="openai", calls=(("rewrite", "filter"),)),
    Final("filter", ContentFilter(), "refused", only="anthropic", calls=(("rewrite", "refusal"),)),
    Final("404", ModelNotFound(), "model_not_found"),
)


@table(FINAL)
async def test_a_hopeless_job_fails_at_once(bench: Bench, row: Final) -> None:
    async with bench.serving():
        left = await bench.work(row.step, ends="failed")
    assert (left.run["state"], left.run["error_code"], left.code, left.made) == ("failed", row.code, row.code, 1)
    assert left.steps == list(row.calls)
    assert [(error["code"], error["attempts"]) for error in left.errors] == [(row.code, 1)]
    assert len(bench.asked) == 1
    assert [line["stopReason"] for line in bench.told("answer-unusable")] == [stop for _, stop in row.calls]


INVALID = {
    f"I would rather talk about {ANSWERED}.": "word",
    f'{{"b0": "{ANSWERED} built the': "object",
    f'["{ANSWERED}"]': "array",
    f"```json\n{ANSWERED}\n```": "fence",
    f'"b0": "{ANSWERED}"}}{{': "other",
}
"""Answers without a map, and the class of their first byte."""


@for_both()
async def test_an_invalid_answer_is_kept_told_by_length_and_hash_and_never_asked_again(bench: Bench) -> None:
    async with bench.serving():
        ended = [await bench.work(Text(raw), ends="failed") for raw in INVALID]
    assert len(bench.asked) == len(ended)
    lines = bench.told("answer-unusable")
    for raw, left, line in zip(INVALID, ended, lines, strict=True):
        assert (left.code, left.made, left.run["state"]) == ("invalid_answer", 1, "failed")
        (call,) = left.calls
        (error,) = left.errors
        assert call["reply"] == raw
        assert (error["code"], error["message"]) == ("invalid_answer", "AI rewrite failed, please try again")
        assert error["raw_ref"] == f"{call['step']}/{call['request_hash']}"
        assert unusable(bench, left, raw).items() <= line.items()
        assert "droppedFields" not in line


def unusable(bench: Bench, left: Left, raw: str) -> dict[str, Any]:
    """Return what the log says about an invalid answer."""
    return {
        "runId": str(left.run["run_id"]),
        "jobId": left.run["job_id"],
        "step": "rewrite",
        "stopReason": "end",
        "servedModel": bench.model,
        "externalId": left.calls[0]["external_id"],
        "length": len(raw),
        "sha256": hashlib.sha256(raw.encode()).hexdigest(),
        "firstByte": INVALID[raw],
    }


# Asked once more


@for_both()
async def test_a_cut_answer_is_asked_for_once_more_with_a_larger_cap(bench: Bench) -> None:
    async with bench.serving():
        left = await bench.work(Cut('{"b0": "Ostrivane'), GOOD, ends="completed")
    assert left.steps == [("rewrite", "length"), ("rewrite/cap", "end")]
    assert left.made == 1 and left.errors == []
    small, large = bench.caps()
    assert large == 4 * small
    assert_same_question(*bench.bodies())


def assert_same_question(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert {key for key in first if first[key] != second[key]} <= {"max_tokens", "max_completion_tokens"}


@for_both()
async def test_an_answer_cut_twice_fails_and_is_never_repaired(bench: Bench) -> None:
    async with bench.serving():
        left = await bench.work(Cut(REWRITTEN), Cut(REWRITTEN), ends="failed")
    assert (left.code, left.made) == ("output_cut", 1)
    assert left.steps == [("rewrite", "length"), ("rewrite/cap", "length")]
    assert [call["reply"] for call in left.calls] == [REWRITTEN, REWRITTEN]
    assert await bench.site.variants() == []
    assert len(bench.asked) == 2


@for_both()
async def test_a_prompt_too_long_is_asked_once_more_shorter(bench: Bench) -> None:
    async with bench.serving():
        left = await bench.work(ContextTooLong(tokens=130_000, maximum=4_000), GOOD, ends="completed")
    assert left.steps == [("rewrite/short", "end")]
    first, second = (len(seen.raw) for seen in bench.asked)
    assert second < first
    ((cuts,),) = [row.values() for row in await bench.site.rows("SELECT truncated FROM aiworker.resume_rewrites")]
    assert "jd_chars" in cuts
    (line,) = bench.told("prompt-shortened")
    assert line["limit"] == 3_200
    (line,) = bench.told("prompt-truncated")
    assert line["step"] == "rewrite/short" and "jd_chars" in line["kind"]


@for_both()
async def test_a_prompt_too_long_even_shorter_fails(bench: Bench) -> None:
    step = ContextTooLong(tokens=130_000, maximum=4_000)
    async with bench.serving():
        left = await bench.work(step, step, ends="failed")
    assert (left.code, left.made, left.calls) == ("context_too_long", 1, [])
    assert len(bench.asked) == 2


@pytest.mark.parametrize("bench", ["anthropic"], indirect=True)
async def test_a_window_that_was_full_after_the_fact_is_final_if_the_prompt_cannot_be_shorter(bench: Bench) -> None:
    async with bench.serving():
        left = await bench.work(WindowExceeded(REWRITTEN), ends="failed")
    assert (left.code, left.made, left.steps) == ("context_too_long", 1, [("rewrite", "window")])
    assert len(bench.asked) == 1


# What is no fault


WRAPPINGS = (
    "```json\n{}\n```",
    "```\n{}\n```",
    "```JSON\n{}```",
    "Here is the {{id: text}} map you asked for:\n{}\nGood luck!",
    "\ufeff{}",
)


@for_both()
async def test_an_answer_inside_other_text_is_found(bench: Bench) -> None:
    async with bench.serving():
        ended = [await bench.work(Text(wrapping.format(REWRITTEN)), ends="completed") for wrapping in WRAPPINGS]
    assert [left.made for left in ended] == [1] * len(WRAPPINGS)
    assert [HONEST in variant["text"] for variant in await bench.site.variants()] == [True] * len(WRAPPINGS)
    assert bench.told("answer-unusable") == []


RETIRED: dict[Provider, str] = {"openai": "gpt-4o-2024-05-13", "anthropic": "claude-sonnet-4-20250514"}


@for_both()
async def test_for_a_retired_model_its_successor_answers_and_both_are_stored(bench: Bench) -> None:
    retired = RETIRED[bench.provider]
    async with bench.serving(**{f"{bench.provider}_model": retired}):
        left = await bench.work(GOOD, ends="completed")
    (call,) = left.calls
    (body,) = bench.bodies()
    assert call["requested_model"] == retired != call["served_model"] == body["model"]
    assert call["cost_usd"] > 0
    (line,) = bench.told("model-replaced")
    assert (line["requestedModel"], line["servedModel"]) == (retired, body["model"])
    (ended,) = bench.told("job-ended")
    assert ended["model"] == body["model"]
