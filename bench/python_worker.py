"""Our side of bench/rounds.py: `python -m bench.python_worker <json>`; one JSON line comes out at the end."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import uvloop

from aiworker.envelope import Envelope
from aiworker.errors import JobFailed
from aiworker.policies import MIB, QueuePolicy
from aiworker.protocol import Abort, JsonValue
from aiworker.queue.worker import QueueWorker
from bench.meter import Meter

if TYPE_CHECKING:
    import asyncpg

    from aiworker.store.database import Database

FLOOR = "INSERT INTO bench_floor (body) VALUES ($1)"


@dataclass(slots=True)
class Hand:
    """Does what a round's jobs are to do, and counts them."""

    given: Mapping[str, Any]
    meter: Meter
    pool: asyncpg.Pool | None = None
    store: Database | None = None
    waits: list[float] = field(default_factory=list[float])

    async def handle(self, envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        if self.given["keep_waits"]:
            self.waits.append(time.time() * 1000 - json.loads(envelope.data)["due"])
        if self.given["handler_ms"]:
            await asyncio.sleep(self.given["handler_ms"] / 1000)
        for _ in range(self.given["commits"]):
            await self._commit()
        if self.store is not None:
            await statements(self.store, envelope)
        # As `serve` has it: nobody listens to the worker's events.
        self.meter.count()
        if self.given.get("fails"):
            raise JobFailed("The measure wants every job to fail.")
        return {}

    async def _commit(self) -> None:
        assert self.pool is not None
        async with self.pool.acquire() as connection:
            await connection.execute(FLOOR, "bare")


async def statements(store: Database, envelope: Envelope) -> None:
    """Claim, checkpoint and finish as the runtime does, and nothing else."""
    from aiworker.envelope import Scope
    from aiworker.protocol import LLMReply, LLMRequest
    from aiworker.store import calls, runs

    now, scope = datetime.now(UTC), Scope("bench")
    claim = await store.run_one(lambda db: runs.claim_open(db, envelope, scope, by="bench", now=now, alone=True))
    assert claim is not None
    request, reply = LLMRequest("q", "bench", {}, {}, 100), LLMReply("{}", "bench", "bench-1", "bench-1", "end")
    await store.run_one(
        lambda db: calls.checkpoint(db, claim.run_id, scope.tenant, request, reply, now=now, keep=timedelta(days=7))
    )
    async with store.transaction(scope.tenant) as db:
        await runs.hold(db, claim)
        await runs.succeed(db, claim, {"resultId": "result-1"}, (), now=now)


@asynccontextmanager
async def store(given: Mapping[str, Any]) -> AsyncGenerator[Database | None]:
    """Open the store if the jobs make its statements; imported only then, like the pool."""
    if not given["statements"]:
        yield None
        return
    from aiworker.store.database import opened

    async with opened(given["database"]) as database:
        yield database


@asynccontextmanager
async def pool(given: Mapping[str, Any]) -> AsyncGenerator[asyncpg.Pool | None]:
    """Open a pool if the jobs commit; imported only then, because the queue room's memory is measured."""
    if not given["commits"]:
        yield None
        return
    import asyncpg

    async with asyncpg.create_pool(given["database"], min_size=1, max_size=10) as opened:
        yield opened


async def work(given: Mapping[str, Any]) -> None:
    """Work the queue until the last job has ended."""
    meter = Meter(given["warm"], given["jobs"], samples=given.get("samples", 0))
    policy = QueuePolicy(given["queue"], given["concurrency"], 3, timedelta(seconds=1), MIB)
    async with pool(given) as opened, store(given) as database:
        hand = Hand(given, meter, opened, database)
        worker = QueueWorker(
            policy,
            hand.handle,
            redis_url=given["url"],
            prefix=given["prefix"],
            name="bench",
            now=lambda: datetime.now(UTC),
        )
        running = asyncio.create_task(worker.run())
        await worker.wait_until_ready(10.0)
        print("ready", flush=True)
        await meter.done.wait()
        print(json.dumps({**meter.result(), "waits": hand.waits[given["warm"] :]}), flush=True)
        await worker.drain(timedelta(seconds=5))
        await running


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work(json.loads(sys.argv[1])))
