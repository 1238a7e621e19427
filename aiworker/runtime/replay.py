"""Replays of failed jobs: what would be replayed, what it would cost, and doing it, one audited job at a time.

The new epoch and its audit row are written before Redis is touched: a crash in between is visible and can be repeated.
"""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiworker.domain import failures
from aiworker.domain.characters import storable
from aiworker.domain.failures import Estimate, Failure, Group
from aiworker.envelope import Identity, Scope, payload_hash
from aiworker.errors import Fenced, InvalidPayload
from aiworker.policies import QueuePolicy, policy_for
from aiworker.processors import PROCESSORS, AnyProcessor
from aiworker.protocol import Connection, JsonValue
from aiworker.queue.inspection import Inspector, Sent, StoredJob
from aiworker.queue.producer import as_json
from aiworker.runtime.admit import decode, find, validate
from aiworker.runtime.selection import Filters, value_of
from aiworker.runtime.servers import Servers
from aiworker.runtime.wiring import prepare, utc_now
from aiworker.settings import Settings
from aiworker.store import audit, calls, replays
from aiworker.store.database import Contention, Database, opened
from aiworker.store.replays import Epoch

COST_WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a replay would do: the jobs, the oldest failure first; what is left out; and all that match, grouped."""

    jobs: tuple[Failure, ...]
    groups: tuple[Group, ...]
    seen: int
    matched: int
    permanent: int
    beyond_limit: int
    refused: tuple[str, ...]
    cost: Estimate

    def document(self) -> dict[str, object]:
        """Return the plan for machines."""
        groups = [
            {
                "error": group.error,
                "code": group.code,
                "count": group.count,
                "retryable": group.verdict == "retryable",
                "oldest": group.oldest,
                "examples": group.examples,
            }
            for group in self.groups
        ]
        return {
            "failed": self.seen,
            "matched": self.matched,
            "to_replay": len(self.jobs),
            "permanent_left_out": self.permanent,
            "beyond_limit": self.beyond_limit,
            "refused": list(self.refused),
            "groups": groups,
            "estimated_cost_usd": round(self.cost.usd, 6),
            "jobs_without_estimate": self.cost.unknown,
        }


@dataclass(slots=True)
class Tally:
    """What a replay has done so far. `locked`: somebody else has the job or has changed it since the plan."""

    replayed: int = 0
    receipts: int = 0
    gone: int = 0
    locked: int = 0
    refused: list[str] = field(default_factory=list[str])
    audit: list[int] = field(default_factory=list[int])
    done: int = 0

    @property
    def is_partial(self) -> bool:
        return bool(self.gone or self.locked or self.refused)

    def document(self) -> dict[str, object]:
        """Return the tally for machines."""
        return {
            "replayed": self.replayed,
            "receipts": self.receipts,
            "gone": self.gone,
            "locked": self.locked,
            "refused": self.refused,
            "audit": self.audit,
        }


@dataclass(frozen=True, slots=True)
class _Opened:
    """An epoch that waits for its job, and the data the job is to run with."""

    epoch: Epoch
    audit_id: int
    data: str

    @property
    def has_result(self) -> bool:
        return self.epoch.state == "succeeded"


@dataclass(frozen=True, slots=True)
class Replay:
    """Who replays, why, and what is changed."""

    database: Database
    inspector: Inspector
    processors: Sequence[AnyProcessor]
    policies: tuple[QueuePolicy, ...]
    prefix: str
    now: Callable[[], datetime]
    actor: str
    reason: str = ""
    changes: Mapping[str, str] = field(default_factory=dict[str, str])
    reset_attempts: bool = True
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def plan(self, filters: Filters, *, include_permanent: bool) -> Plan:
        """Find and group the jobs; nothing is changed."""
        seen, found = 0, list[Failure]()
        for queue in filters.queues:
            async for job in self.inspector.failed(queue, with_data=filters.need_data):
                seen += 1
                if filters.match(job):
                    found.append(_failure(job))
        found.sort(key=lambda each: (each.at is not None, each.at or 0, each.address))
        able = [each for each in found if include_permanent or each.verdict == "retryable"]
        jobs, refused = await self._choose(able, filters.limit)
        async with self.database.transaction(None, readonly=True) as db:
            costs = await calls.mean_costs(db, since=self.now() - COST_WINDOW)
        return Plan(
            jobs=tuple(jobs),
            groups=tuple(failures.group(found)),
            seen=seen,
            matched=len(found),
            permanent=len(found) - len(able),
            beyond_limit=len(able) - len(jobs) - len(refused),
            refused=tuple(refused),
            cost=failures.estimate(costs, [each.name for each in jobs]),
        )

    async def run(self, plan: Plan, tally: Tally, *, pause: timedelta = timedelta(0)) -> AsyncIterator[Failure]:
        """Replay the plan's jobs one by one, started at least `pause` apart; yield each once it is in the tally."""
        tally.refused += plan.refused
        loop = asyncio.get_running_loop()
        due = loop.time()
        for failure in plan.jobs:
            if (early := due - loop.time()) > 0:
                await self.sleep(early)
            due = max(due, loop.time()) + pause.total_seconds()
            await _to_its_end(self._counted(failure, tally))
            yield failure

    async def _choose(self, able: Sequence[Failure], limit: int | None) -> tuple[list[Failure], list[str]]:
        """Return the jobs to replay, at most `limit`, and why those before them cannot be."""
        jobs, refused = list[Failure](), list[str]()
        for each in able:
            if limit is not None and len(jobs) >= limit:
                break
            refusal = await self._refusal(each)
            if refusal is None:
                jobs.append(each)
            else:
                refused.append(refusal)
        return jobs, refused

    async def _counted(self, failure: Failure, tally: Tally) -> None:
        try:
            await self._one(failure, tally)
        except InvalidPayload as error:
            tally.refused.append(_told(failure, error))
        tally.done += 1

    async def _one(self, failure: Failure, tally: Tally) -> None:
        job = await self.inspector.find(failure.queue, failure.job_id)
        if job is None or job.finished_at != failure.at:
            return _count(tally, "gone" if job is None else "locked")
        data, scope = self._edited(job)
        tenant = scope.tenant if scope else None
        try:
            opened = await self.database.run(tenant, lambda db: self._open(db, job, data, scope))
        except (Fenced, Contention):
            return _count(tally, "locked")
        if not isinstance(opened, _Opened):
            return _count(tally, opened)
        tally.audit.append(opened.audit_id)
        sent = await self.inspector.retry(job, data=opened.data, reset_attempts=self.reset_attempts)
        if sent == "gone" or (sent == "locked" and opened.data != job.data):
            # Nobody will come for it; unedited, whoever has the job runs as this epoch.
            await self.database.run(tenant, lambda db: self._withdraw(db, opened, scope))
        tally.receipts += sent == "sent" and opened.has_result
        tally.replayed += sent == "sent" and not opened.has_result
        return _count(tally, sent)

    async def _open(self, db: Connection, job: StoredJob, data: str, scope: Scope | None) -> _Opened | Sent:
        """Write epoch and audit row, unless the job is no longer what was read: a run in hand must not be ended."""
        known = await replays.epochs(db, self._identity(job, data))
        standing = await self.inspector.standing(job)
        if standing != "failed":
            return standing
        of_data = [epoch for epoch in known if epoch.payload_hash == payload_hash(job.data)]
        if of_data and of_data[-1].state == "succeeded":
            data, epoch = job.data, of_data[-1]
        else:
            identity = self._identity(job, data)
            epoch = await replays.open_replay(
                db, identity, job.name, scope, after=known, started=job.attempts_started, now=self.now()
            )
        details: dict[str, JsonValue] = {
            "queue": job.queue,
            "job": job.job_id,
            "name": job.name,
            "epoch": epoch.number,
            "answer": "receipt" if epoch.state == "succeeded" else "new run",
            "previous_error": failures.code_of(job.failed_reason) or "unknown",
            "changed": list[JsonValue](sorted(self.changes)) if data != job.data else [],
            "attempts_reset": self.reset_attempts,
        }
        audit_id = await self._audit(db, "replay", epoch, scope, self.reason, details)
        return _Opened(epoch, audit_id, data)

    async def _withdraw(self, db: Connection, opened: _Opened, scope: Scope | None) -> None:
        await replays.withdraw(db, opened.epoch.run_id, scope, now=self.now())
        await self._audit(db, "replay-withdrawn", opened.epoch, scope, "gone or taken before it could be sent", {})

    async def _audit(
        self,
        db: Connection,
        action: str,
        epoch: Epoch,
        scope: Scope | None,
        reason: str,
        details: Mapping[str, JsonValue],
    ) -> int:
        return await audit.write(
            db,
            actor=storable(self.actor),
            action=action,
            run_id=epoch.run_id,
            tenant=scope.tenant if scope else None,
            reason=storable(reason),
            details=details,
        )

    def _identity(self, job: StoredJob, data: str) -> Identity:
        return Identity(self.prefix, job.queue, job.job_id, job.added_at, payload_hash(data))

    async def _refusal(self, failure: Failure) -> str | None:
        """Say why the job cannot run with what is to be set; a job that is gone by now is told when it is its turn."""
        job = await self.inspector.find(failure.queue, failure.job_id) if self.changes else None
        try:
            _ = self._edited(job) if job else None
        except InvalidPayload as error:
            return _told(failure, error)
        return None

    def _edited(self, job: StoredJob) -> tuple[str, Scope | None]:
        """Return the data to run with; an edited payload must be valid, an unchanged one is sent back as it is."""
        limit = policy_for(job.queue, self.policies).max_payload
        if not self.changes:
            try:
                return job.data, validate(self._processor(job), decode(job.data, limit=limit)).scope()
            except InvalidPayload:
                return job.data, None
        processor, value = self._processor(job), decode(job.data, limit=limit)
        if not isinstance(value, dict):
            raise InvalidPayload("The payload is no object, so no field of it can be set.")
        fields = processor.payload.model_fields
        known = {**fields, **{each.alias: each for each in fields.values() if each.alias}}
        if unknown := sorted(self.changes.keys() - known.keys()):
            raise InvalidPayload(f"{processor.name} has no field {', '.join(unknown)}; known: {', '.join(fields)}.")
        changed = {name: value_of(text, known[name].annotation) for name, text in self.changes.items()}
        data = str(as_json({**value, **changed}))
        return data, validate(processor, decode(data, limit=limit)).scope()

    def _processor(self, job: StoredJob) -> AnyProcessor:
        return find(job.name, self.processors, queue=job.queue)


