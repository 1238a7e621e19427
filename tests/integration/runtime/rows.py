"""What a run left in the database, for assertions."""

from __future__ import annotations

from typing import Any

from aiworker.errors import AiworkerError
from aiworker.store.database import Database
from tests.support.jobs import NOW


async def rows(database: Database, query: str, *args: object) -> list[dict[str, Any]]:
    async with database.transaction(None) as db:
        return [dict(row) for row in await db.fetch(query, *args)]


async def runs(database: Database) -> list[dict[str, Any]]:
    return await rows(database, "SELECT * FROM aiworker.runs ORDER BY created_at, epoch")


async def variants(database: Database) -> list[dict[str, Any]]:
    return await rows(
        database, "SELECT id, student_id, base_resume_id, body::text AS body FROM resumes WHERE is_ai_variant"
    )


async def errors(database: Database) -> list[dict[str, Any]]:
    return await rows(database, "SELECT * FROM aiworker.ai_job_errors")


async def outbox(database: Database) -> list[dict[str, Any]]:
    return await rows(database, "SELECT * FROM aiworker.outbox ORDER BY created_at")


def outcome(error: AiworkerError) -> object:
    return error.outcome(NOW)


async def alerts(database: Database) -> list[tuple[str, str, int]]:
    """Return tenant, code and count of every window, in order."""
    found = await rows(
        database, "SELECT tenant_id, code, count FROM aiworker.alerts ORDER BY window_at, tenant_id, code"
    )
    return [(row["tenant_id"], row["code"], row["count"]) for row in found]
