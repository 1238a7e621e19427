"""A wait that the server ends late: a delayed job is asked for by our clock, and no wake-up is lost with the wait."""

from __future__ import annotations

import asyncio

import pytest

from aiworker.queue.reliable import ReliableWorker
from tests.integration.queue.room import Gate, Room, Running, eventually, policy

LONG = 60.0


@pytest.fixture
def late_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the server end no wait in time: whatever is due, the wait asked for is a minute long."""

    def getBlockTimeout(self: ReliableWorker, block_until: int) -> float:
        return LONG

    monkeypatch.setattr(ReliableWorker, "getBlockTimeout", getBlockTimeout)
    monkeypatch.setattr("aiworker.queue.reliable.LONGEST_BLOCK_SECONDS", LONG)


def leave_a_wait_behind(running: Running) -> None:
    """Do what happens when a job was fetched by the clock and its marker went to somebody else."""
    worker = running.worker._worker  # pyright: ignore[reportPrivateUsage]
    assert worker is not None
    if worker.waiting is not None:
        return
    worker.waiting = asyncio.ensure_future(worker.waitForJob())
    worker.waiting.add_done_callback(worker._idle._on_late_end)  # pyright: ignore[reportPrivateUsage]


@pytest.mark.usefixtures("late_server")
async def test_a_delayed_job_starts_when_it_is_due_however_late_the_server_ends_the_wait(room: Room) -> None:
    gate = Gate()
    await room.start(gate, policy=policy(concurrency=1))
    await eventually(lambda: room.is_waiting("aiworker@test"), "the worker waits")
    for delay in (200, 300, 400):
        await room.add(delay=delay)
    gate.opened.set()
    await eventually(lambda: len(gate.seen) == 3, "all delayed jobs have run")


@pytest.mark.usefixtures("late_server")
async def test_a_wake_up_that_a_busy_workers_old_wait_takes_is_handed_on(room: Room) -> None:
    busy, idle = Gate(), Gate()
    running = await room.start(busy, policy=policy(concurrency=1), name="busy")
    await room.add()
    await eventually(lambda: busy.seen, "the first worker has a job")

    async def waits_on() -> bool:
        # A marker may have been left for the first one.
        leave_a_wait_behind(running)
        return await room.is_waiting("busy")

    await eventually(waits_on, "a wait of the first worker goes on")
    await room.start(idle, policy=policy(concurrency=1), name="idle")
    await eventually(lambda: room.is_waiting("idle"), "the second worker waits behind it")
    await room.add()
    await eventually(lambda: idle.seen, "the second worker has the job whose wake-up went to the first")
    busy.opened.set()
    idle.opened.set()


@pytest.mark.usefixtures("late_server")
async def test_a_wait_that_is_still_open_serves_the_next_job(room: Room) -> None:
    gate = Gate()
    gate.opened.set()
    await room.start(gate, policy=policy(concurrency=1))
    await eventually(lambda: room.is_waiting("aiworker@test"), "the worker waits")
    job = await room.add(delay=200)
    await room.reaches(job, "completed")
    connections = await room.connections_of("aiworker@test")
    next_job = await room.add()
    await room.reaches(next_job, "completed")
    assert await room.connections_of("aiworker@test") == connections, "no second connection waited meanwhile"
