"""Alerts: one row for a kind of trouble, a tenant and a minute; the first of a window is worth telling somebody."""

from __future__ import annotations

from datetime import datetime

from aiworker.protocol import Connection

NOTE = """
INSERT INTO aiworker.alerts AS a (tenant_id, code, window_at, first_run_id)
VALUES (coalesce($1, ''), $2, date_trunc('minute', $3::timestamptz), $4)
ON CONFLICT (tenant_id, code, window_at) DO UPDATE SET count = a.count + 1
RETURNING count
"""


async def note(db: Connection, code: str, *, run_id: str, tenant: str | None, now: datetime) -> bool:
    """Count this trouble in its window and say whether it is the first there.

    Others of the same window wait for the commit: do it last.
    """
    return await db.fetchval(NOTE, tenant, code, now, run_id) == 1
