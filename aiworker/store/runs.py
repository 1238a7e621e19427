"""Runs: claim, orderly ends, and the guarded end of a run.

The fence is BullMQ's `attemptsStarted`, not a counter of our own: a zombie that claims late would draw the
higher number and fence off the true owner.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiworker.domain.characters import storable
from aiworker.envelope import MAX_JOB_ID, Envelope, Identity, Scope, payload_hash
from aiworker.errors import Fenced
from aiworker.protocol import Connection, JsonValue

CLAIM = """
WITH tenant AS MATERIALIZED (
    SELECT nullif(set_config('app.tenant_id', coalesce($7, ''), true), '') AS tenant_id,
           CASE WHEN $14 THEN set_config('synchronous_commit', 'off', true) END)
INSERT INTO aiworker.runs AS r
    (prefix, queue, job_id, added_at, payload_hash, epoch, name, tenant_id, student_id, session_id,
     state, fence, attempt, claimed_by, claimed_at)
SELECT $1, $2, $3, $4, $5,
       coalesce((SELECT max(epoch) FROM aiworker.runs
                 WHERE (prefix, queue, job_id, added_at, payload_hash) = ($1, $2, $3, $4, $5)),
                (SELECT max(epoch) + 1 FROM aiworker.runs WHERE (prefix, queue, job_id, added_at) = ($1, $2, $3, $4)),
                0),
       $6, tenant_id, $8, $9, 'running', $10, $11, $12, $13
FROM tenant
ON CONFLICT (prefix, queue, job_id, added_at, payload_hash, epoch) DO UPDATE
SET state = 'running', fence = excluded.fence, starts = r.starts + 1, attempt = excluded.attempt,
    tenant_id = excluded.tenant_id, student_id = excluded.student_id, session_id = excluded.session_id,
    claimed_by = excluded.claimed_by, claimed_at = excluded.claimed_at
WHERE r.fence <= excluded.fence AND r.state IN ('running', 'replayed')
RETURNING run_id, epoch, starts, clean_ends, snoozes, snoozed_since, blocked_since, unfunded_since
"""

LATEST = """
SELECT run_id, epoch, state, fence, attempt, receipt, error_code, tenant_id
FROM aiworker.runs
WHERE (prefix, queue, job_id, added_at, payload_hash) = ($1, $2, $3, $4, $5)
ORDER BY epoch DESC LIMIT 1
FOR UPDATE
"""

LATEST_EPOCH = """
SELECT coalesce(max(epoch) FILTER (WHERE payload_hash = $5), max(epoch) + 1, 0) FROM aiworker.runs
WHERE (prefix, queue, job_id, added_at) = ($1, $2, $3, $4)
"""

NEW_EPOCH = """
INSERT INTO aiworker.runs
    (prefix, queue, job_id, added_at, payload_hash, epoch, name, tenant_id, student_id, session_id,
     state, fence, attempt, claimed_by, claimed_at)
SELECT $1, $2, $3, $4, $5, max(epoch) + 1, $6, $7, $8, $9, 'running', $10, $11, $12, $13
FROM aiworker.runs WHERE (prefix, queue, job_id, added_at) = ($1, $2, $3, $4)
ON CONFLICT (prefix, queue, job_id, added_at, payload_hash, epoch) DO NOTHING
RETURNING run_id, epoch, starts, clean_ends, snoozes, snoozed_since, blocked_since, unfunded_since
"""

RESTORE = """
WITH tenant AS MATERIALIZED (SELECT nullif(set_config('app.tenant_id', coalesce($9, ''), true), '') AS tenant_id)
INSERT INTO aiworker.runs
    (run_id, prefix, queue, job_id, added_at, payload_hash, epoch, name, tenant_id, student_id, session_id,
     state, fence, starts, attempt, claimed_by, claimed_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, tenant_id, $10, $11, 'running', $12, $13, $14, $15, $16
FROM tenant
ON CONFLICT DO NOTHING
"""

HOLD = """
SELECT run_id FROM aiworker.runs
WHERE run_id = $1 AND fence = $2 AND state = 'running' AND tenant_id IS NOT DISTINCT FROM $3
FOR UPDATE
"""

SUCCEED = """
UPDATE aiworker.runs SET state = 'succeeded', receipt = $3::json, finished_at = $4
WHERE run_id = $1 AND tenant_id = $2
"""

SUCCEED_AND_TELL = """
WITH message AS (
    INSERT INTO aiworker.outbox (run_id, event, tenant_id, kind, target, body, idempotency_key, next_at, created_at)
    SELECT $1, event, $2, kind, target, body::json, key, $4, $4
    FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) AS told (event, kind, target, body, key))
