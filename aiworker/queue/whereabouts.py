"""Says what Redis holds of jobs whose runs have not ended, without parsing or moving any of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Final, cast

from aiworker.envelope import to_milliseconds
from aiworker.queue.connection import reaching, short_client

CHUNK: Final = 500


class Place(StrEnum):
    """Where a job is, as far as its run needs to know."""

    GONE = "gone"
    FAILED = "failed"
    COMPLETED = "completed"
    QUEUED = "queued"
    """Waiting, delayed, active: somebody will work on it."""


class Whereabouts(AbstractAsyncContextManager["Whereabouts"]):
    """Looks jobs up over one short-lived connection."""

    def __init__(self, redis_url: str, *, prefix: str = "bull") -> None:
        self._redis_url = redis_url
        self._prefix = prefix
        self._client = short_client(redis_url)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def places(self, queue: str, jobs: Sequence[tuple[str, datetime]]) -> list[Place]:
        """Return the place of each job, named by id and added-at: another job under the same id is not it.

        Raises ServiceUnreachable without an answer: what nobody looked up is not gone.
        """
        found: list[Place] = []
        for start in range(0, len(jobs), CHUNK):
            with reaching(self._redis_url):
                found += await self._some(queue, jobs[start : start + CHUNK])
        return found

    async def _some(self, queue: str, jobs: Sequence[tuple[str, datetime]]) -> list[Place]:
        key = f"{self._prefix}:{queue}"
        async with self._client.pipeline(transaction=False) as pipe:
            for job_id, _ in jobs:
                pipe.hget(f"{key}:{job_id}", "timestamp")
                pipe.zscore(f"{key}:failed", job_id)
                pipe.zscore(f"{key}:completed", job_id)
            answers = cast("list[object]", await pipe.execute())
        triples = zip(answers[::3], answers[1::3], answers[2::3], strict=True)
        return [_place(added_at, *triple) for (_, added_at), triple in zip(jobs, triples, strict=True)]


def _place(added_at: datetime, timestamp: object, failed: object, completed: object) -> Place:
    if str(timestamp) != str(to_milliseconds(added_at)):
        return Place.GONE
    if failed is not None:
        return Place.FAILED
    return Place.QUEUED if completed is None else Place.COMPLETED
