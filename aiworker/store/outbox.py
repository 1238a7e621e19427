"""Messages that leave after commit, under a lease so that a dead worker's come back; `runs.succeed` writes them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiworker.protocol import Connection, JsonValue

LEASE_OF_RUN = """
UPDATE aiworker.outbox SET locked_until = $3, tries = tries + 1
WHERE message_id IN (
    SELECT message_id FROM aiworker.outbox
    WHERE run_id = $1 AND sent_at IS NULL AND dead_at IS NULL
      AND next_at <= $2 AND (locked_until IS NULL OR locked_until <= $2)
      AND split_part(target, ':', 1) = ANY ($4::text[])
    FOR UPDATE SKIP LOCKED)
RETURNING message_id, run_id, event, tenant_id, kind, target, body, idempotency_key, tries, first_tried_at
"""

LEASE_DUE = """
UPDATE aiworker.outbox SET locked_until = $2, tries = tries + 1
WHERE message_id IN (
    SELECT message_id FROM aiworker.outbox
    WHERE sent_at IS NULL AND dead_at IS NULL
      AND next_at <= $1 AND (locked_until IS NULL OR locked_until <= $1)
      AND split_part(target, ':', 1) = ANY ($3::text[])
    ORDER BY next_at LIMIT $4
    FOR UPDATE SKIP LOCKED)
RETURNING message_id, run_id, event, tenant_id, kind, target, body, idempotency_key, tries, first_tried_at
"""

ONLY_ONE = "SELECT pg_try_advisory_xact_lock(hashtext('aiworker.relay'))"

SENT = """
UPDATE aiworker.outbox SET sent_at = $3, last_status = $4, locked_until = NULL
WHERE message_id = $1 AND tenant_id = $2 AND tries = $5 AND sent_at IS NULL AND dead_at IS NULL
"""

POSTPONE = """
UPDATE aiworker.outbox
SET next_at = $3, last_status = $4, locked_until = NULL, first_tried_at = coalesce(first_tried_at, $6)
WHERE message_id = $1 AND tenant_id = $2 AND tries = $5 AND sent_at IS NULL AND dead_at IS NULL
"""

BURY = """
UPDATE aiworker.outbox SET dead_at = $3, last_status = $4, locked_until = NULL
WHERE message_id = $1 AND tenant_id = $2 AND tries = $5 AND sent_at IS NULL AND dead_at IS NULL
RETURNING message_id
"""


OF_RUN = """
SELECT event, target, body::text AS body, sent_at, dead_at, last_status
FROM aiworker.outbox WHERE run_id = $1 AND tenant_id = $2 ORDER BY created_at
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One leased outbox row; `tries` counts this one."""

    message_id: str
    run_id: str
    event: str
    tenant: str
    kind: str
    target: str
    body: dict[str, JsonValue]
    idempotency_key: str
    tries: int
    first_tried_at: datetime | None


async def lease_of_run(
    db: Connection, run_id: str, *, receivers: Collection[str], now: datetime, lease: timedelta
) -> list[Message]:
    """Take this run's unsent messages that are due and for one of the `receivers`, for `lease`; one statement."""
    rows = await db.fetch(LEASE_OF_RUN, run_id, now, now + lease, list(receivers))
    return [_message(dict(row)) for row in rows]


async def lease_due(
    db: Connection, *, receivers: Collection[str], now: datetime, lease: timedelta, limit: int
) -> list[Message]:
    """Take due messages of every tenant, for `lease`; none if another worker is taking some right now.

    Those for none of the `receivers` are left to the processes that have theirs.
    """
    if not await db.fetchval(ONLY_ONE):
        return []
    rows = await db.fetch(LEASE_DUE, now, now + lease, list(receivers), limit)
    return [_message(dict(row)) for row in rows]


async def of_run(db: Connection, run_id: str, tenant: str) -> list[dict[str, JsonValue]]:
    """Describe a run's messages: event, target, body, and whether they were sent."""
    return [
        {
            "event": str(row["event"]),
            "target": str(row["target"]),
            "body": json.loads(row["body"]),
            "state": "sent" if row["sent_at"] else "dead" if row["dead_at"] else "waiting",
            "lastStatus": row["last_status"],
        }
        for row in await db.fetch(OF_RUN, run_id, tenant)
    ]


async def mark_sent(db: Connection, message: Message, *, now: datetime, status: str) -> None:
    """Record that the receiver has the message, unless somebody else holds it by now."""
    await db.execute(SENT, message.message_id, message.tenant, now, status, message.tries)


async def postpone(db: Connection, message: Message, *, until: datetime, status: str, now: datetime) -> None:
    """Record a failed try and when to try again."""
    await db.execute(POSTPONE, message.message_id, message.tenant, until, status, message.tries, now)


async def bury(db: Connection, message: Message, *, now: datetime, status: str) -> bool:
    """Give the message up; it stays visible. False if somebody else holds it by now, or has sent it."""
    return await db.fetchval(BURY, message.message_id, message.tenant, now, status, message.tries) is not None


def _message(row: dict[str, object]) -> Message:
    first_tried_at = row["first_tried_at"]
    assert first_tried_at is None or isinstance(first_tried_at, datetime)
    return Message(
        message_id=str(row["message_id"]),
        run_id=str(row["run_id"]),
        event=str(row["event"]),
        tenant=str(row["tenant_id"]),
        kind=str(row["kind"]),
        target=str(row["target"]),
        body=json.loads(str(row["body"])),
        idempotency_key=str(row["idempotency_key"]),
        tries=int(str(row["tries"])),
        first_tried_at=first_tried_at,
    )
