"""Replays of failed jobs: what would be replayed, what it would cost, and doing it, one audited job at a time.

The new epoch and its audit row are written before Redis is touched: a crash in between is visible and can be repeated.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from aiworker.domain import failures
from aiworker.domain.failures import Failure, Group
from aiworker.envelope import Identity, Scope, payload_hash
from aiworker.errors import InvalidPayload, UsageError
from aiworker.policies import QueuePolicy, policy_for
from aiworker.processors import AnyProcessor
from aiworker.protocol import Connection, JsonValue
from aiworker.queue.inspection import Inspector, StoredJob, fields_of
from aiworker.runtime.admit import decode, find, validate
from aiworker.store import audit, calls, runs
from aiworker.store.database import Database

COST_WINDOW = timedelta(days=30)

Done = Literal["replayed", "receipt", "gone"]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which failed jobs are meant; every filter given must match. Times are frozen when the command starts."""

    queues: tuple[str, ...]
    names: tuple[str, ...] = ()
    error: str | None = None
    tenant: str | None = None
    student: str | None = None
    session: str | None = None
    job_ids: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None

    def match(self, job: StoredJob) -> bool:
        """Say whether a job is meant."""
        data = fields_of(job.data)
        wanted = {("tenant_id", "tenantId"): self.tenant, ("student_id", "studentId"): self.student}
        wanted[("session_id", "sessionId")] = self.session
        return all(
            (
                not self.names or job.name in self.names,
                self.error is None or self.error.casefold() in job.failed_reason.casefold(),
                not self.job_ids or job.job_id in self.job_ids,
                self.since is None or (job.finished_at is not None and job.finished_at >= self.since),
                self.until is None or (job.finished_at is not None and job.finished_at < self.until),
                all(value is None or value in (data.get(a), data.get(b)) for (a, b), value in wanted.items()),
            )
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What a replay would do: the jobs to replay, those left out, and the groups of both."""

    jobs: tuple[StoredJob, ...]
    left_out: tuple[StoredJob, ...]
    groups: tuple[Group, ...]
    seen: int
    cost_usd: float


@dataclass(slots=True)
class Tally:
    """What a replay has done so far."""

    replayed: int = 0
    receipts: int = 0
    gone: int = 0
    refused: list[str] = field(default_factory=list[str])

    @property
    def is_partial(self) -> bool:
        return bool(self.gone or self.refused)


@dataclass(frozen=True, slots=True)
class Replay:
    """Who replays what, and why."""

    database: Database
    inspector: Inspector
    processors: Sequence[AnyProcessor]
    policies: tuple[QueuePolicy, ...]
    prefix: str
    now: Callable[[], datetime]
    actor: str
    reason: str = ""
    changes: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    reset_attempts: bool = True

    async def plan(self, filters: Filters, *, include_permanent: bool) -> Plan:
        """Find and group the jobs; nothing is changed."""
        found: list[StoredJob] = []
        seen = 0
        for queue in filters.queues:
            async for job in self.inspector.failed(queue):
                seen += 1
                if filters.match(job):
                    found.append(job)
        found.sort(key=lambda job: job.finished_at or job.added_at)
        chosen = [job for job in found if include_permanent or failures.verdict_of(job.failed_reason) == "retryable"]
        chosen = chosen[: filters.limit]
        ids = {(job.queue, job.job_id) for job in chosen}
        async with self.database.transaction(None, readonly=True) as db:
            costs = await calls.mean_costs(db, since=self.now() - COST_WINDOW)
        return Plan(
            jobs=tuple(chosen),
            left_out=tuple(job for job in found if (job.queue, job.job_id) not in ids),
            groups=tuple(failures.group(_failure(job) for job in found)),
            seen=seen,
            cost_usd=failures.mean_cost(costs, [job.name for job in chosen]),
        )

    async def run(self, plan: Plan, *, pause: timedelta = timedelta(0)) -> AsyncIterator[tuple[StoredJob, Tally]]:
        """Replay the plan's jobs one by one, at least `pause` apart, and yield the tally after each."""
        tally = Tally()
        for number, job in enumerate(plan.jobs):
            if number and pause:
                await asyncio.sleep(pause.total_seconds())
            try:
                done = await self._one(job)
            except InvalidPayload as error:
                tally.refused.append(f"{job.queue}:{job.job_id} {error.message}")
            else:
                tally.replayed += done == "replayed"
                tally.receipts += done == "receipt"
                tally.gone += done == "gone"
            yield job, tally

    async def _one(self, job: StoredJob) -> Done:
        data, scope = self._edited(job)
        identity = Identity(self.prefix, job.queue, job.job_id, job.added_at, payload_hash(data))
        opened = await self.database.run(
            scope.tenant if scope else None, lambda db: self._open(db, job, identity, scope)
        )
        if not await self.inspector.retry(job, data=data, reset_attempts=self.reset_attempts):
            return "gone"
        return "replayed" if opened else "receipt"

    async def _open(self, db: Connection, job: StoredJob, identity: Identity, scope: Scope | None) -> bool:
        epoch = await runs.open_replay(db, identity, job.name, scope, now=self.now())
        await audit.write(
            db,
            actor=self.actor,
            action="replay",
            run_id=epoch[0] if epoch else None,
            tenant=scope.tenant if scope else None,
            reason=self.reason,
            details={
                "queue": job.queue,
                "job": job.job_id,
                "epoch": epoch[1] if epoch else None,
                "previous_error": failures.code_of(job.failed_reason) or "unknown",
                "changed": list[JsonValue](sorted(self.changes)),
            },
        )
        return epoch is not None

    def _edited(self, job: StoredJob) -> tuple[str, Scope | None]:
        """Return the data to run with; an edited payload must be valid, an unchanged one is sent back as it is."""
        processor = find(job.name, self.processors, queue=job.queue)
        limit = policy_for(job.queue, self.policies).max_payload
        if not self.changes:
            try:
                return job.data, validate(processor, decode(job.data, limit=limit)).scope()
            except InvalidPayload:
                return job.data, None
        value = decode(job.data, limit=limit)
        if not isinstance(value, dict):
            raise InvalidPayload("The payload is no object, so no field of it can be set.")
        value = {**value, **self.changes}
        return json.dumps(value, ensure_ascii=False), validate(processor, value).scope()


def parse_changes(texts: Sequence[str]) -> dict[str, JsonValue]:
    """Read `field=value` settings; a value that is JSON counts as such, any other is a text."""
    changes: dict[str, JsonValue] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise UsageError(f"--set takes field=value, not {text!r}.")
        try:
            changes[name] = json.loads(value)
        except ValueError:
            changes[name] = value
    return changes


def _failure(job: StoredJob) -> Failure:
    return Failure(job.queue, job.job_id, job.name, job.failed_reason, job.finished_at)
