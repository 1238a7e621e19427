"""`aiworker run-job` as a process: the daemon's own path without a queue, its document and its exit codes."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from aiworker import embedded
from tests.e2e.daemon import HELD_UP, JOB, LOADING, NOWHERE, OF_A_FAILURE, Done, Site, eventually
from tests.e2e.resume_jobs import ANALYTICS, JOBS, SUGGEST, SUMMARY, ResumeJob
from tests.integration.embedded.support import end_everything, server_processes
from tests.support import databases
from tests.support.environment import scrub
from tests.support.jobs import EXAMPLE, TENANT, payload
from tests.support.waiting import wait_until
from tests.unit.commands.running import aiworker

CANARY = "Quillonde Barrowfax"
OF_VARIANT = ("tenant_id", "student_id", "title", "text", "version", "is_ai_variant", "base_resume_id")
OWN_OF_RUN = {"run_id", "variant_id", "created_at"}


async def run_job(site: Site, *words: str, job: str = JOB, stdin: str = "", **variables: str) -> Done:
    """Run `aiworker run-job JOB WORDS` where no Redis answers."""
    return await site.run("run-job", job, *words, stdin=stdin, **{"REDIS_URL": NOWHERE, **variables})


def problem(done: Done) -> dict[str, Any]:
    """Return the error of a failed run's document."""
    document = done.document
    assert (document["schema"], document["status"]) == ("aiworker.run-job/1", "failed")
    assert document["result"] is None
    return document["error"]


# What it does


async def test_a_payload_may_come_from_a_file(site: Site) -> None:
    (site.directory / "job.json").write_text(EXAMPLE.text, "utf-8")
    done = await run_job(site, "job.json")

    assert (done.code, done.document["status"]) == (0, "succeeded")
    assert len(await site.variants()) == 1


async def test_an_inline_payload_is_run_and_the_document_tells_result_rows_and_callback(site: Site) -> None:
    done = await run_job(site, EXAMPLE.text)
    (variant,) = await site.variants()
    (callback,) = await site.core_api.wait_for(1)

    document = done.document
    assert document.keys() == {"schema", "status", "result", "writes", "callbacks", "usage", "error"}
    assert (document["schema"], document["status"], document["error"]) == ("aiworker.run-job/1", "succeeded", None)
    assert document["result"]["resultId"] == callback.body["resultId"] == variant["id"]
    assert document["writes"] == {"resumes": 1, "aiworker.resume_rewrites": 1}
    (message,) = document["callbacks"]
    assert message["state"] == "sent"
    assert "wrote: 1 resumes" in done.err


async def test_the_printed_example_is_accepted_from_standard_input(site: Site) -> None:
    printed = await run_job(site, "--example", DATABASE_URL="")
    assert (printed.code, json.loads(printed.out)) == (0, EXAMPLE.payload)

    assert (await run_job(site, "-", stdin=printed.out)).code == 0


async def test_a_dry_run_leaves_nothing_and_sends_nothing(site: Site) -> None:
    before = await site.row_counts()
    done = await run_job(site, EXAMPLE.text, "--dry-run")

    assert (done.code, done.document["status"]) == (0, "dry-run")
    assert done.document["writes"] == {"resumes": 1, "aiworker.resume_rewrites": 1}
    assert "would have written: 1 resumes" in done.err
    assert await site.row_counts() == before
    assert site.core_api.received == []


async def test_the_example_runs_dry_on_its_own_rows_and_leaves_an_empty_database_empty(site: Site) -> None:
    await site.db.execute("TRUNCATE students, resumes, jobs CASCADE")
    done = await run_job(site, "--example", "--dry-run")

    assert (done.code, done.document["status"]) == (0, "dry-run")
    assert set((await site.row_counts()).values()) == {0}


async def test_serve_and_run_job_write_the_same_rows(site: Site) -> None:
    await site.serve()
    job = await site.add(payload())
    await site.reaches(job.id, "completed")
    assert (await run_job(site, EXAMPLE.text)).code == 0

    served, alone = await site.variants()
    assert {name: served[name] for name in OF_VARIANT} == {name: alone[name] for name in OF_VARIANT}
    assert served["id"] != alone["id"]
    records = await site.rows("SELECT * FROM aiworker.resume_rewrites ORDER BY created_at")
    assert [record["variant_id"] for record in records] == [served["id"], alone["id"]]
    first, second = [{name: record[name] for name in record.keys() - OWN_OF_RUN} for record in records]
    assert first == second
    served_body, alone_body = [dict(request.body) for request in await site.core_api.wait_for(2)]
    assert served_body.keys() == alone_body.keys()


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
async def test_each_further_job_tells_its_result_rows_and_callback(site: Site, job: ResumeJob) -> None:
    await site.insert(job.example)
    done = await run_job(site, job.example.text, "--json", job=job.name)
    rows = await site.rows(job.results)
    (callback,) = await site.core_api.wait_for(1)

    document = done.document
    assert (done.code, document["schema"], document["status"]) == (0, "aiworker.run-job/1", "succeeded")
    assert {row["id"] for row in rows} == {document["result"]["resultId"]}
    assert document["writes"] == {job.table: len(rows)}
    assert (callback.body["jobType"], callback.body["resultId"]) == (job.name, document["result"]["resultId"])
    assert [message["state"] for message in document["callbacks"]] == ["sent"]


@pytest.mark.slow
async def test_with_embedded_it_needs_no_address_at_all(site: Site) -> None:
    data_dir = site.directory / "embedded"
    try:
        done = await run_job(
            site,
            *("--example", "--dry-run", "--embedded"),
            DATABASE_URL="",
            REDIS_URL="",
            AIWORKER_DATA_DIR=str(data_dir),
            AIWORKER_EMBEDDED_LINGER="0.3",
        )
        assert (done.code, done.document["status"]) == (0, "dry-run")
        await asyncio.to_thread(wait_until, lambda: not server_processes(data_dir), "the servers stop", 10.0)
    finally:
        end_everything(data_dir)


