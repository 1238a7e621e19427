"""Rows of calls: what is not known is not zero, what was no reply is kept apart, and only bad replies are named."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from aiworker.errors import Cancel, DeadlineExceeded, Decided, InvalidAnswer, Retry, ServiceUnreachable
from aiworker.llm.reply import RAW_HEAD, Garbled
from aiworker.processors import AnyProcessor
from aiworker.protocol import (
    Allowance,
    Call,
    FollowUp,
    LLMReply,
    LLMRequest,
    RateLimits,
    Replies,
    Usage,
)
from aiworker.runtime.execute import execute
from aiworker.store import calls
from aiworker.store.database import Database
from aiworker.testing.llm import scenarios as play
from aiworker.testing.llm.models import Model
from tests.integration.runtime.one_job import OneJob, one
from tests.integration.runtime.rows import rows
from tests.support.doors import PROVIDERS
from tests.support.jobs import NOW, TENANT, ScriptedModel, again, envelope, processor, question
from tests.support.jobs import runtime as wire_runtime

__all__ = ["one"]

BOTH = pytest.mark.parametrize("provider", PROVIDERS)
KEEP = timedelta(days=7)
HEAD = '{"Ostrivane": '
GARBLED = play.BadJson(HEAD + "x" * 5_000)


# A body that is no reply


@BOTH
async def test_the_head_of_a_garbled_answer_is_kept_and_never_taken_for_one(one: OneJob, provider: str) -> None:
    one.fake.script(GARBLED)
    job = envelope()
    decided = await one.fails(provider, job)
    assert (decided.code, decided.outcome(NOW)) == ("provider_garbled", Retry())
    (kept,) = await one.calls()
    assert (kept["step"], kept["state"], kept["stop_reason"]) == ("rewrite/garbled", "failed", "garbled")
    assert kept["reply"] == HEAD + "x" * (RAW_HEAD - len(HEAD))
    assert (kept["cost_usd"], kept["tokens_in"], kept["expires_at"]) == (None, 0, NOW + KEEP)
    assert (kept["provider"], kept["served_model"]) == (provider, one.fake.requests[0].model)
    assert "Ostrivane" not in f"{decided!r} {decided.error!r} {decided.reason}"
    one.fake.script(play.EchoMap())
    one.clock.move(timedelta(minutes=1))
    await one.work(provider, again(job, made=1))
    assert await one.steps() == [("rewrite/garbled", "garbled"), ("rewrite", "end")]
    assert len(one.fake.requests) == 2


async def test_the_first_garbled_answer_of_a_run_stays_and_the_error_names_it(one: OneJob) -> None:
    one.fake.script(play.BadJson(f"{HEAD}1"), play.BadJson(f"{HEAD}2"))
    job = envelope(allowed=2)
    await one.fails("openai", job)
    assert (await one.fails("openai", again(job, made=1))).outcome(NOW) == Cancel()
    (kept,) = await one.calls()
    assert kept["reply"] == f"{HEAD}1"
    (error,) = await rows(one.database, "SELECT raw_ref, detail FROM aiworker.ai_job_errors")
    assert error["raw_ref"] == f"rewrite/garbled/{kept['request_hash']}"
    assert "Ostrivane" not in error["detail"]


async def test_a_garbled_answer_that_cannot_be_kept_is_still_the_provider_s_fault(
    one: OneJob, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def away(*args: object, **options: object) -> None:
        raise ServiceUnreachable("gone")

    monkeypatch.setattr(calls, "keep_garbled", away)
    one.fake.script(GARBLED)
    assert (await one.fails("openai")).code == "provider_garbled"
    assert await one.calls() == []
    (line,) = (vars(record)["fields"] for record in caplog.records if record.message == "garbled-not-kept")
    assert line == {"step": "rewrite", "errorCode": "unreachable"}


async def test_a_fault_that_brings_no_evidence_leaves_no_row(one: OneJob) -> None:
    with pytest.raises(Decided) as raised:
        await execute(envelope(), wire_runtime(one.database, llm=ScriptedModel([Garbled()])))
    assert raised.value.code == "provider_garbled" and await one.calls() == []


# Money that is not known


@BOTH
async def test_a_call_without_a_price_is_stored_without_one_and_recalled_so(one: OneJob, provider: Any) -> None:
    one.fake.serve_model(Model(provider, ("nobody-s-model",), 100_000, 32_000))
    one.fake.script(play.EchoMap())
    await one.work(provider, model="nobody-s-model")
    (call,) = await one.calls()
    assert call["cost_usd"] is None and call["tokens_in"] > 0
    async with one.database.transaction(TENANT) as db:
        (recalled,) = (await calls.recall(db, str(call["run_id"]), TENANT)).values()
        usage = await calls.usage(db, str(call["run_id"]), TENANT)
        assert await calls.mean_costs(db, since=NOW - KEEP) == {}
    assert recalled.usage.cost_usd is None
    assert (usage["calls"], usage["costUsd"]) == (1, None)


async def test_one_price_that_is_not_known_makes_the_sum_unknown_and_the_run_no_example(one: OneJob) -> None:
    one.fake.script(play.EchoMap(), GARBLED, play.EchoMap())
    await one.work("openai")
    one.clock.move(timedelta(minutes=1))
    job = envelope()
    await one.fails("openai", job)
    await one.work("openai", again(job, made=1))
    priced, *_, retried = await one.calls()
    async with one.database.transaction(TENANT) as db:
        assert (await calls.usage(db, str(retried["run_id"]), TENANT))["costUsd"] is None
        mean = await calls.mean_costs(db, since=NOW - KEEP)
    assert Decimal(mean["rewrite-resume"]) == pytest.approx(priced["cost_usd"])


async def test_a_run_without_calls_cost_nothing_for_sure(database: Database) -> None:
    silent = processor(ask=lambda payload, facts, ctx: ())
    receipt = await execute(envelope({}, name="test-job"), wire_runtime(database, processors=[silent]))
    async with database.transaction(TENANT) as db:
        assert (await calls.usage(db, str(receipt["runId"]), TENANT))["costUsd"] == "0"
        assert await calls.mean_costs(db, since=NOW - KEEP) == {"test-job": 0.0}


# What a call told besides


@dataclass(slots=True)
class Telling(ScriptedModel):
    """A model whose replies tell everything there is."""

    told: list[LLMReply] = field(default_factory=list[LLMReply])

    async def answer(self, request: LLMRequest) -> LLMReply:
        plain = await ScriptedModel.answer(self, request)
        usage = Usage(9, 5, 2, "0.5", tokens_cache_written=4)
        full = replace(plain, usage=usage, seconds=1.5, rate_limits=RateLimits(Allowance(10, 9, timedelta(minutes=1))))
        self.told.append(full)
        return full


async def test_time_and_allowances_reach_the_job_and_a_recalled_reply_keeps_its_usage(database: Database) -> None:
    model, seen = Telling(["first"]), list[Replies]()

    def settle(payload: Any, facts: Any, replies: Replies, ctx: Any) -> str:
        seen.append(replies)
        return "settled"

    receipt = await execute(
        envelope({}, name="test-job"), wire_runtime(database, llm=model, processors=[processor(settle=settle)])
    )
    assert [replies["q"] for replies in seen] == model.told
    async with database.transaction(TENANT) as db:
        (recalled,) = (await calls.recall(db, str(receipt["runId"]), TENANT)).values()
    assert recalled == replace(model.told[0], seconds=0.0, rate_limits=RateLimits())


# Which replies are named as unusable


def rounds(first: Sequence[Call], second: Sequence[Call]) -> AnyProcessor:
    """Return a processor that follows up once and then finds nothing usable."""

    def settle(payload: Any, facts: Any, replies: Replies, ctx: Any) -> FollowUp:
        if second and second[0].step not in replies:
            return FollowUp(tuple(second))
        raise InvalidAnswer()

    return processor(ask=lambda payload, facts, ctx: tuple(first), settle=settle)


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        ([question("a"), question("b")], [], ["a", "b"]),
        ([question("a"), question("b")], [question("c")], ["c"]),
        ([question("a")], [question("b"), question("c")], ["b", "c"]),
        ([question("a")], [question("broken", required=False), question("c")], ["c"]),
    ],
)
async def test_only_replies_of_the_round_that_failed_are_named(
    database: Database, caplog: pytest.LogCaptureFixture, first: list[Call], second: list[Call], named: list[str]
) -> None:
    def say(request: LLMRequest) -> str:
        if request.step == "broken":
            raise DeadlineExceeded()
        return request.step

    model = ScriptedModel([say] * 5)
    runtime = wire_runtime(database, llm=model, processors=[rounds(first, second)])
    with pytest.raises(Decided) as raised:
        await execute(envelope({}, name="test-job"), runtime)
    assert raised.value.code == "invalid_answer"
    lines = [vars(record)["fields"] for record in caplog.records if record.message == "answer-unusable"]
    assert [line["step"] for line in lines] == named
    assert [line["sha256"] for line in lines] == [hashlib.sha256(step.encode()).hexdigest() for step in named]


async def test_a_reply_whose_particulars_no_column_holds_is_stored_all_the_same(one: OneJob) -> None:
    odd = LLMReply(
        text='{"b0": "Built it"}',
        provider="openai",
        requested_model="local",
        served_model="m\x00x",
        stop_reason="end\x00",
        external_id="\ud800id",
    )
    run = await a_run(one)
    stored = await one.database.run(
        TENANT, lambda db: calls.checkpoint(db, run, TENANT, question(), odd, now=NOW, keep=timedelta(days=1))
    )
    assert (stored.served_model, stored.stop_reason, stored.external_id) == ("mx", "end", "id")


async def a_run(one: OneJob) -> str:
    one.fake.default(play.EchoMap())
    return str((await one.work("openai"))["runId"])
