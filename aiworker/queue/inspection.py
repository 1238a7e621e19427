"""Looks into a queue's failed jobs and sends single ones back, without ever holding Redis up.

Rows are read in chunks of pipelined HMGETs: `getFailed` would parse every job, and a script would block the server.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Literal, Protocol, cast

from bullmq import Job, Queue
from bullmq.scripts import Scripts
from redis.exceptions import WatchError

from aiworker.envelope import from_milliseconds
from aiworker.errors import NotFound
from aiworker.queue.connection import reaching, short_client
from aiworker.queue.delivery import MAX_DIGITS

CHUNK = 500
CHUNK_WITH_DATA = 50
"""Payloads may have megabytes."""
LIGHT = ("name", "opts", "failedReason", "finishedOn", "timestamp", "atm", "ats", "stc")
FIELDS = (*LIGHT, "data")

Standing = Literal["failed", "locked", "gone"]
Sent = Literal["sent", "locked", "gone"]
"""`locked`: somebody else has the job or changed it meanwhile; `gone`: Redis no longer holds it."""


class _Reader(Protocol):
    """What a client and a watching pipeline share, and redis-py types too widely."""

    def hmget(self, name: str, keys: list[str]) -> Awaitable[list[str | None]]: ...
    def zscore(self, name: str, value: str) -> Awaitable[float | None]: ...
    def zrevrange(self, name: str, start: int, end: int) -> Awaitable[list[str]]: ...


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A job as Redis keeps it; `data` is the text its producer wrote, empty in a listing without data."""

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
    is_lifo: bool = False


class Inspector(AbstractAsyncContextManager["Inspector"]):
    """Reads jobs and retries single ones over one short-lived connection."""

    def __init__(self, redis_url: str, *, prefix: str = "bull") -> None:
        self._redis_url = redis_url
        self._prefix = prefix
        self._client = short_client(redis_url)
        self._queues: dict[str, Queue] = {}

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    def failed(self, queue: str, *, with_data: bool = True) -> AsyncIterator[StoredJob]:
        """Yield the queue's failed jobs, the newest first."""
        return self._failed(queue, with_data)

    async def find(self, queue: str, job_id: str) -> StoredJob | None:
        """Return one job, in whatever state it is; None if Redis holds none of that id."""
        with reaching(self._redis_url):
            return await self._read_one(cast("_Reader", self._client), queue, job_id)

    async def job(self, queue: str, job_id: str) -> StoredJob:
        """Return one job, in whatever state it is; NotFound if Redis holds none of that id."""
        found = await self.find(queue, job_id)
        if found is None:
            raise NotFound(f"Queue {queue} holds no job {job_id}; finished jobs are kept for a limited time.")
        return found

    async def standing(self, job: StoredJob) -> Standing:
        """Say whether the job still stands in Redis exactly as it was read, and as failed."""
        with reaching(self._redis_url):
            return await self._standing(cast("_Reader", self._client), job)

    async def retry(self, job: StoredJob, *, data: str, reset_attempts: bool) -> Sent:
        """Send a failed job back with `data`, its stalled count cleared: all of it, or nothing if it changed since.

        `attemptsStarted` is left alone: it is the fence, and must only rise.
        """
        key = self._key(job.queue, job.job_id)
        with reaching(self._redis_url):
            async with self._client.pipeline(transaction=True) as pipe:
                await pipe.watch(key)
                standing = await self._standing(cast("_Reader", pipe), job)
                if standing != "failed":
                    return standing
                pipe.multi()
                # BullMQ clears neither on a retry: with its old stalls the job would die at its first one.
                pipe.hdel(key, "stc", "defa")
                if data != job.data:
                    pipe.hset(key, "data", data)
                await self._reprocess(pipe, job, reset_attempts)
                try:
                    *_, answer = cast("list[object]", await pipe.execute())
                except WatchError:
                    return "locked"
        return "sent" if answer == 1 else "locked"

    async def _reprocess(self, pipe: object, job: StoredJob, reset_attempts: bool) -> None:
        if job.queue not in self._queues:
            self._queues[job.queue] = Queue(job.queue, {"connection": self._client, "prefix": self._prefix})
        queue = self._queues[job.queue]
        scripts = Scripts(self._prefix, job.queue, queue.backend.connection)
        # Into the transaction instead of off at once.
        scripts.commands = {"reprocessJob": partial(scripts.commands["reprocessJob"], client=pipe)}
        target = Job(queue, job.name, {}, {"lifo": job.is_lifo}, job.job_id)
        await scripts.reprocessJob(target, "failed", {"resetAttemptsMade": reset_attempts})

    async def _standing(self, reader: _Reader, job: StoredJob) -> Standing:
        current = await self._read_one(reader, job.queue, job.job_id)
        if current is None:
            return "gone"
        is_failed = await reader.zscore(self._key(job.queue, "failed"), job.job_id) is not None
        return "failed" if is_failed and current == job else "locked"

    async def _read_one(self, reader: _Reader, queue: str, job_id: str) -> StoredJob | None:
        row = await reader.hmget(self._key(queue, job_id), list(FIELDS))
        return _stored(queue, job_id, dict(zip(FIELDS, row, strict=True)))

    async def _failed(self, queue: str, with_data: bool) -> AsyncIterator[StoredJob]:
        fields, chunk = (FIELDS, CHUNK_WITH_DATA) if with_data else (LIGHT, CHUNK)
        with reaching(self._redis_url):
            ids = await cast("_Reader", self._client).zrevrange(self._key(queue, "failed"), 0, -1)
        for start in range(0, len(ids), chunk):
            with reaching(self._redis_url):
                rows = await self._read(queue, ids[start : start + chunk], fields)
            for row in rows:
                if row is not None:
                    yield row

    async def _read(self, queue: str, ids: Sequence[str], fields: Sequence[str]) -> list[StoredJob | None]:
        async with self._client.pipeline(transaction=False) as pipe:
            for job_id in ids:
                pipe.hmget(self._key(queue, job_id), list(fields))
            rows = cast("list[list[str | None]]", await pipe.execute())
        return [
            _stored(queue, job_id, dict(zip(fields, row, strict=True))) for job_id, row in zip(ids, rows, strict=True)
        ]

    def _key(self, queue: str, name: str) -> str:
        return f"{self._prefix}:{queue}:{name}"


def fields_of(data: str) -> dict[str, object]:
    """Return a job's data as an object for filters; empty if it is none."""
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _stored(queue: str, job_id: str, row: Mapping[str, str | None]) -> StoredJob | None:
    if all(value is None for value in row.values()):
        return None
    finished = _number(row["finishedOn"])
    # What is missing or unreadable counts as the worker counts it, so that both compute the same identity.
    return StoredJob(
        queue=queue,
        job_id=job_id,
        name=row["name"] or "",
        data="{}" if (data := row.get("data", "")) is None else data,
        failed_reason=row["failedReason"] or "",
        finished_at=from_milliseconds(finished) if finished else None,
        added_at=from_milliseconds(_number(row["timestamp"])),
        attempts_made=_number(row["atm"]),
        attempts_started=_number(row["ats"]),
        stalled_count=_number(row["stc"]),
        is_lifo=fields_of(row["opts"] or "").get("lifo") is True,
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) <= MAX_DIGITS else 0
