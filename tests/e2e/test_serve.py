"""`aiworker serve` as a process: jobs, health, logs, signals, and what it says when it cannot start."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager

import asyncpg
import pytest

from aiworker import embedded
from aiworker.store.database import opened
from tests.e2e.daemon import HELD_UP, JOB, OF_A_FAILURE, SECRET, Site, eventually, resumes_locked
from tests.integration.embedded.support import all_gone, await_all_gone, end_everything
from tests.support import databases
from tests.support.jobs import EXAMPLE, TENANT, insert_example, payload

DEFAULT_REDIS_PORT = 6379
CANARY = "Quillonde Barrowfax"
CANARY_MAIL = "quillonde.barrowfax@example.net"


async def completed(site: Site) -> str:
    """Add a job, wait until it is done, and return its id."""
    job = (await site.add(payload())).id
    await site.reaches(job, "completed")
    return job


@contextmanager
def taken_port() -> Generator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


# A job


async def test_a_job_becomes_a_variant_a_receipt_and_a_callback(site: Site) -> None:
    await site.serve()
    job = await completed(site)
    (variant,) = await site.variants()
    (callback,) = await site.core_api.wait_for(1)

    assert (variant["tenant_id"], variant["base_resume_id"]) == (TENANT, EXAMPLE.payload["resume_id"])
    assert (await site.receipt(job))["resultId"] == variant["id"]
    assert callback.path == "/internal/ai-jobs/complete"
    assert callback.body == {"jobId": job, "jobType": JOB, "tenantId": TENANT, "resultId": variant["id"]}
    assert callback.headers["x-internal-secret"] == SECRET
    assert site.core_api.refused == []
    assert await site.rows("SELECT queue, job_id, state FROM aiworker.runs") == [
        {"queue": "ai-jobs", "job_id": job, "state": "succeeded"}
    ]


async def test_a_callback_that_failed_comes_again_under_the_same_key(site: Site) -> None:
    site.core_api.script(None, [503])
    await site.serve()
    await completed(site)
    first, second = await site.core_api.wait_for(2)

    assert (first.answer, second.answer) == (503, 200)
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.body == second.body


async def test_the_same_job_delivered_twice_has_one_variant_and_one_callback(site: Site) -> None:
    await site.serve()
    job = await site.add(payload())
    await site.reaches(job.id, "completed")
    first = await site.receipt(job.id)

    await site.retry(job, "completed")
    await site.reaches(job.id, "completed")

    assert (await site.hash(job.id))["ats"] == "2"
    assert await site.receipt(job.id) == first
    assert len(await site.variants()) == 1
    assert len(site.core_api.received) == 1


async def test_two_deliveries_of_one_job_at_once_have_one_variant_and_one_callback_key(site: Site) -> None:
    daemon = await site.serve()
    async with site.resumes_locked():
        job = await site.add(payload())
        await eventually(site.held_up, "the first delivery is being worked on")
        await site.deliver_again(job.id)
        await eventually(lambda: site.held_up(2), "the second delivery is being worked on")
    await site.reaches(job.id, "completed")
    assert await daemon.stop() == 0

    assert len(await site.variants()) == 1
    assert len(site.core_api.unique) == 1


async def test_a_new_job_1_after_redis_was_emptied_gets_its_own_result(site: Site) -> None:
    await site.serve()
    assert await completed(site) == "1"
    old = await site.receipt("1")

    await site.lose_redis()
    assert await completed(site) == "1"

    new = await site.receipt("1")
    assert [row["id"] for row in await site.variants()] == [old["resultId"], new["resultId"]]
    assert old["runId"] != new["runId"]
    await site.core_api.wait_for(2)
    assert [request.body["resultId"] for request in site.core_api.unique] == [old["resultId"], new["resultId"]]


# Jobs that cannot be worked


async def test_invalid_payloads_fail_at_once_and_none_of_their_values_comes_out(site: Site) -> None:
    before = await site.row_counts()
    daemon = await site.serve()
    bad = {
        "invalid_payload": [
            (JOB, {**payload(), "tone": CANARY}),
            (JOB, {**payload(), "resume_id": [CANARY_MAIL]}),
            (JOB, {CANARY_MAIL: CANARY}),
            (JOB, CANARY),
        ],
        "bad_envelope": [(JOB, {**payload(), "job_description": CANARY * 20_000})],
        "unknown_job": [("rewrite-resumes", {**payload(), "job_title": CANARY})],
    }
    jobs = {str((await site.add(data, name=name)).id): code for code in bad for name, data in bad[code]}
    for job, code in jobs.items():
        await site.reaches(job, "failed")
        found = await site.hash(job)
        assert (found["atm"], found["ats"]) == ("1", "1")
        assert re.match(rf"{code}: [A-Z].*\.", found["failedReason"])
    assert "tone: not one of" in (await site.hash("1"))["failedReason"]
    errors = await site.rows(
        "SELECT r.job_id, e.code, e::text AS text FROM aiworker.ai_job_errors e JOIN aiworker.runs r USING (run_id)"
    )
    written = await site.written_since(before)
    await daemon.stop()

    assert {row["job_id"]: row["code"] for row in errors} == jobs
    assert written == dict.fromkeys(OF_A_FAILURE, len(jobs))
    assert site.core_api.received == []
    shown = [await site.text_in_redis(), *daemon.out, *daemon.err, *(row["text"] for row in errors)]
    assert "invalid_payload: " in shown[0]
    assert [text for text in shown if CANARY in text or CANARY_MAIL in text] == []


# Health and logs


async def test_health_live_and_ready_answer_and_stdout_holds_log_lines_only(site: Site) -> None:
    daemon = await site.serve()
    health, live, ready = [await daemon.get(path) for path in ("/health", "/live", "/ready")]
    job = await completed(site)
    assert await daemon.stop() == 0

    assert health.json() == {"status": "ok", "worker_active": True, "llm_provider": "offline"}
    assert (health.status_code, live.status_code, ready.status_code) == (200, 200, 200)
    lines = daemon.events
    assert [line for line in lines if not {"level", "worker", "event", "timestamp"} <= line.keys()] == []
    assert [line for line in lines if line["level"] not in ("info", "debug")] == []
    (started,), (ended,) = daemon.told("job-started"), daemon.told("job-ended")
    assert (started["worker"], started["queue"], started["jobId"]) == ("ai-worker", "ai-jobs", job)
    assert (ended["outcome"], ended["provider"]) == ("done", "offline")
    assert ended["durationMs"] >= 0


async def test_no_log_line_loses_a_field(site: Site) -> None:
    daemon = await site.serve("--shutdown-timeout", "100ms")
    async with site.resumes_locked():
        await site.add(payload())
        await eventually(site.held_up, "the job is being worked on")
        await daemon.stop()

    assert [line for line in daemon.events if "droppedFields" in line] == []


async def test_the_banner_tells_provider_servers_and_queues_and_no_secret(site: Site) -> None:
    daemon = await site.serve()

    banner = "\n".join(daemon.err)
    assert "provider=offline (rule engine, no model)  redis=REDIS_URL  postgres=DATABASE_URL" in banner
    assert "ai-jobs: 3 at once, 0 waiting, 0 failed" in banner
    assert SECRET not in banner


async def test_without_health_nothing_listens(site: Site) -> None:
    with taken_port() as port:
        daemon = await site.serve("--no-health", PORT=str(port))
        assert any("health is off" in line for line in daemon.err)
        await completed(site)
        assert await daemon.stop() == 0


# Signals


async def test_sigterm_finishes_the_job_in_hand_and_exits_0(site: Site) -> None:
    daemon = await site.serve()
    async with site.resumes_locked():
        job = await site.add(payload())
        await eventually(site.held_up, "the job is being worked on")
        daemon.send(signal.SIGTERM)
        await daemon.logs("draining")
        assert (await daemon.get("/ready")).status_code == 503
        assert (await daemon.get("/live")).status_code == 200
    assert await daemon.ended() == 0

    assert await site.state(job.id) == "completed"
    assert await site.counts("active", "waiting", "delayed", "failed") == (0, 0, 0, 0)
    assert len(await site.variants()) == len(site.core_api.received) == 1
    assert any("1 finished, 0 handed back" in line for line in daemon.err)


async def test_sigterm_with_a_backlog_loses_nothing(site: Site) -> None:
    daemon = await site.serve()
    async with site.resumes_locked():
        for _ in range(8):
            await site.add(payload())
        await eventually(lambda: site.held_up(3), "three jobs are being worked on")
        daemon.send(signal.SIGTERM)
        await daemon.logs("draining")
    assert await daemon.ended() == 0

    assert await site.counts("active", "completed", "waiting", "failed") == (0, 3, 5, 0)
    assert len(await site.variants()) == 3
    await site.serve()
    await site.core_api.wait_for(8)
    assert len(await site.variants()) == 8
    assert len(site.core_api.unique) == 8


async def test_a_result_committed_before_the_end_of_the_grace_is_kept(site: Site) -> None:
    site.core_api.script(None, ["timeout"])
    daemon = await site.serve("--shutdown-timeout", "100ms")
    job = await site.add(payload())
    await site.core_api.wait_for(1)
    assert await daemon.stop() == 0

    (variant,) = await site.variants()
    await site.serve()
    await site.reaches(job.id, "completed")
    assert (await site.receipt(job.id))["resultId"] == variant["id"]
    assert len(await site.variants()) == 1


async def test_a_job_that_outlasts_the_grace_goes_back_unpunished(site: Site) -> None:
    daemon = await site.serve("--shutdown-timeout", "100ms")
    async with site.resumes_locked():
        job = await site.add(payload())
        await eventually(site.held_up, "the job is being worked on")
        assert await daemon.stop() == 0

    assert await site.counts("active", "failed") == (0, 0)
    assert (await site.hash(job.id)).get("atm", "0") == "0"
    await site.serve()
    await site.reaches(job.id, "completed")
    assert len(await site.variants()) == 1


async def test_a_second_signal_hands_the_job_back_at_once_and_exits_130(site: Site) -> None:
    daemon = await site.serve()
    async with site.resumes_locked():
        job = await site.add(payload())
        await eventually(site.held_up, "the job is being worked on")
        daemon.interrupt()
        await daemon.logs("draining")
        daemon.interrupt()
        assert await daemon.ended() == 130

    assert await site.counts("active", "failed") == (0, 0)
    assert (await site.hash(job.id)).get("atm", "0") == "0"
    assert any("0 finished, 1 handed back" in line for line in daemon.err)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
async def test_an_idle_daemon_stops_at_once_and_cleanly(site: Site, sent: signal.Signals) -> None:
    daemon = await site.serve()
    assert await daemon.stop(sent) == 0

    assert [line for line in daemon.err if "Traceback" in line or "Warning" in line] == []
    assert await site.connections() == 0


@pytest.mark.slow
async def test_ctrl_c_drains_an_embedded_daemon_with_live_servers_and_then_they_stop(site: Site) -> None:
    data_dir = site.directory / "embedded"
    own = {"AIWORKER_DATA_DIR": str(data_dir), "AIWORKER_EMBEDDED_LINGER": "0.3", "DATABASE_URL": "", "REDIS_URL": ""}
    try:
        daemon = await site.serve("--embedded", **own)
        found = embedded.status(data_dir).servers
        assert found is not None
        async with opened(found.database_url, size=1) as database:
            await insert_example(database)
        db = await asyncpg.connect(found.database_url)
        async with resumes_locked(found.database_url):
            assert (await site.run("enqueue", JOB, EXAMPLE.text, **own)).code == 0
            await eventually(lambda: db.fetch(HELD_UP), "the job is being worked on")
            await db.close()
            daemon.interrupt()
            await daemon.logs("draining")
            assert not all_gone(found)
        assert await daemon.ended() == 0
        assert any("1 finished, 0 handed back" in line for line in daemon.err)
        await asyncio.to_thread(await_all_gone, found)
    finally:
        end_everything(data_dir)


# When it cannot start


async def test_without_key_and_provider_it_exits_3_and_names_both_remedies(site: Site) -> None:
    done = await site.run("serve", LLM_PROVIDER="")

    assert (done.code, done.out) == (3, "")
    assert "OPENAI_API_KEY" in done.err
    assert "LLM_PROVIDER=offline" in done.err


async def test_without_redis_it_exits_4_and_says_what_was_tried_and_how_to_start_one(site: Site) -> None:
    done = await site.run("serve", REDIS_URL="redis://:hunter2@127.0.0.1:1/0")

    assert (done.code, done.out) == (4, "")
    assert "127.0.0.1:1" in done.err
    assert "start Redis or Valkey" in done.err
    assert "hunter2" not in done.err


async def test_without_postgresql_it_exits_4_and_says_what_was_tried(site: Site) -> None:
    done = await site.run("serve", DATABASE_URL="postgresql://worker:hunter2@127.0.0.1:1/campus")

    assert (done.code, done.out) == (4, "")
    assert "127.0.0.1:1/campus" in done.err
    assert "DATABASE_URL" in done.err
    assert "hunter2" not in done.err


async def test_without_its_schema_it_exits_3_and_applies_nothing(site: Site, servers: embedded.Servers) -> None:
    async with databases.copy_of(None, servers.database_url) as empty:
        done = await site.run("serve", DATABASE_URL=empty)
        connection = await asyncpg.connect(empty)
        try:
            schemas = await connection.fetchval("SELECT count(*) FROM pg_namespace WHERE nspname = 'aiworker'")
        finally:
            await connection.close()

    assert (done.code, done.out, schemas) == (3, "", 0)
    assert "aiworker db migrate" in done.err


async def test_a_taken_port_exits_3_and_names_port(site: Site) -> None:
    with taken_port() as port:
        done = await site.run("serve", PORT=str(port))

    assert done.code == 3
    assert f"127.0.0.1:{port}" in done.err
    assert "PORT" in done.err


async def test_a_daemon_that_cannot_start_takes_no_job(site: Site) -> None:
    job = await site.add(payload())
    with taken_port() as port:
        await site.run("serve", PORT=str(port))

    assert await site.state(job.id) == "waiting"
    assert "ats" not in await site.hash(job.id)


@pytest.mark.parametrize("database", [False, True], ids=["no address at all", "a database but no Redis"])
async def test_without_addresses_it_exits_4_with_the_remedy_and_starts_nothing(site: Site, database: bool) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", DEFAULT_REDIS_PORT)) == 0:
            pytest.skip("not run: something listens on localhost:6379")
    done = await site.run("serve", REDIS_URL="", **({} if database else {"DATABASE_URL": ""}))

    assert (done.code, done.out) == (4, "")
    assert ("localhost:6379" if database else "DATABASE_URL") in done.err
    assert "--embedded" in done.err
    assert list(site.directory.iterdir()) == []
