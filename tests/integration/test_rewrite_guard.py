"""What the guard refuses is in no variant, and our own records say which texts those were and why."""

from __future__ import annotations

import json

import pytest

from aiworker.domain.resume import locator
from aiworker.errors import Decided
from aiworker.runtime.execute import execute
from aiworker.store.database import Database
from tests.integration.runtime.rows import errors, outbox, rows, runs, variants
from tests.support.jobs import EXAMPLE, HONEST, TENANT, ScriptedModel, envelope, insert_example, payload, runtime

PAYLOAD = EXAMPLE.payload
RESUME = next(resume for resume in EXAMPLE.resumes if resume.resume_id == PAYLOAD["resume_id"])
BULLETS = locator.read(RESUME.body).bullets
FABRICATED = "Built a REST endpoint with FastAPI and MongoDB that returns the refund status of 900 merchants"
WORN = "Leveraged 34 unit tests to raise branch coverage of the refund module from 61 % to 83 %"
FINDINGS = """
SELECT tenant_id, student_id, resume_id, run_id::text, section, rule, token, severity, original, proposed
FROM aiworker.guard_findings WHERE tenant_id = $1 ORDER BY finding_id
"""


@pytest.fixture(autouse=True)
async def example_rows(database: Database) -> None:
    await insert_example(database)


def answering(**texts: str) -> ScriptedModel:
    return ScriptedModel([json.dumps(texts)])


async def test_a_refused_bullet_keeps_its_text_and_the_findings_say_why(database: Database) -> None:
    model = answering(b0=HONEST, b1=FABRICATED, b2=WORN)
    receipt = await execute(envelope(), runtime(database, llm=model))
    (variant,) = await variants(database)
    stored = [bullet.text for bullet in locator.read(variant["body"]).bullets]
    assert stored == [HONEST, BULLETS[1].text, WORN, *(bullet.text for bullet in BULLETS[3:])]
    (record,) = await rows(database, "SELECT bullets FROM aiworker.resume_rewrites")
    changed = {bullet["id"]: bullet["changed"] for bullet in json.loads(record["bullets"])}
    assert changed == {bullet.id: bullet.id in ("b0", "b2") for bullet in BULLETS}

    found = await rows(database, FINDINGS, TENANT)
    whose = {
        "tenant_id": TENANT,
        "student_id": PAYLOAD["student_id"],
        "resume_id": PAYLOAD["resume_id"],
        "run_id": receipt["runId"],
    }
    assert all(whose.items() <= finding.items() for finding in found)
    assert [(finding["section"], finding["rule"], finding["token"], finding["severity"]) for finding in found] == [
        (BULLETS[1].path, "number", "900", "violation"),
        (BULLETS[1].path, "term", "MongoDB", "violation"),
        (BULLETS[2].path, "style", "leveraged", "warning"),
    ]
    texts = {BULLETS[1].path: (BULLETS[1].text, FABRICATED), BULLETS[2].path: (BULLETS[2].text, WORN)}
    assert [(finding["original"], finding["proposed"]) for finding in found] == [
        texts[finding["section"]] for finding in found
    ]
    assert receipt["writes"] == {"resumes": 1, "aiworker.resume_rewrites": 1, "aiworker.guard_findings": 3}


async def test_an_honest_answer_leaves_no_findings(database: Database) -> None:
    receipt = await execute(envelope(), runtime(database, llm=answering(b0=HONEST)))
    assert await rows(database, FINDINGS, TENANT) == []
    assert receipt["writes"] == {"resumes": 1, "aiworker.resume_rewrites": 1}


async def test_an_answer_of_which_nothing_is_left_writes_no_variant_and_tells_nobody(database: Database) -> None:
    with pytest.raises(Decided) as raised:
        await execute(envelope(), runtime(database, llm=answering(b1=FABRICATED)))
    assert raised.value.reason == "no_safe_change: No new text of the answer says only what the resume says."
    assert await variants(database) == [] and await outbox(database) == []
    (error,) = await errors(database)
    assert (error["tenant_id"], error["code"]) == (TENANT, "no_safe_change")
    assert "MongoDB" not in str(error)
    assert [run["state"] for run in await runs(database)] == ["failed"]


@pytest.mark.parametrize("source", ["row", "payload"])
async def test_the_vacancy_s_words_are_judged_with_the_text_that_was_used(database: Database, source: str) -> None:
    other = "You will count seaworthy boats at the old harbour every morning."
    of_row = "turn a nightly settlement script into a job"
    job = {"row": str(PAYLOAD["job_id"]), "payload": "elsewhere"}[source]
    texts = {
        "b0": f"Maintained the settlement report scripts weekly, {of_row}, and updated the runbook",
        "b3": "Tested the job, which handles approx. 12,000 rows a day at the old harbour every morning",
    }
    data = payload(job_id=job, job_description=other)
    await execute(envelope(data), runtime(database, llm=answering(**texts, b2=WORN)))
    found = await rows(database, FINDINGS, TENANT)
    copied = [finding["section"] for finding in found if finding["rule"] == "copied"]
    assert copied == [{"row": BULLETS[0].path, "payload": BULLETS[3].path}[source]]
