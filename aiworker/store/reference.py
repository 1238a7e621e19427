"""Rows for the reference version of the platform's tables: examples, demo and tests only.

A row that is there already becomes the one that is put, unless it is another tenant's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from aiworker.protocol import Connection, JsonValue

PUT_STUDENT = """
INSERT INTO students (tenant_id, id, roll_number, name, email, phone, degree, branch, year, cgpa, skills, verified_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::json, $12)
ON CONFLICT (id) DO UPDATE SET (roll_number, name, email, phone, degree, branch, year, cgpa, skills, verified_at) =
    ROW (excluded.roll_number, excluded.name, excluded.email, excluded.phone, excluded.degree, excluded.branch,
         excluded.year, excluded.cgpa, excluded.skills, excluded.verified_at)
WHERE students.tenant_id = excluded.tenant_id
"""

PUT_RESUME = """
INSERT INTO resumes (tenant_id, id, student_id, title, body)
VALUES ($1, $2, $3, $4, $5::json)
ON CONFLICT (id) DO UPDATE SET (student_id, title, body, is_ai_variant, base_resume_id, created_at) =
    ROW (excluded.student_id, excluded.title, excluded.body, false, NULL, excluded.created_at)
WHERE resumes.tenant_id = excluded.tenant_id
"""

PUT_VACANCY = """
INSERT INTO jobs (tenant_id, id, title, company, location, description, skills, season)
VALUES ($1, $2, $3, $4, $5, $6, $7::json, $8)
ON CONFLICT (id) DO UPDATE SET (title, company, location, description, skills, season) =
    ROW (excluded.title, excluded.company, excluded.location, excluded.description, excluded.skills, excluded.season)
WHERE jobs.tenant_id = excluded.tenant_id
"""

PUT_APPLICATION = """
INSERT INTO applications (tenant_id, student_id, job_id, status) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, student_id, job_id) DO UPDATE SET status = excluded.status
"""

PUT_OFFER = """
INSERT INTO offers (tenant_id, id, student_id, job_id, kind, ctc, offered_on, accepted_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO UPDATE SET (ctc, offered_on, accepted_on) =
    ROW (excluded.ctc, excluded.offered_on, excluded.accepted_on)
WHERE offers.tenant_id = excluded.tenant_id
"""

SEASON = "2026-27"
"""The season of a vacancy that names none."""

RESUME_BODY = "SELECT body::text FROM resumes WHERE tenant_id = $1 AND id = $2"

RESUME_ROW = """
SELECT id, tenant_id, student_id, title, is_ai_variant, base_resume_id, created_at
FROM resumes WHERE tenant_id = $1 AND id = $2
"""

Row = Mapping[str, JsonValue]


async def put_student(db: Connection, tenant: str, row: Row, *, verified_at: datetime | None = None) -> None:
    """Put a student."""
    cgpa = row.get("cgpa")
    await db.execute(
        PUT_STUDENT,
        tenant,
        row["id"],
        row["roll_number"],
        row["name"],
        row["email"],
        row.get("phone"),
        row["degree"],
        row["branch"],
        row["year"],
        None if cgpa is None else Decimal(str(cgpa)),
        json.dumps(row.get("skills", [])),
        verified_at,
    )


async def put_resume(db: Connection, tenant: str, *, resume_id: str, student: str, title: str, body: str) -> None:
    """Put a resume; `body` is stored to the letter."""
    await db.execute(PUT_RESUME, tenant, resume_id, student, title, body)


async def put_vacancy(db: Connection, tenant: str, row: Row) -> None:
    """Put a vacancy."""
    await db.execute(
        PUT_VACANCY,
        tenant,
        row["id"],
        row["title"],
        row["company"],
        row.get("location"),
        row["description"],
        json.dumps(row.get("skills", [])),
        row.get("season", SEASON),
    )


async def put_application(db: Connection, tenant: str, row: Row) -> None:
    """Put an application, of which a student has one for each vacancy."""
    await db.execute(PUT_APPLICATION, tenant, row["student_id"], row["job_id"], row["status"])


async def put_offer(db: Connection, tenant: str, row: Row) -> None:
    """Put an offer; one student, vacancy and kind make one."""
    accepted = row.get("accepted_on")
    await db.execute(
        PUT_OFFER,
        tenant,
        f"{row['student_id']}/{row['job_id']}/{row['kind']}",
        row["student_id"],
        row["job_id"],
        row["kind"],
        Decimal(str(row["ctc"])),
        date.fromisoformat(str(row["offered_on"])),
        None if accepted is None else date.fromisoformat(str(accepted)),
    )


async def resume_body(db: Connection, tenant: str, resume_id: str) -> str:
    """Return a resume's stored text, to show it beside its variant."""
    return str(await db.fetchval(RESUME_BODY, tenant, resume_id))


async def resume_row(db: Connection, tenant: str, resume_id: str) -> dict[str, object]:
    """Return a resume's columns but for its body, to be shown."""
    return dict(await db.fetchrow(RESUME_ROW, tenant, resume_id))
