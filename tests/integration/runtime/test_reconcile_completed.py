"""Runs and epochs of replays that are open although their job has left the queue some other way."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from aiworker.domain.student_texts import student_text
from aiworker.queue.whereabouts import Place
from aiworker.runtime.execute import execute
from aiworker.runtime.reconcile import LOST_AFTER, Done
from tests.integration.runtime.reconciling import OLD, Bench, bench, stalled_out, told, with_other_data
from tests.integration.runtime.rows import alerts, errors
from tests.integration.runtime.rows import runs as all_runs
from tests.support.jobs import NOW, TENANT, again, envelope, runtime

__all__ = ["bench"]

# Runs whose job BullMQ holds as completed


async def test_a_run_whose_job_succeeded_with_other_data_is_ended_without_an_alarm(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "aiworker.reconcile")
    job = envelope()
    bench.map.places_of[job.job_id] = Place.COMPLETED
    await bench.claim(job)
    await execute(with_other_data(job), runtime(bench.database))
    bench.clock.move(LOST_AFTER - timedelta(seconds=1))
    assert await bench.reconciler.pass_once() == Done()
    bench.clock.move(timedelta(seconds=1))
    assert await bench.reconciler.pass_once() == Done(superseded=1)
    assert await bench.states() == [("failed", "superseded"), ("succeeded", None)]
    assert (await all_runs(bench.database))[0]["attempt"] == -1
    assert (await errors(bench.database), await alerts(bench.database)) == ([], [])
    assert await bench.reconciler.pass_once() == Done()
    assert told(caplog) == [("INFO", "run-ended", "superseded")]


async def test_a_superseded_run_has_no_error_to_repeat(bench: Bench) -> None:
    job = envelope()
    bench.map.places_of[job.job_id] = Place.COMPLETED
    await bench.claim(job)
    await execute(with_other_data(job), runtime(bench.database))
    bench.clock.move(OLD)
    await bench.reconciler.pass_once()
    await execute(again(again(job)), runtime(bench.database))
    assert [state for state, _ in await bench.states()] == ["failed", "succeeded", "succeeded"]


@pytest.mark.parametrize("has_sibling", [False, True], ids=["alone", "beside one that failed"])
async def test_a_run_whose_job_somebody_else_confirmed_is_ended_and_told_once(
    bench: Bench, caplog: pytest.LogCaptureFixture, has_sibling: bool
) -> None:
    job = envelope()
    bench.map.places_of[job.job_id] = Place.COMPLETED
    await bench.claim(job)
    if has_sibling:
        bench.reconciler.heard(stalled_out(with_other_data(job)))
        await bench.reconciler.work_off()
        caplog.clear()
    bench.clock.move(OLD)
    assert await bench.reconciler.pass_once() == Done(stalled=1)
    assert await bench.reconciler.pass_once() == Done()
    assert set(await bench.states()) == {("failed", "stalled")}
    row = (await errors(bench.database))[-1]
    assert row["message"] == student_text("stalled")
    assert "completed by somebody else" in row["detail"]
    assert (await alerts(bench.database))[-1] == (TENANT, "stalled", 1)
    assert told(caplog) == [("ERROR", "run-ended", "stalled")]


async def test_a_success_under_a_recycled_id_supersedes_nothing(bench: Bench) -> None:
    job = envelope()
    bench.map.places_of[job.job_id] = Place.COMPLETED
    await bench.claim(job)
    later = replace(with_other_data(job), added_at=NOW + timedelta(minutes=1))
    await execute(later, runtime(bench.database))
    bench.clock.move(OLD)
    assert await bench.reconciler.pass_once() == Done(stalled=1)


async def test_a_run_claimed_again_while_its_completed_job_was_looked_up_is_left_alone(bench: Bench) -> None:
    job = envelope()
    bench.map.places_of[job.job_id] = Place.COMPLETED
    await bench.claim(job)
    await execute(with_other_data(job), runtime(bench.database))
    bench.clock.move(OLD)

    async def meanwhile() -> None:
        await bench.claim(again(again(job)))

    bench.map.meanwhile = meanwhile
    assert await bench.reconciler.pass_once() == Done()
    assert await bench.states() == [("running", None), ("succeeded", None)]


# Epochs of replays whose job was never sent back


async def test_a_replay_whose_job_is_gone_is_ended_like_a_lost_job(bench: Bench) -> None:
    await bench.open_replay(envelope())
    bench.clock.move(LOST_AFTER - timedelta(seconds=1))
    assert await bench.reconciler.pass_once() == Done()
    bench.clock.move(timedelta(seconds=1))
    assert await bench.reconciler.pass_once() == Done(lost=1)
    assert await bench.states() == [("failed", "stalled")]
    (row,) = await errors(bench.database)
    assert (row["code"], row["tenant_id"], row["student_id"]) == ("stalled", TENANT, "student-9")
    assert await alerts(bench.database) == [(TENANT, "stalled", 1)]


@pytest.mark.parametrize("place", [Place.FAILED, Place.QUEUED])
async def test_a_replay_whose_job_is_there_waits_for_it_however_long(bench: Bench, place: Place) -> None:
    job = envelope()
    bench.map.places_of[job.job_id] = place
    await bench.open_replay(job)
    bench.clock.move(timedelta(days=3))
    assert await bench.reconciler.pass_once() == Done()
    assert await bench.states() == [("replayed", None)]


async def test_a_replay_whose_job_succeeded_with_other_data_is_superseded(bench: Bench) -> None:
    job = envelope()
    bench.map.places_of[job.job_id] = Place.COMPLETED
    await bench.open_replay(job)
    await execute(with_other_data(job), runtime(bench.database))
    bench.clock.move(OLD)
    assert await bench.reconciler.pass_once() == Done(superseded=1)
    assert await bench.states() == [("failed", "superseded"), ("succeeded", None)]


async def test_a_replay_whose_job_somebody_else_confirmed_is_ended_with_its_row(bench: Bench) -> None:
    job = envelope()
    bench.map.places_of[job.job_id] = Place.COMPLETED
    await bench.open_replay(job)
    bench.clock.move(OLD)
    assert await bench.reconciler.pass_once() == Done(stalled=1)
    assert len(await errors(bench.database)) == 1


async def test_a_replay_claimed_while_its_job_was_looked_up_is_left_alone(bench: Bench) -> None:
    job = envelope()
    await bench.open_replay(job)
    bench.clock.move(OLD)

    async def meanwhile() -> None:
        await bench.claim(again(job))

    bench.map.meanwhile = meanwhile
    assert await bench.reconciler.pass_once() == Done()
    assert await bench.states() == [("running", None)]
