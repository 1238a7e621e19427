"""Examples and cases look the same whatever earlier runs stored, and take nothing of it away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aiworker.processors import PROCESSORS
from aiworker.protocol import JsonValue
from aiworker.runtime import cases, examples, subjects
from aiworker.runtime.execute import execute
from aiworker.runtime.fixtures import Bench
from aiworker.runtime.preview import previewing
from aiworker.settings import Settings
from aiworker.store.database import Database
from tests.integration.runtime.rows import rows
from tests.support import tables
from tests.support.jobs import envelope, insert_example, runtime

JOBS = sorted(processor.name for processor in PROCESSORS)
CASES = Path(__file__).parents[3] / "examples" / "fixtures"
OFFLINE = Settings.checked({"llm_provider": "offline"}, {})
SEASON_BEFORE: dict[str, JsonValue] = {"season": "2025-26"}
HIDDEN = json.dumps(["placed", "applied", "placement_rate", "applicant_rate", "offers"])


async def work(database: Database, job: str) -> None:
    """Work what the example holds, and let the season before keep hidden what a case tells of."""
    example = examples.load(job)
    await insert_example(database, example)
    wired = runtime(database)
    for data in example.payloads:
        await execute(envelope(data, name=job), wired)
    if job == "generate-analytics-summary":
        await execute(envelope({**example.payload, **SEASON_BEFORE}, name=job), wired)
        await rows(database, "UPDATE aiworker.analytics_summaries SET suppressed = $1::json", HIDDEN)


async def stored(database: Database) -> dict[str, int]:
    async with database.transaction(None) as db:
        return {table: await db.fetchval(f"SELECT count(*) FROM {table}") for table in await tables.names(db)}


async def sent(job: str, url: str) -> list[bytes]:
    """Return what would be sent for the job's example."""
    subject, example = subjects.of_example(OFFLINE, job)
    async with previewing(subject, OFFLINE, url, [], example=example, for_snapshot=True) as previewer:
        return [preview.body for preview in previewer.previews()]


@pytest.mark.parametrize("job", JOBS)
async def test_shipped_cases_pass_where_their_jobs_have_run(job: str, database: Database, database_url: str) -> None:
    await work(database, job)
    before, bench = await stored(database), Bench(OFFLINE, database_url)
    verdicts = [await bench.verdict(await bench.ready(case)) for case in cases.read(CASES / job)]
    assert [(each.case.file, each.differences) for each in verdicts if not each.passed] == []
    assert len(verdicts) > 20
    assert await stored(database) == before


@pytest.mark.parametrize("job", JOBS)
async def test_an_example_is_sent_as_at_first(job: str, database: Database, database_url: str) -> None:
    at_first = await sent(job, database_url)
    await work(database, job)
    assert await sent(job, database_url) == at_first != []
