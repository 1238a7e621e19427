"""The guard's decisions, with the rule, its words and both texts, and how well a run's answer kept to its facts."""

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

RECORD_MEASURED = """
INSERT INTO aiworker.guarded_runs
    (run_id, tenant_id, job_name, prompt_fingerprint, model, texts, refused, entities, grounded)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

ENTITY_RULES = frozenset({"number", "term"})
"""The rules that name a figure or term of a text which its source does not hold."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One rule that fired at a proposed text; `section` is the bullet's path."""

    section: str
    rule: str
    token: str
    severity: str
    original: str
    proposed: str


@dataclass(frozen=True, slots=True)
class Measured:
    """How many texts a run's answers held, how many were refused, and how many of their entities are grounded."""

    job: str
    prompt: str
    texts: int
    refused: int
    entities: int
    grounded: int

    @classmethod
    def of(cls, job: str, prompt: str, entities: Sequence[int], found: Sequence[Decision]) -> Measured:
        """Measure the texts of a run, given how many entities each has and what the guard found."""
        violations = [decision for decision in found if decision.severity == "violation"]
        missing = {
            (each.section, each.proposed, each.rule, each.token) for each in violations if each.rule in ENTITY_RULES
        }
        refused = {(each.section, each.proposed) for each in violations}
        # A term said twice in a text is one decision and one entity.
        return cls(job, prompt, len(entities), len(refused), sum(entities), max(0, sum(entities) - len(missing)))


async def measure(db: Connection, *, run_id: str, tenant: str, model: str | None, measured: Measured) -> None:
    """Write how well the answers of one run kept to their facts; it names nobody."""
    await db.execute(
        RECORD_MEASURED,
        run_id,
        tenant,
        measured.job,
        measured.prompt,
        model,
        measured.texts,
        measured.refused,
        measured.entities,
        measured.grounded,
    )


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
