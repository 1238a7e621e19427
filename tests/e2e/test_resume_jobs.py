"""Each resume job through `aiworker serve`: the row in its own table and the callback, or not_found and nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from aiworker.domain.analytics.summary_rules import not_enough
from aiworker.protocol import JsonValue
from tests.e2e.daemon import JOB, OF_A_FAILURE, SECRET, Site
from tests.e2e.resume_jobs import ANALYTICS, JOBS, SUGGEST, SUMMARY, ResumeJob
from tests.integration.suggesting import BULLETS
from tests.support.jobs import EXAMPLE, TENANT

OFFLINE = "offline-rules-1"
(THEIR_STUDENT, *_), (THEIR_VACANCY, *_) = ANALYTICS.example.students, ANALYTICS.example.vacancies
SWAPPED: tuple[Mapping[str, JsonValue], ...] = (
    {"tenant_id": ANALYTICS.tenant},
    {"student_id": "stu-morwenna"},
    {"resume_id": "res-morwenna"},
)
FOREIGN: Mapping[str, tuple[Mapping[str, JsonValue], ...]] = {
    JOB: SWAPPED,
    SUGGEST.name: (*SWAPPED, {"job_id": THEIR_VACANCY["id"]}),
    SUMMARY.name: ({"tenant_id": ANALYTICS.tenant, "force": True}, {"student_id": THEIR_STUDENT["id"]}),
}
"""By job: payloads that name a row of another tenant or student. The analytics name none."""
ERRORS = """
SELECT r.job_id, r.state, r.error_code, e.job_name, e.code, e.tenant_id, e.student_id, e.attempts, e.message
FROM aiworker.ai_job_errors e JOIN aiworker.runs r USING (run_id)
"""


@pytest.fixture
async def site(site: Site) -> Site:
    """Return a site with two tenants: the students' campus and the one whose seasons are counted."""
    await site.insert(ANALYTICS.example)
    return site


# Done


async def test_each_job_becomes_its_rows_a_receipt_and_a_callback(site: Site) -> None:
    daemon = await site.serve()
    began = datetime.now(UTC)
    ids = {job.name: (await site.add(job.payload, name=job.name)).id for job in JOBS}
    for job_id in ids.values():
        await site.reaches(job_id, "completed")
    callbacks = {str(callback.body["jobType"]): callback for callback in await site.core_api.wait_for(len(JOBS))}
    assert await daemon.stop() == 0

    receipts = {job.name: await receipt_of(site, job, ids[job.name]) for job in JOBS}
    for job in JOBS:
        callback, result = callbacks[job.name], receipts[job.name]["resultId"]
        assert callback.path == "/internal/ai-jobs/complete"
        told = {"jobId": ids[job.name], "jobType": job.name, "tenantId": job.tenant, "resultId": result}
        assert (callback.body, callback.headers["x-internal-secret"]) == (told, SECRET)
        assert {row["id"] for row in await site.rows(job.results)} == {result}
    await assert_suggested(site)
    await assert_summarised(site, began)
    await assert_counted(site, began)
    assert (site.core_api.refused, len(site.core_api.received)) == ([], len(JOBS))


async def receipt_of(site: Site, job: ResumeJob, job_id: str) -> dict[str, Any]:
    """Return what BullMQ holds as a job's result, which is what its run holds as the receipt."""
    returned = await site.receipt(job_id)
    (run,) = await site.rows("SELECT * FROM aiworker.runs WHERE name = $1", job.name)
    assert (run["job_id"], run["state"], run["tenant_id"]) == (job_id, "succeeded", job.tenant)
    assert returned == json.loads(run["receipt"])
    assert (returned["provider"], returned["model"]) == ("offline", OFFLINE)
    assert returned["writes"] == {job.table: len(await site.rows(job.results))}
    return returned


async def assert_suggested(site: Site) -> None:
    found = await site.rows("SELECT * FROM aiworker.resume_suggestions")
    originals = {bullet.path: bullet.text for bullet in BULLETS}
    assert {(row["status"], row["decided_at"]) for row in found} == {("pending", None)}
    assert {(row["tenant_id"], row["student_id"], row["resume_id"], row["vacancy_id"]) for row in found} == {
        tuple(SUGGEST.payload.values())
    }
    assert [row["original"] for row in found] == [originals[row["section"]] for row in found]
    assert all(row["suggested"] not in ("", row["original"]) and row["reason"] for row in found)


async def assert_summarised(site: Site, began: datetime) -> None:
    (row,) = await site.rows("SELECT * FROM aiworker.student_ai_summaries")
    assert (row["tenant_id"], row["student_id"]) == tuple(SUMMARY.payload.values())
    assert (row["source"], row["provider"], row["model"]) == ("offline", "offline", OFFLINE)
    assert began <= row["generated_at"] <= datetime.now(UTC)
    assert row["summary"].startswith("The student ")


async def assert_counted(site: Site, began: datetime) -> None:
    (row,) = await site.rows("SELECT * FROM aiworker.analytics_summaries")
    assert (row["tenant_id"], row["season"], row["filters"]) == (ANALYTICS.tenant, ANALYTICS.payload["season"], "{}")
    assert (row["source"], row["provider"], row["model"]) == ("offline", "offline", OFFLINE)
    assert began <= row["generated_at"] <= datetime.now(UTC)
    assert "61" in row["summary"] and "{" not in row["summary"]


# Not found


async def test_rows_that_are_not_this_tenant_s_and_student_s_are_not_found_by_any_job(site: Site) -> None:
    payloads = {JOB: EXAMPLE.payload} | {job.name: job.payload for job in JOBS}
    given = [(name, {**payloads[name], **changes}) for name in FOREIGN for changes in FOREIGN[name]]
    before = await site.row_counts()
    daemon = await site.serve()
    jobs = {(await site.add(data, name=name)).id: (name, data) for name, data in given}
    for job_id in jobs:
        await site.reaches(job_id, "failed")
        found = await site.hash(job_id)
        assert found["failedReason"].startswith("not_found: ")
        assert (found["atm"], found["ats"]) == ("1", "1")
    assert await daemon.stop() == 0

    errors = {row.pop("job_id"): row for row in await site.rows(ERRORS)}
    texts = [row.pop("message") for row in errors.values()]
    told = {"state": "failed", "error_code": "not_found", "code": "not_found", "attempts": 1}
    assert errors == {
        job_id: told | {"job_name": name, "tenant_id": data["tenant_id"], "student_id": data["student_id"]}
        for job_id, (name, data) in jobs.items()
    }
    assert all("could not be found" in text for text in texts)
    assert await site.written_since(before) == dict.fromkeys(OF_A_FAILURE, len(jobs))
    assert (site.core_api.received, site.core_api.refused) == ([], [])


async def test_of_another_tenant_s_season_nothing_is_told(site: Site) -> None:
    await site.serve()
    job = await site.add({**ANALYTICS.payload, "tenant_id": TENANT}, name=ANALYTICS.name)
    await site.reaches(job.id, "completed")

    (row,) = await site.rows("SELECT * FROM aiworker.analytics_summaries")
    assert (row["tenant_id"], row["source"], row["facts"]) == (TENANT, "not_enough_data", "[]")
    assert row["summary"] == not_enough(row["season"])
