"""A Redis out of memory holds jobs up; the worker lives, says so, and loses none when there is room again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Protocol, cast

import pytest

from aiworker.envelope import Envelope
from aiworker.protocol import Abort, JsonValue
from aiworker.queue.events import EventKind
from tests.integration.queue.room import HASTY, Room, eventually
from tests.integration.queue.server import running_server


class _Config(Protocol):
    """redis-py leaves this command's parameters untyped."""

    def config_set(self, name: str, value: int) -> Awaitable[object]: ...


@pytest.mark.slow
async def test_a_redis_out_of_memory_delays_jobs_and_loses_none(tmp_path: Path) -> None:
    opened, ran = asyncio.Event(), list[str]()

    async def work(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        ran.append(envelope.job_id)
        await opened.wait()
        return {}

    async with AsyncExitStack() as stack:
        server = stack.enter_context(running_server(tmp_path))
        room = Room(server.url, prefix="t")
        stack.push_async_callback(room.leave)
        config = cast("_Config", room.redis)
        running = await room.start(work, timing=HASTY)
        stack.push_async_callback(running.worker.drain, timedelta(0))
        jobs = [await room.add() for _ in range(5)]
        await eventually(lambda: len(ran) == 3, "every slot is taken")
        await config.config_set("maxmemory", 1)
        opened.set()
        await eventually(lambda: running.count(EventKind.WORKER_ERROR) > 0, "the worker says so")
        await config.config_set("maxmemory", 0)
        for job in jobs:
            await room.reaches(job, "completed", within=10.0)
    assert set(ran) == set(jobs)
