"""Suggestions for the bullets of a resume, which a student takes or leaves one by one."""

from __future__ import annotations

from collections.abc import Sequence

from aiworker.domain.resume.suggestions import Suggestion
from aiworker.protocol import Connection

SUPERSEDE = """
UPDATE aiworker.resume_suggestions SET status = 'superseded', decided_at = now()
WHERE tenant_id = $1 AND student_id = $2 AND resume_id = $3 AND status = 'pending'
"""

RECORD_SUGGESTIONS = """
INSERT INTO aiworker.resume_suggestions
    (run_id, tenant_id, student_id, resume_id, resume_version, vacancy_id,
     section, bullet_id, original, original_hash, suggested, reason)
SELECT $1, $2, $3, $4, $5, $6, each.*
FROM unnest($7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[]) AS each
"""

LAST_OF_RUN = """
SELECT section, original, suggested, reason FROM aiworker.resume_suggestions
WHERE tenant_id = $1 AND run_id = $2
ORDER BY section DESC
LIMIT 1
"""


async def replace_pending(
    db: Connection,
    *,
    run_id: str,
    tenant: str,
    student: str,
    resume: str,
    version: int,
    vacancy: str | None,
    suggestions: Sequence[Suggestion],
) -> None:
    """Write a run's suggestions in place of the resume's pending ones; the caller holds the resume's row lock."""
    await db.execute(SUPERSEDE, tenant, student, resume)
    await db.execute(
        RECORD_SUGGESTIONS,
        run_id,
        tenant,
        student,
        resume,
        version,
        vacancy,
        [each.section for each in suggestions],
        [each.bullet_id for each in suggestions],
        [each.original for each in suggestions],
        [each.original_hash for each in suggestions],
        [each.suggested for each in suggestions],
        [each.reason for each in suggestions],
    )


async def last_of_run(db: Connection, tenant: str, run_id: str) -> dict[str, str]:
    """Return place, texts and reason of a run's last suggestion, to be shown."""
    return dict(await db.fetchrow(LAST_OF_RUN, tenant, run_id))
