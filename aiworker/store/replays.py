"""Replays: the next epoch of a job, written for a claim that is to come, and withdrawn if none will.

No claim and no other replay of the job passes between `epochs` and the commit: it locks every epoch there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aiworker.domain.characters import storable
from aiworker.envelope import Identity, Scope
from aiworker.errors import Fenced
from aiworker.protocol import Connection
from aiworker.store.runs import key_of, owner_of

STANDING = """
SELECT run_id, payload_hash, epoch, state, tenant_id FROM aiworker.runs
WHERE (prefix, queue, job_id, added_at) = ($1, $2, $3, $4)
ORDER BY epoch, created_at
FOR UPDATE
"""

SUPERSEDE = """
UPDATE aiworker.runs SET state = 'failed', error_code = 'replayed', attempt = -1, finished_at = $5
WHERE (prefix, queue, job_id, added_at) = ($1, $2, $3, $4) AND state IN ('running', 'replayed')
RETURNING run_id, tenant_id
"""

REPLAY = """
INSERT INTO aiworker.runs
    (prefix, queue, job_id, added_at, payload_hash, epoch, name, tenant_id, student_id, session_id,
     state, fence, starts, claimed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'replayed', $12, 0, $11)
ON CONFLICT (prefix, queue, job_id, added_at, payload_hash, epoch) DO NOTHING
RETURNING run_id
"""

WITHDRAW = """
UPDATE aiworker.runs SET state = 'failed', error_code = 'withdrawn', attempt = -1, finished_at = $3
WHERE run_id = $1 AND state = 'replayed' AND tenant_id IS NOT DISTINCT FROM $2
"""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch of a job: what it ran with, and its state."""

    run_id: str
    payload_hash: str
    number: int
    state: str


async def epochs(db: Connection, identity: Identity) -> list[Epoch]:
    """Return what is known of a job, whatever its payload was, oldest epoch first; no claim passes until the commit."""
    return [
        Epoch(str(row["run_id"]), row["payload_hash"], int(row["epoch"]), row["state"])
        for row in await db.fetch(STANDING, *key_of(identity)[:4])
    ]


async def open_replay(
    db: Connection,
    identity: Identity,
    name: str,
    scope: Scope | None,
    *,
    after: Sequence[Epoch],
    started: int,
    now: datetime,
) -> Epoch:
    """Write the epoch that a replay will claim, and end those that are still open: a zombie must not finish one.

    An ended one counts no attempt: whatever is delivered for it runs, instead of repeating an error it never had.
    The job was `started` so often: no delivery from before the replay may claim the new epoch.
    Raises Fenced if another replay has just written it.
    """
    await db.fetch(SUPERSEDE, *key_of(identity)[:4], now)
    number = after[-1].number + 1 if after else 0
    run_id = await db.fetchval(REPLAY, *key_of(identity), number, storable(name), *owner_of(scope), now, started + 1)
    if run_id is None:
        raise Fenced()
    return Epoch(str(run_id), identity.payload_hash, number, "replayed")


async def withdraw(db: Connection, run_id: str, scope: Scope | None, *, now: datetime) -> None:
    """End a replayed epoch that nobody will claim, because its job is gone or runs with other data."""
    await db.execute(WITHDRAW, run_id, scope.tenant if scope else None, now)
