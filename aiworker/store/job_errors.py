"""What went wrong for good, written before the error is raised to the queue."""

from __future__ import annotations

from aiworker.domain.characters import storable
from aiworker.envelope import Envelope, Scope
from aiworker.protocol import Connection

RECORD_ERROR = """
INSERT INTO aiworker.ai_job_errors
    (run_id, tenant_id, student_id, session_id, job_name, code, message, detail, raw_ref, attempts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8,
        (SELECT step || '/' || request_hash FROM aiworker.calls
         WHERE run_id = $1 AND tenant_id = $2 ORDER BY created_at DESC LIMIT 1), $9)
"""

DETAIL = "SELECT detail FROM aiworker.ai_job_errors WHERE run_id = $1 AND tenant_id IS NOT DISTINCT FROM $2"


async def record(
    db: Connection, run_id: str, envelope: Envelope, scope: Scope | None, *, code: str, message: str, detail: str
) -> None:
    """Write the error row of a run; `message` is for students, `detail` for operators."""
    await db.execute(
        RECORD_ERROR,
        run_id,
        scope.tenant if scope else None,
        scope.student if scope else None,
        scope.session if scope else None,
        storable(envelope.name),
        code,
        message,
        detail,
        envelope.attempts_made + 1,
    )


async def detail(db: Connection, run_id: str, tenant: str | None) -> str:
    """Return the operator's text of a failed run, empty if there is none."""
    return str(await db.fetchval(DETAIL, run_id, tenant) or "")
