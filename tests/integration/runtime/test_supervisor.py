"""`serve` from inside: jobs of a real queue are worked, told in two lines, answered for in health, and drained."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import uuid
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr

from aiworker import embedded
from aiworker.errors import ConfigurationError, Decided, ExitCode, JobFailed, ServiceUnreachable, Snooze, TransientFault
from aiworker.llm import client
from aiworker.policies import POLICIES
from aiworker.processors import PROCESSORS
from aiworker.protocol import LLMReply, LLMRequest
from aiworker.queue.connection import ServerInfo
from aiworker.queue.producer import JobOptions, JobStatus, NewJob, Producer
from aiworker.queue.worker import WorkerState
from aiworker.runtime import daemon
from aiworker.runtime import relay as relay_module
from aiworker.runtime.execute import execute
from aiworker.runtime.health import Health
from aiworker.runtime.servers import Servers
from aiworker.runtime.supervisor import WORKER_OF_QUEUE, Supervisor
from aiworker.runtime.wiring import consumable
from aiworker.settings import Settings, load
from aiworker.store.database import Database
from aiworker.telemetry import logs
from aiworker.testing.core_api import FakeCoreApi
from tests.support.databases import copy_of
from tests.support.environment import scrub
from tests.support.jobs import (
    EXAMPLE,
    NOW,
    TENANT,
    ScriptedModel,
    envelope,
    insert_example,
    payload,
    processor,
    question,
    runtime,
)

JOB = "rewrite-resume"
QUEUE = "ai-jobs"
SECRET = "supervisor-test-secret"
GRACE = timedelta(seconds=10)
ONCE = JobOptions(attempts=1)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scrub(monkeypatch, tmp_path)


@pytest.fixture
def log() -> Generator[Callable[[], list[dict[str, Any]]]]:
    """Write logs as `serve` does and read them back; reading ends the writing."""
    stream = io.StringIO()
    logs.configure("json", stream)

    def lines() -> list[dict[str, Any]]:
        logs.shutdown()
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    yield lines
    logs.shutdown()


@dataclass
class Floor:
    """Where a test serves: its servers, its settings, and a producer to add jobs with."""

    servers: Servers
    settings: Settings
    producer: Producer

    def tell(self, core_api: FakeCoreApi) -> None:
        """Send callbacks to this core-api."""
        told = {"core_api_internal_url": core_api.url, "core_api_internal_secret": SECRET}
        self.settings = load(overrides={"llm_provider": "offline", "queue_prefix": self.settings.queue_prefix, **told})

    @asynccontextmanager
    async def wired(self) -> AsyncGenerator[Supervisor]:
        """Wire a supervisor that the test starts."""
        async with daemon.serving(self.settings, self.servers, consumable(self.settings)) as ready:
            yield ready

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[Supervisor]:
        """Start what `serve` starts."""
        async with self.wired() as running:
            await running.start()
            yield running

    async def add(self, data: object = None, options: JobOptions | None = None) -> str:
        job = NewJob(JOB, json.dumps(payload() if data is None else data), options or JobOptions())
        return await self.producer.add(QUEUE, job)

    async def ended(self, job: str) -> JobStatus:
        return [status async for status in self.producer.watch(QUEUE, job, 15.0)][-1]


@pytest.fixture
async def floor(servers: embedded.Servers, database_url: str, database: Database) -> AsyncGenerator[Floor]:
    await insert_example(database)
    located = Servers(SecretStr(database_url), "DATABASE_URL", SecretStr(servers.redis_url), "REDIS_URL", None)
    prefix = f"t{uuid.uuid4().hex[:12]}"
    async with Producer(servers.redis_url, prefix=prefix) as producer:
        yield Floor(located, load(overrides={"llm_provider": "offline", "queue_prefix": prefix}), producer)


@dataclass
class Hanging(ScriptedModel):
    """A model that answers when it is allowed to."""

    was_asked: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: LLMRequest) -> LLMReply:
        self.was_asked.set()
        await self.may_answer.wait()
        return await super().answer(request)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Hanging:
    """Have every runtime ask this model."""
    hanging = Hanging(['{"b0": "Built the thing"}'])

    def build(provider: str) -> Hanging:
        return hanging

    monkeypatch.setattr(client, "build", build)
    return hanging


async def rows(database: Database, query: str) -> list[dict[str, Any]]:
    async with database.transaction(None) as db:
        return [dict(row) for row in await db.fetch(query)]


async def runs(database: Database) -> list[dict[str, Any]]:
    return await rows(database, "SELECT * FROM aiworker.runs ORDER BY created_at")


# Work


async def test_jobs_of_the_queue_are_worked_and_their_receipts_come_back(floor: Floor, database: Database) -> None:
    async with floor.serving():
        ids = [await floor.add(dict(data)) for data in EXAMPLE.payloads]
        ended = [await floor.ended(job) for job in ids]
    assert [status.state for status in ended] == ["completed"] * len(ids)
    receipts = [cast("dict[str, Any]", status.result) for status in ended]
    assert {receipt["tenantId"] for receipt in receipts} == {TENANT}
    variants = await rows(database, "SELECT id FROM resumes WHERE is_ai_variant")
    assert {row["id"] for row in variants} == {receipt["resultId"] for receipt in receipts}
    assert [run["queue"] for run in await runs(database)] == [QUEUE] * len(ids)


async def test_an_invalid_payload_fails_at_once_with_a_safe_reason_and_an_error_row(
    floor: Floor, database: Database
) -> None:
    async with floor.serving():
        status = await floor.ended(await floor.add(payload(tone="canary")))
    assert status.state == "failed" and status.failed_reason is not None
    assert status.failed_reason.startswith("invalid_payload: The payload does not fit rewrite-resume: tone: not one of")
    assert "canary" not in status.failed_reason
    (error,) = await rows(database, "SELECT code, attempts FROM aiworker.ai_job_errors")
    assert error == {"code": "invalid_payload", "attempts": 1}


async def test_the_callback_arrives_while_serving(floor: Floor) -> None:
    async with FakeCoreApi(secret=SECRET) as core_api:
        floor.tell(core_api)
        async with floor.serving():
            job = await floor.add()
            status = await floor.ended(job)
            (received,) = await core_api.wait_for(1)
    result = cast("dict[str, Any]", status.result)
    assert received.body == {
        "jobId": job,
        "jobType": JOB,
        "tenantId": TENANT,
        "resultId": result["resultId"],
    }


async def test_the_relay_of_a_serving_process_sends_what_the_first_try_did_not(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "FIRST_RETRY", timedelta(milliseconds=20))
    monkeypatch.setattr(relay_module, "IDLE", (timedelta(milliseconds=20), timedelta(milliseconds=40)))
    monkeypatch.setattr(relay_module, "BATCH", 1)
    async with FakeCoreApi(secret=SECRET) as core_api:
        core_api.script(None, [500, 503])
        floor.tell(core_api)
        async with floor.serving():
            await floor.ended(await floor.add())
            received = await core_api.wait_for(3)
    assert [request.headers["x-aiworker-attempt"] for request in received] == ["1", "2", "3"]
    assert len(core_api.unique) == 1


# Logs


async def test_a_job_is_told_in_two_lines_with_the_document_s_keys(
    floor: Floor, log: Callable[[], list[dict[str, Any]]]
) -> None:
    async with FakeCoreApi(secret=SECRET) as core_api:
        floor.tell(core_api)
        async with floor.serving():
            job = await floor.add()
            status = await floor.ended(job)
    lines = [line for line in log() if line.get("jobId") == job]
    assert [(line["event"], line["level"]) for line in lines] == [("job-started", "info"), ("job-ended", "info")]
    for line in lines:
        assert {"level", "worker", "event", "timestamp"} <= set(line)
        about = {"worker": "ai-worker", "queue": QUEUE, "jobId": job, "jobName": JOB, "attempt": 1}
        assert about.items() <= line.items()
        assert "droppedFields" not in line
    result = cast("dict[str, Any]", status.result)
    end = lines[1]
    assert {name: end[name] for name in ("runId", "resultId", "provider", "model", "epoch")}.items() <= result.items()
    assert end["outcome"] == "done" and isinstance(end["durationMs"], int)


async def test_a_failed_job_is_told_in_two_lines_with_its_code_and_outcome(
    floor: Floor, log: Callable[[], list[dict[str, Any]]]
) -> None:
    async with floor.serving():
        job = await floor.add(payload(resume_id="canary-resume"))
        await floor.ended(job)
    lines = [line for line in log() if line.get("jobId") == job]
    assert [(line["event"], line["level"]) for line in lines] == [("job-started", "info"), ("job-ended", "warning")]
    assert (lines[1]["errorCode"], lines[1]["outcome"]) == ("not_found", "cancel")
    assert "canary" not in json.dumps(lines)


async def test_a_retry_is_told_as_one(floor: Floor, model: Hanging, log: Callable[[], list[dict[str, Any]]]) -> None:
    model.script.insert(0, TransientFault("The provider failed.", code="provider_5xx"))
    model.may_answer.set()
    async with floor.serving():
        job = await floor.add(options=JobOptions(attempts=2, backoff=timedelta(0)))
        assert (await floor.ended(job)).state == "completed"
    ends = [line for line in log() if line.get("jobId") == job and line["event"] == "job-ended"]
    assert [(line["attempt"], line["outcome"], line.get("errorCode")) for line in ends] == [
        (1, "retry", "provider_5xx"),
        (2, "done", None),
    ]


def test_each_queue_s_worker_has_the_name_the_documents_give_it() -> None:
    assert set(WORKER_OF_QUEUE) == {policy.queue for policy in POLICIES}


# Health


async def test_a_serving_process_is_active_alive_and_ready(floor: Floor) -> None:
    async with floor.serving() as running:
        health = Health(running)
        assert health.health() == {"status": "ok", "worker_active": True, "llm_provider": "offline"}
        assert health.live().ok
        report = await health.ready()
        assert report.ok and report.checks == {"queue ai-jobs": "running", "postgres": "ok", "schema": "ok"}


async def test_a_drained_process_is_no_longer_ready_but_nothing_to_be_killed(floor: Floor) -> None:
    async with floor.serving() as running:
        await running.drain(timedelta(0))
        health = Health(running)
        assert health.health()["worker_active"] is False
        assert health.live().ok
        report = await health.ready()
        assert not report.ok and report.checks["drain"] == "draining"
        assert report.checks["queue ai-jobs"] == WorkerState.STOPPED


async def test_a_process_whose_postgres_is_gone_is_alive_but_not_ready(floor: Floor) -> None:
    async with floor.serving() as running:
        await running.wired.runtime.database.close()
        health = Health(running)
        assert health.live().ok
        assert (await health.ready()).checks["postgres"] == "unreachable"


# The start


async def test_until_it_is_started_no_job_is_taken_and_nobody_is_told_that_it_is_ready(floor: Floor) -> None:
    async with floor.wired() as waiting:
        await floor.add()
        assert Health(waiting).health()["worker_active"] is False
        assert not (await Health(waiting).ready()).ok
        assert (await floor.producer.counts(QUEUE))["waiting"] == 1


async def test_what_was_never_started_has_nothing_to_drain(floor: Floor) -> None:
    async with floor.wired() as waiting:
        assert await waiting.drain(GRACE) == []


async def test_the_banner_s_counts_are_the_queue_s(floor: Floor) -> None:
    await floor.add()
    counts = await daemon.queue_counts(floor.settings, floor.servers, consumable(floor.settings))
    assert list(counts) == [QUEUE] and counts[QUEUE]["waiting"] == 1


async def test_a_redis_that_may_drop_jobs_is_warned_of(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, log: Callable[[], list[dict[str, Any]]]
) -> None:
    async def check(url: str) -> ServerInfo:
        return ServerInfo("localhost:6379", "7.4.0", is_valkey=False, maxmemory_policy="allkeys-lru")

    monkeypatch.setattr(daemon, "check", check)
    async with floor.wired():
        pass
    (line,) = [line for line in log() if line["event"] == "redis-may-evict"]
    assert (line["level"], line["setting"], line["state"]) == ("warning", "maxmemory-policy", "allkeys-lru")


async def test_a_redis_that_is_away_ends_the_start(floor: Floor) -> None:
    floor.servers = replace(floor.servers, redis_url=SecretStr("redis://:hunter2@127.0.0.1:1/0"))
    with pytest.raises(ServiceUnreachable, match=r"127\.0\.0\.1:1") as raised:
        async with floor.serving():
            raise AssertionError("unreachable")
    assert "hunter2" not in f"{raised.value.message} {raised.value.remedy}"


async def test_a_database_without_our_schema_ends_the_start_with_the_command_to_run(
    floor: Floor, servers: embedded.Servers
) -> None:
    async with copy_of(None, servers.database_url) as empty:
        floor.servers = replace(floor.servers, database_url=SecretStr(empty))
        with pytest.raises(ConfigurationError) as raised:
            async with floor.serving():
                raise AssertionError("unreachable")
    assert "aiworker db migrate" in str(raised.value.remedy)


async def test_the_bundled_database_is_migrated_at_the_start(floor: Floor, servers: embedded.Servers) -> None:
    async with copy_of(None, servers.database_url) as empty:
        floor.servers = replace(floor.servers, database_url=SecretStr(empty), database_origin="embedded")
        async with floor.serving() as running:
            await insert_example(running.wired.runtime.database)
            assert (await floor.ended(await floor.add())).state == "completed"


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
        return '{"b0": "Built the thing"}'

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
