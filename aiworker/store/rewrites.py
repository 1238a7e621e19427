"""Our record of a rewrite, beside the variant that the platform shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from aiworker.protocol import Connection, JsonValue

RECORD_REWRITE = """
INSERT INTO aiworker.resume_rewrites
    (run_id, tenant_id, student_id, base_resume_id, variant_id, vacancy_id, vacancy_source, tone, provider, model,
     bullets, ignored_ids, truncated)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::json, $12::json, $13::json)
"""


async def record(
    db: Connection,
    *,
    run_id: str,
    tenant: str,
    student: str,
    base: str,
    variant: str,
    vacancy: str,
    vacancy_source: str,
    tone: str,
    provider: str,
    model: str,
    bullets: Sequence[Mapping[str, JsonValue]],
    ignored: Sequence[str],
    truncated: Mapping[str, JsonValue],
) -> None:
    """Write what was used, what changed, and which source bullets were verified."""
    await db.execute(
        RECORD_REWRITE,
        run_id,
        tenant,
        student,
        base,
        variant,
        vacancy,
        vacancy_source,
        tone,
        provider,
        model,
        json.dumps([dict(bullet) for bullet in bullets], ensure_ascii=False),
        json.dumps(list(ignored)),
        json.dumps(dict(truncated)),
    )
