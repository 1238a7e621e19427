"""The example of rewrite-resume in the database, texts for its bullets, and what its runs left."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aiworker.domain.resume import locator
from aiworker.store.database import Database
from tests.integration.runtime.rows import rows, variants
from tests.support.jobs import EXAMPLE, TENANT, ScriptedModel, insert_example

PAYLOAD = EXAMPLE.payload
RESUME = next(resume for resume in EXAMPLE.resumes if resume.resume_id == PAYLOAD["resume_id"])
BULLETS = locator.read(RESUME.body).bullets
FABRICATED = "Built a REST endpoint with FastAPI and MongoDB that returns the refund status of 900 merchants"
"""What the second bullet does not say."""
_FINDINGS = """
SELECT tenant_id, student_id, resume_id, run_id::text, section, rule, token, severity, original, proposed
FROM aiworker.guard_findings WHERE tenant_id = $1 ORDER BY finding_id
"""


@pytest.fixture(autouse=True)
async def example_rows(database: Database) -> None:
    await insert_example(database)


def answering(**texts: str) -> ScriptedModel:
    return ScriptedModel([json.dumps(texts)])


async def stored(database: Database) -> list[str]:
    """Return the bullets of the one variant there is."""
    (variant,) = await variants(database)
    return [bullet.text for bullet in locator.read(variant["body"]).bullets]


async def changed(database: Database) -> dict[str, bool]:
    """Return what the one record says of each bullet."""
    (record,) = await rows(database, "SELECT bullets FROM aiworker.resume_rewrites")
    return {bullet["id"]: bullet["changed"] for bullet in json.loads(record["bullets"])}


async def findings(database: Database) -> list[dict[str, Any]]:
    return await rows(database, _FINDINGS, TENANT)