@asynccontextmanager
async def replaying(
    settings: Settings,
    servers: Servers,
    *,
    actor: str | None,
    reason: str,
    changes: Mapping[str, str],
    reset: bool,
) -> AsyncGenerator[Replay]:
    """Open what a replay works on; without an actor it is the user this process runs as."""
    await prepare(servers)
    async with (
        opened(servers.database, size=2) as database,
        Inspector(servers.redis, prefix=settings.queue_prefix) as inspector,
    ):
        yield Replay(
            database=database,
            inspector=inspector,
            processors=PROCESSORS,
            policies=settings.policies(),
            prefix=settings.queue_prefix,
            now=utc_now,
            actor=actor or os_user(),
            reason=reason,
            changes=changes,
            reset_attempts=reset,
        )


def os_user() -> str:
    """Name the user this process runs as; containers may have a number only."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


async def _to_its_end(work: Coroutine[object, object, None]) -> None:
    """Finish the job in hand also when cancelled: between epoch and Redis is no place to stop."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def _failure(job: StoredJob) -> Failure:
    return Failure(job.queue, job.job_id, job.name, job.failed_reason, job.finished_at)


def _told(failure: Failure, error: InvalidPayload) -> str:
    return f"{failure.address}: {error.message}"


def _count(tally: Tally, sent: Sent) -> None:
    tally.gone += sent == "gone"
    tally.locked += sent == "locked"
