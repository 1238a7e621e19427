"""What `NOTIFY_IN_APP` and `VERIFY_POLICY` change of a job that `aiworker serve` works."""

from __future__ import annotations

import json

import pytest

from aiworker.domain.resume import locator
from aiworker.testing.core_api import COMPLETE, IN_APP
from tests.e2e.daemon import JOB, SECRET, Site
from tests.e2e.resume_jobs import ANALYTICS
from tests.support.jobs import EXAMPLE, TENANT, payload

STUDENT = str(EXAMPLE.payload["student_id"])
(BODY,) = (resume.body for resume in EXAMPLE.resumes if resume.resume_id == EXAMPLE.payload["resume_id"])


# NOTIFY_IN_APP


async def test_a_directly_notified_student_is_told_of_once_beside_the_completion(site: Site) -> None:
    daemon = await site.serve(NOTIFY_IN_APP="direct")
    job = (await site.add(payload())).id
    await site.reaches(job, "completed")
    received = {request.path: request for request in await site.core_api.wait_for(2)}
    assert await daemon.stop() == 0

    told = {
        "jobId": job,
        "jobType": JOB,
        "tenantId": TENANT,
        "resultId": (await site.receipt(job))["resultId"],
    }
    assert {path: request.body for path, request in received.items()} == {
        COMPLETE: told,
        IN_APP: {**told, "studentId": STUDENT},
    }
    assert (COMPLETE, IN_APP) == ("/internal/ai-jobs/complete", "/internal/notifications/in-app")
    assert {request.headers["x-internal-secret"] for request in received.values()} == {SECRET}
    assert {request.headers["content-type"] for request in received.values()} == {"application/json"}
    keys = {path: request.headers["idempotency-key"].rpartition(":") for path, request in received.items()}
    assert {path: event for path, (_, _, event) in keys.items()} == {COMPLETE: "complete", IN_APP: "in-app"}
    assert len({of_job for of_job, _, _ in keys.values()}) == 1
    assert (len(site.core_api.received), site.core_api.refused) == (2, [])
    assert [line["setting"] for line in daemon.told("students-may-be-told-twice")] == ["NOTIFY_IN_APP"]


async def test_a_direct_notification_that_failed_comes_again_without_the_completion(site: Site) -> None:
    site.core_api.script(IN_APP, [503])
    await site.serve(NOTIFY_IN_APP="direct")
    await site.reaches((await site.add(payload())).id, "completed")
    received = await site.core_api.wait_for(3)

    assert sorted((request.path, request.answer) for request in received) == [
        (COMPLETE, 200),
        (IN_APP, 200),
        (IN_APP, 503),
    ]
    first, second = (request for request in received if request.path == IN_APP)
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


async def test_nobody_is_notified_directly_of_a_job_about_no_student(site: Site) -> None:
    await site.insert(ANALYTICS.example)
    daemon = await site.serve(NOTIFY_IN_APP="direct")
    await site.reaches((await site.add(ANALYTICS.payload, name=ANALYTICS.name)).id, "completed")
    await site.core_api.wait_for(1)
    assert await daemon.stop() == 0

    assert [request.path for request in site.core_api.received] == [COMPLETE]
    assert await site.rows("SELECT event FROM aiworker.outbox") == [{"event": "complete"}]


# VERIFY_POLICY


def marks(body: str) -> dict[str, bool | None]:
    """Return by path which bullets of a resume are marked as verified; None where there is no mark."""
    return {bullet.path: bullet.verified for bullet in locator.read(body).bullets}


@pytest.mark.parametrize("policy", ["inherit", "spec"])
async def test_a_variant_s_bullets_are_verified_as_the_policy_says(site: Site, policy: str) -> None:
    before = marks(BODY)
    assert set(before.values()) == {True, False, None}, "the example has bullets of every kind"
    await site.serve(VERIFY_POLICY=policy)
    await site.reaches((await site.add(payload())).id, "completed")

    (variant,) = await site.variants()
    by_document = {path: None if mark is None else True for path, mark in before.items()}
    assert marks(variant["text"]) == (before if policy == "inherit" else by_document)
    (record,) = await site.rows("SELECT bullets FROM aiworker.resume_rewrites")
    bullets = json.loads(record["bullets"])
    assert {bullet["path"]: bullet["source_verified"] for bullet in bullets} == before
    assert any(bullet["changed"] for bullet in bullets), "a text was replaced"
    (base,) = await site.rows("SELECT body::text AS text FROM resumes WHERE id = $1", EXAMPLE.payload["resume_id"])
    assert base["text"] == BODY
