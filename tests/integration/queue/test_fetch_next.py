"""A slot's next job comes with the answer that confirms the last one, and is never dropped on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from aiworker.envelope import Envelope
from aiworker.errors import JobFailed, RateLimited, TransientFault
from aiworker.protocol import Abort, JsonValue
from aiworker.queue.delivery import Retention
from aiworker.queue.events import EventKind
from aiworker.queue.producer import JobOptions, NewJob
from aiworker.queue.worker import WorkerState
from tests.integration.queue.proxy import Proxy, proxied
from tests.integration.queue.room import QUEUE, TIMING, Gate, Room, Running, done, eventually, policy, raising
from tests.integration.queue.server import Server, running_server

GRACE = timedelta(seconds=10)
ALONE = policy(concurrency=1)


@pytest.fixture
async def proxy(valkey: Server) -> AsyncGenerator[Proxy]:
    async with proxied(valkey.url) as proxy:
        yield proxy


@pytest.fixture
async def quiet_room(tmp_path: Path) -> AsyncGenerator[Room]:
    """Give the test a server on which nobody else runs scripts."""
    with running_server(tmp_path) as server:
        room = Room(server.url, prefix="t")
        yield room
        await room.leave()


async def scripts_run(room: Room) -> int:
    stats = cast("Mapping[str, Any]", await cast("Any", room.redis).info("commandstats"))
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("evalsha", "eval"))


def ended(running: Running) -> int:
    return running.count(EventKind.JOB_COMPLETED) + running.count(EventKind.JOB_FAILED)


@pytest.mark.parametrize("concurrency", [1, 10])
@pytest.mark.parametrize("handle", [done, raising(JobFailed("for good")), raising(TransientFault("again"))])
async def test_a_full_backlog_costs_one_script_per_attempt(quiet_room: Room, concurrency: int, handle: Any) -> None:
    room = quiet_room
    # What the producer says of waits goes before the worker's policy.
    slow = JobOptions(backoff=timedelta(minutes=10))
    await room.producer.add_many(QUEUE, [NewJob("rewrite-resume", {}, slow) for _ in range(300)])
    before = await scripts_run(room)
    running = await room.start(handle, policy=policy(concurrency=concurrency))
    await eventually(lambda: ended(running) == 300, "all are done once", within=20.0)
    assert await scripts_run(room) - before <= 300 + 2 * concurrency + 10


async def test_lone_jobs_cost_no_more_scripts_with_many_free_slots(quiet_room: Room) -> None:
    room = quiet_room
    running = await room.start(done, policy=policy(concurrency=50))
    before = await scripts_run(room)
    for number in range(1, 21):
        await room.add()
        await eventually(lambda n=number: ended(running) == n, "it is done")
    # Five each, adding included: BullMQ leaves a marker behind with every job it hands out, so looking for more costs
    # two scripts besides fetch and end. Node takes 98, the stock Python worker 2056.
    assert await scripts_run(room) - before <= 20 * 5 + 10


async def test_one_wait_for_jobs_is_under_way_however_many_slots_are_free(room: Room) -> None:
    running = await room.start(done, name="idler", policy=policy(concurrency=50))
    for _ in range(5):
        await room.add()
    await eventually(lambda: ended(running) == 5, "all are done")
    await eventually(lambda: room.is_waiting("idler"), "it is idle")
    assert len(await room.connections_of("idler")) == 1


async def test_slots_stay_filled_although_one_fetch_is_under_way_at_a_time(room: Room) -> None:
    gate = Gate()
    running = await room.start(gate, policy=policy(concurrency=20))
    for _ in range(25):
        await room.add()
    await eventually(lambda: len(gate.seen) == 20, "every slot has a job")
    assert running.worker.jobs_in_hand == 20
    gate.opened.set()
    await eventually(lambda: ended(running) == 25, "all are done")


@pytest.mark.parametrize("first", [done, raising(JobFailed("for good"))])
async def test_the_next_job_is_told_of_like_any_other(room: Room, first: Any) -> None:
    jobs = [await room.add() for _ in range(3)]
    running = await room.start(first, policy=ALONE)
    await eventually(lambda: ended(running) == 3, "all are done")
    assert [event.job_id for event in running.of(EventKind.JOB_STARTED)] == jobs


async def test_a_next_job_that_stalled_too_often_fails_without_its_handler(room: Room) -> None:
    gate = Gate()
    await room.add()
    stalled = await room.add()
    last = await room.add()
    await room.write_field(stalled, "defa", "job stalled more than allowable limit")
    running = await room.start(gate, policy=ALONE)
    gate.opened.set()
    await room.reaches(last, "completed")
    assert await room.field(stalled, "failedReason") == "stalled: job stalled more than allowable limit"
    assert stalled not in {envelope.job_id for envelope in gate.seen}
    assert [event.was_handled for event in await running.heard(EventKind.JOB_FAILED)] == [False]


async def test_a_next_job_may_be_put_off(room: Room) -> None:
    seen: list[str] = []

    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        seen.append(envelope.job_id)
        if seen == ["1", "2"]:
            raise RateLimited(retry_after=timedelta(milliseconds=200))
        return {}

    for _ in range(3):
        await room.add()
    await room.start(handle, policy=ALONE)
    await room.reaches("2", "completed")
    assert seen == ["1", "2", "3", "2"]
    assert await room.field("2", "atm") == "1"


async def test_a_next_job_that_cannot_be_read_does_not_stop_the_slot(room: Room) -> None:
    seen: list[bool] = []

    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        seen.append(envelope.is_readable)
        return {}

    await room.add()
    broken = await room.add()
    await room.write_field(broken, "data", "{")
    last = await room.add()
    await room.start(handle, policy=ALONE)
    await room.reaches(last, "completed")
    assert seen == [True, False, True]


async def test_a_next_job_carries_the_workers_retention(room: Room) -> None:
    jobs = [await room.add() for _ in range(4)]
    await room.start(done, policy=ALONE, retention=Retention(completed=2))
    await room.reaches(jobs[-1], "completed")
    assert (await room.queue.getJobCounts("completed"))["completed"] == 2


async def with_the_next_job_under_way(proxy: Proxy, room: Room) -> tuple[Running, str, Gate]:
    """Hold back the answer that confirms one job and brings the next."""
    gate = Gate()
    running = await room.start(gate, policy=ALONE, url=proxy.url)
    first, second = await room.add(), await room.add()
    await eventually(lambda: gate.seen, "the first starts")
    await room.load_scripts()
    proxy.hold_answers()
    gate.opened.set()
    await room.reaches(first, "completed")
    gate.opened.clear()
    return running, second, gate


async def test_a_next_job_that_arrives_while_draining_is_run(proxy: Proxy, room: Room) -> None:
    running, second, gate = await with_the_next_job_under_way(proxy, room)
    draining = asyncio.create_task(running.worker.drain(GRACE))
    await eventually(lambda: running.worker.state is WorkerState.DRAINING, "it drains")
    gate.opened.set()
    proxy.release()
    report = await draining
    assert (report.finished, report.is_clean) == (1, True)
    assert await room.state(second) == "completed"
    assert await room.active() == 0


async def test_a_next_job_that_arrives_after_the_grace_is_handed_back(proxy: Proxy, room: Room) -> None:
    running, second, _ = await with_the_next_job_under_way(proxy, room)
    draining = asyncio.create_task(running.worker.drain(timedelta(0)))
    await eventually(lambda: running.worker.state is WorkerState.DRAINING, "it drains")
    proxy.release()
    report = await draining
    assert (report.handed_back, report.is_clean) == ((second,), True)
    assert await room.state(second) == "delayed"
    assert await room.field(second, "atm") is None


async def test_a_confirmation_whose_answer_was_lost_is_no_failure_and_its_next_job_is_not_left_behind(
    proxy: Proxy, room: Room
) -> None:
    gate = Gate()
    running = await room.start(gate, policy=ALONE, url=proxy.url)
    first, second = await room.add(attempts=1), await room.add(attempts=1)
    await eventually(lambda: gate.seen, "the first starts")
    await room.load_scripts()
    proxy.swallow_answer_to(b"returnvalue")
    gate.opened.set()
    # Its lock would keep the second job from everybody for 30 s.
    await room.reaches(second, "completed", within=6.0)
    assert proxy.swallowed == 1
    assert await room.state(first) == "completed"
    await eventually(lambda: ended(running) == 2, "both ends are told")
    assert running.count(EventKind.JOB_FAILED) == 0
    assert [(e.job_id, e.attempts_made, e.stalled_count) for e in gate.seen] == [(first, 0, 0), (second, 0, 0)]
    assert running.count(EventKind.JOB_STALLED) == 0


async def test_a_failure_whose_answer_was_lost_is_told_once_and_spends_one_attempt(proxy: Proxy, room: Room) -> None:
    running = await room.start(raising(TransientFault("again")), policy=replace(ALONE, attempts=1), url=proxy.url)
    await room.load_scripts()
    proxy.swallow_answer_to(b"failedReason")
    job = await room.add()
    await eventually(lambda: running.count(EventKind.JOB_FAILED), "its end is told")
    assert (proxy.swallowed, await room.state(job), await room.field(job, "atm")) == (1, "failed", "1")
    assert [event.is_final for event in await running.heard(EventKind.JOB_FAILED)] == [True]


async def test_a_fetched_job_whose_answer_was_lost_is_handed_back(proxy: Proxy, room: Room) -> None:
    gate = Gate()
    gate.opened.set()
    running = await room.start(
        gate, policy=ALONE, url=proxy.url, timing=replace(TIMING, longest_wait=timedelta(seconds=0.1))
    )
    await room.load_scripts()
    proxy.swallow_answer_to(b"lockDuration")
    job = await room.add()
    await room.reaches(job, "completed", within=6.0)
    assert proxy.swallowed == 1
    assert [(e.attempts_made, e.stalled_count) for e in gate.seen] == [(0, 0)]
    assert running.count(EventKind.WORKER_RESTARTING) == 0


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (":dependencies", "redis_refused: Redis refused the job's result (ResponseError)."),
        (":unsuccessful", "failed_children: The job has failed children."),
    ],
)
async def test_a_result_that_redis_refuses_fails_the_attempt_in_our_words(room: Room, key: str, reason: str) -> None:
    gate = Gate()
    running = await room.start(gate)
    job = await room.add(attempts=1)
    await eventually(lambda: gate.seen, "the job starts")
    if key == ":unsuccessful":
        await cast("Any", room.redis).zadd(room.key(job) + key, {"child": 1})
    else:
        await room.redis.set(room.key(job) + key, "not a set")
    gate.opened.set()
    await room.reaches(job, "failed")
    assert await room.field(job, "failedReason") == reason
    assert [event.reason for event in await running.heard(EventKind.JOB_FAILED)] == [reason]
