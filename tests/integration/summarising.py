"""The example of generate-student-summary in the database, lies about it, and what its runs left."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aiworker.envelope import Envelope
from aiworker.protocol import JsonValue
from aiworker.store.database import Database
from tests.integration.runtime.rows import rows
from tests.support.jobs import envelope, insert_example, processor_of
from tests.unit.domain.students.profiles import EXAMPLE
from tests.unit.domain.students.summaries import HONEST

JOB = EXAMPLE.job
TENANT, PAYLOAD = EXAMPLE.tenant, EXAMPLE.payload
STUDENT = str(PAYLOAD["student_id"])
LIES = "The student is outstanding. They know Kubernetes."
OTHER = HONEST[STUDENT][1]
PROCESSOR = processor_of(JOB)


@pytest.fixture(autouse=True)
async def example_rows(database: Database) -> None:
    await insert_example(database, EXAMPLE)


def job(**changes: JsonValue) -> Envelope:
    return envelope({**PAYLOAD, **changes}, name=JOB)


async def summaries(database: Database) -> list[dict[str, Any]]:
    return await rows(database, "SELECT * FROM aiworker.student_ai_summaries ORDER BY generated_at")


async def findings(database: Database) -> list[dict[str, Any]]:
    (row,) = await summaries(database)
    return json.loads(row["findings"])
