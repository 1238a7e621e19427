"""What the queue tests share: workers with handlers of the test's own, and a plain look into Redis."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, cast

from bullmq import Queue
from redis.asyncio import Redis

from aiworker.envelope import Envelope
from aiworker.policies import QueuePolicy
from aiworker.protocol import Abort, JsonValue
from aiworker.queue.connection import short_client
from aiworker.queue.delivery import Retention
from aiworker.queue.events import EventKind, QueueEvent
from aiworker.queue.isolation import Handler
from aiworker.queue.producer import NewJob, Producer
from aiworker.queue.reliable import ReliableWorker, Timing
from aiworker.queue.worker import QueueWorker

QUEUE = "ai-jobs"
POLICY = QueuePolicy(QUEUE, 3, 3, timedelta(milliseconds=20), 256 * 1024)
TIMING = Timing(abort_grace=timedelta(milliseconds=200), restart_base=timedelta(milliseconds=50))
HASTY = replace(TIMING, lock=timedelta(milliseconds=400), stalled_sweep=timedelta(milliseconds=200))
"""Locks that run out while a test looks on."""


def policy(*, concurrency: int = 3, attempts: int = 3, backoff_ms: int = 20) -> QueuePolicy:
    """Return the test queue's policy with changes."""
    return replace(POLICY, concurrency=concurrency, attempts=attempts, backoff=timedelta(milliseconds=backoff_ms))


def utc_now() -> datetime:
    return datetime.now(UTC)


async def eventually(
    predicate: Callable[[], object | Awaitable[object]], description: str, *, within: float = 5.0
) -> float:
    """Return the seconds it took until `predicate` held; the loop keeps running meanwhile."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        answer = predicate()
        if await answer if inspect.isawaitable(answer) else answer:
            return loop.time() - began
        assert loop.time() - began < within, f"not within {within:g} s: {description}"
        await asyncio.sleep(0.01)


def bare_worker(room: Room, url: str = "", timing: Timing = TIMING) -> ReliableWorker:
    """Return a worker that fetches nothing."""

    async def never(*args: object) -> None: ...

    return ReliableWorker(
        POLICY,
        never,
        redis_url=url or room.url,
        prefix=room.prefix,
        worker_name="bare",
        timing=timing,
        retention=Retention(),
        on_fetch=lambda: None,
    )


async def done(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
    """Finish at once."""
    return {"id": envelope.job_id}


def raising(error: BaseException) -> Handler:
    """Return a handler that always raises `error`."""

    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        raise error

    return handle


def returning(value: object) -> Handler:
    """Return a handler with that result, whatever its type."""

    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        return cast("Mapping[str, JsonValue]", value)

    return handle


@dataclass(slots=True)
class Gate:
    """A handler that says when it began and ends when it is told to; counts what happened to it."""

    seen: list[Envelope] = field(default_factory=list[Envelope])
    cancelled: int = 0
    abort_reasons: list[str | None] = field(default_factory=list[str | None])
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        self.seen.append(envelope)
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            self.abort_reasons.append(abort.reason if abort.aborted else None)
            raise
        return {"id": envelope.job_id}


@dataclass(slots=True)
class Running:
    """A worker, the task of its `run`, and what it told."""

    worker: QueueWorker
    task: asyncio.Task[None]
    events: list[QueueEvent]

    def count(self, kind: EventKind) -> int:
        return sum(event.kind is kind for event in self.events)

    def of(self, kind: EventKind) -> list[QueueEvent]:
        return [event for event in self.events if event.kind is kind]

    async def heard(self, kind: EventKind) -> list[QueueEvent]:
        """Wait for the first of these events: Redis shows a job's new state before its worker has read the answer."""
        await eventually(lambda: self.of(kind), f"the worker tells of {kind}")
        return self.of(kind)


class _Hashes(Protocol):
    """redis-py leaves this command's parameters untyped."""

    def hset(self, name: str, key: str, value: str) -> Awaitable[int]: ...


class _Scripts(Protocol):
    def script_load(self, script: str) -> Awaitable[object]: ...


