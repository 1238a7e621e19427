"""Who did what to a run, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aiworker.protocol import Connection, JsonValue

WRITE = """
INSERT INTO aiworker.audit (actor, action, run_id, tenant_id, reason, details)
VALUES ($1, $2, $3, $4, $5, $6::json)
RETURNING audit_id
"""


async def write(
    db: Connection,
    *,
    actor: str,
    action: str,
    run_id: str | None = None,
    tenant: str | None = None,
    reason: str = "",
    details: Mapping[str, JsonValue] | None = None,
) -> int:
    """Write an audit row and return its number."""
    return int(str(await db.fetchval(WRITE, actor, action, run_id, tenant, reason, json.dumps(details or {}))))