# How it ends


async def test_a_missing_resume_exits_1_and_is_told_in_the_document_and_an_error_row(site: Site) -> None:
    done = await run_job(site, json.dumps(payload(resume_id="res-nobody")))

    assert done.code == 1
    error = problem(done)
    assert (error["kind"], error["retryable"]) == ("not_found", False)
    assert "The resume was not found" in done.err
    assert await site.rows("SELECT code, tenant_id FROM aiworker.ai_job_errors") == [
        {"code": "not_found", "tenant_id": TENANT}
    ]
    assert await site.variants() == []


async def test_another_tenants_resume_is_as_good_as_missing(site: Site) -> None:
    done = await run_job(site, json.dumps(payload(tenant_id="another-campus")))

    assert (done.code, problem(done)["kind"]) == (1, "not_found")
    assert await site.variants() == []


@pytest.mark.parametrize(
    ("job", "changes"),
    [
        (SUGGEST, {"tenant_id": ANALYTICS.tenant}),
        (SUGGEST, {"student_id": "stu-morwenna"}),
        (SUMMARY, {"tenant_id": ANALYTICS.tenant}),
        (ANALYTICS, {"tenant_id": "no-campus"}),
    ],
    ids=lambda given: given.name if isinstance(given, ResumeJob) else "-".join(given),
)
async def test_a_further_job_about_somebody_else_s_rows_exits_1_and_writes_nothing(
    site: Site, job: ResumeJob, changes: dict[str, str]
) -> None:
    before = await site.row_counts()
    done = await run_job(site, json.dumps({**job.payload, **changes}), job=job.name)

    assert (done.code, problem(done)["kind"]) == (1, "not_found")
    assert await site.written_since(before) == dict.fromkeys(OF_A_FAILURE, 1)
    assert site.core_api.received == []


async def test_an_invalid_payload_exits_2_names_field_and_near_match_and_writes_nothing(site: Site) -> None:
    before = await site.row_counts()
    wrong: dict[str, object] = {**payload(tone="profesional", job_title=CANARY), "student_id": [CANARY]}
    wrong["resumeid"] = wrong.pop("resume_id")
    done = await run_job(site, json.dumps(wrong))

    assert done.code == 2
    assert "resume_id: missing (did you mean resumeid?)" in done.err
    assert "did you mean professional?" in done.err
    assert "student_id" in done.err
    assert CANARY not in done.out + done.err
    assert await site.row_counts() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rewrite-resum", "{}"), "rewrite-resume"),
        ((JOB,), "--example"),
        ((JOB, "no-such-file.json"), "no-such-file.json"),
        ((JOB, "-"), "empty"),
        ((JOB, "{"), "not valid JSON"),
    ],
    ids=["an unknown job", "no payload", "a file that is not there", "empty input", "half a document"],
)
def test_a_wrong_call_exits_2_before_anything_is_connected_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    scrub(monkeypatch, tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    ran = aiworker("run-job", *words)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


async def test_without_key_and_provider_it_exits_3_and_writes_nothing(site: Site) -> None:
    done = await run_job(site, EXAMPLE.text, LLM_PROVIDER="")

    assert done.code == 3
    assert "OPENAI_API_KEY" in done.err
    assert "LLM_PROVIDER=offline" in done.err
    assert (await site.row_counts())["aiworker.runs"] == 0


async def test_without_its_schema_it_exits_3(site: Site, servers: embedded.Servers) -> None:
    async with databases.copy_of(None, servers.database_url) as empty:
        done = await run_job(site, EXAMPLE.text, DATABASE_URL=empty)

    assert done.code == 3
    assert "aiworker db migrate" in done.err


@pytest.mark.parametrize(
    ("address", "tried"),
    [("", "DATABASE_URL is not set"), ("postgresql://worker:hunter2@127.0.0.1:1/campus", "127.0.0.1:1/campus")],
    ids=["no address", "nobody there"],
)
async def test_without_postgresql_it_exits_4(site: Site, address: str, tried: str) -> None:
    done = await run_job(site, EXAMPLE.text, DATABASE_URL=address)

    assert done.code == 4
    assert tried in done.err
    assert "--embedded" in done.err
    assert "hunter2" not in done.out + done.err
    assert list(site.directory.iterdir()) == []


async def test_a_passing_fault_exits_5(site: Site) -> None:
    async with site.resumes_locked():
        running = await site.start("run-job", JOB, EXAMPLE.text, REDIS_URL=NOWHERE)
        await eventually(site.held_up, "the run waits for the resume", within=LOADING)
        # What PostgreSQL does to a statement that has taken too long.
        await site.rows(f"SELECT pg_cancel_backend(pid) FROM ({HELD_UP}) AS held_up")
        code = await running.ended()

    error = problem(Done(code, "\n".join(running.out), ""))
    assert (code, error["kind"], error["retryable"]) == (5, "transient", True)
    assert await site.variants() == []


async def test_sigterm_exits_143_and_leaves_no_transaction_open(site: Site) -> None:
    async with site.resumes_locked():
        running = await site.start("run-job", JOB, EXAMPLE.text, REDIS_URL=NOWHERE)
        await eventually(site.held_up, "the run waits for the resume", within=LOADING)
        running.send(signal.SIGTERM)
        assert await running.ended() == 143

        async def is_gone() -> bool:
            return await site.connections() == 0

        await eventually(is_gone, "its connections are closed")
    assert running.out == []
    assert await site.variants() == []
    assert site.core_api.received == []