class _Clients(Protocol):
    def client_list(self) -> Awaitable[object]: ...
    def client_kill_filter(self, *, _type: str, skipme: bool) -> Awaitable[object]: ...


class Room:
    """One test's corner of Redis."""

    def __init__(self, url: str, prefix: str) -> None:
        self.url = url
        self.prefix = prefix
        self.redis: Redis = short_client(url)
        self.queue = Queue(QUEUE, {"connection": self.redis, "prefix": prefix})
        self.producer = Producer(url, prefix=prefix)
        self.running: list[Running] = []

    async def start(
        self,
        handle: Handler,
        *,
        policy: QueuePolicy = POLICY,
        name: str = "aiworker@test",
        timing: Timing = TIMING,
        retention: Retention | None = None,
        now: Callable[[], datetime] = utc_now,
        on_event: Callable[[QueueEvent], None] | None = None,
        url: str | None = None,
    ) -> Running:
        """Start a worker and wait until it takes jobs."""
        events: list[QueueEvent] = []
        worker = QueueWorker(
            policy,
            handle,
            redis_url=url or self.url,
            prefix=self.prefix,
            name=name,
            now=now,
            on_event=on_event or events.append,
            timing=timing,
            retention=retention,
        )
        running = Running(worker, asyncio.create_task(worker.run()), events)
        self.running.append(running)
        await worker.wait_until_ready(5.0)
        return running

    async def add(self, data: object = None, **options: object) -> str:
        """Add a job as a producer without any policy would."""
        job = await self.queue.add("rewrite-resume", {} if data is None else data, options)
        return str(job.id)

    async def add_ours(self, job: NewJob) -> str:
        return await self.producer.add(QUEUE, job)

    async def state(self, job_id: str) -> str:
        return await self.queue.getJobState(job_id)

    async def reaches(self, job_id: str, state: str, *, within: float = 5.0) -> None:
        """Wait until the job is in that state."""

        async def is_there() -> bool:
            return await self.state(job_id) == state

        await eventually(is_there, f"job {job_id} is {state}", within=within)

    async def field(self, job_id: str, name: str) -> str | None:
        """Return one field of the job's hash."""
        return cast("str | None", (await self.redis.hmget(self.key(job_id), [name]))[0])

    async def write_field(self, job_id: str, name: str, value: str) -> None:
        """Overwrite one field of the job's hash behind BullMQ's back."""
        await cast("_Hashes", self.redis).hset(self.key(job_id), name, value)

    async def load_scripts(self) -> None:
        """Have the server know every script, so that the first try of each is the one that counts."""
        for script in self.queue.backend.connection.commands.values():
            await cast("_Scripts", self.redis).script_load(str(script.script))

    async def active(self) -> int:
        return (await self.queue.getJobCounts("active"))["active"]

    def key(self, name: str) -> str:
        return self.queue.toKey(name)

    async def client_names(self) -> list[str]:
        """Return the names of all connections to the server."""
        return [client["name"] for client in await self._clients()]

    async def connections_of(self, worker: str) -> set[str]:
        """Return the server's ids of the connections a worker waits on."""
        return {client["id"] for client in await self._clients() if client["name"].endswith(f":w:{worker}")}

    async def is_waiting(self, worker: str) -> bool:
        """Say whether that worker waits for the wake-up marker."""
        clients = [client for client in await self._clients() if client["name"].endswith(f":w:{worker}")]
        return any("b" in client["flags"] for client in clients)

    async def _clients(self) -> list[Mapping[str, str]]:
        return cast("list[Mapping[str, str]]", await cast("_Clients", self.redis).client_list())

    async def kill_clients(self) -> None:
        """Cut every connection but our own."""
        await cast("_Clients", self.redis).client_kill_filter(_type="normal", skipme=True)

    async def leave(self) -> None:
        """Drain every worker and close the clients."""
        for running in self.running:
            await running.worker.drain(timedelta(0))
            await asyncio.wait({running.task}, timeout=5.0)
        async with self.producer:
            pass
        await self.redis.aclose()
