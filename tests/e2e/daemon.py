"""One test's installation: its database, its corner of Redis, its core-api, and the processes it starts.

Every process is ended by its own id when the site closes, whatever the test did.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import signal
import sys
import uuid
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

import asyncpg
import httpx
from bullmq import Job, Queue
from redis.asyncio import Redis

from aiworker.queue.connection import short_client
from aiworker.runtime.examples import Example
from aiworker.store.database import opened
from aiworker.testing.core_api import FakeCoreApi
from tests.support import tables
from tests.support.environment import scrubbed
from tests.support.jobs import EXAMPLE, insert_example
from tests.support.redis_text import text_in_redis

QUEUE = "ai-jobs"
JOB = "rewrite-resume"
SECRET = "placement-secret-0417"
NOWHERE = "redis://127.0.0.1:1/0"
ROWS = "count(*)"
COUNTED = {"aiworker.alerts": "coalesce(sum(count), 0)"}
"""What is not counted by its rows: an alert counts what it stands for, because a minute that ends makes two of one."""
OF_A_FAILURE = ("aiworker.runs", "aiworker.ai_job_errors", "aiworker.alerts")
"""What one job that fails for good leaves one of each."""
HELD_UP = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'aiworker' AND wait_event_type = 'Lock'
"""
CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'aiworker'"
HEALTH_LINE = "health http://"
LOADING = 30.0
"""Seconds for what loads a whole process, an SDK of 2 s of an idle core included: how fast is not what a test asks."""


async def eventually(
    predicate: Callable[[], object | Awaitable[object]], description: str, *, within: float = 10.0
) -> None:
    """Return once `predicate` holds; fail with `description` after `within` seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    while True:
        answer = predicate()
        if await answer if inspect.isawaitable(answer) else answer:
            return
        assert loop.time() < end, f"not within {within:g} s: {description}"
        await asyncio.sleep(0.01)


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.out)


class Running:
    """A started `aiworker`; its lines are collected from the beginning."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.out: list[str] = []
        self.err: list[str] = []
        self._readers = [
            asyncio.create_task(_collect(process.stdout, self.out)),
            asyncio.create_task(_collect(process.stderr, self.err)),
        ]

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every line of stdout; each must be a JSON object."""
        return [json.loads(line) for line in self.out]

    def told(self, event: str) -> list[dict[str, Any]]:
        """Return the log lines of one event."""
        return [line for line in self.events if line["event"] == event]

    async def until(self, predicate: Callable[[], object], description: str, *, within: float = 10.0) -> None:
        """Wait for something the process does; fail at once if it ends instead."""

        def holds() -> object:
            assert predicate() or self.process.returncode is None, f"{description}: it ended: {self.err}"
            return predicate()

        await eventually(holds, f"{description}; stderr: {self.err}", within=within)

    async def logs(self, event: str) -> dict[str, Any]:
        """Wait for a log line and return it."""
        await self.until(lambda: self.told(event), f"logs {event}")
        return self.told(event)[0]

    def send(self, sent: signal.Signals) -> None:
        self.process.send_signal(sent)

    def interrupt(self) -> None:
        """Press Ctrl-C: the whole process group of the terminal gets it."""
        os.killpg(self.pid, signal.SIGINT)

    async def ended(self, within: float = 15.0) -> int:
        """Wait for the end and return the exit code."""
        async with asyncio.timeout(within):
            code = await self.process.wait()
            await asyncio.gather(*self._readers)
        return code

    async def stop(self, sent: signal.Signals = signal.SIGTERM) -> int:
        self.send(sent)
        return await self.ended()

    async def kill(self) -> None:
        """End the process for certain; harmless if it has ended."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await asyncio.wait(self._readers, timeout=5.0)


class Daemon(Running):
    """A started `aiworker serve`."""

    async def ready(self) -> None:
        """Wait until it has told where health listens, which is the end of its start."""
        await self.until(self._is_told, "serves", within=LOADING)
        if self._health:
            # Its loop answers only once the main task waits for signals: from here on they mean a drain.
            await self.get("/live")

    def _is_told(self) -> bool:
        return bool(self._health) or any("health is off" in line for line in self.err)

    @property
    def _health(self) -> str:
        return next((line.removeprefix("health ") for line in self.err if line.startswith(HEALTH_LINE)), "")

    async def get(self, path: str) -> httpx.Response:
        """Ask its health server."""
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5.0) as client:
            return await client.get(self._health.removesuffix("/health") + path)


