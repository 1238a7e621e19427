"""Looks into a queue's failed jobs and sends single ones back, without ever holding Redis up.

Rows are read in chunks of pipelined HMGETs: `getFailed` would parse every job, and a script would block the server.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, cast

from bullmq import Job, Queue

from aiworker.envelope import from_milliseconds
from aiworker.errors import NotFound
from aiworker.queue.connection import reaching, short_client

CHUNK = 500
FIELDS = ("name", "data", "opts", "failedReason", "finishedOn", "timestamp", "atm", "ats", "stc", "priority")


class _Ranges(Protocol):
    """The one command redis-py types too widely."""

    def zrevrange(self, name: str, start: int, end: int) -> Awaitable[list[str]]: ...


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A job as Redis keeps it; `data` is the text its producer wrote."""

    queue: str
    job_id: str
    name: str
    data: str
    failed_reason: str
    finished_at: datetime | None
    added_at: datetime
    attempts_made: int
    attempts_started: int
    stalled_count: int


class Inspector(AbstractAsyncContextManager["Inspector"]):
    """Reads jobs and retries single ones over one short-lived connection."""

    def __init__(self, redis_url: str, *, prefix: str = "bull") -> None:
        self._redis_url = redis_url
        self._prefix = prefix
        self._client = short_client(redis_url)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    def failed(self, queue: str) -> AsyncIterator[StoredJob]:
        """Yield the queue's failed jobs, the newest first."""
        return self._failed(queue)

    async def job(self, queue: str, job_id: str) -> StoredJob:
        """Return one job, in whatever state it is; NotFound if Redis holds none of that id."""
        with reaching(self._redis_url):
            (found,) = await self._read(queue, [job_id])
        if found is None:
            raise NotFound(f"Queue {queue} holds no job {job_id}; finished jobs are kept for a limited time.")
        return found

    async def retry(self, job: StoredJob, *, data: str, reset_attempts: bool) -> bool:
        """Send a failed job back with `data`, its stalled count cleared; False if it is gone or no longer failed.

        `attemptsStarted` is left alone: it is the fence, and must only rise.
        """
        queue = Queue(job.queue, {"connection": self._client, "prefix": self._prefix})
        key = queue.toKey(job.job_id)
        with reaching(self._redis_url):
            if await self._client.zscore(queue.toKey("failed"), job.job_id) is None:
                return False
            # BullMQ clears neither on a retry: with its old stalls the job would die at its first one.
            await self._client.hdel(key, "stc", "defa")
            if data != job.data:
                await self._client.hset(key, "data", data)
            stored = await Job.fromId(queue, job.job_id)
            if stored is None:
                return False
            try:
                await stored.retry("failed", {"resetAttemptsMade": reset_attempts})
            except Exception as error:
                if await self._client.zscore(queue.toKey("failed"), job.job_id) is None:
                    return False
                raise error
        return True

    async def _failed(self, queue: str) -> AsyncIterator[StoredJob]:
        key = f"{self._prefix}:{queue}:failed"
        with reaching(self._redis_url):
            ids = await cast("_Ranges", self._client).zrevrange(key, 0, -1)
        for start in range(0, len(ids), CHUNK):
            with reaching(self._redis_url):
                rows = await self._read(queue, ids[start : start + CHUNK])
            for row in rows:
                if row is not None:
                    yield row

    async def _read(self, queue: str, ids: Sequence[str]) -> list[StoredJob | None]:
        async with self._client.pipeline(transaction=False) as pipe:
            for job_id in ids:
                pipe.hmget(f"{self._prefix}:{queue}:{job_id}", list(FIELDS))
            rows = cast("list[list[str | None]]", await pipe.execute())
        return [
            _stored(queue, job_id, dict(zip(FIELDS, row, strict=True))) for job_id, row in zip(ids, rows, strict=True)
        ]


def _stored(queue: str, job_id: str, row: dict[str, str | None]) -> StoredJob | None:
    name, data, added = row["name"], row["data"], _number(row["timestamp"])
    if name is None or data is None or not added:
        return None
    finished = _number(row["finishedOn"])
    return StoredJob(
        queue=queue,
        job_id=job_id,
        name=name,
        data=data,
        failed_reason=row["failedReason"] or "",
        finished_at=from_milliseconds(finished) if finished else None,
        added_at=from_milliseconds(added),
        attempts_made=_number(row["atm"]),
        attempts_started=_number(row["ats"]),
        stalled_count=_number(row["stc"]),
    )


def _number(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError:
        return 0


def fields_of(data: str) -> dict[str, object]:
    """Return a job's data as an object for filters; empty if it is none."""
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
