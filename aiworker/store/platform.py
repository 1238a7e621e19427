"""Every statement that touches the platform's own tables: the one seam an adopter edits.

No row under the tenant means `not_found`, whether the row is missing or somebody else's.
"""

from __future__ import annotations

from dataclasses import dataclass

from aiworker.errors import NotFound
from aiworker.protocol import Connection

FETCH_RESUME = """
SELECT id, title, body::text AS body FROM resumes WHERE tenant_id = $1 AND student_id = $2 AND id = $3
"""

FETCH_VACANCY = "SELECT id, title, company, description FROM jobs WHERE tenant_id = $1 AND id = $2"

INSERT_VARIANT = """
INSERT INTO resumes (tenant_id, student_id, title, body, is_ai_variant, base_resume_id)
SELECT tenant_id, student_id, $4, $5::json, true, id
FROM resumes WHERE tenant_id = $1 AND student_id = $2 AND id = $3
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Resume:
    """A stored resume; `body` is the document's text exactly as PostgreSQL hands it out."""

    resume_id: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Vacancy:
    """The position a student applies to."""

    vacancy_id: str
    title: str
    company: str
    description: str


async def fetch_resume(db: Connection, tenant: str, student: str, resume: str) -> Resume:
    """Return the student's resume; raise NotFound if the tenant has no such row."""
    row = await db.fetchrow(FETCH_RESUME, tenant, student, resume)
    if row is None:
        raise NotFound("The resume was not found for this student and tenant.")
    return Resume(str(row["id"]), str(row["title"]), str(row["body"]))


async def fetch_vacancy(db: Connection, tenant: str, vacancy: str) -> Vacancy | None:
    """Return the tenant's vacancy, or None if the tenant has no such row."""
    row = await db.fetchrow(FETCH_VACANCY, tenant, vacancy)
    return Vacancy(str(row["id"]), str(row["title"]), str(row["company"]), str(row["description"])) if row else None


async def insert_variant(db: Connection, tenant: str, student: str, base: str, *, title: str, body: str) -> str:
    """Store `body` as an AI variant of `base` and return its id; raise NotFound if the base is not there."""
    variant = await db.fetchval(INSERT_VARIANT, tenant, student, base, title, body)
    if variant is None:
        raise NotFound("The resume was not found for this student and tenant.")
    return str(variant)
