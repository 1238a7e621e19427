"""The claim of a run: the right to work on it, or what became of it already."""

from __future__ import annotations

from datetime import datetime, timedelta

from aiworker.envelope import Envelope, Scope
from aiworker.errors import (
    Cancel,
    ConfigurationError,
    Decided,
    Fenced,
    JobFailed,
    ServiceUnreachable,
    Snooze,
    TransientFault,
)
from aiworker.protocol import Connection
from aiworker.store import audit, job_errors, runs
from aiworker.store.database import Database
from aiworker.store.runs import Claim, Failed, Succeeded

COME_BACK = timedelta(seconds=5)
"""When a job returns whose start or end could not be recorded."""


async def claim(
    database: Database, envelope: Envelope, scope: Scope | None, *, by: str, now: datetime
) -> Claim | Succeeded:
    """Claim a run in a transaction of its own; raises Decided for a failure that is only told once more."""
    try:
        # Nearly every run is to be had: one round trip. What stands in the way is looked at in a transaction.
        standing = await database.run_one(lambda db: runs.claim_open(db, envelope, scope, by=by, now=now, alone=True))
        if standing is None:
            standing = await database.run(
                scope.tenant if scope else None, lambda db: claim_in(db, envelope, scope, by=by, now=now)
            )
    except Fenced:
        raise
    except (ServiceUnreachable, ConfigurationError, TransientFault) as error:
        # Nothing was tried and nothing can be recorded: the job waits for the database, at no attempt's cost.
        raise Decided(error, Snooze(now + COME_BACK)) from error
    if isinstance(standing, Decided):
        raise standing
    return standing


async def claim_in(
    db: Connection, envelope: Envelope, scope: Scope | None, *, by: str, now: datetime
) -> Claim | Succeeded | Decided:
    """Claim a run; a failed one that somebody retried on purpose goes on as a new epoch, with an audit row."""
    standing = await runs.claim(db, envelope, scope, by=by, now=now)
    if not isinstance(standing, Failed):
        return standing
    if _is_repeat(envelope, standing):
        # We died between our commit and BullMQ's: say it again, change nothing.
        detail = await job_errors.detail(db, standing.run_id, standing.tenant)
        return Decided(JobFailed(detail or None, code=standing.error_code), Cancel())
    epoch = await runs.open_epoch(db, envelope, scope, by=by, now=now)
    await audit.write(
        db,
        actor="queue",
        action="retry-from-outside",
        run_id=epoch.run_id,
        tenant=epoch.tenant,
        reason="the job was retried in BullMQ after its run had failed",
        details={"epoch": epoch.epoch, "previous_error": standing.error_code},
    )
    return epoch


def _is_repeat(envelope: Envelope, failed: Failed) -> bool:
    """Say whether BullMQ never heard of this failure; if it did, somebody has retried the job on purpose."""
    return envelope.attempts_made == failed.attempt and envelope.failed_start < failed.fence
