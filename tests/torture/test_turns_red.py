"""An audit that never finds anything proves nothing: each safeguard is taken out once, and must be missed.

Every scenario runs twice, with the safeguard and without, and dies or stands still at the place where it matters.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence

import pytest

from aiworker.testing.llm.scenarios import EchoMap, ServerError, Step, Text
from tests.e2e.daemon import eventually
from tests.torture.audit import Report, audit
from tests.torture.canaries import VACANCY, plant
from tests.torture.meter import Play
from tests.torture.rig import Rig, opened_rig

JUNK = Text("I would rather write a poem.")
ONLY_ONE_RESULT = (
    "ALTER TABLE aiworker.resume_rewrites DROP CONSTRAINT resume_rewrites_pkey",
    "ALTER TABLE aiworker.outbox DROP CONSTRAINT outbox_run_id_event_key",
)
"""The belt beside the braces: with it in place the database refuses the second result by itself."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

with_and_without = pytest.mark.parametrize("is_on", [True, False], ids=["with", "without"])


def found(report: Report) -> dict[str, int]:
    """Return the findings of an audit, without what is clean."""
    counts = {promise: report.count(promise) for promise in report.broken}
    counts["two_results"] = len(report.keys_with_two_results)
    counts["unexcused"] = len(report.unexcused)
    return {name: count for name, count in counts.items() if count}


async def died_once(rig: Rig, killpoint: str, off: Sequence[str]) -> Report:
    """Work one job with a daemon that dies at the kill point, then with its successor."""
    await rig.add(1)
    place = rig.start(off=off, killpoint=killpoint)
    await eventually(lambda: len(place.lives) == 2, f"dies at {killpoint}", within=20.0)
    assert await rig.settles(30.0)
    await rig.end()
    assert [life.place for life in place.lives[:1]] == [killpoint]
    return await audit(rig)


async def overtaken(rig: Rig, off: Sequence[str], *, first: Step) -> Report:
    """Let one daemon stand still with the answer on its way until another has finished its job.

    The job has one attempt: a fault is its end. An unusable answer would not do, because the first copy, storing it,
    is given the answer that the second has stored.
    """
    answered = asyncio.Event()
    rig.meter.script = lambda job, before: Play(first, after=answered) if before == 0 else Play()
    # A short lock would tell the first daemon, which is just what a lost fence must not depend on.
    place = rig.start(off=off, clocks="patient")
    await eventually(lambda: place.log_says("health is off"), "the first daemon serves", within=20.0)
    (job,) = await rig.add(1, attempts=1)
    await eventually(lambda: len(rig.meter.asked) == 1, "the first daemon asks")
    (life,) = place.lives
    life.send(signal.SIGSTOP)
    await rig.deliver_again(job)
    rig.start(off=off, clocks="patient")
    await eventually(lambda: rig.core_api.received, "the second daemon finishes the job", within=20.0)
    assert await rig.settles(10.0)
    answered.set()
    await eventually(lambda: rig.meter.asked[0].status, "the first answer is on its way")
    life.send(signal.SIGCONT)
    await eventually(lambda: any(event["event"] == "job-ended" for event in life.events()), "the first copy ends")
    assert await rig.settles(10.0)
    await rig.end()
    return await audit(rig)


@with_and_without
async def test_without_the_outbox_a_worker_that_dies_after_its_commit_tells_nobody(
    database_url: str, is_on: bool
) -> None:
    async with opened_rig(database_url) as rig:
        report = await died_once(rig, "committed", [] if is_on else ["outbox"])

    assert found(report) == ({} if is_on else {"untold_results": 1})


@with_and_without
async def test_without_the_checkpoint_an_answer_that_could_have_been_stored_is_paid_again(
    database_url: str, is_on: bool
) -> None:
    async with opened_rig(database_url) as rig:
        report = await died_once(rig, "checkpointed", [] if is_on else ["checkpoint"])

    assert found(report) == ({} if is_on else {"unexcused": 1})
    assert report.extra_paid == (0 if is_on else 1)


@with_and_without
async def test_without_the_error_row_a_job_fails_and_nobody_can_say_why(database_url: str, is_on: bool) -> None:
    async with opened_rig(database_url) as rig:
        rig.meter.script = lambda job, before: Play(JUNK)
        report = await died_once(rig, "before_ack", [] if is_on else ["error-row"])

    assert (report.completed, report.failed) == (0, 1)
    assert found(report) == ({} if is_on else {"failures_without_row": 1})


@with_and_without
async def test_without_the_fence_a_copy_that_was_overtaken_fails_a_job_that_has_a_result(
    database_url: str, is_on: bool
) -> None:
    async with opened_rig(database_url) as rig:
        report = await overtaken(rig, [] if is_on else ["fence"], first=ServerError(500))

    assert found(report) == ({} if is_on else {"told_both": 1})


@with_and_without
async def test_without_the_fence_a_copy_that_was_overtaken_writes_a_second_result(
    database_url: str, is_on: bool
) -> None:
    async with opened_rig(database_url) as rig:
        for statement in ONLY_ONE_RESULT:
            await rig.db.execute(statement)
        report = await overtaken(rig, [] if is_on else ["fence"], first=EchoMap())

    assert found(report) == ({} if is_on else {"duplicates": 1, "two_results": 1})
    assert (report.extra_paid, report.overlapped) == (1, 1)


@with_and_without
async def test_without_safe_errors_what_a_provider_quotes_is_shown_in_redis(database_url: str, is_on: bool) -> None:
    async with opened_rig(database_url) as rig:
        await plant(rig)
        rig.meter.script = lambda job, before: Play(ServerError(500))
        await rig.add(1, attempts=1, job_description=VACANCY)
        rig.start(off=[] if is_on else ["safe-errors"])
        assert await rig.settles(30.0)
        await rig.end()
        report = await audit(rig)

    assert report.failed == 1
    assert report.broken["leaks"] == ([] if is_on else ["vacancy in Redis", "key in Redis"])


async def test_a_call_that_a_dead_worker_has_paid_for_is_excused(database_url: str) -> None:
    async with opened_rig(database_url) as rig:
        report = await died_once(rig, "llm_received", [])

    assert found(report) == {}
    assert (report.extra_paid, report.killed_in_pay_window) == (1, 1)


async def test_a_job_that_nobody_works_is_lost(database_url: str) -> None:
    async with opened_rig(database_url) as rig:
        await rig.add(1)
        report = await audit(rig)

    assert found(report) == {"lost": 1}
