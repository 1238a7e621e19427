"""Where Redis has a job: named by id and added-at, looked up in chunks, never guessed when Redis is away."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Awaitable
from datetime import datetime, timedelta
from typing import Protocol, cast

import pytest
from bullmq import Queue

from aiworker import embedded
from aiworker.envelope import from_milliseconds
from aiworker.errors import ServiceUnreachable
from aiworker.queue import whereabouts as room
from aiworker.queue.connection import short_client
from aiworker.queue.whereabouts import Place, Whereabouts

QUEUE = "ai-jobs"
ADDED = from_milliseconds(1_790_000_000_123)


class _Sets(Protocol):
    """redis-py types this one too widely."""

    def zadd(self, name: str, mapping: dict[str, float]) -> Awaitable[int]: ...


@pytest.fixture
async def queue(servers: embedded.Servers) -> AsyncGenerator[Queue]:
    client = short_client(servers.redis_url)
    yield Queue(QUEUE, {"connection": client, "prefix": f"t{uuid.uuid4().hex}"})
    await client.aclose()


@pytest.fixture
async def lookup(servers: embedded.Servers, queue: Queue) -> AsyncGenerator[Whereabouts]:
    prefix = queue.toKey("").split(":")[0]
    async with Whereabouts(servers.redis_url, prefix=prefix) as lookup:
        yield lookup


async def add(queue: Queue, at: datetime = ADDED, **options: object) -> tuple[str, datetime]:
    job = await queue.add("any", {}, {"timestamp": round(at.timestamp() * 1000), **options})
    return job.id, at


async def test_a_job_that_waits_is_queued_in_whatever_way(queue: Queue, lookup: Whereabouts) -> None:
    jobs = [await add(queue), await add(queue, delay=60_000), await add(queue, priority=7)]
    assert await lookup.places(QUEUE, jobs) == [Place.QUEUED] * 3


async def test_an_ended_job_is_where_it_ended(queue: Queue, lookup: Whereabouts) -> None:
    jobs = [await add(queue), await add(queue)]
    client = cast("_Sets", queue.backend.connection.conn)
    for (job_id, _), state in zip(jobs, ("failed", "completed"), strict=True):
        await client.zadd(queue.toKey(state), {job_id: 1})
    assert await lookup.places(QUEUE, jobs) == [Place.FAILED, Place.COMPLETED]


async def test_another_job_under_the_same_id_is_not_it(queue: Queue, lookup: Whereabouts) -> None:
    job_id, at = await add(queue)
    assert await lookup.places(QUEUE, [(job_id, at + timedelta(milliseconds=1)), ("none", at)]) == [Place.GONE] * 2


async def test_many_are_looked_up_in_chunks_in_their_order(
    queue: Queue, lookup: Whereabouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "CHUNK", 3)
    jobs = [await add(queue) for _ in range(7)]
    jobs[3] = ("none", ADDED)
    places = await lookup.places(QUEUE, jobs)
    assert [place is Place.GONE for place in places] == [n == 3 for n in range(7)]


async def test_without_an_answer_no_job_is_gone() -> None:
    async with Whereabouts("redis://127.0.0.1:1/0") as nowhere:
        with pytest.raises(ServiceUnreachable):
            await nowhere.places(QUEUE, [("1", ADDED)])
