"""What a lost answer or a cut wait leaves lying is picked up before the worker goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta

import pytest

from aiworker.errors import JobFailed, RateLimited
from aiworker.queue.delivery import Retention
from aiworker.queue.events import EventKind
from aiworker.queue.isolation import Handler
from aiworker.queue.worker import WorkerState
from tests.integration.queue.proxy import Proxy, proxied
from tests.integration.queue.room import TIMING, Gate, Room, done, eventually, policy, raising
from tests.integration.queue.server import Server

GRACE = timedelta(seconds=10)
ALONE = policy(concurrency=1)
PATIENT = replace(TIMING, longest_wait=timedelta(seconds=30))
"""An idle wait that lasts longer than any test."""


@pytest.fixture
async def proxy(valkey: Server) -> AsyncGenerator[Proxy]:
    async with proxied(valkey.url) as proxy:
        yield proxy


async def test_a_wake_up_given_to_a_worker_that_drains_goes_to_the_other(proxy: Proxy, room: Room) -> None:
    leaver = await room.start(done, name="leaver", timing=PATIENT, url=proxy.url)
    await eventually(lambda: room.is_waiting("leaver"), "the first waits")
    other = await room.start(done, name="other", timing=PATIENT)
    await eventually(lambda: room.is_waiting("other"), "the second waits")
    proxy.hold_answers()
    job = await room.add()
    assert await room.is_waiting("other") and not await room.is_waiting("leaver")
    draining = asyncio.create_task(leaver.worker.drain(GRACE))
    await eventually(lambda: leaver.worker.state is WorkerState.DRAINING, "it drains")
    proxy.release()
    await room.reaches(job, "completed", within=3.0)
    assert (await draining).is_clean
    assert other.count(EventKind.JOB_COMPLETED) == 1


async def test_the_due_time_of_a_delayed_job_is_not_lost_with_a_draining_worker(proxy: Proxy, room: Room) -> None:
    leaver = await room.start(done, name="leaver", timing=PATIENT, url=proxy.url)
    await eventually(lambda: room.is_waiting("leaver"), "the first waits")
    await room.start(done, name="other", timing=PATIENT)
    await eventually(lambda: room.is_waiting("other"), "the second waits")
    proxy.hold_answers()
    job = await room.add(delay=1000)
    draining = asyncio.create_task(leaver.worker.drain(GRACE))
    await eventually(lambda: leaver.worker.state is WorkerState.DRAINING, "it drains")
    proxy.release()
    await draining
    assert await room.state(job) == "delayed"
    await room.reaches(job, "completed", within=3.0)


async def test_a_drain_right_after_a_lost_answer_gives_the_job_back_that_came_with_it(proxy: Proxy, room: Room) -> None:
    gate = Gate()
    await room.load_scripts()
    running = await room.start(gate, policy=ALONE, url=proxy.url)
    first, second = await room.add(), await room.add()
    await eventually(lambda: gate.seen, "the first starts")
    proxy.swallow_answer_to(b"returnvalue")
    gate.opened.set()
    await eventually(lambda: proxy.swallowed, "the answer is lost")
    report = await running.worker.drain(GRACE)
    assert (await room.state(first), await room.state(second), await room.active()) == ("completed", "delayed", 0)
    assert report.is_clean
    assert await room.field(second, "atm") is None


async def swallow_answer_to_moving(proxy: Proxy, room: Room, target: str = "Delayed") -> None:
    """Lose the answer of the script that moves a job to `delayed`, or another one's."""
    await room.load_scripts()
    proxy.swallow_answer_to(str(room.queue.backend.connection.commands[f"moveTo{target}"].sha).encode())


async def test_a_job_handed_back_by_a_script_whose_answer_was_lost_is_not_called_abandoned(
    proxy: Proxy, room: Room
) -> None:
    gate = Gate()
    running = await room.start(gate, policy=ALONE, url=proxy.url)
    job = await room.add()
    await eventually(lambda: gate.seen, "the job starts")
    await swallow_answer_to_moving(proxy, room)
    report = await running.worker.drain(timedelta(0))
    assert proxy.swallowed == 1
    assert (report.handed_back, report.abandoned, await room.state(job)) == ((job,), (), "delayed")


async def test_nor_is_one_that_another_worker_took_at_once(proxy: Proxy, room: Room) -> None:
    gate, other = Gate(), Gate()
    running = await room.start(gate, policy=ALONE, url=proxy.url)
    job = await room.add()
    await eventually(lambda: gate.seen, "the job starts")
    await room.start(other, name="other")
    await swallow_answer_to_moving(proxy, room)
    report = await running.worker.drain(timedelta(0))
    assert (proxy.swallowed, len(other.seen), await room.state(job)) == (1, 1, "active")
    assert (report.handed_back, report.abandoned) == ((job,), ())
    other.opened.set()
    await room.reaches(job, "completed")


async def test_a_snooze_whose_answer_was_lost_is_told(proxy: Proxy, room: Room) -> None:
    running = await room.start(raising(RateLimited(retry_after=timedelta(minutes=1))), policy=ALONE, url=proxy.url)
    await swallow_answer_to_moving(proxy, room)
    job = await room.add()
    await room.reaches(job, "delayed")
    await eventually(lambda: running.count(EventKind.JOB_SNOOZED) == 1, "it is told")
    assert proxy.swallowed == 1


async def test_an_answer_lost_while_the_leftovers_of_another_are_looked_for_leaves_none(
    proxy: Proxy, room: Room
) -> None:
    gate = Gate()
    running = await room.start(gate, policy=ALONE, url=proxy.url)
    jobs = [await room.add(attempts=1) for _ in range(3)]
    await eventually(lambda: gate.seen, "the first starts")
    await swallow_answer_to_moving(proxy, room, "Finished")
    gate.opened.set()
    await eventually(lambda: proxy.swallowed == 1, "the first answer is lost")
    await swallow_answer_to_moving(proxy, room, "Active")
    for job in jobs:
        await room.reaches(job, "completed", within=6.0)
    assert proxy.swallowed == 2
    assert {envelope.stalled_count for envelope in gate.seen} == {0}
    assert running.count(EventKind.JOB_STALLED) == 0


@pytest.mark.parametrize(
    ("handle", "end"), [(done, EventKind.JOB_COMPLETED), (raising(JobFailed("for good")), EventKind.JOB_FAILED)]
)
async def test_an_end_whose_answer_was_lost_is_told_although_the_job_is_kept_no_longer(
    proxy: Proxy, room: Room, handle: Handler, end: EventKind
) -> None:
    gone = Retention(completed=True, failed=True)
    running = await room.start(handle, policy=ALONE, url=proxy.url, retention=gone)
    await swallow_answer_to_moving(proxy, room, "Finished")
    await room.add()
    await eventually(lambda: running.count(end), "its end is told")
    assert (proxy.swallowed, running.count(end)) == (1, 1)


async def test_a_drain_ends_although_redis_never_answers_the_search(proxy: Proxy, room: Room) -> None:
    gate = Gate()
    await room.load_scripts()
    running = await room.start(gate, policy=ALONE, url=proxy.url)
    job = await room.add()
    await eventually(lambda: gate.seen, "the job starts")
    proxy.is_away = True
    proxy.swallow_answer_to(b"returnvalue")
    gate.opened.set()
    await eventually(lambda: proxy.swallowed, "the answer is lost")
    report = await running.worker.drain(timedelta(milliseconds=100))
    assert report.took < timedelta(seconds=10)
    assert report.abandoned == (job,)
