"""Runs that nobody will end are ended with an error row; those that somebody may still end are left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol, cast

import pytest

from aiworker.domain.student_texts import student_text
from aiworker.errors import Cancel, Decided, Fenced, ServiceUnreachable
from aiworker.queue.connection import short_client
from aiworker.queue.events import EventKind
from aiworker.queue.whereabouts import Place
from aiworker.runtime import reconcile as room
from aiworker.runtime.execute import execute
from aiworker.runtime.reconcile import FAILED_AFTER, LOST_AFTER, Done, Reconciler
from aiworker.store import calls, stale
from aiworker.store.database import Database
from tests.integration.queue.room import eventually
from tests.integration.runtime.floor import QUEUE, Floor, floor, model, own_environment
from tests.integration.runtime.reconciling import OLD, Bench, bench, stalled_out, told
from tests.integration.runtime.rows import alerts, errors, outcome, rows, variants
from tests.integration.runtime.rows import runs as all_runs
from tests.support.jobs import NOW, REWRITTEN, TENANT, ScriptedModel, again, envelope, question, runtime

__all__ = ["bench", "floor", "model", "own_environment"]


class _Hashes(Protocol):
    """redis-py leaves this one's answer open."""

    def hset(self, name: str, key: str, value: str) -> Awaitable[int]: ...


# Jobs that stalled out


async def test_a_job_that_stalled_out_gets_its_row_in_words_for_students(bench: Bench) -> None:
    job = envelope()
    await bench.claim(job)
    bench.reconciler.heard(stalled_out(again(job)))
    assert await bench.reconciler.work_off() == 1
    assert await bench.states() == [("failed", "stalled")]
    (row,) = await errors(bench.database)
    assert (row["code"], row["message"], row["tenant_id"]) == ("stalled", student_text("stalled"), TENANT)
    assert await alerts(bench.database) == [(TENANT, "stalled", 1)]


async def test_one_that_never_ran_gets_its_row_too(bench: Bench) -> None:
    bench.reconciler.heard(stalled_out(envelope()))
    await bench.reconciler.work_off()
    assert await bench.states() == [("failed", "stalled")]
    assert len(await errors(bench.database)) == 1


async def test_one_whose_payload_nobody_can_read_gets_its_row_without_a_tenant(bench: Bench) -> None:
    bench.reconciler.heard(stalled_out(envelope("{")))
    await bench.reconciler.work_off()
    (row,) = await errors(bench.database)
    assert (row["code"], row["tenant_id"]) == ("stalled", None)


async def test_a_result_that_is_there_stays(bench: Bench) -> None:
    job = envelope()
    await execute(job, runtime(bench.database))
    bench.reconciler.heard(stalled_out(again(job)))
    assert await bench.reconciler.work_off() == 0
    assert await bench.states() == [("succeeded", None)]
    assert await errors(bench.database) == []


async def test_a_failure_that_is_recorded_is_not_recorded_twice(bench: Bench) -> None:
    event = stalled_out(envelope())
    for _ in range(2):
        bench.reconciler.heard(event)
    assert await bench.reconciler.work_off() == 1
    assert len(await errors(bench.database)) == 1


async def test_a_zombie_of_a_job_that_stalled_out_cannot_write_its_result(bench: Bench) -> None:
    job, database = envelope(), bench.database

    class Slow(ScriptedModel):
        async def answer(self, request: Any) -> Any:
            bench.reconciler.heard(stalled_out(again(job)))
            await bench.reconciler.work_off()
            return await super().answer(request)

    with pytest.raises(Fenced):
        await execute(job, runtime(database, llm=Slow([REWRITTEN])))
    assert await variants(database) == []
    assert await bench.states() == [("failed", "stalled")]


async def test_a_newer_delivery_keeps_the_run(bench: Bench) -> None:
    job = envelope(started=1)
    await bench.claim(again(job))
    bench.reconciler.heard(stalled_out(job))
    assert await bench.reconciler.work_off() == 0
    assert await bench.states() == [("running", None)]


async def test_somebody_who_retries_it_in_a_dashboard_starts_a_new_epoch(bench: Bench) -> None:
    job = envelope(made=0)
    bench.reconciler.heard(stalled_out(job))
    await bench.reconciler.work_off()
    receipt = await execute(again(job, made=1), runtime(bench.database))
    assert receipt["epoch"] == 1


async def test_the_same_delivery_again_repeats_the_error(bench: Bench) -> None:
    job = envelope()
    bench.reconciler.heard(stalled_out(job))
    await bench.reconciler.work_off()
    with pytest.raises(Decided) as raised:
        await execute(again(job), runtime(bench.database))
    assert (raised.value.code, outcome(raised.value)) == ("stalled", Cancel())