UPDATE aiworker.runs SET state = 'succeeded', receipt = $3::json, finished_at = $4
WHERE run_id = $1 AND tenant_id = $2
"""

FAIL = """
UPDATE aiworker.runs
SET state = 'failed', error_code = $3, attempt = $4, clean_ends = clean_ends + 1, finished_at = $5
WHERE run_id = $1 AND tenant_id IS NOT DISTINCT FROM $2
"""

END_ATTEMPT = """
UPDATE aiworker.runs SET clean_ends = clean_ends + 1, attempt = $4, blocked_since = NULL, unfunded_since = NULL
WHERE run_id = $1 AND fence = $2 AND state = 'running' AND tenant_id IS NOT DISTINCT FROM $3
"""

SNOOZE = """
UPDATE aiworker.runs
SET clean_ends = clean_ends + 1, snoozes = snoozes + 1, snoozed_since = coalesce(snoozed_since, $4),
    blocked_since = NULL, unfunded_since = NULL
WHERE run_id = $1 AND fence = $2 AND state = 'running' AND tenant_id IS NOT DISTINCT FROM $3
"""

AWAIT_BUDGET = """
UPDATE aiworker.runs
SET clean_ends = clean_ends + 1, unfunded_since = coalesce(unfunded_since, $4), snoozes = 0, snoozed_since = NULL,
    blocked_since = NULL
WHERE run_id = $1 AND fence = $2 AND state = 'running' AND tenant_id IS NOT DISTINCT FROM $3
"""

BLOCK = """
UPDATE aiworker.runs
SET clean_ends = clean_ends + 1, blocked_since = coalesce(blocked_since, $4), snoozes = 0, snoozed_since = NULL,
    unfunded_since = NULL
WHERE run_id = $1 AND fence = $2 AND state = 'running' AND tenant_id IS NOT DISTINCT FROM $3
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a run, as long as no higher fence has claimed it."""

    run_id: str
    epoch: int
    fence: int
    tenant: str | None
    starts: int
    crashes: int
    """How often a start of this epoch took its worker down, as far as is known."""
    snoozes: int
    snoozed_since: datetime | None
    blocked_since: datetime | None = None
    unfunded_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The run is done; its receipt is the answer to every further delivery."""

    run_id: str
    tenant: str
    receipt: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Failed:
    """The run failed for good at `attempt` (BullMQ's attemptsMade at that delivery), its start number `fence`."""

    run_id: str
    tenant: str | None
    epoch: int
    attempt: int
    fence: int
    error_code: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is told after the commit; `kind` is `http` or `queue`, `key` the same at every try."""

    event: str
    target: str
    body: Mapping[str, JsonValue]
    key: str
    kind: str = "http"


async def claim_open(
    db: Connection, envelope: Envelope, scope: Scope | None, *, by: str, now: datetime, alone: bool = False
) -> Claim | None:
    """Claim the newest epoch of the job's run, in one statement that sets the tenant; None if it is not to be had.

    A claim that is `alone` in its transaction does not wait for the disk: whatever is written for the run later, with
    its disk write, comes after it, and what a crash of the server forgets is written again by `restore`.
    """
    row = await db.fetchrow(
        CLAIM,
        *key_of(envelope.identity),
        storable(envelope.name),
        *owner_of(scope),
        envelope.attempts_started,
        envelope.attempts_made,
        by,
        now,
        alone,
    )
    return _claim(row, envelope, scope) if row is not None else None


async def claim(
    db: Connection, envelope: Envelope, scope: Scope | None, *, by: str, now: datetime
) -> Claim | Succeeded | Failed:
    """Claim the newest epoch of the job's run; raise Fenced if a later delivery has claimed it."""
    open_run = await claim_open(db, envelope, scope, by=by, now=now)
    if open_run is not None:
        return open_run
    latest = await db.fetchrow(LATEST, *key_of(envelope.identity))
    return _standing(dict(latest) if latest else {})


async def open_epoch(db: Connection, envelope: Envelope, scope: Scope | None, *, by: str, now: datetime) -> Claim:
    """Start the next epoch of a failed job that somebody retried on purpose; the caller writes the audit row.

    Raises Fenced if another delivery has just started it.
    """
    row = await db.fetchrow(
        NEW_EPOCH,
        *key_of(envelope.identity),
        storable(envelope.name),
        *owner_of(scope),
        envelope.attempts_started,
        envelope.attempts_made,
        by,
        now,
    )
    if row is None:
        raise Fenced()
    return _claim(row, envelope, scope)


async def restore(
    db: Connection, claim: Claim, envelope: Envelope, scope: Scope | None, *, by: str, now: datetime
) -> None:
    """Write a claim once more that a crash of the server took; another delivery's stays as it is."""
    await db.execute(
        RESTORE,
        claim.run_id,
        *key_of(envelope.identity),
        claim.epoch,
        storable(envelope.name),
        *owner_of(scope),
        claim.fence,
        claim.starts,
        envelope.attempts_made,
        by,
        now,
    )


