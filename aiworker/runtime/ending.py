"""How one start of a run ends when there is no result: what is recorded, and what BullMQ is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiworker.domain.pacing import bounded, while_blocked, while_spent
from aiworker.domain.resume.guard.decisions import Evidence, NothingLeft
from aiworker.domain.student_texts import student_text
from aiworker.envelope import Envelope, Scope
from aiworker.errors import (
    AiworkerError,
    BudgetSpent,
    Cancel,
    Decided,
    Fenced,
    JobFailed,
    Outcome,
    Paced,
    ProviderBlocked,
    RateLimited,
    Retry,
    Snooze,
)
from aiworker.protocol import Connection
from aiworker.runtime.admit import CLI_QUEUE
from aiworker.runtime.claiming import COME_BACK
from aiworker.runtime.killpoints import crashpoint
from aiworker.store import alerts, findings, job_errors, runs
from aiworker.store.database import Database
from aiworker.store.runs import Claim

LAST_WORDS = timedelta(seconds=5)

log = logging.getLogger("aiworker.runtime")


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of one claimed delivery."""

    envelope: Envelope
    scope: Scope | None
    claim: Claim
    database: Database
    now: Callable[[], datetime]

    async def ended(self, error: AiworkerError) -> AiworkerError:
        """Record how this start ended and return the error to raise, with its outcome settled."""
        now = self.now()
        outcome = self._within_bounds(error, now)
        if isinstance(error, ProviderBlocked) and isinstance(outcome, Cancel):
            error = JobFailed(f"Nobody acted in time: {error.message}", code=ProviderBlocked.code)
        try:
            await self.database.run(self.claim.tenant, lambda db: self._record(db, error, outcome, now))
        except Fenced:
            raise
        except AiworkerError as unrecorded:
            log.warning("end-not-recorded", extra={"fields": {"errorCode": unrecorded.code}})
            return self._not_ended(error, now)
        except Exception:
            log.exception("end-not-recorded")
            return self._not_ended(error, now)
        crashpoint("before_ack")
        return Decided(error, outcome)

    def _not_ended(self, error: AiworkerError, now: datetime) -> Decided:
        # Not recorded is not ended: the job comes back, at no attempt's cost, and ends then.
        return Decided(error, Snooze(now + COME_BACK))

    def _within_bounds(self, error: AiworkerError, now: datetime) -> Outcome:
        """Put an end to waiting and trying again: by count and time, each kind by its own."""
        outcome, claim = error.outcome(now), self.claim
        match error:
            case Paced() if self.envelope.queue != CLI_QUEUE:
                # The queue as a whole waits, and nothing says that this job is at fault.
                return outcome
            case RateLimited():
                outcome = bounded(outcome, snoozes=claim.snoozes, since=claim.snoozed_since, now=now)
            case ProviderBlocked():
                outcome = while_blocked(outcome, since=claim.blocked_since, now=now)
            case BudgetSpent():
                outcome = while_spent(outcome, since=claim.unfunded_since, now=now)
            case _:
                pass
        if self.envelope.queue == CLI_QUEUE:
            # Nobody comes back for it.
            return Cancel()
        return Cancel() if isinstance(outcome, Retry) and self.envelope.is_last_attempt else outcome

    async def _record(self, db: Connection, error: AiworkerError, outcome: object, now: datetime) -> None:
        match outcome:
            case Snooze() if isinstance(error, ProviderBlocked):
                await runs.block(db, self.claim, now=now)
            case Snooze() if isinstance(error, BudgetSpent):
                await runs.await_budget(db, self.claim, now=now)
            case Snooze() if isinstance(error, RateLimited) and not isinstance(error, Paced):
                await runs.snooze(db, self.claim, now=now)
            case Snooze() | Retry():
                await runs.end_attempt(db, self.claim, attempt=self.envelope.attempts_made)
            case _:
                await runs.hold(db, self.claim)
                await runs.fail(db, self.claim, error.code, attempt=self.envelope.attempts_made, now=now)
                await job_errors.record(
                    db,
                    self.claim.run_id,
                    self.envelope,
                    self.scope,
                    code=error.code,
                    message=student_text(error.code, self.envelope.name),
                    detail=error.message,
                )
                if isinstance(error, NothingLeft):
                    await self._keep(db, error.evidence)
                await alerts.note(db, error.code, run_id=self.claim.run_id, tenant=self.claim.tenant, now=now)

    async def _keep(self, db: Connection, evidence: Evidence) -> None:
        """Store what the guard decided although there is no result to store it with."""
        scope = self.scope
        assert scope is not None and scope.student is not None, "a resume is a student's"
        await findings.keep(db, evidence, run_id=self.claim.run_id, tenant=scope.tenant, student=scope.student)

    async def last_words(self) -> None:
        """Record an orderly end while being cancelled, so that a hand-back is not taken for a crash."""
        attempt = self.envelope.attempts_made
        await unhurried(
            self.database.run(self.claim.tenant, lambda db: runs.end_attempt(db, self.claim, attempt=attempt))
        )


async def unhurried(work: Coroutine[Any, Any, object]) -> None:
    """Do what must still be written by a task that is being cancelled, within LAST_WORDS; a fault ends it too."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait_for(asyncio.shield(task), LAST_WORDS.total_seconds())
    except (TimeoutError, AiworkerError):
        task.cancel()
