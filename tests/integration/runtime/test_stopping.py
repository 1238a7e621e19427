"""Drains, signals, and what stopping does to the job in hand."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from aiworker.errors import Decided, ExitCode, JobFailed, Snooze
from aiworker.processors import PROCESSORS
from aiworker.protocol import LLMRequest
from aiworker.queue.worker import WorkerState
from aiworker.runtime import daemon
from aiworker.runtime.execute import execute
from aiworker.store.database import Database
from tests.integration.runtime.floor import (
    GRACE,
    JOB,
    ONCE,
    QUEUE,
    Floor,
    Hanging,
    floor,
    log,
    model,
    own_environment,
)
from tests.integration.runtime.rows import rows, runs
from tests.support.jobs import NOW, REWRITTEN, ScriptedModel, envelope, insert_example, processor, question, runtime

__all__ = ["floor", "log", "model", "own_environment"]


# The drain


async def test_a_drain_finishes_what_is_in_hand_and_takes_nothing_new(floor: Floor, model: Hanging) -> None:
    async with floor.serving() as running:
        job = await floor.add()
        await model.was_asked.wait()
        assert running.jobs_in_hand == 1
        drain = asyncio.create_task(running.drain(GRACE))
        await asyncio.sleep(0)
        await floor.add()
        model.may_answer.set()
        (report,) = await drain
    assert (report.finished, report.handed_back, report.abandoned) == (1, (), ())
    assert (await floor.ended(job)).state == "completed"
    assert (await floor.producer.counts(QUEUE))["waiting"] == 1


async def test_what_outlasts_the_grace_goes_back_unpunished_and_is_done_by_the_next_process(
    floor: Floor, model: Hanging, database: Database
) -> None:
    async with floor.serving() as running:
        job = await floor.add(options=ONCE)
        await model.was_asked.wait()
        (report,) = await running.drain(timedelta(0))
    assert report.handed_back == (job,) and report.is_clean
    (run,) = await runs(database)
    assert (run["state"], run["starts"], run["clean_ends"]) == ("running", 1, 1)
    model.may_answer.set()
    async with floor.serving():
        assert (await floor.ended(job)).state == "completed"
    (run,) = await runs(database)
    assert (run["state"], run["starts"]) == ("succeeded", 2)


async def test_leaving_the_block_drains_and_a_second_drain_changes_nothing(floor: Floor) -> None:
    async with floor.serving() as running:
        await running.drain(GRACE)
    assert running.draining
    assert [worker.state for worker in running.workers.values()] == [WorkerState.STOPPED]


def send(signal_number: signal.Signals) -> None:
    """Send this process a signal, if somebody handles it."""
    assert signal.getsignal(signal_number) not in (signal.SIG_DFL, signal.default_int_handler)
    os.kill(os.getpid(), signal_number)


@pytest.fixture
async def stop() -> AsyncGenerator[daemon.StopSignals]:
    """Catch the signals of this process, and leave them to pytest afterwards."""
    before = {name: signal.getsignal(name) for name in daemon.SIGNALS}
    with daemon.StopSignals() as signals:
        yield signals
    assert {signal.getsignal(name) for name in daemon.SIGNALS} == {signal.SIG_IGN}
    for name, handler in before.items():
        signal.signal(name, handler)


async def test_one_signal_drains_and_exits_0(floor: Floor, model: Hanging, stop: daemon.StopSignals) -> None:
    said: list[str] = []
    async with floor.serving() as running:
        job = await floor.add()
        await model.was_asked.wait()

        def say(text: str) -> None:
            said.append(text)
            model.may_answer.set()

        stopping = asyncio.create_task(daemon.until_stopped(running, stop, GRACE, say=say))
        await asyncio.sleep(0)
        send(signal.SIGTERM)
        assert await stopping is ExitCode.OK
    assert said == ["stopping: 1 running jobs, 10 s at most; again to abort", "stopped: 1 finished, 0 handed back"]
    assert (await floor.ended(job)).state == "completed"


async def test_a_second_signal_ends_the_wait_and_exits_130(
    floor: Floor, model: Hanging, stop: daemon.StopSignals
) -> None:
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if len(said) == 1:
            send(signal.SIGINT)

    async with floor.serving() as running:
        await floor.add()
        await model.was_asked.wait()
        stopping = asyncio.create_task(daemon.until_stopped(running, stop, GRACE, say=say))
        await asyncio.sleep(0)
        send(signal.SIGINT)
        assert await stopping is ExitCode.INTERRUPTED
    assert said[1] == "stopped: 0 finished, 1 handed back"


# What stopping does to one job


@dataclass
class Told:
    """An abort signal that a test raises."""

    aborted: bool = False
    reason: str | None = None

    async def wait(self) -> None: ...


async def test_a_job_told_to_stop_during_its_call_keeps_the_reply_and_writes_no_result(database: Database) -> None:
    await insert_example(database)
    abort = Told()

    def stop(request: LLMRequest) -> str:
        abort.aborted = True
        return REWRITTEN

    with pytest.raises(Decided) as raised:
        await execute(envelope(), runtime(database, llm=ScriptedModel([stop])), abort)
    assert raised.value.outcome(NOW) == Snooze(NOW)
    assert await rows(database, "SELECT id FROM resumes WHERE is_ai_variant") == []
    assert len(await rows(database, "SELECT reply FROM aiworker.calls")) == 1
    assert [run["clean_ends"] for run in await runs(database)] == [1]


async def test_a_cancelled_job_whose_database_is_gone_ends_all_the_same(database: Database) -> None:
    model = Hanging()
    await insert_example(database)
    task = asyncio.create_task(execute(envelope(), runtime(database, llm=model)))
    await model.was_asked.wait()
    await database.close()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_queue_without_a_callback_announces_nothing(database: Database) -> None:
    quiet = replace(processor(name="session-started"), queue="interview")
    wired = runtime(database, llm=ScriptedModel(["x"]), processors=[*PROCESSORS, quiet])
    receipt = await execute(envelope({}, queue="interview", name="session-started"), wired)
    assert receipt["resultId"] == "result-1"
    assert await rows(database, "SELECT 1 FROM aiworker.outbox") == []


async def test_an_optional_call_that_fails_for_good_is_told_apart_from_one_worth_a_retry(database: Database) -> None:
    seen: dict[str, Any] = {}

    def settle(payload: object, facts: object, replies: Any, ctx: object) -> str:
        seen.update(replies)
        return "ok"

    job = processor(name=JOB, ask=lambda p, f, c: (question(required=False),), settle=settle)
    model = ScriptedModel([JobFailed("refused", code="refused")])
    await execute(envelope(), runtime(database, llm=model, processors=[job]))
    assert (seen["q"].code, seen["q"].retryable) == ("refused", False)
