"""A hundred deploys under one backlog: no job is left active, cancelled, dropped or run twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

import pytest

from aiworker.envelope import Envelope
from aiworker.protocol import Abort, JsonValue
from aiworker.queue.producer import NewJob
from tests.integration.queue.room import QUEUE, Room, eventually, policy

SHUTDOWNS = 100
JOBS = 1_500
GRACE = timedelta(seconds=10)


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_a_hundred_shutdowns_under_backlog_leave_active_empty(room: Room) -> None:
    seed = random.randrange(2**32)
    dice, ran, cancelled = random.Random(seed), Counter[str](), list[str]()

    async def work(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        try:
            await asyncio.sleep(dice.uniform(0.001, 0.02))
        except asyncio.CancelledError:
            cancelled.append(envelope.job_id)
            raise
        ran[envelope.job_id] += 1
        return {}

    await room.producer.add_many(QUEUE, [NewJob("rewrite-resume", {}) for _ in range(JOBS)])
    for _ in range(SHUTDOWNS):
        running = await room.start(work, policy=policy(concurrency=dice.choice([1, 3, 10])))
        await asyncio.sleep(dice.uniform(0, 0.03))  # The moment of the signal is what is varied here.
        report = await running.worker.drain(GRACE)
        assert (report.handed_back, report.abandoned, cancelled) == ((), (), []), f"seed {seed}"
        assert await room.active() == 0, f"seed {seed}"
    last = await room.start(work, policy=policy(concurrency=50))
    await eventually(lambda: sum(ran.values()) >= JOBS, "the backlog is done", within=60)
    await last.worker.drain(GRACE)
    assert len(ran) == JOBS and set(ran.values()) == {1}, f"seed {seed}"
