"""A resume as OpenResume exports it, in an object beside its settings, through the three jobs that read resumes."""

from __future__ import annotations

import json

import pytest

from aiworker.domain.resume import locator
from aiworker.domain.resume.structure import assert_same_structure
from aiworker.runtime.execute import execute
from aiworker.store.database import Database
from tests.integration.runtime.rows import rows, variants
from tests.support.jobs import EXAMPLE, TENANT, ScriptedModel, envelope, honest, insert_example, runtime

PAYLOAD = next(data for data in EXAMPLE.payloads if data["resume_id"] == "res-corvin")
(RESUME,) = (resume.body for resume in EXAMPLE.resumes if resume.resume_id == "res-corvin")
SETTINGS = '{ "fontSize" : "11", "margin": 8.40 }'
BODY = f'{{"resume" : {RESUME.strip()}, "settings":{SETTINGS}}}'
ASKED = {name: PAYLOAD[name] for name in ("tenant_id", "student_id", "resume_id")}


@pytest.fixture(autouse=True)
async def example_rows(database: Database) -> None:
    await insert_example(database)
    await rows(database, "UPDATE resumes SET body = $1::json WHERE id = 'res-corvin'", BODY)


async def test_a_rewrite_changes_its_bullets_and_nothing_else(database: Database) -> None:
    await execute(envelope(PAYLOAD), runtime(database))
    (variant,) = await variants(database)
    before, after = locator.read(BODY), locator.read(variant["body"])
    assert_same_structure(before.tree, after.tree, before.bullets)
    changed = [old.path for old, new in zip(before.bullets, after.bullets, strict=True) if old.text != new.text]
    assert len(changed) > 5
    assert all(path.startswith("resume.") for path in changed)
    assert variant["body"].endswith(f'"settings":{SETTINGS}}}')


async def test_the_places_of_suggestions_begin_with_the_object(database: Database) -> None:
    await execute(envelope(ASKED, name="suggest-improvements"), runtime(database))
    found = await rows(database, "SELECT section, original FROM aiworker.resume_suggestions")
    texts = {bullet.path: bullet.text for bullet in locator.read(BODY).bullets}
    assert found and all(texts[row["section"]] == row["original"] for row in found)


async def test_a_summary_tells_what_lies_in_it(database: Database) -> None:
    data = {"tenant_id": TENANT, "student_id": PAYLOAD["student_id"]}
    await execute(envelope(data, name="generate-student-summary"), runtime(database))
    (row,) = await rows(database, "SELECT summary FROM aiworker.student_ai_summaries")
    assert "Assistant Financial Accountant at Hartsmoor Timber Group" in row["summary"]
    assert "Ledger template for charities" in row["summary"] and "Power Query" in row["summary"]


async def test_what_the_guard_refuses_is_stored_with_its_place_in_the_object(database: Database) -> None:
    kept = locator.read(BODY).bullets[2].text
    texts = {"b0": "Reconciled the 45 bank accounts of the group monthly", "b2": honest(kept)}
    await execute(envelope(PAYLOAD), runtime(database, llm=ScriptedModel([json.dumps(texts)])))
    found = await rows(database, "SELECT section, rule FROM aiworker.guard_findings WHERE severity = 'violation'")
    assert ("resume.workExperiences.0.descriptions.0", "number") in {(row["section"], row["rule"]) for row in found}
