"""One job about an attacked row, worked by a model that obeys, and every text it left behind."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import pytest

from aiworker.envelope import Envelope
from aiworker.errors import Decided
from aiworker.protocol import LLMReply, LLMRequest
from aiworker.runtime.execute import execute
from aiworker.store.database import Database
from aiworker.telemetry import logs
from tests.support import tables
from tests.support.injections import Attack, answer, found, leaves, payload, planted
from tests.support.jobs import ScriptedModel, envelope, insert_example, runtime

OF_OUR_OWN_RECORD = {
    "aiworker.calls": ("reply",),
    "aiworker.guard_findings": ("proposed", "token"),
    "aiworker.student_ai_summaries": ("findings",),
}
"""What keeps an answer, or the words a rule refused, on purpose."""
TOLD = ("aiworker.ai_job_errors", "aiworker.outbox", "aiworker.runs", "aiworker.audit", "aiworker.alerts")
"""What goes to Redis, to core-api or to people on duty, or is kept of it."""


@dataclass
class Obeying(ScriptedModel):
    """A model that gives one answer, whatever it is asked and however often."""

    says: str = ""

    async def answer(self, request: LLMRequest) -> LLMReply:
        self.asked.append(request)
        return LLMReply(self.says, self.provider, self.model, self.model, "end")


@dataclass(frozen=True)
class Left:
    """What a job wrote: texts by table, the receipt or the reason BullMQ is told."""

    written: dict[str, list[str]]
    said: str
    asked: list[LLMRequest] = field(default_factory=list[LLMRequest])

    def breaches(self, attack: Attack) -> list[tuple[str, str, str]]:
        """Return which words of the claim are in which table's texts."""
        return [(table, *one) for table, texts in self.written.items() for one in found(attack.claim, texts)]

    def told(self) -> list[str]:
        """Return what leaves the database, or is kept of what left."""
        return [self.said, *(text for table in TOLD for text in self.written.get(table, []))]


@pytest.fixture
def log() -> Generator[Callable[[], list[str]]]:
    """Write logs as `serve` does and read their texts back; reading ends the writing."""
    stream = io.StringIO()
    logs.configure("json", stream, "DEBUG")

    def texts() -> list[str]:
        logs.shutdown()
        return [text for line in stream.getvalue().splitlines() for text in leaves(json.loads(line))]

    yield texts
    logs.shutdown()


async def plant(database: Database, attack: Attack) -> None:
    """Insert the rows that hold the attack."""
    await insert_example(database, planted(attack))


def delivery(attack: Attack, job: str) -> Envelope:
    return envelope(payload(attack, job), name=job)


async def attacked(database: Database, attack: Attack, job: str) -> Left:
    """Run the job with a model that obeys and return what it left."""
    await plant(database, attack)
    before = await stored(database)
    model = Obeying(says=answer(attack, job))
    try:
        said = json.dumps(await execute(delivery(attack, job), runtime(database, llm=model)))
    except Decided as error:
        said = error.reason
    return Left(await written_since(database, before), said, model.asked)


async def stored(database: Database) -> dict[str, list[str]]:
    """Return every row of every table, as JSON."""
    async with database.transaction(None) as db:
        return {
            table: [row["json"] for row in await db.fetch(f"SELECT to_json(t)::text AS json FROM {table} t")]
            for table in await tables.names(db)
        }


async def written_since(database: Database, before: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return by table the texts of all rows that are new; a text that stood somewhere before is only a copy."""
    known = {text for found_rows in before.values() for row in found_rows for text in leaves(json.loads(row))}
    after = await stored(database)
    return {
        table: [text for row in after[table] if row not in before[table] for text in _texts(table, row) - known]
        for table in after
    }


def _texts(table: str, row: str) -> set[str]:
    columns: dict[str, Any] = json.loads(row)
    kept = {name: value for name, value in columns.items() if name not in OF_OUR_OWN_RECORD.get(table, ())}
    return {text for value in kept.values() for text in leaves(value)}
