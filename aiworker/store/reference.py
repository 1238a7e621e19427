"""Rows for the reference version of the platform's tables: examples, demo and tests only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from aiworker.protocol import Connection, JsonValue

INSERT_STUDENT = """
INSERT INTO students (tenant_id, id, roll_number, name, email, phone, degree, branch, year, cgpa, skills, verified_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::json, $12)
ON CONFLICT (id) DO NOTHING
"""

INSERT_RESUME = """
INSERT INTO resumes (tenant_id, id, student_id, title, body)
VALUES ($1, $2, $3, $4, $5::json)
ON CONFLICT (id) DO NOTHING
"""

INSERT_VACANCY = """
INSERT INTO jobs (tenant_id, id, title, company, location, description, skills, season)
VALUES ($1, $2, $3, $4, $5, $6, $7::json, $8)
ON CONFLICT (id) DO NOTHING
"""

INSERT_APPLICATION = """
INSERT INTO applications (tenant_id, student_id, job_id, status) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, student_id, job_id) DO NOTHING
"""

INSERT_OFFER = """
INSERT INTO offers (tenant_id, id, student_id, job_id, kind, ctc, offered_on, accepted_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO NOTHING
"""

SEASON = "2026-27"
"""The season of a vacancy that names none."""

RESUME_BODY = "SELECT body::text FROM resumes WHERE tenant_id = $1 AND id = $2"

RESUME_ROW = """
SELECT id, tenant_id, student_id, title, is_ai_variant, base_resume_id, created_at
FROM resumes WHERE tenant_id = $1 AND id = $2
"""

Row = Mapping[str, JsonValue]


async def insert_student(db: Connection, tenant: str, row: Row, *, verified_at: datetime | None = None) -> None:
    """Insert a student unless the id is taken."""
    cgpa = row.get("cgpa")
    await db.execute(
        INSERT_STUDENT,
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


async def insert_resume(db: Connection, tenant: str, *, resume_id: str, student: str, title: str, body: str) -> None:
    """Insert a resume unless the id is taken; `body` is stored to the letter."""
    await db.execute(INSERT_RESUME, tenant, resume_id, student, title, body)


async def insert_vacancy(db: Connection, tenant: str, row: Row) -> None:
    """Insert a vacancy unless the id is taken."""
    await db.execute(
        INSERT_VACANCY,
        tenant,
        row["id"],
        row["title"],
        row["company"],
        row.get("location"),
        row["description"],
        json.dumps(row.get("skills", [])),
        row.get("season", SEASON),
    )


async def insert_application(db: Connection, tenant: str, row: Row) -> None:
    """Insert an application unless the student has applied there already."""
    await db.execute(INSERT_APPLICATION, tenant, row["student_id"], row["job_id"], row["status"])


async def insert_offer(db: Connection, tenant: str, row: Row) -> None:
    """Insert an offer; one student, vacancy and kind make one offer, however often they are inserted."""
    accepted = row.get("accepted_on")
    await db.execute(
        INSERT_OFFER,
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
