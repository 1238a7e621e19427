"""`aiworker replay-failed` at a terminal, and jobs that were retried without it."""

from __future__ import annotations

import json
from datetime import timedelta

from bullmq import Job

from tests.e2e.daemon import JOB, eventually
from tests.e2e.desk import AUDIT, OF_JOB, Desk, desk, seated
from tests.integration.queue.room import policy, raising
from tests.integration.runtime.failing import timed_out
from tests.support.jobs import payload

__all__ = ["desk"]


async def over_a_hundred(desk: Desk) -> None:
    """Have 101 jobs fail, without any run: more than the queue is not needed here."""
    running = await desk.room.start(raising(timed_out(30)), policy=policy(concurrency=20))
    await desk.site.queue.addBulk([{"name": JOB, "data": payload(), "opts": {"attempts": 1}}] * 101)

    async def all_failed() -> bool:
        return await desk.site.counts("failed") == (101,)

    await eventually(all_failed, "101 jobs failed")
    await running.worker.drain(timedelta(seconds=5))


async def test_over_100_jobs_a_person_types_the_number(desk: Desk) -> None:
    await over_a_hundred(desk)
    refused = await seated(desk.site, "replay-failed", "--yes", typed="y\n")

    assert refused.code == 1
    assert "Type 101 to replay 101 jobs:" in refused.shown
    assert "Nothing was changed." in refused.shown
    assert await desk.site.counts("failed", "waiting") == (101, 0)
    assert await desk.site.rows(AUDIT) == []

    acted = await seated(desk.site, "replay-failed", "--yes", typed="101\n")
    assert acted.code == 0
    assert await desk.site.counts("failed", "waiting") == (0, 101)
    assert "101/101" in acted.shown
    assert "101 replayed" in acted.out


async def test_fewer_are_not_asked_about_and_show_a_bar(desk: Desk) -> None:
    await desk.fail(timed_out(30))
    done = await seated(desk.site, "replay-failed", "--yes", typed="")

    assert (done.code, await desk.site.counts("failed", "waiting")) == (0, (0, 1))
    assert "1/1" in done.shown
    assert "Type" not in done.shown


# Retried from outside


async def test_a_retry_by_bullmqs_python_is_a_new_epoch_with_an_audit_row(desk: Desk) -> None:
    await desk.site.db.execute("UPDATE resumes SET id = 'res-away' WHERE id = $1", payload()["resume_id"])
    await desk.site.serve()
    job = await desk.site.add(payload())
    await desk.site.reaches(job.id, "failed")
    await desk.site.db.execute("UPDATE resumes SET id = $1 WHERE id = 'res-away'", payload()["resume_id"])

    found = await Job.fromId(desk.site.queue, job.id)
    assert found is not None
    await found.retry("failed", {})
    await desk.site.reaches(job.id, "completed")

    first, second = await desk.site.rows(OF_JOB, job.id)
    assert [(run["epoch"], run["state"], run["error_code"]) for run in (first, second)] == [
        (0, "failed", "not_found"),
        (1, "succeeded", None),
    ]
    (entry,) = await desk.site.rows(AUDIT)
    assert (entry["actor"], entry["action"], entry["run_id"]) == ("queue", "retry-from-outside", second["run_id"])
    assert json.loads(entry["details"]) == {"epoch": 1, "previous_error": "not_found"}
    (callback,) = await desk.site.core_api.wait_for(1)
    assert callback.headers["idempotency-key"].endswith(":1:complete")