async def start_process(directory: Path, *words: str, **variables: str) -> Process:
    """Start `aiworker WORDS` in a session of its own, with these variables and no others of ours."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "aiworker", *words),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        limit=2**20,
        cwd=directory,
        env=scrubbed(directory, **variables),
        start_new_session=True,
    )


class _Commands(Protocol):
    """redis-py leaves this one's parameters untyped."""

    def execute_command(self, *words: object) -> Awaitable[Any]: ...


class _Retried(Protocol):
    """Not in our stub of bullmq, because the product never retries a job itself."""

    async def retry(self, state: str, opts: dict[str, object] | None = None) -> None: ...


@dataclass(slots=True)
class Site:
    """What one test works with."""

    directory: Path
    variables: dict[str, str]
    prefix: str
    db: asyncpg.Connection
    redis: Redis
    queue: Queue
    core_api: FakeCoreApi
    started: list[Running] = field(default_factory=list[Running])

    # Processes

    async def run(self, *words: str, stdin: str = "", **variables: str) -> Done:
        """Run a command to its end."""
        running = await self._start(*words, stdin=stdin, **variables)
        code = await running.ended(LOADING)
        return Done(code, "\n".join(running.out), "\n".join(running.err))

    async def start(self, *words: str, **variables: str) -> Running:
        """Start a command and leave it running."""
        return await self._start(*words, **variables)

    async def serve(self, *flags: str, **variables: str) -> Daemon:
        """Start a daemon and wait until it takes jobs."""
        daemon = Daemon(await self._process("serve", *flags, **variables))
        self.started.append(daemon)
        await daemon.ready()
        return daemon

    async def _start(self, *words: str, stdin: str = "", **variables: str) -> Running:
        running = Running(await self._process(*words, **variables))
        self.started.append(running)
        assert running.process.stdin is not None
        running.process.stdin.write(stdin.encode())
        running.process.stdin.close()
        return running

    async def _process(self, *words: str, **variables: str) -> Process:
        given = {name: value for name, value in {**self.variables, **variables}.items() if value}
        return await start_process(self.directory, *words, **given)

    # BullMQ

    async def add(self, data: object, *, name: str = JOB, **options: object) -> Job:
        """Add a job as any producer may: nothing of ours looks at it first."""
        return await self.queue.add(name, data, options)

    async def state(self, job: str) -> str:
        return await self.queue.getJobState(job)

    async def reaches(self, job: str, state: str, *, within: float = 10.0) -> None:
        """Wait until a job is in that state."""

        async def is_there() -> bool:
            return await self.state(job) == state

        await eventually(is_there, f"job {job} is {state}", within=within)

    async def counts(self, *states: str) -> tuple[int, ...]:
        """Count the queue's jobs in each of these states."""
        found = await self.queue.getJobCounts(*states)
        return tuple(found[state] for state in states)

    async def hash(self, job: str) -> dict[str, str]:
        """Return a job as it stands in Redis."""
        return await self._redis("HGETALL", self.queue.toKey(job))

    async def receipt(self, job: str) -> dict[str, Any]:
        return json.loads((await self.hash(job))["returnvalue"])

    async def deliver_again(self, job: str) -> None:
        """Do what BullMQ does with an active job whose worker it takes for dead."""
        await self._redis("DEL", f"{self.queue.toKey(job)}:lock")
        await self._redis("LREM", self.queue.toKey("active"), 1, job)
        await self._redis("HINCRBY", self.queue.toKey(job), "stc", 1)
        await self._redis("RPUSH", self.queue.toKey("wait"), job)
        await self._redis("ZADD", self.queue.toKey("marker"), 0, "0")

    async def retry(self, job: Job, state: str) -> None:
        """Bring an ended job back, as an operator does in a dashboard."""
        await cast("_Retried", job).retry(state, {})

    async def keys(self) -> list[str]:
        """List this site's keys."""
        cursor, found = "0", list[str]()
        while True:
            cursor, some = await self._redis("SCAN", cursor, "MATCH", f"{self.prefix}:*", "COUNT", 1000)
            found += some
            if str(cursor) == "0":
                return found

    async def lose_redis(self) -> None:
        """Empty this site's corner of Redis: the server is shared."""
        for key in await self.keys():
            await self._redis("DEL", key)

    async def forget_limits(self) -> None:
        """Let the pauses be over that providers asked all workers for."""
        for key in await self.keys():
            if ":aiworker:limits:" in key:
                await self.redis.delete(key)

    async def text_in_redis(self) -> str:
        """Return everything that stands in Redis but for each job's data."""
        return await text_in_redis(self.redis, await self.keys())

    async def _redis(self, *words: object) -> Any:
        return await cast("_Commands", self.redis).execute_command(*words)

    # PostgreSQL

    async def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.db.fetch(query, *values)]

    async def variants(self) -> list[dict[str, Any]]:
        """Return the rewritten resumes, oldest first."""
        return await self.rows("SELECT *, body::text AS text FROM resumes WHERE is_ai_variant ORDER BY created_at")

    async def insert(self, example: Example) -> None:
        """Insert an example's rows beside those that are there."""
        async with opened(self.variables["DATABASE_URL"], size=1) as database:
            await insert_example(database, example)

    async def row_counts(self) -> dict[str, int]:
        """Count the rows of every table but those the schema fills."""
        counted = [table for table in await tables.names(self.db) if table not in tables.FILLED_BY_THE_SCHEMA]
        return {table: await self.db.fetchval(f"SELECT {COUNTED.get(table, ROWS)} FROM {table}") for table in counted}

    async def written_since(self, before: Mapping[str, int]) -> dict[str, int]:
        """Return by table how many rows there are more than before, where it is not the same."""
        after = await self.row_counts()
        return {table: after[table] - before[table] for table in after if after[table] != before[table]}

    async def held_up(self, count: int = 1) -> bool:
        """Tell whether so many jobs wait for a lock of ours."""
        return len(await self.rows(HELD_UP)) == count

    async def connections(self) -> int:
        """Count the connections of aiworker processes to this test's database."""
        return await self.db.fetchval(CONNECTED)

    def resumes_locked(self) -> AbstractAsyncContextManager[None]:
        """Hold every job before its first read of a resume, for as long as the block lasts."""
        return resumes_locked(self.variables["DATABASE_URL"])


