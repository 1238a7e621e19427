"""Our summaries of placement seasons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from aiworker.protocol import Connection, JsonValue

HIDDEN_LATELY = """
SELECT suppressed::text FROM aiworker.analytics_summaries
WHERE tenant_id = $1 AND season = $2 AND filters::jsonb = '{}'
ORDER BY generated_at DESC LIMIT 1
"""

TEXT = "SELECT summary FROM aiworker.analytics_summaries WHERE tenant_id = $1 AND id = $2"

RECORD_SUMMARY = """
INSERT INTO aiworker.analytics_summaries
    (tenant_id, season, filters, run_id, summary, facts, suppressed, source, provider, model, generated_at)
VALUES ($1, $2, $3::json, $4, $5, $6::json, $7::json, $8, $9, $10, $11)
RETURNING id
"""


async def hidden_lately(db: Connection, tenant: str, season: str) -> frozenset[str]:
    """Return the ids that the latest summary of a season kept hidden; none if there is no such summary.

    Of the whole season: a summary with filters is compared with no other.
    """
    text = await db.fetchval(HIDDEN_LATELY, tenant, season)
    return frozenset(json.loads(text)) if text else frozenset()


async def text(db: Connection, tenant: str, summary_id: str) -> str:
    """Return a summary's text, to be shown."""
    return str(await db.fetchval(TEXT, tenant, summary_id))


async def record(
    db: Connection,
    *,
    tenant: str,
    season: str,
    filters: Mapping[str, JsonValue],
    run_id: str,
    summary: str,
    facts: Sequence[Mapping[str, JsonValue]],
    suppressed: Sequence[str],
    source: str,
    provider: str,
    model: str,
    now: datetime,
) -> str:
    """Write a run's summary with the facts it was filled with, and return its id."""
    summary_id = await db.fetchval(
        RECORD_SUMMARY,
        tenant,
        season,
        json.dumps(dict(filters), ensure_ascii=False),
        run_id,
        summary,
        json.dumps([dict(fact) for fact in facts], ensure_ascii=False),
        json.dumps(list(suppressed)),
        source,
        provider,
        model,
        now,
    )
    return str(summary_id)
