"""What the guard decided in a run: each decision with both texts, and how well the answers kept to their facts."""

from __future__ import annotations

from collections.abc import Mapping

from aiworker.domain.characters import storable
from aiworker.domain.resume.guard.decisions import Evidence
from aiworker.protocol import Connection

TABLE = "aiworker.guard_findings"

RECORD_FINDINGS = """
INSERT INTO aiworker.guard_findings
    (run_id, tenant_id, student_id, resume_id, section, rule, token, severity, original, proposed)
SELECT $1, $2, $3, $4, section, rule, token, severity, original, proposed
FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
    AS found (section, rule, token, severity, original, proposed)
"""

RECORD_MEASURED = """
INSERT INTO aiworker.guarded_runs
    (run_id, tenant_id, job_name, prompt_fingerprint, model, texts, refused, entities, grounded,
     is_partial)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


async def keep(db: Connection, evidence: Evidence, *, run_id: str, tenant: str, student: str) -> Mapping[str, int]:
    """Write what the guard decided in one run, and how well its answers did; return how many findings, if any.

    The latter names nobody and holds no text.
    """
    measured = evidence.measured
    await db.execute(
        RECORD_MEASURED,
        run_id,
        tenant,
        measured.job,
        measured.prompt,
        measured.model,
        measured.texts,
        measured.refused,
        measured.entities,
        measured.grounded,
        measured.is_partial,
    )
    if not evidence.decisions:
        return {}
    rows = [
        (each.section, each.rule, each.token, each.severity, each.original, each.proposed)
        for each in evidence.decisions
    ]
    columns = [[storable(value) for value in column] for column in zip(*rows, strict=True)]
    await db.execute(RECORD_FINDINGS, run_id, tenant, student, evidence.resume, *columns)
    return {TABLE: len(rows)}