@asynccontextmanager
async def resumes_locked(database_url: str) -> AsyncGenerator[None]:
    """Lock the resumes on a connection of its own: new ones do not show in the pg_stat_activity of its transaction."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE resumes IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


@asynccontextmanager
async def opened_site(directory: Path, database_url: str, redis_url: str) -> AsyncGenerator[Site]:
    """Open a site with the example's rows in its database."""
    prefix = f"e2e-{uuid.uuid4().hex}"
    async with AsyncExitStack() as stack:
        core_api = await stack.enter_async_context(FakeCoreApi(secret=SECRET))
        db = await asyncpg.connect(database_url)
        stack.push_async_callback(db.close)
        redis = short_client(redis_url)
        stack.push_async_callback(redis.aclose)
        variables = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "QUEUE_PREFIX": prefix,
            "PORT": "0",
            "LLM_PROVIDER": "offline",
            "CORE_API_INTERNAL_URL": core_api.url,
            "CORE_API_INTERNAL_SECRET": SECRET,
        }
        queue = Queue(QUEUE, {"connection": redis, "prefix": prefix})
        site = Site(directory, variables, prefix, db, redis, queue, core_api)
        stack.push_async_callback(site.lose_redis)
        await site.insert(EXAMPLE)
        try:
            yield site
        finally:
            for running in site.started:
                await running.kill()


async def _collect(stream: asyncio.StreamReader | None, lines: list[str]) -> None:
    assert stream is not None
    while line := await stream.readline():
        lines.append(line.decode().removesuffix("\n"))
