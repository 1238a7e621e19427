"""Statements that touch the platform's own tables; with `placements` it is the one seam an adopter edits.

No row under the tenant means `not_found`, whether the row is missing or somebody else's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aiworker.errors import NotFound
from aiworker.protocol import Connection

FETCH_RESUME = """
SELECT id, title, body::text AS body FROM resumes WHERE tenant_id = $1 AND student_id = $2 AND id = $3
"""

FETCH_STUDENT = """
SELECT degree, branch, year, cgpa, skills::text AS skills, verified_at FROM students WHERE tenant_id = $1 AND id = $2
"""

FETCH_NEWEST_RESUME = """
SELECT id, title, body::text AS body FROM resumes
WHERE tenant_id = $1 AND student_id = $2 AND NOT is_ai_variant
ORDER BY created_at DESC, id DESC
LIMIT 1
"""

FETCH_VACANCY = "SELECT id, title, company, description FROM jobs WHERE tenant_id = $1 AND id = $2"

LOCK_RESUME = """
SELECT version, body::text AS body FROM resumes WHERE tenant_id = $1 AND student_id = $2 AND id = $3
FOR NO KEY UPDATE
"""

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
class Current:
    """A resume as it stands while its row is locked."""

    version: int
    body: str


@dataclass(frozen=True, slots=True)
class Student:
    """What a student studies; `skills` is JSON text. Name, contact data and roll number are never read."""

    degree: str
    branch: str
    year: int
    cgpa: str | None
    skills: str
    verified_at: datetime | None


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


async def lock_resume(db: Connection, tenant: str, student: str, resume: str) -> Current:
    """Return the student's resume and lock its row until the transaction ends; raise NotFound if it is not there.

    Variants of it can be written meanwhile; nobody else can change it or hold this lock.
    """
    row = await db.fetchrow(LOCK_RESUME, tenant, student, resume)
    if row is None:
        raise NotFound("The resume was not found for this student and tenant.")
    return Current(int(row["version"]), str(row["body"]))


async def fetch_student(db: Connection, tenant: str, student: str) -> Student:
    """Return the student's row; raise NotFound if the tenant has no such student."""
    row = await db.fetchrow(FETCH_STUDENT, tenant, student)
    if row is None:
        raise NotFound("The student was not found for this tenant.")
    cgpa = row["cgpa"]
    return Student(
        degree=str(row["degree"]),
        branch=str(row["branch"]),
        year=int(row["year"]),
        cgpa=None if cgpa is None else str(cgpa),
        skills=str(row["skills"]),
        verified_at=row["verified_at"],
    )


async def fetch_newest_resume(db: Connection, tenant: str, student: str) -> Resume | None:
    """Return the newest resume the student wrote, no variant of ours; None if there is none."""
    row = await db.fetchrow(FETCH_NEWEST_RESUME, tenant, student)
    return Resume(str(row["id"]), str(row["title"]), str(row["body"])) if row else None


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
