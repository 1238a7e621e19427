"""A worker that looks after itself: restarts, locks, names, and waking from idleness."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from bullmq import Job

from aiworker.envelope import Envelope
from aiworker.errors import ServiceUnreachable
from aiworker.protocol import Abort, JsonValue
from aiworker.queue.events import EventKind
from aiworker.queue.reliable import ReliableWorker
from aiworker.queue.worker import QueueWorker, WorkerState
from tests.integration.queue.room import (
    HASTY,
    POLICY,
    TIMING,
    Gate,
    Room,
    Running,
    bare_worker,
    done,
    eventually,
    policy,
    utc_now,
)
from tests.integration.queue.server import free_port, running_server


def consumer() -> asyncio.Task[object]:
    """Find the task BullMQ's loop runs in."""
    return next(task for task in asyncio.all_tasks() if task.get_name().startswith("consumer"))


async def test_a_dead_consumer_is_replaced_by_a_new_one(room: Room) -> None:
    running = await room.start(done)
    consumer().cancel()
    await eventually(lambda: running.worker.state is WorkerState.RESTARTING, "it noticed")
    assert not running.worker.is_consuming
    await eventually(lambda: running.worker.is_consuming, "it consumes again")
    job = await room.add()
    await room.reaches(job, "completed")
    assert running.count(EventKind.WORKER_RESTARTING) == 1


async def test_a_dying_consumer_gives_its_jobs_back_unpunished(room: Room) -> None:
    gate = Gate()
    running = await room.start(gate)
    job = await room.add(attempts=1)
    await eventually(lambda: gate.seen, "the job starts")
    consumer().cancel()
    await eventually(lambda: len(gate.seen) == 2, "the job starts again")
    gate.opened.set()
    await room.reaches(job, "completed")
    assert [(e.attempts_made, e.stalled_count) for e in gate.seen] == [(0, 0), (0, 0)]
    assert gate.cancelled == 1
    assert running.count(EventKind.JOB_HANDED_BACK) == 1


async def just_handed(room: Room, monkeypatch: pytest.MonkeyPatch) -> tuple[Running, str, Gate]:
    """Return a worker whose fetch has brought a job that no slot has yet."""
    handed = asyncio.Event()
    fetch = ReliableWorker.moveToActive

    async def last_fetch(self: ReliableWorker, token: str) -> Job | None:
        job = await fetch(self, token)
        if job is None or handed.is_set():
            return job
        handed.set()
        return await asyncio.Future[None]()

    monkeypatch.setattr(ReliableWorker, "moveToActive", last_fetch)
    gate = Gate()
    gate.opened.set()
    running = await room.start(gate)
    job = await room.add(attempts=1)
    await handed.wait()
    assert await room.state(job) == "active" and not gate.seen
    return running, job, gate


