"""The example of suggest-improvements in the database, answers to it, and what its runs left."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aiworker.domain.resume import locator
from aiworker.envelope import Envelope
from aiworker.protocol import JsonValue
from aiworker.runtime import examples
from aiworker.store.database import Database
from tests.integration.runtime.rows import rows
from tests.support.jobs import envelope, insert_example, processor_of

JOB = "suggest-improvements"
EXAMPLE = examples.load(JOB)
TENANT, PAYLOAD = EXAMPLE.tenant, EXAMPLE.payload
PROCESSOR = processor_of(JOB)
STUDENT, RESUME, VACANCY = (str(PAYLOAD[name]) for name in ("student_id", "resume_id", "job_id"))
(BODY,) = (resume.body for resume in EXAMPLE.resumes if resume.resume_id == RESUME)
BULLETS = locator.read(BODY).bullets
BETTER = {
    0: "Maintained the settlement report scripts and updated the runbook weekly",
    3: "Contributed to testing the reconciliation job, which handles approx. 12,000 rows a day",
    7: "Reduced food waste worth ₹1.2 lakh over 2 semesters, as measured by the mess committee",
}


@pytest.fixture(autouse=True)
async def example_rows(database: Database) -> None:
    await insert_example(database, EXAMPLE)


def item(number: int, text: str) -> dict[str, JsonValue]:
    return {"id": f"b{number}", "text": text, "reason": "Says it with a verb."}


def answer(*items: object) -> str:
    return json.dumps({"suggestions": items})


def better(*numbers: int) -> str:
    """Return an answer that improves these bullets."""
    return answer(*(item(number, BETTER[number]) for number in numbers))


ANSWER = better(*BETTER)


def job(data: object = None) -> Envelope:
    return envelope(PAYLOAD if data is None else data, name=JOB)


async def suggestions(database: Database) -> list[dict[str, Any]]:
    return await rows(database, "SELECT * FROM aiworker.resume_suggestions ORDER BY created_at, section")
