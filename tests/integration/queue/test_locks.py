"""Two copies of one job in the same worker: each has its own lock, and the older one says nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiworker.envelope import Envelope
from aiworker.protocol import Abort, JsonValue
from aiworker.queue.delivery import Retention
from aiworker.queue.events import EventKind
from aiworker.queue.locks import LOCK_LOST
from aiworker.queue.reliable import ReliableWorker
from tests.integration.queue.room import HASTY, POLICY, TIMING, Room, Running, eventually


@dataclass(slots=True)
class Stubborn:
    """A handler whose n-th call ends when its n-th event is set, whoever cancels it."""

    opened: list[asyncio.Event] = field(default_factory=lambda: [asyncio.Event(), asyncio.Event()])
    seen: list[Envelope] = field(default_factory=list[Envelope])
    aborts: list[Abort] = field(default_factory=list[Abort])
    ended: int = 0

    async def __call__(self, envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        copy = len(self.seen)
        self.seen.append(envelope)
        self.aborts.append(abort)
        while not self.opened[copy].is_set():
            try:
                await self.opened[copy].wait()
            except asyncio.CancelledError:
                continue
        self.ended += 1
        return {"copy": copy}


async def twice_in_hand(room: Room, stubborn: Stubborn) -> tuple[Running, str]:
    """Take the lock away from a running job and wait until the same worker has it again."""
    running = await room.start(stubborn, timing=HASTY)
    job = await room.add(attempts=1)
    await eventually(lambda: stubborn.seen, "the job starts")
    await room.redis.delete(room.key(job) + ":lock")
    await eventually(lambda: len(stubborn.seen) == 2, "it starts again")
    return running, job


async def several_locks_pass(room: Room, job: str) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await eventually(lambda: loop.time() - began > 4 * HASTY.lock.total_seconds(), "several locks' time has passed")
    assert await room.redis.exists(room.key(job) + ":lock") == 1


async def test_the_end_of_a_lost_copy_leaves_the_new_ones_lock_alone(room: Room) -> None:
    stubborn = Stubborn()
    running, job = await twice_in_hand(room, stubborn)
    stubborn.opened[0].set()
    await eventually(lambda: stubborn.ended == 1, "the lost copy ends")
    await several_locks_pass(room, job)
    stubborn.opened[1].set()
    await room.reaches(job, "completed")
    assert await room.field(job, "returnvalue") == '{"copy":1}'
    assert [envelope.stalled_count for envelope in stubborn.seen] == [0, 1]
    assert running.count(EventKind.JOB_STALLED) == running.count(EventKind.LOCK_LOST) == 1
    assert running.count(EventKind.JOB_COMPLETED) == 1
    assert running.count(EventKind.WORKER_ERROR) == 0


async def test_a_lost_copy_that_runs_on_is_told_and_does_not_touch_the_new_one(room: Room) -> None:
    stubborn = Stubborn()
    running, job = await twice_in_hand(room, stubborn)
    await several_locks_pass(room, job)
    assert [abort.aborted for abort in stubborn.aborts] == [True, False]
    stubborn.opened[1].set()
    await room.reaches(job, "completed")
    stubborn.opened[0].set()
    await eventually(lambda: running.worker.jobs_in_hand == 0, "both ended")
    assert await room.field(job, "returnvalue") == '{"copy":1}'
    assert running.count(EventKind.JOB_COMPLETED) == 1
    assert running.count(EventKind.WORKER_ERROR) == 0
    assert running.count(EventKind.JOB_FAILED) == 0


async def test_taking_a_job_again_takes_the_lock_from_its_older_copy_at_once(room: Room) -> None:
    async def never(*args: object) -> None: ...

    def note(job_id: str, token: str) -> None:
        lost.append((job_id, token))

    lost: list[tuple[str, str]] = []
    worker = ReliableWorker(
        POLICY,
        never,
        redis_url=room.url,
        prefix=room.prefix,
        worker_name="bare",
        timing=TIMING,
        retention=Retention(),
        on_fetch=lambda: None,
    )
    worker.on(LOCK_LOST, note)
    older, newer = worker.locks.take("1", "a", 0), worker.locks.take("1", "b", 0)
    assert (older.signal.reason, newer.signal.aborted, lost) == ("lock lost", False, [("1", "a")])
    worker.locks.let_go("1", "a")
    assert (worker.locks.holds("1", "a"), worker.locks.holds("1", "b")) == (False, True)
    await worker.shut()
