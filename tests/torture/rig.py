"""One installation to be tortured: a Redis of its own, a database, the model's and core-api's fakes, and daemons."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from aiworker.embedded import binaries
from aiworker.embedded.valkey import Valkey
from aiworker.errors import AiworkerError
from aiworker.protocol import JsonValue
from aiworker.queue.connection import short_client
from aiworker.queue.delivery import Retention
from aiworker.queue.producer import JobOptions, NewJob, Producer
from aiworker.store.database import opened
from aiworker.testing.core_api import FakeCoreApi
from tests.support.jobs import insert_example, payload
from tests.torture import sabotage
from tests.torture.daemons import Place
from tests.torture.meter import Meter
from tests.torture.proxy import Proxy, proxied

QUEUE = "ai-jobs"
PREFIX = "torture"
JOB = "rewrite-resume"
SECRET = "placement-secret-torture"
ENDED = ("completed", "failed")
OPEN = """
SELECT (SELECT count(*) FROM aiworker.runs WHERE state = 'running')
     + (SELECT count(*) FROM aiworker.outbox WHERE sent_at IS NULL AND dead_at IS NULL)
"""


class _Commands(Protocol):
    """redis-py leaves this one's parameters untyped."""

    async def execute_command(self, *words: object) -> Any: ...


@dataclass(slots=True)
class Rig:
    """Everything a torture touches."""

    directory: Path
    valkey: Valkey
    database_url: str
    db: asyncpg.Connection
    redis: Redis
    producer: Producer
    core_api: FakeCoreApi
    meter: Meter
    proxy: Proxy
    variables: dict[str, str]
    places: list[Place] = field(default_factory=list[Place])
    jobs: list[str] = field(default_factory=list[str])
    _tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    def start(self, *, off: Sequence[str] = (), killpoint: str = "", clocks: str = "short") -> Place:
        """Put a daemon in the next place; only the first place's daemon reaches Redis through the proxy."""
        number = len(self.places)
        variables = {**self.variables, sabotage.OFF: ",".join(off), sabotage.CLOCKS: clocks}
        if number == 0:
            variables["REDIS_URL"] = self.proxy.url
        first = {"AIWORKER_KILLPOINT": killpoint} if killpoint else {}
        place = Place(number, self.directory, variables, self.meter, first=first)
        self.places.append(place)
        self._tasks.append(asyncio.create_task(place.run()))
        return place

    async def end(self) -> None:
        """End every process that was started."""
        for place in self.places:
            await place.end()
        await asyncio.gather(*self._tasks)

    async def add(self, *numbers: int, attempts: int | None = None, **changes: JsonValue) -> list[str]:
        """Add jobs, however often Redis must be asked; the same number is the same job."""
        ids = [f"t-{number:05d}" for number in numbers]
        jobs = [
            NewJob(
                JOB,
                payload(job_id=f"vac-{job}", job_title=f"Engineer {job}", **changes),
                JobOptions(job_id=job, attempts=attempts),
            )
            for job in ids
        ]
        while True:
            try:
                await self.producer.add_many(QUEUE, jobs)
                break
            except (AiworkerError, RedisError):
                await asyncio.sleep(0.2)
        self.jobs += ids
        return ids

    async def command(self, *words: object) -> Any:
        """Send a command to Redis."""
        return await cast("_Commands", self.redis).execute_command(*words)

    def key(self, name: str) -> str:
        return f"{PREFIX}:{QUEUE}:{name}"

    async def states(self) -> dict[str, str]:
        """Return by job where it ended, as far as it has."""
        return {str(job): state for state in ENDED for job in await self.command("ZRANGE", self.key(state), 0, -1)}

    async def deliver_again(self, job: str) -> None:
        """Do what BullMQ does with an active job whose worker it takes for dead."""
        await self.command("DEL", self.key(f"{job}:lock"))
        await self.command("LREM", self.key("active"), 1, job)
        await self.command("RPUSH", self.key("wait"), job)
        await self.command("ZADD", self.key("marker"), 0, "0")

    async def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.db.fetch(query, *values)]

    async def is_quiet(self) -> bool:
        """Tell whether every job has ended, every run too, and every message is out."""
        states = await self.states()
        return all(job in states for job in self.jobs) and not await self.db.fetchval(OPEN)

    async def settles(self, seconds: float) -> bool:
        """Wait until all is quiet; tell whether it became so in time."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            try:
                if await self.is_quiet():
                    return True
            except RedisError:
                pass
            await asyncio.sleep(0.2)
        return False

    def kill_redis(self) -> None:
        """Take Redis away as the kernel does that is out of memory."""
        if self.valkey.process is not None:
            self.valkey.process.kill()
            self.valkey.process.wait()

    async def start_redis(self) -> None:
        """Bring it back with what it had written."""
        # On this thread, not in a pool: a server dies with the thread that started it.
        self.valkey.launch()
        await asyncio.to_thread(self.valkey.await_ready)


@asynccontextmanager
async def opened_rig(database_url: str) -> AsyncGenerator[Rig]:
    """Open a rig on a migrated database of its own; no daemon runs yet, and none does afterwards."""
    # Not a test's directory: a socket's path may have 107 characters.
    directory = Path(tempfile.mkdtemp(prefix="torture-"))
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        valkey = Valkey(binaries.find(os.environ).valkey, directory / "valkey", directory / "redis.sock")
        stack.callback(valkey.stop)
        valkey.launch()
        await asyncio.to_thread(valkey.settle)
        core_api = await stack.enter_async_context(FakeCoreApi(secret=SECRET))
        meter = await stack.enter_async_context(Meter().opened())
        proxy = await stack.enter_async_context(proxied(valkey.url))
        db = await asyncpg.connect(database_url)
        stack.push_async_callback(db.close)
        redis = short_client(valkey.url)
        stack.push_async_callback(redis.aclose)
        kept = Retention(failed=False, completed=False)
        producer = await stack.enter_async_context(Producer(valkey.url, prefix=PREFIX, retention=kept))
        async with opened(database_url, size=1) as database:
            await insert_example(database)
        rig = Rig(
            directory=directory,
            valkey=valkey,
            database_url=database_url,
            db=db,
            redis=redis,
            producer=producer,
            core_api=core_api,
            meter=meter,
            proxy=proxy,
            variables={
                "DATABASE_URL": database_url,
                "REDIS_URL": valkey.url,
                "QUEUE_PREFIX": PREFIX,
                "LLM_PROVIDER": "openai",
                "LLM_COMPATIBLE": "false",
                "LLM_BREAKER_PAUSE": "1s",
                "OPENAI_API_KEY": meter.fake.api_key,
                "CORE_API_INTERNAL_URL": core_api.url,
                "CORE_API_INTERNAL_SECRET": SECRET,
            },
        )
        stack.push_async_callback(rig.end)
        yield rig