async def hold(db: Connection, claim: Claim) -> None:
    """Lock the run for the finishing transaction; raise Fenced if it is no longer ours."""
    if await db.fetchval(HOLD, claim.run_id, claim.fence, claim.tenant) is None:
        raise Fenced()


async def succeed(
    db: Connection, claim: Claim, receipt: Mapping[str, JsonValue], messages: Sequence[Announcement], *, now: datetime
) -> None:
    """Mark a held run as done, with the messages that tell of it."""
    done = (claim.run_id, claim.tenant, json.dumps(receipt, allow_nan=False), now)
    if not messages:
        await db.execute(SUCCEED, *done)
        return
    # One round trip for all.
    told = [
        (message.event, message.kind, message.target, json.dumps(message.body), storable(message.key))
        for message in messages
    ]
    await db.execute(SUCCEED_AND_TELL, *done, *map(list, zip(*told, strict=True)))


async def fail(db: Connection, claim: Claim, code: str, *, attempt: int, now: datetime) -> None:
    """Mark a held run as failed for good."""
    await db.execute(FAIL, claim.run_id, claim.tenant, code, attempt, now)


async def end_attempt(db: Connection, claim: Claim, *, attempt: int) -> None:
    """Record that this start ended in an orderly way and the job will come back."""
    await db.execute(END_ATTEMPT, claim.run_id, claim.fence, claim.tenant, attempt)


async def snooze(db: Connection, claim: Claim, *, now: datetime) -> None:
    """Record an orderly end after which the job waits for a rate limit."""
    await db.execute(SNOOZE, claim.run_id, claim.fence, claim.tenant, now)


async def block(db: Connection, claim: Claim, *, now: datetime) -> None:
    """Record an orderly end after which the job waits for an operator."""
    await db.execute(BLOCK, claim.run_id, claim.fence, claim.tenant, now)


async def await_budget(db: Connection, claim: Claim, *, now: datetime) -> None:
    """Record an orderly end after which the job waits for its tenant's next day."""
    await db.execute(AWAIT_BUDGET, claim.run_id, claim.fence, claim.tenant, now)


async def epoch_of(db: Connection, identity: Identity) -> int:
    """Return the newest epoch of a job's run, or the one its first claim will have."""
    return int(await db.fetchval(LATEST_EPOCH, *key_of(identity)))


def key_of(identity: Identity) -> tuple[str, str, str, datetime, str]:
    """Return the columns a run is found by; an epoch goes with them."""
    # Whatever a producer called its job, the claim must find a row for it, and an index entry has its limit.
    job_id = storable(identity.job_id)
    if len(job_id) > MAX_JOB_ID:
        job_id = f"{job_id[:MAX_JOB_ID]}~{payload_hash(identity.job_id)}"
    return identity.prefix, identity.queue, job_id, identity.added_at, identity.payload_hash


def owner_of(scope: Scope | None) -> tuple[str | None, str | None, str | None]:
    """Return the columns that say whose a run is: tenant, student and session."""
    return (scope.tenant, scope.student, scope.session) if scope else (None, None, None)


def _standing(row: Mapping[str, object]) -> Succeeded | Failed:
    match row:
        case {"state": "succeeded", "run_id": run_id, "tenant_id": str(tenant), "receipt": str(receipt)}:
            return Succeeded(str(run_id), tenant, json.loads(receipt))
        case {"state": "failed", "run_id": run_id, "epoch": int(epoch), "attempt": int(attempt), **rest}:
            tenant = rest["tenant_id"]
            fence, code = int(str(rest["fence"])), str(rest["error_code"])
            return Failed(str(run_id), str(tenant) if tenant else None, epoch, attempt, fence, code)
        case _:
            raise Fenced()


def _claim(row: Mapping[str, object], envelope: Envelope, scope: Scope | None) -> Claim:
    starts, clean_ends, snoozes = row["starts"], row["clean_ends"], row["snoozes"]
    assert isinstance(starts, int) and isinstance(clean_ends, int) and isinstance(snoozes, int)
    return Claim(
        run_id=str(row["run_id"]),
        epoch=int(str(row["epoch"])),
        fence=envelope.attempts_started,
        tenant=scope.tenant if scope else None,
        starts=starts,
        # An end that could not be recorded looks like a crash, but without one BullMQ sees no job stall.
        crashes=min(starts - clean_ends - 1, envelope.stalled_count),
        snoozes=snoozes,
        snoozed_since=_moment(row["snoozed_since"]),
        blocked_since=_moment(row["blocked_since"]),
        unfunded_since=_moment(row["unfunded_since"]),
    )


def _moment(value: object) -> datetime | None:
    assert value is None or isinstance(value, datetime)
    return value
