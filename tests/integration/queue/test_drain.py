"""Stopping a worker: nothing is dropped, nothing runs twice, nothing is punished."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from aiworker.envelope import Envelope
from aiworker.errors import JobFailed, RateLimited, TransientFault
from aiworker.protocol import Abort, JsonValue
from aiworker.queue.events import EventKind
from aiworker.queue.producer import NewJob
from aiworker.queue.worker import QueueWorker, WorkerState
from tests.integration.queue.room import HASTY, POLICY, QUEUE, TIMING, Gate, Room, done, eventually, policy, utc_now
from tests.integration.queue.server import running_server

GRACE = timedelta(seconds=10)


@dataclass(slots=True)
class Busy:
    """A handler that takes some milliseconds and counts its ends."""

    seconds: float = 0.004
    finished: int = 0
    cancelled: int = 0

    async def __call__(self, envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        self.finished += 1
        return {}


@pytest.mark.parametrize("concurrency", [1, 4, 20])
@pytest.mark.parametrize("backlog", [0, 1, 3, 200])
async def test_a_drain_under_backlog_leaves_nothing_active_and_cancels_nothing(
    room: Room, concurrency: int, backlog: int
) -> None:
    busy = Busy()
    running = await room.start(busy, policy=policy(concurrency=concurrency))
    await room.producer.add_many(QUEUE, [NewJob("rewrite-resume", {}) for _ in range(backlog)])
    await eventually(lambda: busy.finished >= min(backlog, 5), "some jobs are done")
    report = await running.worker.drain(GRACE)
    counts = await room.queue.getJobCounts("active", "completed", "wait", "prioritized")
    assert (counts["active"], busy.cancelled, report.handed_back, report.abandoned) == (0, 0, (), ())
    assert counts["completed"] == busy.finished
    assert sum(counts.values()) == backlog
    assert running.worker.state is WorkerState.STOPPED


async def test_a_job_longer_than_its_lock_runs_once_while_the_worker_drains(room: Room) -> None:
    gate = Gate()
    running = await room.start(gate, timing=HASTY)
    job = await room.add()
    await eventually(lambda: gate.seen, "the job starts")
    draining = asyncio.create_task(running.worker.drain(GRACE))
    other = await room.start(gate, timing=HASTY, name="other")
    loop = asyncio.get_running_loop()
    began = loop.time()
    await eventually(lambda: loop.time() - began > 4 * HASTY.lock.total_seconds(), "several locks' time has passed")
    gate.opened.set()
    report = await draining
    await room.reaches(job, "completed")
    assert (len(gate.seen), gate.cancelled, report.finished) == (1, 0, 1)
    assert other.count(EventKind.JOB_STALLED) == 0


async def test_jobs_that_outlast_the_grace_are_handed_back_and_run_elsewhere_at_once(room: Room) -> None:
    gate = Gate()
    running = await room.start(gate, policy=policy(attempts=1))
    jobs = {await room.add() for _ in range(3)}
    await eventually(lambda: len(gate.seen) == 3, "all are in hand")
    report = await running.worker.drain(timedelta(milliseconds=50))
    assert (set(report.handed_back), report.abandoned, report.finished) == (jobs, (), 0)
    assert gate.abort_reasons == ["shutdown"] * 3
    assert await room.active() == 0
    gate.opened.set()
    await room.start(gate, name="other")
    began = asyncio.get_running_loop().time()
    for job in jobs:
        await room.reaches(job, "completed", within=1.0)
    assert asyncio.get_running_loop().time() - began < 1.0
    again = gate.seen[3:]
    assert {(e.attempts_made, e.attempts_started, e.stalled_count) for e in again} == {(0, 2, 0)}


async def test_a_waiting_worker_takes_a_handed_back_job_within_a_second(room: Room) -> None:
    gate = Gate()
    running = await room.start(gate)
    job = await room.add()
    await eventually(lambda: gate.seen, "the job starts")
    await room.start(done, name="other")
    await running.worker.drain(timedelta(0))
    await room.reaches(job, "completed", within=1.0)


async def test_a_handler_may_finish_after_it_was_told_to_stop(room: Room) -> None:
    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        await abort.wait()
        return {"stopped_for": abort.reason}

    running = await room.start(handle)
    job = await room.add()
    await eventually(lambda: running.worker.jobs_in_hand, "the job starts")
    report = await running.worker.drain(timedelta(0))
    assert (report.finished, report.handed_back) == (1, ())
    assert await room.field(job, "returnvalue") == '{"stopped_for":"shutdown"}'


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (TransientFault("cut off"), "delayed"),
        (RateLimited(retry_after=timedelta(seconds=50)), "delayed"),
        (JobFailed("for good"), "failed"),
    ],
)
async def test_during_hand_back_only_a_final_failure_is_recorded(room: Room, error: Exception, state: str) -> None:
    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        await abort.wait()
        raise error

    running = await room.start(handle)
    job = await room.add(attempts=1)
    await eventually(lambda: running.worker.jobs_in_hand, "the job starts")
    await running.worker.drain(timedelta(0))
    assert await room.state(job) == state
    assert (await room.field(job, "atm") is None) == (state == "delayed")


async def test_a_handler_that_ignores_its_cancellation_is_left_behind_and_its_job_handed_back(room: Room) -> None:
    opened = asyncio.Event()

    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        while not opened.is_set():
            try:
                await opened.wait()
            except asyncio.CancelledError:
                continue
        return {}

    running = await room.start(handle)
    job = await room.add()
    await eventually(lambda: running.worker.jobs_in_hand, "the job starts")
    report = await running.worker.drain(timedelta(0))
    assert report.handed_back == (job,)
    assert await room.state(job) == "delayed"
    opened.set()
    await eventually(lambda: running.task.done(), "run ends")
    assert await room.state(job) == "delayed"


async def test_a_second_drain_cuts_the_first_ones_grace_short(room: Room) -> None:
    gate = Gate()
    running = await room.start(gate)
    job = await room.add()
    await eventually(lambda: gate.seen, "the job starts")
    first = asyncio.create_task(running.worker.drain(timedelta(minutes=5)))
    await eventually(lambda: running.worker.state is WorkerState.DRAINING, "it drains")
    second = await running.worker.drain(timedelta(0))
    assert await first == second
    assert second.handed_back == (job,)


async def test_a_draining_worker_takes_nothing_new(room: Room) -> None:
    gate = Gate()
    running = await room.start(gate)
    await room.add()
    await eventually(lambda: gate.seen, "the job starts")
    draining = asyncio.create_task(running.worker.drain(GRACE))
    await eventually(lambda: running.worker.state is WorkerState.DRAINING, "it drains")
    late = await room.add()
    gate.opened.set()
    await draining
    assert await room.state(late) == "waiting"
    assert len(gate.seen) == 1


async def test_a_cancelled_run_hands_its_jobs_back(room: Room) -> None:
    gate = Gate()
    running = await room.start(gate)
    job = await room.add()
    await eventually(lambda: gate.seen, "the job starts")
    running.task.cancel()
    await eventually(lambda: running.task.done(), "run ends")
    assert running.task.cancelled()
    assert await room.state(job) == "delayed"


@pytest.mark.parametrize("has_job", [False, True])
async def test_a_drain_ends_although_redis_is_gone(tmp_path: Path, has_job: bool) -> None:
    gate = Gate()
    async with AsyncExitStack() as stack:
        with running_server(tmp_path) as server:
            room = Room(server.url, prefix="t")
            stack.push_async_callback(room.leave)
            running = await room.start(gate, timing=replace(TIMING, longest_wait=timedelta(milliseconds=50)))
            job = await room.add() if has_job else None
            await eventually(lambda: len(gate.seen) == has_job, "the job starts")
        report = await running.worker.drain(timedelta(milliseconds=500))
        assert report.took < timedelta(seconds=10)
        assert report.abandoned == ((job,) if job else ())
        assert report.is_clean == (not has_job)


async def test_an_idle_worker_stops_at_once(room: Room) -> None:
    running = await room.start(done)
    report = await running.worker.drain(GRACE)
    assert report.took < timedelta(seconds=0.5)
    await eventually(lambda: running.task.done(), "run ends", within=1.0)


async def test_a_worker_that_never_ran_can_be_drained(room: Room) -> None:
    worker = QueueWorker(POLICY, done, redis_url=room.url, prefix=room.prefix, name="w", now=utc_now, timing=TIMING)
    assert (await worker.drain(GRACE)).is_clean
    await worker.run()
    assert worker.state is WorkerState.STOPPED


async def test_a_drain_leaves_no_connection_and_no_task_behind(room: Room) -> None:
    running = await room.start(done, name="leaver", timing=replace(TIMING, longest_wait=timedelta(seconds=5)))
    await running.worker.drain(GRACE)
    await running.task
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert not {name for name in names if name.startswith(("consumer", "job "))}

    async def gone() -> bool:
        return not any(name.endswith(":w:leaver") for name in await room.client_names())

    await eventually(gone, "the named connection is closed")
