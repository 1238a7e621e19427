"""Where a test replays from: failed jobs of its own, their runs, and somebody who meddles with them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Awaitable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol, cast

import pytest

from aiworker import embedded
from aiworker.policies import POLICIES
from aiworker.processors import PROCESSORS
from aiworker.queue.inspection import Inspector, Sent, StoredJob
from aiworker.runtime.replay import Plan, Replay, Tally
from aiworker.runtime.selection import Filters
from aiworker.store.database import Database
from tests.integration.queue.room import QUEUE, Room, utc_now
from tests.integration.runtime.failing import failed_jobs, working
from tests.integration.runtime.rows import rows
from tests.support.jobs import insert_example

ALL = Filters((QUEUE,))
AUDIT = "SELECT * FROM aiworker.audit ORDER BY audit_id"
OF_JOB = "SELECT * FROM aiworker.runs WHERE job_id = $1 ORDER BY epoch, created_at"


class _Commands(Protocol):
    """redis-py leaves this one's parameters untyped."""

    def execute_command(self, *words: object) -> Awaitable[Any]: ...


@dataclass
class Desk:
    """Where a test replays from."""

    room: Room
    database: Database
    inspector: Inspector

    def replay(self, inspector: Inspector | None = None, **given: Any) -> Replay:
        replay = Replay(
            database=self.database,
            inspector=inspector or self.inspector,
            processors=PROCESSORS,
            policies=POLICIES,
            prefix=self.room.prefix,
            now=utc_now,
            actor="meera",
            reason="INC-204 quota raised",
        )
        return replace(replay, **given)

    async def plan(self, filters: Filters = ALL, *, include_permanent: bool = False, **given: Any) -> Plan:
        return await self.replay(**given).plan(filters, include_permanent=include_permanent)

    async def run(self, plan: Plan, pause: timedelta = timedelta(0), **given: Any) -> Tally:
        tally = Tally()
        done = [each async for each in self.replay(**given).run(plan, tally, pause=pause)]
        assert len(done) == tally.done == len(plan.jobs)
        return tally

    async def replay_all(self, filters: Filters = ALL, *, include_permanent: bool = False, **given: Any) -> Tally:
        return await self.run(await self.plan(filters, include_permanent=include_permanent, **given), **given)

    async def fail(self, *faults: BaseException | str, **given: Any) -> list[str]:
        return await failed_jobs(self.room, self.database, *faults, **given)

    async def rows(self, query: str, *args: object) -> list[dict[str, Any]]:
        return await rows(self.database, query, *args)

    async def redis(self, *words: object) -> Any:
        return await cast("_Commands", self.room.redis).execute_command(*words)

    async def work(self, job: str, state: str = "completed") -> None:
        """Start a healthy worker and wait for the job."""
        await self.room.start(working(self.database))
        await self.room.reaches(job, state, within=15.0)


@pytest.fixture
async def desk(servers: embedded.Servers, database: Database) -> AsyncGenerator[Desk]:
    await insert_example(database)
    room = Room(servers.redis_url, prefix=f"t{uuid.uuid4().hex[:12]}")
    try:
        async with Inspector(room.url, prefix=room.prefix) as inspector:
            yield Desk(room, database, inspector)
    finally:
        await room.leave()


def tallied(tally: Tally) -> tuple[int, int, int, int, int]:
    return tally.replayed, tally.receipts, tally.gone, tally.locked, len(tally.refused)


class Meddled(Inspector):
    """An inspector behind whose back something happens right before a job is sent."""

    def __init__(self, desk: Desk, meddle: Any) -> None:
        super().__init__(desk.room.url, prefix=desk.room.prefix)
        self._meddle = meddle

    async def retry(self, job: StoredJob, *, data: str, reset_attempts: bool) -> Sent:
        await self._meddle(job)
        return await super().retry(job, data=data, reset_attempts=reset_attempts)
