"""Two copies of one job in the same worker: each has its own lock, and the older one says nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from aiworker.envelope import Envelope
from aiworker.protocol import Abort, JsonValue
from aiworker.queue.events import EventKind
from aiworker.queue.locks import LOCK_LOST
from tests.integration.queue.proxy import Link, Proxy, proxied
from tests.integration.queue.room import HASTY, Gate, Room, Running, bare_worker, eventually, policy
from tests.integration.queue.server import Server


@pytest.fixture
async def proxy(valkey: Server) -> AsyncGenerator[Proxy]:
    async with proxied(valkey.url) as proxy:
        yield proxy


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
    def note(job_id: str, token: str) -> None:
        lost.append((job_id, token))

    lost: list[tuple[str, str]] = []
    worker = bare_worker(room)
    worker.on(LOCK_LOST, note)
    older, newer = worker.locks.take("1", "a", 0), worker.locks.take("1", "b", 0)
    assert (older.signal.reason, newer.signal.aborted, lost) == ("lock lost", False, [("1", "a")])
    worker.locks.let_go("1", "a")
    assert (worker.locks.holds("1", "a"), worker.locks.holds("1", "b")) == (False, True)
    await worker.shut()


def renewals_under_way(proxy: Proxy, room: Room) -> list[Link]:
    """Return the connections whose last command renews locks."""
    sha = str(room.queue.backend.connection.commands["extendLocks"].sha).encode()
    return [link for link in proxy.links if sha in link.heard and not link.outward.is_closing()]


async def test_a_renewal_sent_again_after_the_jobs_end_does_not_call_its_lock_lost(proxy: Proxy, room: Room) -> None:
    gate = Gate()
    await room.load_scripts()
    patient = replace(HASTY, lock=timedelta(seconds=1))
    running = await room.start(gate, url=proxy.url, timing=patient, policy=policy(concurrency=1))
    job = await room.add()
    await eventually(lambda: gate.seen, "the job starts")
    proxy.hold_answers()
    await eventually(lambda: renewals_under_way(proxy, room), "its lock is being renewed")
    (link,) = renewals_under_way(proxy, room)
    gate.opened.set()
    await room.reaches(job, "completed")
    # The renewal comes first in the line, and finds no lock any more.
    link.close()
    proxy.release()
    await running.heard(EventKind.JOB_COMPLETED)
    assert (running.count(EventKind.LOCK_LOST), running.count(EventKind.JOB_COMPLETED)) == (0, 1)
    assert {event.job_id for event in running.of(EventKind.WORKER_ERROR)} == {None}


async def test_a_lock_that_came_due_while_another_was_renewed_is_renewed_at_once(proxy: Proxy, room: Room) -> None:
    await room.load_scripts()
    worker = bare_worker(room, proxy.url, HASTY)
    slots = [("1", "a"), ("2", "b")]
    for job, token in slots:
        await room.redis.set(room.key(job) + ":lock", token, ex=60)
        worker.locks.take(job, token, round(time.time() * 1000))
    await worker.line.call("PING")
    proxy.hold_answers()
    # What its clock calls; the clock itself would come back to the second lock only at its next turn.
    renewing = asyncio.create_task(cast("Any", worker.locks)._extend_locks(slots[:1]))
    await eventually(lambda: renewals_under_way(proxy, room), "the first lock is being renewed")
    since = time.monotonic()
    await eventually(lambda: time.monotonic() - since > HASTY.lock.total_seconds(), "a lock's time passes")
    proxy.release()
    await renewing
    lasts = [await room.redis.pttl(room.key(job) + ":lock") for job, _ in slots]
    assert max(lasts) <= HASTY.lock / timedelta(milliseconds=1)
    await worker.shut(force=True)
