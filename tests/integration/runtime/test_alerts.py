"""Alerts: whatever ends a job for good is counted in the transaction that ends it, by tenant, code and minute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from aiworker.errors import Decided, JobFailed, ServiceUnreachable
from aiworker.policies import POLICIES
from aiworker.processors import PROCESSORS
from aiworker.queue.whereabouts import Place
from aiworker.runtime.execute import execute
from aiworker.runtime.reconcile import Reconciler
from aiworker.store import alerts as alerts_module
from aiworker.store.database import Database
from tests.integration.runtime.rows import alerts, errors, runs
from tests.support.jobs import TENANT, Clock, ScriptedModel, envelope, insert_example, runtime


class NoJobs:
    """A Redis nobody asks: no run is unfinished."""

    async def places(self, queue: str, jobs: Sequence[tuple[str, datetime]]) -> list[Place]:
        raise AssertionError(f"asked for {len(jobs)} jobs of {queue}")


async def fails(database: Database, clock: Clock, job_id: str, code: str = "refused") -> Decided:
    model = ScriptedModel([JobFailed("The model refused.", code=code)])
    with pytest.raises(Decided) as raised:
        await execute(envelope(job_id=job_id), runtime(database, llm=model, now=clock))
    return raised.value


@pytest.fixture
async def filled(database: Database) -> Database:
    await insert_example(database)
    return database


async def test_failures_of_one_minute_and_code_are_one_alert(filled: Database) -> None:
    clock = Clock()
    for number in range(3):
        await fails(filled, clock, f"job-{number}")
    assert await alerts(filled) == [(TENANT, "refused", 3)]


async def test_another_code_and_another_minute_are_alerts_of_their_own(filled: Database) -> None:
    clock = Clock()
    await fails(filled, clock, "job-1")
    await fails(filled, clock, "job-2", code="model_not_found")
    clock.move(timedelta(minutes=1))
    await fails(filled, clock, "job-3")
    assert await alerts(filled) == [(TENANT, "model_not_found", 1), (TENANT, "refused", 1), (TENANT, "refused", 1)]


async def test_a_failure_nobody_can_read_the_tenant_of_is_told_without_one(filled: Database) -> None:
    with pytest.raises(Decided):
        await execute(envelope("{"), runtime(filled))
    assert await alerts(filled) == [("", "bad_envelope", 1)]


async def test_without_its_alert_a_failure_is_not_recorded_at_all(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*args: object, **kwargs: object) -> bool:
        raise ServiceUnreachable("between two statements")

    monkeypatch.setattr(alerts_module, "note", fail)
    await fails(filled, Clock(), "job-1")
    assert [run["state"] for run in await runs(filled)] == ["running"] and not await errors(filled)


async def test_a_job_that_comes_back_alerts_nobody(filled: Database) -> None:
    model = ScriptedModel([ServiceUnreachable("for a moment")])
    with pytest.raises(Decided):
        await execute(envelope(), runtime(filled, llm=model))
    assert await alerts(filled) == []


async def test_windows_of_90_days_ago_are_forgotten_with_the_other_housekeeping(filled: Database) -> None:
    clock = Clock()
    await fails(filled, clock, "job-1")
    clock.move(timedelta(days=1))
    await fails(filled, clock, "job-2", code="model_not_found")
    clock.move(timedelta(days=89))
    reconciler = Reconciler(filled, NoJobs(), "bull", ["ai-jobs"], PROCESSORS, POLICIES, clock, "worker")
    await reconciler.pass_once()
    assert await alerts(filled) == [(TENANT, "model_not_found", 1)]
