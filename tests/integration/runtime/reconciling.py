"""Where a test reconciles from: a map of where jobs are, runs whose worker died, and what was told of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from aiworker.envelope import Envelope, Scope
from aiworker.policies import POLICIES
from aiworker.processors import PROCESSORS
from aiworker.protocol import Connection
from aiworker.queue.events import EventKind, QueueEvent
from aiworker.queue.whereabouts import Place
from aiworker.runtime.reconcile import LOST_AFTER, Reconciler
from aiworker.store import replays, runs
from aiworker.store.database import Database
from tests.integration.runtime.rows import runs as all_runs
from tests.support.jobs import NOW, TENANT, Clock, again, insert_example, payload

OLD = LOST_AFTER + timedelta(seconds=1)


@dataclass
class Map:
    """Where jobs are, as far as Redis is concerned: gone unless told otherwise."""

    places_of: dict[str, Place] = field(default_factory=dict[str, Place])
    asked: list[list[str]] = field(default_factory=list[list[str]])
    fault: Exception | None = None
    meanwhile: Any = None

    async def places(self, queue: str, jobs: Sequence[tuple[str, datetime]]) -> list[Place]:
        if self.fault:
            raise self.fault
        self.asked.append([job_id for job_id, _ in jobs])
        if self.meanwhile:
            await self.meanwhile()
        return [self.places_of.get(job_id, Place.GONE) for job_id, _ in jobs]


@dataclass
class Bench:
    database: Database
    map: Map = field(default_factory=Map)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.reconciler = Reconciler(
            self.database, self.map, "bull", ["ai-jobs"], PROCESSORS, POLICIES, self.clock, "test-worker"
        )

    async def claim(self, job: Envelope, scope: Scope | None = None) -> None:
        """Start a run and die."""
        scope = scope or Scope(TENANT, "student-9")
        await self.database.run(
            scope.tenant, lambda db: runs.claim(db, job, scope, by="a worker that died", now=self.clock.at)
        )

    async def open_replay(self, job: Envelope) -> None:
        """Write the epoch of a replay and die before its job is sent back."""
        scope = Scope(TENANT, "student-9")

        async def write(db: Connection) -> None:
            known = await replays.epochs(db, job.identity)
            await replays.open_replay(
                db, job.identity, job.name, scope, after=known, started=job.attempts_started, now=self.clock.at
            )

        await self.database.run(TENANT, write)

    async def states(self) -> list[tuple[str, str | None]]:
        return [(run["state"], run["error_code"]) for run in await all_runs(self.database)]

    async def has_stalled(self) -> bool:
        return await self.states() == [("failed", "stalled")]


@pytest.fixture
async def bench(database: Database) -> Bench:
    await insert_example(database)
    return Bench(database)


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str | None]]:
    """Return level, event and error code of every line of the reconciler."""
    ours = [record for record in caplog.records if record.name == "aiworker.reconcile"]
    return [(record.levelname, record.message, vars(record)["fields"].get("errorCode")) for record in ours]


def with_other_data(job: Envelope) -> Envelope:
    """Return the next delivery after the producer has changed the job's data."""
    return replace(again(job), data=json.dumps(payload(tone="concise")))


def stalled_out(job: Envelope, **changes: Any) -> QueueEvent:
    event = QueueEvent(EventKind.JOB_FAILED, job.queue, NOW, job.job_id, job, "stalled: too often", True, False)
    return replace(event, **changes)
