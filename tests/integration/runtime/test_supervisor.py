"""`serve` from inside: jobs of a real queue are worked, told in two lines, answered for in health, and drained."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from pydantic import SecretStr

from aiworker import embedded
from aiworker.errors import ConfigurationError, ServiceUnreachable, TransientFault
from aiworker.policies import POLICIES
from aiworker.queue.connection import ServerInfo
from aiworker.queue.producer import JobOptions
from aiworker.queue.worker import WorkerState
from aiworker.runtime import daemon
from aiworker.runtime import relay as relay_module
from aiworker.runtime.health import Health
from aiworker.runtime.supervisor import WORKER_OF_QUEUE
from aiworker.runtime.wiring import consumable
from aiworker.store.database import Database
from aiworker.testing.core_api import FakeCoreApi
from tests.integration.runtime.floor import (
    GRACE,
    JOB,
    QUEUE,
    SECRET,
    Floor,
    Hanging,
    floor,
    log,
    model,
    own_environment,
)
from tests.integration.runtime.rows import rows, runs
from tests.support.databases import copy_of
from tests.support.jobs import (
    EXAMPLE,
    TENANT,
    insert_example,
    payload,
)

__all__ = ["floor", "log", "model", "own_environment"]


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