@pytest.mark.parametrize(
    "changes", [{"was_handled": True}, {"kind": EventKind.JOB_COMPLETED}, {"envelope": None}], ids=str
)
async def test_other_events_are_not_for_it(bench: Bench, changes: dict[str, Any]) -> None:
    bench.reconciler.heard(stalled_out(envelope(), **changes))
    assert await bench.reconciler.work_off() == 0
    assert await bench.states() == []


async def test_what_cannot_be_recorded_now_is_recorded_later(bench: Bench) -> None:
    class Away:
        async def run(self, *_: object, **__: object) -> None:
            raise ServiceUnreachable()

    bench.reconciler.heard(stalled_out(envelope()))
    bench.reconciler.database = cast("Database", Away())
    with pytest.raises(ServiceUnreachable):
        await bench.reconciler.work_off()
    bench.reconciler.database = bench.database
    assert await bench.reconciler.work_off() == 1


class Flawed:
    """A database on which the first work fails in a way that nobody expected; then it is away, or well."""

    def __init__(self, database: Database, *, is_away_then: bool) -> None:
        self._database = database
        self._faults = [ValueError("unexpected"), *([ServiceUnreachable()] if is_away_then else [])]

    async def run(self, tenant: str | None, work: Any) -> Any:
        if self._faults:
            raise self._faults.pop(0)
        return await self._database.run(tenant, work)


