"""A Redis that takes no writes for a while is no fault of the job that ends meanwhile."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from redis.exceptions import OutOfMemoryError, ResponseError

from aiworker.envelope import Envelope
from aiworker.errors import JobFailed, RateLimited, TransientFault
from aiworker.protocol import Abort, JsonValue
from aiworker.queue.events import EventKind
from aiworker.queue.isolation import Handler
from aiworker.queue.refusals import is_passing
from tests.integration.queue.room import TIMING, Gate, Room, done, eventually, policy, raising
from tests.integration.queue.server import running_server

ALONE = policy(concurrency=1)
IMPATIENT = replace(TIMING, fetch_retry=timedelta(milliseconds=50))


@pytest.fixture
async def own_room(tmp_path: Path) -> AsyncGenerator[Room]:
    """Give the test a server of its own, which it may have refuse everything."""
    with running_server(tmp_path) as server:
        room = Room(server.url, prefix="t")
        yield room
        await refuse(room, writes=False)
        await room.leave()


async def refuse(room: Room, *, writes: bool) -> None:
    """Have the server want a replica that it has not."""
    await cast("Any", room.redis).config_set("min-replicas-to-write", int(writes))


@pytest.mark.parametrize(
    ("handle", "state", "spent", "told"),
    [
        (done, "completed", "1", EventKind.JOB_COMPLETED),
        (raising(JobFailed("for good")), "failed", "1", EventKind.JOB_FAILED),
        (raising(TransientFault("again")), "delayed", "1", EventKind.JOB_FAILED),
        (raising(RateLimited(retry_after=timedelta(minutes=1))), "delayed", None, EventKind.JOB_SNOOZED),
    ],
)
async def test_a_job_that_ends_while_redis_takes_no_writes_ends_once_it_does(
    own_room: Room, handle: Handler, state: str, spent: str | None, told: EventKind
) -> None:
    room, gate = own_room, Gate()

    async def work(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        await gate(envelope, abort)
        return await handle(envelope, abort)

    running = await room.start(work, policy=policy(concurrency=1, backoff_ms=60_000), timing=IMPATIENT)
    job = await room.add()
    await eventually(lambda: gate.seen, "the job starts")
    await refuse(room, writes=True)
    gate.opened.set()
    await eventually(lambda: running.count(EventKind.WORKER_ERROR) >= 3, "it is asked again, and said so")
    assert await room.state(job) == "active"
    await refuse(room, writes=False)
    await room.reaches(job, state)
    assert (len(gate.seen), await room.field(job, "atm")) == (1, spent)
    await running.heard(told)
    ends = (EventKind.JOB_COMPLETED, EventKind.JOB_FAILED, EventKind.JOB_SNOOZED)
    assert [kind for kind in ends for _ in running.of(kind)] == [told]


async def test_a_drain_does_not_wait_for_a_redis_that_takes_no_writes(own_room: Room) -> None:
    room, gate = own_room, Gate()
    running = await room.start(gate, policy=ALONE, timing=IMPATIENT)
    job = await room.add()
    await eventually(lambda: gate.seen, "the job starts")
    await refuse(room, writes=True)
    gate.opened.set()
    await eventually(lambda: running.count(EventKind.WORKER_ERROR), "it is refused")
    report = await running.worker.drain(timedelta(milliseconds=100))
    assert (report.abandoned, report.took < timedelta(seconds=8)) == ((job,), True)


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (ResponseError("BUSY Redis is busy running a script."), True),
        (ResponseError("NOREPLICAS Not enough good replicas to write. script: 5a, on @user_script:12."), True),
        (ResponseError("Error running script (call to f_5a): @user_script:12: -MISCONF Redis cannot save."), True),
        (OutOfMemoryError("command not allowed when used memory > 'maxmemory'."), True),
        (ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value"), False),
        (ResponseError("BUSYGROUP Consumer Group name already exists"), False),
    ],
)
def test_which_refusals_pass(error: ResponseError, passes: bool) -> None:
    assert is_passing(error) is passes
