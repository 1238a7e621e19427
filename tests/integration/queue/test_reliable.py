"""BullMQ's worker in our edition, without the QueueWorker around it: listeners that raise, and pauses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from bullmq import DelayedError, Job
from bullmq.abort_controller import AbortSignal

from aiworker.envelope import Envelope
from aiworker.policies import QueuePolicy
from aiworker.queue.delivery import Retention
from aiworker.queue.locks import LOCK_LOST
from aiworker.queue.reliable import ReliableWorker, Timing
from tests.integration.queue.room import HASTY, TIMING, Room, eventually, policy

ALONE = policy(concurrency=1)
FAR_OFF_MS = 10**13
EVENTS = ("active", "completed", "failed", "stalled", "error", "lockRenewalFailed", LOCK_LOST, "closed")


@dataclass(slots=True)
class Desk:
    """A processor that waits until its desk is open and ends a job as the name in its data says."""

    seen: list[str] = field(default_factory=list[str])
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, envelope: Envelope, job: Job, token: str, signal: AbortSignal) -> object:
        self.seen.append(job.id)
        await self.opened.wait()
        if job.data == "fail":
            raise ValueError
        if job.data == "put off":
            await job.moveToDelayed(FAR_OFF_MS, token)
            raise DelayedError
        return {}


@asynccontextmanager
async def working(
    room: Room, desk: Desk, *, policy: QueuePolicy = ALONE, timing: Timing = TIMING
) -> AsyncGenerator[ReliableWorker]:
    worker = ReliableWorker(
        policy,
        desk,
        redis_url=room.url,
        prefix=room.prefix,
        worker_name="bare",
        timing=timing,
        retention=Retention(),
        on_fetch=lambda: None,
    )
    consumer = asyncio.create_task(worker.consume())
    try:
        yield worker
    finally:
        desk.opened.set()
        await worker.shut()
        await consumer


def raising_listener(heard: list[str], event: str) -> Callable[..., object]:
    def listen(*args: object) -> None:
        heard.append(event)
        raise RuntimeError

    return listen


async def test_raising_listeners_of_every_event_change_no_job_and_stop_no_sweep(room: Room) -> None:
    heard: list[str] = []
    desk = Desk()
    async with working(room, desk, policy=policy(attempts=1), timing=HASTY) as worker:
        for event in EVENTS:
            worker.on(event, raising_listener(heard, event))
        done, failed = await room.add("ok"), await room.add("fail")
        await eventually(lambda: len(desk.seen) == 2, "both are in hand")
        for _ in range(2):
            # The second time shows that the sweep outlived the listeners of the first.
            stalls = heard.count("stalled")
            await room.redis.delete(room.key(done) + ":lock")
            await eventually(lambda n=stalls: heard.count("stalled") > n, "it stalls")
        worker.emit("error", ValueError())
        desk.opened.set()
        await room.reaches(done, "completed")
        await room.reaches(failed, "failed")
        await eventually(lambda: {"completed", "failed"} <= set(heard), "both ends are told")
    assert set(heard) == set(EVENTS)
    assert (heard.count("completed"), heard.count("failed")) == (1, 1)


async def test_a_paused_worker_ends_what_it_has_and_takes_no_next_job(room: Room) -> None:
    desk = Desk()
    async with working(room, desk) as worker:
        first, second = await room.add("ok"), await room.add("ok")
        await eventually(lambda: desk.seen, "the first starts")
        await worker.pause(do_not_wait_active=True)
        desk.opened.set()
        await room.reaches(first, "completed")
        await eventually(lambda: not worker.processing, "nothing is in hand")
        assert (await room.state(second), desk.seen) == ("waiting", [first])
        worker.resume()
        await room.reaches(second, "completed")


async def test_an_idle_worker_that_is_paused_fetches_nothing_until_resumed(room: Room) -> None:
    desk = Desk()
    desk.opened.set()
    async with working(room, desk) as worker:
        await eventually(lambda: room.is_waiting("bare"), "it is idle")
        await worker.pause()
        job = await room.add("ok")
        await eventually(lambda: not worker.processing, "its wait has ended")
        assert await room.state(job) == "waiting"
        worker.resume()
        await room.reaches(job, "completed")


async def test_a_paused_worker_can_be_closed(room: Room) -> None:
    async with working(room, Desk()) as worker:
        await eventually(lambda: room.is_waiting("bare"), "it is idle")
        await worker.pause()


async def test_a_paused_queue_brings_no_next_job(room: Room) -> None:
    desk = Desk()
    async with working(room, desk):
        first, second = await room.add("ok"), await room.add("ok")
        await eventually(lambda: desk.seen, "the first starts")
        await room.queue.pause()
        desk.opened.set()
        await room.reaches(first, "completed")
        await eventually(lambda: room.is_waiting("bare"), "it is idle")
        assert desk.seen == [first]
        assert await room.state(second) in ("waiting", "paused")
        await room.queue.resume()
        await room.reaches(second, "completed", within=2.0)


async def test_a_slot_whose_job_was_put_off_goes_on_with_the_next(room: Room) -> None:
    desk = Desk()
    desk.opened.set()
    put_off, ordinary = await room.add("put off"), await room.add("ok")
    async with working(room, desk):
        await room.reaches(ordinary, "completed")
        assert desk.seen == [put_off, ordinary]
        assert (await room.state(put_off), await room.field(put_off, "atm")) == ("delayed", None)


@pytest.mark.parametrize("data", ["null", "7", '"text"', "[]", "NaN", "", "{", "[" * 100_000, "1" * 5_000, "\x00"])
async def test_no_data_keeps_a_job_from_its_end(room: Room, data: str) -> None:
    desk = Desk()
    desk.opened.set()
    async with working(room, desk):
        job = await room.add("ok", delay=60_000)
        await room.write_field(job, "data", data)
        await room.queue.promoteJobs()
        await room.reaches(job, "completed")
        assert desk.seen == [job]
