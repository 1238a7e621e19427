"""Runs that nobody works on any more: found by how long ago they were claimed, ended under the guard of their fence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aiworker.protocol import Connection

ONLY_ONE = "SELECT pg_try_advisory_xact_lock(hashtext($1))"

# Not `state IN (...)`: each side has a partial index of its own, and only an OR finds both.
UNFINISHED = """
SELECT run_id, queue, job_id, added_at, name, tenant_id, state, fence, claimed_at
FROM aiworker.runs
WHERE (state = 'running' OR state = 'replayed') AND prefix = $1 AND queue = ANY($2::text[])
  AND claimed_at <= $3 AND (claimed_at, run_id) > ($4::timestamptz, $5::uuid)
ORDER BY claimed_at, run_id LIMIT $6
"""

END = """
UPDATE aiworker.runs SET state = 'failed', error_code = $4, finished_at = $5
WHERE run_id = $1 AND fence = $2 AND tenant_id IS NOT DISTINCT FROM $3 AND state = $7 AND claimed_at = $6
RETURNING run_id
"""

SUPERSEDE = """
UPDATE aiworker.runs r SET state = 'failed', error_code = $4, attempt = -1, finished_at = $5
WHERE r.run_id = $1 AND r.fence = $2 AND r.tenant_id IS NOT DISTINCT FROM $3 AND r.state = $7 AND r.claimed_at = $6
  AND EXISTS (
    SELECT FROM aiworker.runs s
    WHERE (s.prefix, s.queue, s.job_id, s.added_at) = (r.prefix, r.queue, r.job_id, r.added_at)
      AND s.state = 'succeeded')
RETURNING r.run_id
"""

RECORD_ERROR = """
INSERT INTO aiworker.ai_job_errors
    (run_id, tenant_id, student_id, session_id, job_name, code, message, detail, raw_ref, attempts)
SELECT r.run_id, r.tenant_id, r.student_id, r.session_id, r.name, $3, $4, $5,
       (SELECT c.step || '/' || c.request_hash FROM aiworker.calls c
        WHERE c.run_id = r.run_id AND c.tenant_id = r.tenant_id ORDER BY c.created_at DESC LIMIT 1), r.attempt + 1
FROM aiworker.runs r WHERE r.run_id = $1 AND r.tenant_id IS NOT DISTINCT FROM $2
"""


FIRST = (datetime(1970, 1, 1, tzinfo=UTC), "00000000-0000-0000-0000-000000000000")
"""Before every run."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that was claimed, or written for a replay, a while ago and has not ended."""

    run_id: str
    queue: str
    job_id: str
    added_at: datetime
    name: str
    tenant: str | None
    state: str
    """`running`, or `replayed` as long as nobody has claimed it."""
    fence: int
    claimed_at: datetime


async def is_mine(db: Connection, task: str) -> bool:
    """Take the lock of a recurring task for this transaction; False if another worker is at it."""
    return bool(await db.fetchval(ONLY_ONE, f"aiworker.{task}"))


async def unfinished(
    db: Connection, prefix: str, queues: Sequence[str], *, before: datetime, after: Unfinished | None, limit: int
) -> list[Unfinished]:
    """Return runs claimed `before`, the oldest first; `after` is the last one of the page before."""
    last = (after.claimed_at, after.run_id) if after else FIRST
    rows = await db.fetch(UNFINISHED, prefix, list(queues), before, *last, limit)
    return [_unfinished(dict(row)) for row in rows]


async def end(db: Connection, run: Unfinished, *, code: str, message: str, detail: str, now: datetime) -> bool:
    """Fail a run with its error row, unless somebody has claimed or ended it since it was looked at."""
    if await db.fetchval(END, *_guarded(run, code, now)) is None:
        return False
    await db.execute(RECORD_ERROR, run.run_id, run.tenant, code, message, detail)
    return True


async def supersede(db: Connection, run: Unfinished, *, code: str, now: datetime) -> bool:
    """Fail a run whose job has succeeded as another run, under the guard of `end`: no error row, nobody lost anything.

    It counts no attempt: whatever is delivered for it runs, instead of repeating an error it never had.
    """
    return await db.fetchval(SUPERSEDE, *_guarded(run, code, now)) is not None


def _guarded(run: Unfinished, code: str, now: datetime) -> tuple[object, ...]:
    return run.run_id, run.fence, run.tenant, code, now, run.claimed_at, run.state


def _unfinished(row: Mapping[str, object]) -> Unfinished:
    added_at, claimed_at = row["added_at"], row["claimed_at"]
    assert isinstance(added_at, datetime) and isinstance(claimed_at, datetime)
    return Unfinished(
        run_id=str(row["run_id"]),
        queue=str(row["queue"]),
        job_id=str(row["job_id"]),
        added_at=added_at,
        name=str(row["name"]),
        tenant=str(row["tenant_id"]) if row["tenant_id"] is not None else None,
        state=str(row["state"]),
        fence=int(str(row["fence"])),
        claimed_at=claimed_at,
    )
