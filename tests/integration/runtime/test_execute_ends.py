"""Calls, rounds and the ways a start can end, on a real database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from hashlib import shake_256
from typing import Any

import pytest

from aiworker.envelope import Scope
from aiworker.errors import (
    Cancel,
    Decided,
    ProviderBlocked,
    RateLimited,
    Retry,
    Snooze,
    TransientFault,
)
from aiworker.policies import POISON_LIMIT
from aiworker.protocol import FollowUp, LLMRequest, Unavailable
from aiworker.runtime.admit import CLI_QUEUE
from aiworker.runtime.execute import execute
from aiworker.store.database import Database
from aiworker.store.runs import claim
from tests.integration.runtime.rows import errors, outcome, runs, variants
from tests.support.jobs import (
    NOW,
    TENANT,
    Clock,
    ScriptedModel,
    again,
    envelope,
    insert_example,
    processor,
    question,
    runtime,
)


@pytest.fixture(autouse=True)
async def example_rows(database: Database) -> None:
    await insert_example(database)


async def test_a_reply_that_was_paid_for_is_not_paid_for_again(database: Database) -> None:
    def fail(*_: object) -> object:
        raise TransientFault("after the checkpoint")

    job, model = envelope(), ScriptedModel(["answer"])
    dying = processor(name="rewrite-resume", settle=fail)
    with pytest.raises(Decided):
        await execute(job, runtime(database, llm=model, processors=[dying]))
    healthy = processor(name="rewrite-resume", settle=lambda p, f, replies, c: replies["q"])
    await execute(again(job, made=1), runtime(database, llm=model, processors=[healthy]))
    assert len(model.asked) == 1


async def test_a_rate_limit_snoozes_without_spending_an_attempt(database: Database) -> None:
    model = ScriptedModel([RateLimited(retry_after=timedelta(seconds=7))])
    with pytest.raises(Decided) as raised:
        await execute(envelope(made=2, started=3), runtime(database, llm=model))
    assert outcome(raised.value) == Snooze(NOW + timedelta(seconds=7))
    (run,) = await runs(database)
    assert (run["state"], run["snoozes"], run["clean_ends"]) == ("running", 1, 1)


async def test_snoozes_are_capped_and_then_cost_an_attempt(database: Database) -> None:
    clock, job, seen = Clock(), envelope(allowed=5), list[object]()
    for _ in range(11):
        model = ScriptedModel([RateLimited(retry_after=timedelta(minutes=9))])
        with pytest.raises(Decided) as raised:
            await execute(job, runtime(database, llm=model, now=clock))
        seen.append(raised.value.outcome(clock.at))
        job = again(job)
    assert seen == [Snooze(NOW + timedelta(seconds=60))] * 10 + [Retry()]


async def test_waiting_for_an_operator_uses_up_no_patience_for_rate_limits(database: Database) -> None:
    clock, job = Clock(), envelope()
    for _ in range(12):
        with pytest.raises(Decided):
            await execute(job, runtime(database, llm=ScriptedModel([ProviderBlocked()]), now=clock))
        clock.move(timedelta(minutes=4))
        job = again(job)
    with pytest.raises(Decided) as raised:
        model = ScriptedModel([RateLimited(retry_after=timedelta(seconds=30))])
        await execute(job, runtime(database, llm=model, now=clock))
    assert raised.value.outcome(clock.at) == Snooze(clock.at + timedelta(seconds=30))


async def test_a_rate_limit_long_ago_uses_up_no_patience_for_an_operator(database: Database) -> None:
    clock, job = Clock(), envelope()
    with pytest.raises(Decided):
        model = ScriptedModel([RateLimited(retry_after=timedelta(seconds=30))])
        await execute(job, runtime(database, llm=model, now=clock))
    clock.move(timedelta(hours=7))
    with pytest.raises(Decided) as raised:
        await execute(again(job), runtime(database, llm=ScriptedModel([ProviderBlocked()]), now=clock))
    assert isinstance(raised.value.outcome(clock.at), Snooze)


async def test_a_job_that_keeps_taking_its_worker_down_is_given_up_without_running(database: Database) -> None:
    model, job = ScriptedModel(), envelope()
    for _ in range(POISON_LIMIT):
        async with database.transaction(TENANT) as db:
            await claim(db, job, Scope(TENANT), by="a worker that dies", now=NOW)
        job = again(job, stalled=True)
    with pytest.raises(Decided) as raised:
        await execute(job, runtime(database, llm=model))
    assert raised.value.code == "poisoned" and model.asked == []
    assert len(await errors(database)) == 1


async def test_a_one_shot_run_that_would_have_to_wait_is_over_because_nobody_comes_back_for_it(
    database: Database,
) -> None:
    job = replace(envelope(allowed=3), queue=CLI_QUEUE)
    with pytest.raises(Decided) as raised:
        await execute(job, runtime(database, llm=ScriptedModel([RateLimited(retry_after=timedelta(seconds=30))])))
    assert outcome(raised.value) == Cancel()
    assert [(run["state"], run["error_code"]) for run in await runs(database)] == [("failed", raised.value.code)]
    assert len(await errors(database)) == 1


async def test_an_id_too_long_for_an_index_leaves_a_run_and_an_error_row(database: Database) -> None:
    job = envelope(job_id=shake_256(b"a long id").hexdigest(4_000))
    for delivery in (job, again(job)):
        with pytest.raises(Decided) as raised:
            await execute(delivery, runtime(database))
        assert (raised.value.code, outcome(raised.value)) == ("bad_envelope", Cancel())
    assert len(await runs(database)) == len(await errors(database)) == 1


async def test_being_cancelled_is_an_orderly_end(database: Database) -> None:
    asked = asyncio.Event()

    class Hangs(ScriptedModel):
        async def answer(self, request: LLMRequest) -> Any:
            asked.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(execute(envelope(), runtime(database, llm=Hangs())))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (run,) = await runs(database)
    assert (run["state"], run["starts"], run["clean_ends"]) == ("running", 1, 1)


async def test_an_aborted_job_does_not_finish(database: Database) -> None:
    class Aborted:
        aborted, reason = True, "lock lost"

        async def wait(self) -> None: ...

    model = ScriptedModel()
    with pytest.raises(Decided) as raised:
        await execute(envelope(), runtime(database, llm=model), Aborted())
    assert raised.value.code == "interrupted" and isinstance(outcome(raised.value), Snooze)
    assert model.asked == [] and await variants(database) == []


async def test_a_bug_is_an_internal_fault_whose_text_stays_inside(database: Database) -> None:
    def bug(*_: object) -> object:
        raise RuntimeError("Canary Kumari")

    broken = processor(name="rewrite-resume", settle=bug)
    with pytest.raises(Decided) as raised:
        await execute(envelope(), runtime(database, llm=ScriptedModel(), processors=[broken]))
    assert raised.value.reason == "internal: RuntimeError in rewrite-resume."
    assert outcome(raised.value) == Retry()


async def test_a_call_that_only_waits_does_not_hide_one_that_spends_an_attempt(database: Database) -> None:
    faults: list[str | BaseException | Any] = [RateLimited(retry_after=timedelta(seconds=30)), TransientFault("lost")]
    job = processor(name="rewrite-resume", ask=lambda p, f, c: (question("first"), question("second")))
    with pytest.raises(Decided) as raised:
        await execute(envelope(), runtime(database, llm=ScriptedModel(faults), processors=[job]))
    assert outcome(raised.value) == Retry()


async def test_a_call_past_its_deadline_is_retryable(database: Database) -> None:
    class Hangs(ScriptedModel):
        async def answer(self, request: LLMRequest) -> Any:
            await asyncio.Event().wait()

    wired = runtime(database, llm=Hangs())
    short = tuple(replace(policy, deadline=timedelta(milliseconds=20)) for policy in wired.policies)
    with pytest.raises(Decided) as raised:
        await execute(envelope(), replace(wired, policies=short))
    assert raised.value.code == "timeout" and outcome(raised.value) == Retry()


async def test_an_optional_call_that_fails_reaches_settle_as_unavailable(database: Database) -> None:
    seen: dict[str, object] = {}

    def settle(payload: object, facts: object, replies: Any, ctx: object) -> str:
        seen.update(replies)
        return "ok"

    calls = (question("sure"), question("maybe", required=False, x=1))
    job = processor(name="rewrite-resume", ask=lambda p, f, c: calls, settle=settle)
    model = ScriptedModel(["fine", TransientFault("down", code="provider_5xx")])
    await execute(envelope(), runtime(database, llm=model, processors=[job]))
    assert seen["maybe"] == Unavailable("provider_5xx", retryable=True)


async def test_a_follow_up_is_one_more_round_and_rounds_are_bounded(database: Database) -> None:
    def once(payload: object, facts: object, replies: Any, ctx: object) -> object:
        return "done" if "second" in replies else FollowUp((question("second", n=2),))

    model = ScriptedModel(["one", "two"])
    job = processor(name="rewrite-resume", settle=once)
    await execute(envelope(), runtime(database, llm=model, processors=[job]))
    assert [request.step for request in model.asked] == ["q", "second"]

    endless = processor(name="rewrite-resume", settle=lambda p, f, r, c: FollowUp((question(f"s{len(r)}"),)))
    with pytest.raises(Decided) as raised:
        await execute(envelope(), runtime(database, llm=ScriptedModel(), processors=[endless]))
    assert raised.value.code == "too_many_rounds"


async def test_a_job_cannot_ask_without_end(database: Database) -> None:
    many = tuple(question(f"s{n}", n=n) for n in range(13))
    job = processor(name="rewrite-resume", ask=lambda p, f, c: many)
    model = ScriptedModel()
    with pytest.raises(Decided) as raised:
        await execute(envelope(), runtime(database, llm=model, processors=[job]))
    assert raised.value.code == "too_many_calls" and model.asked == []


async def test_what_is_not_finite_never_becomes_a_receipt(database: Database) -> None:
    from aiworker.protocol import Saved, Tx

    async def save(payload: object, facts: object, result: object, tx: Tx) -> Saved:
        return Saved("r", {"rows": float("nan")})  # pyright: ignore[reportArgumentType]

    job = processor(name="rewrite-resume", save=save)
    with pytest.raises(Decided, match="ValueError"):
        await execute(envelope(), runtime(database, llm=ScriptedModel(["x"]), processors=[job]))
    assert [run["state"] for run in await runs(database)] == ["running"]


async def test_a_stray_cancellation_is_a_crash_with_an_error_row(database: Database) -> None:
    class Strays(ScriptedModel):
        async def answer(self, request: LLMRequest) -> Any:
            inner = asyncio.ensure_future(asyncio.Event().wait())
            inner.cancel()
            await inner

    with pytest.raises(Decided) as raised:
        await execute(envelope(allowed=1), runtime(database, llm=Strays()))
    assert raised.value.code == "internal" and len(await errors(database)) == 1


async def test_a_reply_whose_text_has_expired_is_asked_for_again(database: Database) -> None:
    job, model = envelope(), ScriptedModel(["first", "second"])
    dying = processor(name="rewrite-resume", settle=raises(TransientFault("once")))
    with pytest.raises(Decided):
        await execute(job, runtime(database, llm=model, processors=[dying]))
    async with database.transaction(TENANT) as db:
        await db.execute("UPDATE aiworker.calls SET reply = NULL")
    seen: list[object] = []

    def look(payload: object, facts: object, replies: Any, ctx: object) -> str:
        seen.append(replies["q"].text)
        return "ok"

    healthy = processor(name="rewrite-resume", settle=look)
    await execute(again(job, made=1), runtime(database, llm=model, processors=[healthy]))
    assert seen == ["second"]


async def test_a_job_whose_name_no_database_can_hold_still_gets_its_error_row(database: Database) -> None:
    with pytest.raises(Decided) as raised:
        await execute(envelope(name="re\x00write\ud800", job_id="a\x00b"), runtime(database))
    assert raised.value.code == "unknown_job"
    assert (await errors(database))[0]["job_name"] == "rewrite"


def raises(error: BaseException) -> Any:
    def step(*_: object) -> object:
        raise error

    return step
