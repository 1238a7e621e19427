"""A database that is away, in the way or wrong: no attempt is spent, no reply paid twice, no end told both ways."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aiworker.envelope import Scope
from aiworker.errors import (
    Cancel,
    Decided,
    Fenced,
    ServiceUnreachable,
    Snooze,
)
from aiworker.policies import POISON_LIMIT
from aiworker.protocol import LLMRequest
from aiworker.runtime import execute as execute_module
from aiworker.runtime.claiming import COME_BACK
from aiworker.runtime.execute import execute
from aiworker.store import calls
from aiworker.store.database import Database, opened
from aiworker.store.runs import claim
from tests.integration.queue.room import eventually
from tests.integration.runtime.rows import errors, outcome, rows, runs
from tests.support.jobs import NOW, REWRITTEN, TENANT, ScriptedModel, again, envelope, insert_example, runtime


@pytest.fixture(autouse=True)
async def example_rows(database: Database) -> None:
    await insert_example(database)


async def test_starts_whose_end_could_not_be_recorded_are_no_crashes(database: Database) -> None:
    job = envelope()
    for _ in range(POISON_LIMIT + 1):
        async with database.transaction(TENANT) as db:
            await claim(db, job, Scope(TENANT), by="a worker whose database went away", now=NOW)
        job = again(job)
    await execute(job, runtime(database))
    assert [run["state"] for run in await runs(database)] == ["succeeded"]


async def test_a_failure_whose_commit_was_not_answered_is_repeated_and_never_run_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = replace(envelope(made=2, started=3), failed_start=2)
    commit, model = database.run, ScriptedModel(["no map", REWRITTEN])

    async def unanswered(*args: Any, **kwargs: Any) -> None:
        await commit(*args, **kwargs)
        raise ServiceUnreachable("the answer to COMMIT was lost")

    monkeypatch.setattr(database, "run", unanswered)
    with pytest.raises(Decided) as raised:
        await execute(job, runtime(database, llm=model))
    assert isinstance(outcome(raised.value), Snooze)
    monkeypatch.undo()
    with pytest.raises(Decided) as raised:
        await execute(again(job), runtime(database, llm=model))
    assert (raised.value.code, outcome(raised.value)) == ("invalid_answer", Cancel())
    assert len(model.asked) == len(await runs(database)) == len(await errors(database)) == 1


async def test_an_end_that_cannot_be_recorded_for_whatever_reason_is_no_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*args: Any, **kwargs: Any) -> None:
        raise KeyError("a bug of ours")

    monkeypatch.setattr("aiworker.runtime.ending.job_errors.record", breaks)
    with pytest.raises(Decided) as raised:
        await execute(envelope(allowed=1), runtime(database, llm=ScriptedModel(["no map"])))
    assert outcome(raised.value) == Snooze(NOW + COME_BACK)
    assert [run["state"] for run in await runs(database)] == ["running"]


async def test_a_database_that_became_read_only_costs_no_attempt(database: Database, database_url: str) -> None:
    async with opened(f"{database_url}&default_transaction_read_only=on") as standby:
        with pytest.raises(Decided) as raised:
            await execute(envelope(allowed=1), runtime(standby))
    assert outcome(raised.value) == Snooze(NOW + COME_BACK)


async def test_a_claim_that_the_server_gave_up_on_costs_no_attempt(database: Database, database_url: str) -> None:
    job = envelope(allowed=1)
    async with opened(f"{database_url}&statement_timeout=50") as hasty, database.transaction(TENANT) as db:
        await claim(db, job, Scope(TENANT), by="somebody slow", now=NOW)
        with pytest.raises(Decided) as raised:
            await execute(again(job), runtime(hasty))
    assert outcome(raised.value) == Snooze(NOW + COME_BACK)


async def test_a_database_that_dies_before_the_end_costs_no_attempt(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cuts(ScriptedModel):
        async def answer(self, request: LLMRequest) -> Any:
            await database.close()
            return await super().answer(request)

    monkeypatch.setattr("aiworker.runtime.perform.KEEPS_TRYING", timedelta(0))
    with pytest.raises(Decided) as raised:
        await execute(envelope(allowed=1), runtime(database, llm=Cuts([REWRITTEN])))
    assert raised.value.code == "unreachable"
    assert outcome(raised.value) == Snooze(NOW + COME_BACK), "it comes back, also on its last attempt"


async def test_a_database_that_is_away_at_the_claim_costs_no_attempt(database: Database) -> None:
    await database.close()
    with pytest.raises(Decided) as raised:
        await execute(envelope(allowed=1), runtime(database))
    assert outcome(raised.value) == Snooze(NOW + COME_BACK)


async def test_a_schema_that_is_missing_for_a_moment_ends_no_job(database: Database) -> None:
    job = envelope(allowed=1)
    async with database.transaction(None) as db:
        await db.execute("ALTER TABLE aiworker.runs RENAME TO elsewhere")
    with pytest.raises(Decided) as raised:
        await execute(job, runtime(database))
    assert (raised.value.code, outcome(raised.value)) == ("configuration", Snooze(NOW + COME_BACK))
    async with database.transaction(None) as db:
        await db.execute("ALTER TABLE aiworker.elsewhere RENAME TO runs")
    await execute(again(job), runtime(database))


async def test_a_commit_whose_answer_was_lost_gives_its_receipt_on_the_next_delivery(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, held = envelope(allowed=1), execute_module._Delivery._held  # pyright: ignore[reportPrivateUsage]
    committed = asyncio.Event()

    async def cut_off(self: Any, *args: Any) -> Any:
        receipt = await held(self, *args)
        if committed.is_set():
            return receipt
        committed.set()
        raise ServiceUnreachable("the answer to COMMIT was lost")

    monkeypatch.setattr(execute_module._Delivery, "_held", cut_off)  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(Fenced) as raised:
        await execute(job, runtime(database))
    assert isinstance(outcome(raised.value), Snooze), "failing it would tell two stories"
    receipt = await execute(again(job), runtime(database))
    assert [run["state"] for run in await runs(database)] == ["succeeded"] and receipt["resultId"]


async def test_a_reply_is_held_while_the_database_is_away_for_a_moment(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiworker.runtime.perform.CHECKPOINT_PAUSES_S", (0.01, 0.01))
    away = [ServiceUnreachable("for a moment"), ServiceUnreachable("for a moment")]
    checkpoint = calls.checkpoint

    async def flaky(*args: Any, **kwargs: Any) -> Any:
        if away:
            raise away.pop()
        return await checkpoint(*args, **kwargs)

    monkeypatch.setattr(calls, "checkpoint", flaky)
    model = ScriptedModel([REWRITTEN])
    await execute(envelope(), runtime(database, llm=model))
    assert len(model.asked) == 1 and away == []


async def test_a_reply_is_stored_also_by_a_job_that_is_being_cancelled(database: Database, database_url: str) -> None:
    class Blocks(ScriptedModel):
        async def answer(self, request: LLMRequest) -> Any:
            await rival.execute("LOCK TABLE aiworker.calls IN EXCLUSIVE MODE")
            return await super().answer(request)

    async def is_stored() -> object:
        return await rows(database, "SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'RowExclusiveLock'")

    job, model = envelope(), Blocks([REWRITTEN])
    async with opened(database_url) as other, other.transaction(None) as rival:
        task = asyncio.create_task(execute(job, runtime(database, llm=model)))
        await eventually(is_stored, "the reply waits for the lock")
        task.cancel()
        await eventually(lambda: task.cancelling(), "it is being cancelled")
    with pytest.raises(asyncio.CancelledError):
        await task
    await execute(again(job), runtime(database))
    assert [call["requested_model"] for call in await rows(database, "SELECT * FROM aiworker.calls")] == [model.model]


async def test_a_reply_outlives_a_crash_of_the_server_that_took_its_claim(database: Database) -> None:
    class Crashes(ScriptedModel):
        async def answer(self, request: LLMRequest) -> Any:
            async with database.transaction(None) as db:
                await db.execute("DELETE FROM aiworker.runs")
            return await super().answer(request)

    job, model = envelope(), Crashes([REWRITTEN])
    receipt = await execute(job, runtime(database, llm=model))
    (run,) = await runs(database)
    assert (run["state"], str(run["run_id"]), len(model.asked)) == ("succeeded", receipt["runId"], 1)
    assert (await execute(again(job), runtime(database, llm=model))) == receipt
