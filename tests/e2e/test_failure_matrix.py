"""The failure matrix at its kill points: whenever a worker dies, one result, one callback key, no call paid in vain.

The other rows stand where their part is tested: `tests/integration/queue` (Redis away, broken data, stalls, drains),
`tests/integration/runtime` (providers, database, limits, replay), `tests/integration/outbound` (core-api) and
`tests/torture` (all of them at once).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest

from aiworker.runtime.killpoints import NAMES
from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import EchoMap, Text
from tests.e2e.daemon import Site
from tests.support.doors import variables
from tests.support.jobs import payload

KILLED = -9
ONE_RESULT = "SELECT count(*) FROM resumes WHERE is_ai_variant"


@dataclass(frozen=True, slots=True)
class Death:
    """Where a worker dies, how often the model is asked in all, and how often core-api hears of the result."""

    at: str
    asked: int = 1
    told: int = 1


DEATHS = (
    Death("claimed"),
    Death("llm_sent"),
    Death("llm_received", asked=2),  # The one window in which money is lost.
    Death("checkpointed"),
    Death("in_tx"),
    Death("committed"),
    Death("called", told=2),
    Death("before_ack"),
)


@pytest.fixture
async def fake() -> AsyncGenerator[FakeProviders]:
    async with FakeProviders() as opened:
        opened.default(EchoMap("Improved: "))
        yield opened


async def dies(site: Site, fake: FakeProviders, at: str, job: str) -> None:
    """Have a worker die at a place, and BullMQ find the job it had in hand."""
    mortal = await site.start("serve", **variables(fake, "openai"), AIWORKER_KILLPOINT=at)
    assert await mortal.ended() == KILLED
    assert [line["state"] for line in mortal.told("killed-at")] == [at]
    await site.deliver_again(job)
    # What the dead worker had leased comes free after 30 s; a test does not wait for that.
    await site.db.execute("UPDATE aiworker.outbox SET locked_until = now() WHERE sent_at IS NULL")


def test_every_kill_point_is_a_row() -> None:
    assert [death.at for death in DEATHS] == list(NAMES)


@pytest.mark.parametrize("death", DEATHS, ids=lambda death: death.at)
async def test_a_worker_that_dies_there_leaves_one_result(site: Site, fake: FakeProviders, death: Death) -> None:
    job = (await site.add(payload())).id
    await dies(site, fake, death.at, job)
    successor = await site.serve(**variables(fake, "openai"))
    await site.reaches(job, "completed")
    await site.core_api.wait_for(death.told)
    assert await successor.stop() == 0

    assert len(fake.requests) == death.asked
    assert await site.db.fetchval(ONE_RESULT) == 1
    assert [run["state"] for run in await site.rows("SELECT state FROM aiworker.runs")] == ["succeeded"]
    assert len(site.core_api.received) == death.told
    assert len({each.headers["idempotency-key"] for each in site.core_api.received}) == 1
    assert await site.rows("SELECT 1 FROM aiworker.ai_job_errors") == []
    assert (await site.receipt(job))["resultId"] == site.core_api.received[0].body["resultId"]


async def test_a_worker_that_dies_between_its_failure_row_and_bullmq_repeats_the_failure(
    site: Site, fake: FakeProviders
) -> None:
    fake.default(Text("No map at all."))
    job = (await site.add(payload())).id
    await dies(site, fake, "before_ack", job)
    successor = await site.serve(**variables(fake, "openai"))
    await site.reaches(job, "failed")
    assert await successor.stop() == 0

    assert len(fake.requests) == 1
    assert (await site.hash(job))["failedReason"].startswith("invalid_answer: ")
    assert len(await site.rows("SELECT 1 FROM aiworker.ai_job_errors")) == 1
    assert [run["state"] for run in await site.rows("SELECT state FROM aiworker.runs")] == ["failed"]


@pytest.mark.timeout(90)  # It starts four daemons, one after the other.
async def test_a_job_that_kills_every_worker_is_poisoned_and_told(site: Site, fake: FakeProviders) -> None:
    job = (await site.add(payload())).id
    for _ in range(3):
        await dies(site, fake, "claimed", job)
    last = await site.serve(**variables(fake, "openai"))
    await site.reaches(job, "failed")
    assert await last.stop() == 0

    assert fake.requests == []
    assert (await site.hash(job))["failedReason"].startswith("poisoned: ")
    assert [row["code"] for row in await site.rows("SELECT code FROM aiworker.ai_job_errors")] == ["poisoned"]
