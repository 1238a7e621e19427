"""Replays with edits, with others at the same jobs, and cut short: nothing is lost, nothing runs twice."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from aiworker.errors import ServiceUnreachable
from aiworker.queue.inspection import Inspector, Standing, StoredJob
from aiworker.runtime.replay import Tally
from tests.integration.queue.room import QUEUE, Gate, eventually
from tests.integration.runtime.desk import ALL, AUDIT, OF_JOB, Desk, Meddled, desk, tallied
from tests.integration.runtime.failing import timed_out, working
from tests.integration.runtime.rows import runs
from tests.support.jobs import payload

__all__ = ["desk"]


class Crash(Exception):
    """What a test raises in place of a kill."""


# Editing


async def test_an_edited_payload_is_what_the_new_run_works_on(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    assert tallied(await desk.replay_all(changes={"tone": "concise"})) == (1, 0, 0, 0, 0)
    first, second = await desk.rows(OF_JOB, job)
    assert first["payload_hash"] != second["payload_hash"]
    await desk.work(job)

    data = json.loads(await desk.room.field(job, "data") or "")
    assert data == payload(tone="concise")
    assert [(run["epoch"], run["state"]) for run in await desk.rows(OF_JOB, job)] == [(0, "failed"), (1, "succeeded")]
    assert await desk.rows("SELECT tone FROM aiworker.resume_rewrites") == [{"tone": "concise"}]
    (entry,) = await desk.rows(AUDIT)
    assert json.loads(entry["details"])["changed"] == ["tone"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tone": "shouting"}, "tone: not one of concise, detailed, professional"),
        ({"resume_id": "[7]"}, "resume_id: must be a text"),
        ({"colour": "red"}, "has no field colour"),
        ({"job_description": "x" * 300_000}, "the limit is 262,144"),
    ],
)
async def test_an_edit_that_makes_a_payload_invalid_is_refused_and_changes_nothing(
    desk: Desk, changes: dict[str, str], said: str
) -> None:
    (job,) = await desk.fail(timed_out(30))
    before = await desk.redis("HGETALL", desk.room.key(job))
    plan = await desk.plan(changes=changes)
    tally = await desk.run(plan, changes=changes)

    assert plan.jobs == ()
    assert tallied(tally) == (0, 0, 0, 0, 1)
    assert tally.refused[0].startswith(f"{QUEUE}:{job}: ")
    assert said in tally.refused[0]
    assert await desk.redis("HGETALL", desk.room.key(job)) == before
    assert await desk.rows(AUDIT) == []
    assert len(await runs(desk.database)) == 1


async def test_only_the_job_an_edit_does_not_fit_is_refused(desk: Desk) -> None:
    (bad,) = await desk.fail(timed_out(30), data=[1, 2])
    (good,) = await desk.fail(timed_out(30))
    plan = await desk.plan(include_permanent=True, changes={"tone": "concise"})
    tally = await desk.run(plan, changes={"tone": "concise"})

    assert tallied(tally) == (1, 0, 0, 0, 1)
    assert "no object" in tally.refused[0]
    assert (await desk.room.state(bad), await desk.room.state(good)) == ("failed", "waiting")


async def test_a_limit_counts_the_jobs_that_can_be_replayed(desk: Desk) -> None:
    await desk.fail(timed_out(30), data=[1, 2])
    (good,) = await desk.fail(timed_out(30))
    await desk.fail(timed_out(30))
    first = replace(ALL, limit=1)
    plan = await desk.plan(first, include_permanent=True, changes={"tone": "concise"})

    assert ([each.job_id for each in plan.jobs], len(plan.refused), plan.beyond_limit) == ([good], 1, 1)


async def test_a_job_whose_payload_stops_fitting_after_the_plan_is_refused_in_the_run(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    plan = await desk.plan(changes={"tone": "concise"})
    await desk.room.write_field(job, "data", "[]")

    assert tallied(await desk.run(plan, changes={"tone": "concise"})) == (0, 0, 0, 0, 1)


# Others at the same jobs


async def test_a_job_that_is_gone_by_its_turn_is_counted(desk: Desk) -> None:
    gone, there = await desk.fail(timed_out(30), timed_out(31))
    plan = await desk.plan()
    await desk.redis("DEL", desk.room.key(gone))

    assert tallied(await desk.run(plan)) == (1, 0, 1, 0, 0)
    assert await desk.room.state(there) == "waiting"
    assert len(await desk.rows(AUDIT)) == 1


async def test_a_job_somebody_else_has_retried_is_counted_and_its_run_is_not_ended(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    plan = await desk.plan()
    found = await desk.inspector.job(QUEUE, job)
    await desk.inspector.retry(found, data=found.data, reset_attempts=False)
    gate, work = Gate(), working(desk.database)

    async def held(envelope: Any, abort: Any) -> Any:
        await gate(envelope, abort)
        return await work(envelope, abort)

    await desk.room.start(held)
    await eventually(lambda: gate.seen, "somebody works on it")
    tally = await desk.run(plan)
    gate.opened.set()
    await desk.room.reaches(job, "completed")

    assert tallied(tally) == (0, 0, 0, 1, 0)
    assert [entry["action"] for entry in await desk.rows(AUDIT)] == ["retry-from-outside"]


async def test_a_job_that_failed_once_more_since_the_plan_is_not_the_one_that_was_planned(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    plan = await desk.plan()
    await desk.room.write_field(job, "finishedOn", "1795000000000")

    assert tallied(await desk.run(plan)) == (0, 0, 0, 1, 0)


async def test_an_epoch_whose_job_goes_in_the_last_moment_is_withdrawn(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    plan = await desk.plan()

    async def remove(stored: StoredJob) -> None:
        await desk.redis("DEL", desk.room.key(stored.job_id))

    async with Meddled(desk, remove) as inspector:
        tally = await desk.run(plan, inspector=inspector)

    assert tallied(tally) == (0, 0, 1, 0, 0)
    last = (await desk.rows(OF_JOB, job))[-1]
    assert (last["epoch"], last["state"], last["error_code"]) == (1, "failed", "withdrawn")
    assert [entry["action"] for entry in await desk.rows(AUDIT)] == ["replay", "replay-withdrawn"]


async def test_a_job_retried_in_the_last_moment_runs_as_the_epoch_that_waits_for_it(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    plan = await desk.plan()

    async def retried_first(stored: StoredJob) -> None:
        await desk.inspector.retry(stored, data=stored.data, reset_attempts=True)

    async with Meddled(desk, retried_first) as inspector:
        tally = await desk.run(plan, inspector=inspector)
    await desk.work(job)

    assert tallied(tally) == (0, 0, 0, 1, 0)
    assert [(run["epoch"], run["state"]) for run in await desk.rows(OF_JOB, job)] == [(0, "failed"), (1, "succeeded")]


async def test_two_replays_of_the_same_jobs_at_once_send_each_back_once(desk: Desk) -> None:
    jobs = await desk.fail(*(timed_out(number) for number in range(1, 9)))
    plan = await desk.plan()
    tallies = await asyncio.gather(desk.run(plan), desk.run(plan), desk.run(plan))

    assert sum(tally.replayed for tally in tallies) == len(jobs)
    assert sum(tally.locked for tally in tallies) == 2 * len(jobs)
    await desk.room.start(working(desk.database))
    for job in jobs:
        await desk.room.reaches(job, "completed")
        assert [run["state"] for run in await desk.rows(OF_JOB, job)].count("succeeded") == 1


async def test_two_replays_with_different_edits_leave_one_run_and_lose_no_job(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    plan = await desk.plan()

    async def other_first(stored: StoredJob) -> None:
        assert tallied(await desk.run(plan, changes={"tone": "concise"})) == (1, 0, 0, 0, 0)

    async with Meddled(desk, other_first) as inspector:
        tally = await desk.run(plan, inspector=inspector)
    await desk.work(job)

    assert tallied(tally) == (0, 0, 0, 1, 0)
    states = [(run["state"], run["error_code"]) for run in await desk.rows(OF_JOB, job)]
    assert states == [("failed", "timeout"), ("failed", "replayed"), ("succeeded", None)]


async def test_a_job_sent_back_for_an_ended_epoch_runs_instead_of_repeating_an_error(desk: Desk) -> None:
    """A replay that is overtaken between its epoch and Redis by another one with an edit, and still is the first."""
    (job,) = await desk.fail(timed_out(30))
    plan = await desk.plan()
    overtaking = asyncio.Event()

    async def first_is_sent(stored: StoredJob) -> None:
        overtaking.set()
        await eventually(lambda: _left_failed(desk, job), "the first replay has sent it")

    async def overtaken(stored: StoredJob) -> None:
        task = asyncio.create_task(desk.run(plan, inspector=second, changes={"tone": "concise"}))
        await overtaking.wait()
        tasks.append(task)

    tasks: list[asyncio.Task[Tally]] = []
    async with Meddled(desk, first_is_sent) as second, Meddled(desk, overtaken) as first:
        tally = await desk.run(plan, inspector=first)
        (other,) = await asyncio.gather(*tasks)
    await desk.work(job)

    assert (tallied(tally), tallied(other)) == ((1, 0, 0, 0, 0), (0, 0, 0, 1, 0))
    assert [(run["state"], run["error_code"]) for run in await desk.rows(OF_JOB, job)] == [
        ("failed", "timeout"),
        ("failed", "replayed"),
        ("failed", "withdrawn"),
        ("succeeded", None),
    ]


async def _left_failed(desk: Desk, job: str) -> bool:
    return await desk.room.state(job) != "failed"


# Crashes and outages


@pytest.mark.parametrize("changes", [{}, {"tone": "concise"}], ids=["as it was", "edited"])
async def test_a_replay_that_died_between_the_epoch_and_redis_is_visible_and_can_be_repeated(
    desk: Desk, changes: dict[str, str]
) -> None:
    (job,) = await desk.fail(timed_out(30))
    plan = await desk.plan(changes=changes)

    async def die(stored: StoredJob) -> None:
        raise Crash

    async with Meddled(desk, die) as inspector:
        with pytest.raises(Crash):
            await desk.run(plan, inspector=inspector, changes=changes)
    assert await desk.room.state(job) == "failed"
    assert [run["state"] for run in await desk.rows(OF_JOB, job)] == ["failed", "replayed"]
    assert len(await desk.rows(AUDIT)) == 1

    assert tallied(await desk.replay_all(changes=changes)) == (1, 0, 0, 0, 0)
    assert [run["state"] for run in await desk.rows(OF_JOB, job)] == ["failed", "failed", "replayed"]
    await desk.work(job)
    assert [(run["epoch"], run["state"]) for run in await desk.rows(OF_JOB, job)] == [
        (0, "failed"),
        (1, "failed"),
        (2, "succeeded"),
    ]
    assert [json.loads(entry["details"])["epoch"] for entry in await desk.rows(AUDIT)] == [1, 2]


async def test_after_a_replay_that_died_an_outside_retry_runs_the_epoch_it_left(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))

    async def die(stored: StoredJob) -> None:
        raise Crash

    async with Meddled(desk, die) as inspector:
        with pytest.raises(Crash):
            await desk.run(await desk.plan(), inspector=inspector)
    found = await desk.inspector.job(QUEUE, job)
    await desk.inspector.retry(found, data=found.data, reset_attempts=False)
    await desk.work(job)

    assert [(run["epoch"], run["state"]) for run in await desk.rows(OF_JOB, job)] == [(0, "failed"), (1, "succeeded")]


async def test_being_cancelled_finishes_the_job_in_hand_and_leaves_the_rest(desk: Desk) -> None:
    first, second = await desk.fail(timed_out(1), timed_out(2))
    tally, plan = Tally(), await desk.plan()

    async def press_ctrl_c(stored: StoredJob) -> None:
        running.cancel()
        await asyncio.sleep(0)

    async with Meddled(desk, press_ctrl_c) as inspector:

        async def replay() -> None:
            async for _ in desk.replay(inspector=inspector).run(plan, tally):
                pass

        running = asyncio.create_task(replay())
        with pytest.raises(asyncio.CancelledError):
            await running

    assert (tally.done, tally.replayed) == (1, 1)
    assert (await desk.room.state(first), await desk.room.state(second)) == ("waiting", "failed")


async def test_without_redis_no_epoch_is_written(desk: Desk) -> None:
    class Lost(Inspector):
        async def standing(self, job: StoredJob) -> Standing:
            raise ServiceUnreachable("Redis is away.")

    await desk.fail(timed_out(30))
    async with Lost(desk.room.url, prefix=desk.room.prefix) as inspector:
        with pytest.raises(ServiceUnreachable):
            await desk.run(await desk.plan(), inspector=inspector)

    assert len(await runs(desk.database)) == 1
    assert await desk.rows(AUDIT) == []


async def test_a_deadlock_costs_a_job_nothing_and_is_counted(desk: Desk) -> None:
    class Unlucky(Inspector):
        async def standing(self, job: StoredJob) -> Standing:
            raise asyncpg.DeadlockDetectedError

    await desk.fail(timed_out(30))
    async with Unlucky(desk.room.url, prefix=desk.room.prefix) as inspector:
        assert tallied(await desk.run(await desk.plan(), inspector=inspector)) == (0, 0, 0, 1, 0)
