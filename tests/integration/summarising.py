"""The example of generate-student-summary in the database, answers to it, and what its runs left."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from aiworker.envelope import Envelope
from aiworker.processors import PROCESSORS
from aiworker.protocol import JsonValue, LLMRequest
from aiworker.runtime import examples
from aiworker.store.database import Database
from tests.integration.runtime.rows import rows
from tests.support.jobs import ScriptedModel, envelope
from tests.unit.domain.students.profiles import EXAMPLE
from tests.unit.domain.students.summaries import HONEST

JOB = EXAMPLE.job
TENANT, PAYLOAD = EXAMPLE.tenant, EXAMPLE.payload
STUDENT = str(PAYLOAD["student_id"])
LIES = "The student is outstanding. They know Kubernetes."
OTHER = HONEST[STUDENT][1]
(PROCESSOR,) = (processor for processor in PROCESSORS if processor.name == JOB)


@pytest.fixture(autouse=True)
async def example_rows(database: Database) -> None:
    async with database.transaction(TENANT) as db:
        await examples.insert(db, EXAMPLE)


def job(**changes: JsonValue) -> Envelope:
    return envelope({**PAYLOAD, **changes}, name=JOB)


def answer(text: str) -> str:
    return json.dumps({"summary": text})


def model(*answers: str | BaseException | Callable[[LLMRequest], str]) -> ScriptedModel:
    """Return a model that answers with these texts."""
    return ScriptedModel([answer(text) if isinstance(text, str) else text for text in answers])


async def summaries(database: Database) -> list[dict[str, Any]]:
    return await rows(database, "SELECT * FROM aiworker.student_ai_summaries ORDER BY generated_at")


async def findings(database: Database) -> list[dict[str, Any]]:
    (row,) = await summaries(database)
    return json.loads(row["findings"])
