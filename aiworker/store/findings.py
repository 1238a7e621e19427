"""The guard's decisions, with the rule, its words and both texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiworker.domain.characters import storable
from aiworker.protocol import Connection

RECORD_FINDINGS = """
INSERT INTO aiworker.guard_findings
    (run_id, tenant_id, student_id, resume_id, section, rule, token, severity, original, proposed)
SELECT $1, $2, $3, $4, section, rule, token, severity, original, proposed
FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
    AS found (section, rule, token, severity, original, proposed)
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """One rule that fired at a proposed text; `section` is the bullet's path."""

    section: str
    rule: str
    token: str
    severity: str
    original: str
    proposed: str


async def record(
    db: Connection, *, run_id: str, tenant: str, student: str, resume: str, findings: Sequence[Decision]
) -> None:
    """Write what was found in one run, in one statement."""
    if not findings:
        return
    columns = [
        [storable(value) for value in column]
        for column in (
            [finding.section for finding in findings],
            [finding.rule for finding in findings],
            [finding.token for finding in findings],
            [finding.severity for finding in findings],
            [finding.original for finding in findings],
            [finding.proposed for finding in findings],
        )
    ]
    await db.execute(RECORD_FINDINGS, run_id, tenant, student, resume, *columns)
