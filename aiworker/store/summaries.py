"""Summaries of students: the latest is the current one, older ones stay as they were."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiworker.protocol import Connection, JsonValue

CURRENT_SUMMARY = """
SELECT id, summary, profile_hash FROM aiworker.student_ai_summaries
WHERE tenant_id = $1 AND student_id = $2
ORDER BY generated_at DESC
LIMIT 1
"""

TEXT = "SELECT summary FROM aiworker.student_ai_summaries WHERE tenant_id = $1 AND id = $2"

RECORD_SUMMARY = """
INSERT INTO aiworker.student_ai_summaries
    (tenant_id, student_id, run_id, summary, profile_hash, source, provider, model, prompt_fingerprint, generated_at,
     findings)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::json)
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class StoredSummary:
    """A summary that is there, and the hash of the profile it was made of."""

    summary_id: str
    text: str
    profile_hash: str


async def current(db: Connection, tenant: str, student: str) -> StoredSummary | None:
    """Return the student's current summary, or None if there is none yet."""
    row = await db.fetchrow(CURRENT_SUMMARY, tenant, student)
    return StoredSummary(str(row["id"]), str(row["summary"]), str(row["profile_hash"])) if row else None


async def text(db: Connection, tenant: str, summary_id: str) -> str:
    """Return a summary's text, to be shown."""
    return str(await db.fetchval(TEXT, tenant, summary_id))


async def record(
    db: Connection,
    *,
    run_id: str,
    tenant: str,
    student: str,
    summary: str,
    profile_hash: str,
    source: str,
    provider: str,
    model: str,
    prompt_fingerprint: str,
    generated_at: datetime,
    findings: Sequence[Mapping[str, JsonValue]],
) -> str:
    """Write a run's summary and return its id."""
    return str(
        await db.fetchval(
            RECORD_SUMMARY,
            tenant,
            student,
            run_id,
            summary,
            profile_hash,
            source,
            provider,
            model,
            prompt_fingerprint,
            generated_at,
            json.dumps([dict(finding) for finding in findings], ensure_ascii=False),
        )
    )