async def test_a_failure_that_cannot_be_recorded_for_no_known_reason_is_kept_and_holds_up_no_other(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = envelope(), envelope()
    for job in (first, second):
        bench.reconciler.heard(stalled_out(job))
    bench.reconciler.database = cast("Database", Flawed(bench.database, is_away_then=False))
    assert await bench.reconciler.work_off() == 1
    assert [run["job_id"] for run in await all_runs(bench.database)] == [second.job_id]
    assert told(caplog) == [("ERROR", "failure-not-recorded", None), ("ERROR", "run-ended", "stalled")]
    assert await bench.reconciler.work_off() == 1
    assert [run["job_id"] for run in await all_runs(bench.database)] == [second.job_id, first.job_id]
    assert await bench.reconciler.work_off() == 0


async def test_what_was_kept_is_still_there_when_the_database_goes_away(bench: Bench) -> None:
    for _ in range(3):
        bench.reconciler.heard(stalled_out(envelope()))
    bench.reconciler.database = cast("Database", Flawed(bench.database, is_away_then=True))
    with pytest.raises(ServiceUnreachable):
        await bench.reconciler.work_off()
    assert await bench.reconciler.work_off() == 3


# Runs whose job Redis does not have


async def test_a_run_without_a_job_is_ended_once_nobody_can_be_working_on_it(bench: Bench) -> None:
    await bench.claim(envelope())
    bench.clock.move(LOST_AFTER - timedelta(seconds=1))
    assert await bench.reconciler.pass_once() == Done()
    bench.clock.move(timedelta(seconds=1))
    assert await bench.reconciler.pass_once() == Done(lost=1)
    (row,) = await errors(bench.database)
    assert (row["code"], row["student_id"], row["attempts"]) == ("stalled", "student-9", 1)
    assert "payload is lost" in row["detail"]
    assert await alerts(bench.database) == [(TENANT, "stalled", 1)]
    assert await bench.reconciler.pass_once() == Done()


async def test_a_run_whose_job_failed_behind_our_back_is_ended_within_a_minute(bench: Bench) -> None:
    job = envelope()
    bench.map.places_of[job.job_id] = Place.FAILED
    await bench.claim(job)
    assert await bench.reconciler.pass_once() == Done()
    bench.clock.move(FAILED_AFTER)
    assert await bench.reconciler.pass_once() == Done(stalled=1)
    assert await bench.states() == [("failed", "stalled")]


async def test_a_run_whose_job_is_still_queued_is_left_alone_however_old(bench: Bench) -> None:
    job = envelope()
    bench.map.places_of[job.job_id] = Place.QUEUED
    await bench.claim(job)
    bench.clock.move(timedelta(days=3))
    assert await bench.reconciler.pass_once() == Done()
    assert await bench.states() == [("running", None)]


async def test_a_run_claimed_while_it_was_looked_up_is_left_alone(bench: Bench) -> None:
    job = envelope()
    await bench.claim(job)
    bench.clock.move(OLD)

    async def meanwhile() -> None:
        await bench.claim(again(job))

    bench.map.meanwhile = meanwhile
    assert await bench.reconciler.pass_once() == Done()
    assert await bench.states() == [("running", None)]


async def test_without_redis_nothing_is_ended(bench: Bench) -> None:
    await bench.claim(envelope())
    bench.clock.move(OLD)
    bench.map.fault = ServiceUnreachable()
    with pytest.raises(ServiceUnreachable):
        await bench.reconciler.pass_once()
    assert await bench.states() == [("running", None)]


async def test_a_one_shot_run_whose_process_died_is_ended_without_asking_redis(bench: Bench) -> None:
    await bench.claim(envelope(queue="cli"))
    bench.clock.move(OLD)
    assert await bench.reconciler.pass_once() == Done(lost=1)
    assert bench.map.asked == []


async def test_other_queues_and_prefixes_are_other_processes_business(bench: Bench) -> None:
    await bench.claim(envelope(queue="interview"))
    await bench.claim(replace(envelope(), prefix="other"))
    bench.clock.move(OLD)
    assert await bench.reconciler.pass_once() == Done()


async def test_all_of_many_runs_are_looked_at_also_behind_some_that_are_left_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PAGE", 3)
    jobs = [envelope() for _ in range(8)]
    for job in jobs:
        await bench.claim(job)
    bench.map.places_of |= {job.job_id: Place.QUEUED for job in jobs[:5]}
    bench.clock.move(OLD)
    assert await bench.reconciler.pass_once() == Done(lost=3)
    assert sorted(len(page) for page in bench.map.asked) == [2, 3, 3]


async def test_while_another_worker_is_at_it_nothing_is_done(bench: Bench) -> None:
    await bench.claim(envelope())
    bench.clock.move(OLD)
    async with bench.database.transaction(None) as db:
        assert await stale.is_mine(db, "reconcile")
        assert await bench.reconciler.pass_once() == Done()
    assert await bench.reconciler.pass_once() == Done(lost=1)


# Purge


async def keep_reply(bench: Bench, keep: timedelta) -> str:
    job, reply = envelope(), await ScriptedModel(["the resume's text"]).answer(question())
    await bench.claim(job)
    run_id = str((await all_runs(bench.database))[-1]["run_id"])
    await bench.database.run(
        TENANT, lambda db: calls.checkpoint(db, run_id, TENANT, question(), reply, now=NOW, keep=keep)
    )
    bench.map.places_of[job.job_id] = Place.QUEUED
    return run_id


async def test_reply_texts_are_deleted_after_their_day_and_their_rows_stay(bench: Bench) -> None:
    await keep_reply(bench, timedelta(days=1))
    await keep_reply(bench, timedelta(days=7))
    bench.clock.move(timedelta(days=2))
    assert await bench.reconciler.pass_once() == Done(purged=1)
    texts = await rows(bench.database, "SELECT reply, provider FROM aiworker.calls ORDER BY expires_at")
    assert [(row["reply"], row["provider"]) for row in texts] == [(None, "scripted"), ("the resume's text", "scripted")]


async def test_a_purge_goes_on_until_nothing_is_left(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PURGE_AT_ONCE", 2)
    for _ in range(5):
        await keep_reply(bench, timedelta(days=1))
    bench.clock.move(timedelta(days=2))
    assert await bench.reconciler.pass_once() == Done(purged=5)


# As part of a serving process


async def test_a_serving_process_records_a_job_that_stalled_out(floor: Floor, database: Database) -> None:
    job = await floor.add()
    client = short_client(floor.servers.redis)
    key = f"{floor.settings.queue_prefix}:{QUEUE}:{job}"
    await cast("_Hashes", client).hset(key, "defa", "job stalled more than allowable limit")
    await client.aclose()
    async with floor.serving():
        assert (await floor.ended(job)).state == "failed"
        await eventually(lambda: errors(database), "an error row", within=10)
    (row,) = await errors(database)
    assert (row["code"], row["tenant_id"]) == ("stalled", TENANT)


async def test_a_serving_process_whose_reconciler_ended_is_broken(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def end(self: Reconciler) -> None:
        return None

    monkeypatch.setattr(Reconciler, "run", end)
    async with floor.serving() as running:
        await asyncio.sleep(0)
        assert running.is_broken


async def test_a_fault_of_one_pass_does_not_end_the_next(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(room, "PERIOD", timedelta(milliseconds=10))
    bench.map.fault = ServiceUnreachable()
    await bench.claim(envelope())
    bench.clock.move(OLD)
    running = asyncio.create_task(bench.reconciler.run())
    await eventually(lambda: caplog.records, "a pass that is postponed")
    bench.map.fault = RuntimeError("unexpected")
    await eventually(lambda: "reconcile-failed" in [line.message for line in caplog.records], "a pass that fails")
    bench.map.fault = None
    await eventually(bench.has_stalled, "the run's end")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert caplog.records[0].message == "reconcile-postponed"