async def test_a_job_that_a_dying_consumer_was_just_being_handed_starts_at_its_successor(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, job, gate = await just_handed(room, monkeypatch)
    consumer().cancel()
    await room.reaches(job, "completed")
    assert [(e.attempts_made, e.stalled_count) for e in gate.seen] == [(0, 0)]
    assert running.count(EventKind.WORKER_RESTARTING) == 1


@pytest.mark.parametrize("is_noticed", [False, True])
async def test_a_drain_lets_a_dead_consumer_give_back_what_it_was_just_being_handed(
    room: Room, monkeypatch: pytest.MonkeyPatch, is_noticed: bool
) -> None:
    running, job, _ = await just_handed(room, monkeypatch)
    consumer().cancel()
    if is_noticed:
        await eventually(lambda: running.worker.state is WorkerState.RESTARTING, "it noticed")
    await running.worker.drain(timedelta(seconds=5))
    assert (await room.state(job), await room.field(job, "atm")) == ("delayed", None)


async def test_a_closing_worker_does_not_ask_a_closed_line_for_ever(room: Room) -> None:
    worker, calls = bare_worker(room), 0

    async def schedule_next() -> object:
        nonlocal calls
        calls += 1
        assert calls < 100, "it asks without a pause, and nothing else runs"
        return await worker.line.call("PING")

    await worker.shut(force=True)
    with pytest.raises(RuntimeError, match="closing"):
        await worker.retryIfFailed(schedule_next, {"delay_in_ms": 1})
    assert calls == 1


async def test_the_waits_between_restarts_double(room: Room) -> None:
    running = await room.start(done, timing=replace(TIMING, restart_base=timedelta(milliseconds=20)))
    waits: list[float] = []
    for expected in range(1, 4):
        await eventually(lambda: running.worker.is_consuming, "it consumes")
        began = asyncio.get_running_loop().time()
        consumer().cancel()
        await eventually(lambda n=expected: running.count(EventKind.WORKER_RESTARTING) == n, "it restarts")
        await eventually(lambda: running.worker.is_consuming, "it consumes again")
        waits.append(asyncio.get_running_loop().time() - began)
    assert waits[0] >= 0.02 and waits[1] >= 0.04 and waits[2] >= 0.08


async def test_a_worker_can_be_drained_while_it_waits_to_restart(room: Room) -> None:
    running = await room.start(done, timing=replace(TIMING, restart_base=timedelta(minutes=5)))
    consumer().cancel()
    await eventually(lambda: running.worker.state is WorkerState.RESTARTING, "it waits")
    await running.worker.drain(timedelta(seconds=5))
    await eventually(lambda: running.task.done(), "run ends", within=2.0)


async def test_one_worker_counts_as_one(room: Room) -> None:
    await room.start(done, name="aiworker@host 1", policy=policy(concurrency=20))
    jobs = [await room.add() for _ in range(40)]
    for job in jobs:
        await room.reaches(job, "completed")
    encoded = base64.b64encode(b"ai-jobs").decode()
    named = [name for name in await room.client_names() if name.startswith(room.prefix)]
    assert named == [f"{room.prefix}:{encoded}:w:aiworker@host-1"]


async def test_a_lost_lock_aborts_and_cancels_the_handler_and_leaves_the_job_to_others(room: Room) -> None:
    gate = Gate()
    running = await room.start(gate, timing=HASTY, policy=policy(attempts=1))
    job = await room.add()
    await eventually(lambda: gate.seen, "the job starts")
    await room.redis.delete(room.key(job) + ":lock")
    await eventually(lambda: gate.cancelled, "the handler is cancelled")
    gate.opened.set()
    await room.reaches(job, "completed")
    assert gate.abort_reasons == ["lock lost"]
    assert running.count(EventKind.LOCK_LOST) == 1
    assert [e.attempts_made for e in gate.seen] == [0, 0]
    assert gate.seen[1].stalled_count == 1


async def test_a_worker_without_redis_says_so_and_can_be_stopped(room: Room) -> None:
    nowhere = f"redis://:hidden-password@127.0.0.1:{free_port()}"
    worker = QueueWorker(POLICY, done, redis_url=nowhere, name="w", now=utc_now, timing=TIMING)
    run = asyncio.create_task(worker.run())
    with pytest.raises(ServiceUnreachable) as caught:
        await worker.wait_until_ready(0.2)
    assert "127.0.0.1:" in caught.value.message and "hidden-password" not in caught.value.message
    assert worker.state is WorkerState.STARTING and not worker.is_consuming
    report = await worker.drain(timedelta(seconds=5))
    await eventually(lambda: run.done(), "run ends", within=3.0)
    assert report.took < timedelta(seconds=3)


async def test_the_heartbeat_moves_while_the_worker_is_idle(room: Room) -> None:
    running = await room.start(done, timing=replace(TIMING, longest_wait=timedelta(milliseconds=100)))
    first = running.worker.last_fetch_at
    assert first is not None
    await eventually(lambda: running.worker.last_fetch_at != first, "it asked again")


async def test_killed_connections_are_opened_again(room: Room) -> None:
    running = await room.start(done)
    await room.kill_clients()
    job = await room.add()
    await room.reaches(job, "completed")
    assert running.count(EventKind.WORKER_RESTARTING) == 0


@pytest.mark.slow
async def test_results_come_through_a_restart_of_redis_and_each_job_runs_once(tmp_path: Path) -> None:
    gate = Gate()
    port = free_port()
    async with AsyncExitStack() as stack:
        with running_server(tmp_path, "appendonly yes", "appendfsync always", port=port) as server:
            room = Room(server.url, prefix="t")
            stack.push_async_callback(room.leave)
            running = await room.start(gate)
            job = await room.add()
            await eventually(lambda: gate.seen, "the job starts")
        gate.opened.set()
        loop = asyncio.get_running_loop()
        began = loop.time()
        await eventually(lambda: loop.time() - began > 2, "Redis was away for a while")
        stack.enter_context(running_server(tmp_path, "appendonly yes", port=port, password=server.password))
        stack.push_async_callback(running.worker.drain, timedelta(0))
        await room.reaches(job, "completed", within=3.0)
        later = await room.add()
        await room.reaches(later, "completed", within=3.0)
        assert [e.attempts_started for e in gate.seen] == [1, 1]
        assert running.count(EventKind.WORKER_RESTARTING) == 0


@pytest.mark.slow
async def test_ten_seconds_without_redis_under_load_cost_nothing(tmp_path: Path) -> None:
    gate, port, in_hand, jobs = Gate(), free_port(), 10, 40
    async with AsyncExitStack() as stack:
        with running_server(tmp_path, "appendonly yes", "appendfsync always", port=port) as server:
            room = Room(server.url, prefix="t")
            stack.push_async_callback(room.leave)
            running = await room.start(gate, policy=policy(concurrency=in_hand))
            ids = [await room.add() for _ in range(jobs)]
            await eventually(lambda: len(gate.seen) == in_hand, "every slot is taken")
        first = [envelope.job_id for envelope in gate.seen]
        gate.opened.set()
        loop = asyncio.get_running_loop()
        began = loop.time()
        await eventually(lambda: loop.time() - began > 10, "Redis was away for 10 s", within=11)
        stack.enter_context(running_server(tmp_path, "appendonly yes", port=port, password=server.password))
        stack.push_async_callback(running.worker.drain, timedelta(0))
        back = loop.time()
        for job in first:
            await room.reaches(job, "completed", within=3.0 - (loop.time() - back))
        for job in ids:
            await room.reaches(job, "completed")
        assert sorted(envelope.job_id for envelope in gate.seen) == sorted(ids), "each job ran once"


@pytest.mark.slow
async def test_an_idle_worker_starts_a_job_at_once(room: Room) -> None:
    started: list[float] = []
    loop = asyncio.get_running_loop()

    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        started.append(loop.time())
        return {}

    # One wait for a job outlasts redis-py's own time limit of 5 s, which would cut the connection under it.
    await room.start(handle, name="idler", timing=replace(TIMING, longest_wait=timedelta(seconds=8)))
    before = await room.connections_of("idler")
    began = loop.time()
    await eventually(lambda: loop.time() - began > 6.2, "it idled", within=8.0)
    assert await room.connections_of("idler") == before and len(before) == 1
    added = loop.time()
    await room.add()
    await eventually(lambda: started, "the job starts", within=10.0)
    assert started[0] - added < 0.2
