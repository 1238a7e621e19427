"""Alerts: one row for a kind of trouble, a tenant and a minute; the first of a window is worth telling somebody."""

from __future__ import annotations

from datetime import datetime, timedelta

from aiworker.protocol import Connection

NOTE = """
INSERT INTO aiworker.alerts AS a (tenant_id, code, window_at, first_run_id)
VALUES (coalesce($1, ''), $2, date_trunc('minute', $3::timestamptz), $4)
ON CONFLICT (tenant_id, code, window_at) DO UPDATE SET count = a.count + 1
RETURNING count
"""


PURGE = """
WITH gone AS (
    DELETE FROM aiworker.alerts WHERE (tenant_id, code, window_at) IN (
        SELECT tenant_id, code, window_at FROM aiworker.alerts WHERE window_at <= $1 ORDER BY window_at LIMIT $2)
    RETURNING 1)
SELECT count(*)::int FROM gone
"""

KEEP = timedelta(days=90)


async def note(db: Connection, code: str, *, run_id: str, tenant: str | None, now: datetime) -> bool:
    """Count this trouble in its window and say whether it is the first there.

    Others of the same window wait for the commit: do it last.
    """
    return await db.fetchval(NOTE, tenant, code, now, run_id) == 1


async def purge(db: Connection, *, now: datetime, limit: int = 1_000) -> int:
    """Delete windows that are 90 days old and return how many."""
    return int(str(await db.fetchval(PURGE, now - KEEP, limit)))
