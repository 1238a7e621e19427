"""A job that asks nobody runs in one transaction, and one that fails leaves what every failed job leaves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aiworker.envelope import Scope
from aiworker.errors import Cancel, Decided, Fenced, JobFailed, NotFound, Retry, ServiceUnreachable
from aiworker.policies import POISON_LIMIT
from aiworker.processors import AnyProcessor
from aiworker.protocol import Call, Context, FollowUp, Replies, Saved, Tx
from aiworker.runtime.execute import execute
from aiworker.store.database import Database
from aiworker.store.runs import claim
from tests.integration.runtime.rows import errors, outbox, outcome, rows, runs
from tests.support.jobs import NOW, TENANT, again, envelope, payload, processor, runtime

NAME = "test-job"
TRANSACTION = "SELECT pg_current_xact_id()::text"


def quiet(seen: list[str] | None = None, **steps: Any) -> AnyProcessor:
    """Return a processor that asks nobody and notes the transaction it saves in."""

    async def save(_payload: Any, _facts: Any, result: Any, tx: Tx) -> Saved:
        if seen is not None:
            seen.append(await tx.connection.fetchval(TRANSACTION))
        return Saved(str(result))

    noting: dict[str, Any] = {"save": save, **steps}
    return processor(name=NAME, ask=ask_nobody, asks=False, **noting)


def ask_nobody(payload: Any, facts: Any, ctx: Context) -> tuple[Call, ...]:
    return ()


def broken(payload: Any, facts: Any, replies: Replies, ctx: Context) -> str:
    raise ZeroDivisionError


def asking_all_the_same(payload: Any, facts: Any, replies: Replies, ctx: Context) -> FollowUp:
    return FollowUp(())


def job(**more: Any) -> Any:
    return envelope(payload(), name=NAME, **more)


async def test_claim_gather_settle_and_save_are_one_transaction(database: Database) -> None:
    seen: list[str] = []
    receipt = await execute(job(), runtime(database, processors=[quiet(seen)]))
    found = await rows(database, "SELECT xmin::text AS x, state, starts, receipt FROM aiworker.runs")
    assert [(row["x"], row["state"], row["starts"]) for row in found] == [(seen[0], "succeeded", 1)]
    assert [row["x"] for row in await rows(database, "SELECT xmin::text AS x FROM aiworker.outbox")] == seen
    assert (receipt["resultId"], receipt["provider"]) == ("settled", "none")


async def test_the_next_delivery_gets_the_receipt_and_saves_nothing(database: Database) -> None:
    seen: list[str] = []
    first, wired = job(), runtime(database, processors=[quiet(seen)])
    assert await execute(first, wired) == await execute(again(first), wired)
    assert len(seen) == 1 and len(await outbox(database)) == 1


async def test_a_failure_is_recorded_as_every_other_and_nothing_of_the_result_stays(database: Database) -> None:
    async def save(_payload: Any, _facts: Any, _result: Any, tx: Tx) -> Saved:
        await tx.connection.execute("UPDATE students SET name = 'Changed'")
        raise NotFound("The session is not there.")

    with pytest.raises(Decided) as raised:
        await execute(job(), runtime(database, processors=[quiet(save=save)]))
    assert (raised.value.code, outcome(raised.value)) == ("not_found", Cancel())
    assert [(run["state"], run["starts"], run["clean_ends"]) for run in await runs(database)] == [("failed", 1, 1)]
    assert [row["code"] for row in await errors(database)] == ["not_found"]
    assert await rows(database, "SELECT 1 FROM students WHERE name = 'Changed'") == []


async def test_a_crash_spends_an_attempt_and_the_next_one_succeeds(database: Database) -> None:
    first = job()
    with pytest.raises(Decided) as raised:
        await execute(first, runtime(database, processors=[quiet(settle=broken)]))
    assert (raised.value.code, outcome(raised.value)) == ("internal", Retry())
    assert (await execute(again(first, made=1), runtime(database, processors=[quiet()])))["resultId"] == "settled"


async def test_a_commit_whose_answer_was_lost_gives_its_receipt(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, lost = database.run, list[str]()

    async def cut_off(self: Database, tenant: str | None, work: Any, *, readonly: bool = False) -> Any:
        result = await run(tenant, work, readonly=readonly)
        if not lost:
            lost.append("the answer to COMMIT")
            raise ServiceUnreachable("the answer to COMMIT was lost")
        return result

    monkeypatch.setattr(Database, "run", cut_off)
    seen: list[str] = []
    assert (await execute(job(), runtime(database, processors=[quiet(seen)])))["resultId"] == "settled"
    assert len(seen) == 1 and lost


async def test_a_zombie_writes_nothing(database: Database) -> None:
    seen: list[str] = []
    first, wired = job(), runtime(database, processors=[quiet(seen)])
    failing = runtime(database, processors=[quiet(settle=broken)])
    with pytest.raises(Decided):
        await execute(again(first), failing)
    with pytest.raises(Fenced):
        await execute(first, wired)
    assert seen == []


async def test_a_processor_that_says_it_asks_nobody_and_does_is_told_so(database: Database) -> None:
    with pytest.raises(Decided, match="asks nobody") as raised:
        await execute(job(), runtime(database, processors=[quiet(settle=asking_all_the_same)]))
    assert isinstance(raised.value.error, JobFailed)


async def test_a_stray_cancellation_leaves_what_every_failure_leaves(database: Database) -> None:
    async def strays(*_: object) -> Saved:
        inner = asyncio.ensure_future(asyncio.Event().wait())
        inner.cancel()
        await inner
        return Saved("never")

    with pytest.raises(Decided) as raised:
        await execute(job(allowed=1), runtime(database, processors=[quiet(save=strays)]))
    assert (raised.value.code, len(await errors(database))) == ("internal", 1)


async def test_a_job_that_took_its_worker_down_too_often_is_given_up(database: Database) -> None:
    wired = runtime(database, processors=[quiet()])
    async with database.transaction(TENANT) as db:
        first = job()
        for _ in range(POISON_LIMIT + 1):
            first = again(first, stalled=True)
            await claim(db, first, Scope(TENANT), by="dying", now=NOW)
    with pytest.raises(Decided) as raised:
        await execute(again(first), wired)
    assert raised.value.code == "poisoned"
