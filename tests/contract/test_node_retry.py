"""A retry pressed in Node, as dashboards do it, runs the job again as a new epoch with an audit row."""

from __future__ import annotations

import json

import pytest

from tests.contract.node_bullmq import node
from tests.e2e.daemon import JOB, QUEUE, Site
from tests.integration.queue.room import Room
from tests.support.jobs import TENANT, payload

pytestmark = pytest.mark.node

OF_JOB = "SELECT * FROM aiworker.runs WHERE job_id = $1 ORDER BY epoch"
AUDIT = "SELECT * FROM aiworker.audit ORDER BY audit_id"
HIDE = "UPDATE resumes SET id = 'res-away' WHERE id = $1"
SHOW = "UPDATE resumes SET id = $1 WHERE id = 'res-away'"
RESUME = payload()["resume_id"]


async def failed(site: Site, node_room: Room) -> str:
    """Have Node add a job whose resume is not there, and see it fail."""
    (added,) = await node(node_room, "add", name=JOB, data=payload(), options={"attempts": 2, "backoff": 10})
    job = str(added["id"])
    await site.reaches(job, "failed")
    return job


async def test_a_retry_in_node_is_a_new_epoch_with_an_audit_row(site: Site, node_room: Room) -> None:
    await site.db.execute(HIDE, RESUME)
    await site.serve()
    job = await failed(site, node_room)
    await site.db.execute(SHOW, RESUME)

    await node(node_room, "retry", id=job, state="failed")
    await site.reaches(job, "completed")

    first, second = await site.rows(OF_JOB, job)
    assert [(run["epoch"], run["state"], run["error_code"]) for run in (first, second)] == [
        (0, "failed", "not_found"),
        (1, "succeeded", None),
    ]
    (entry,) = await site.rows(AUDIT)
    assert (entry["actor"], entry["action"]) == ("queue", "retry-from-outside")
    assert (entry["run_id"], entry["tenant_id"]) == (second["run_id"], TENANT)
    assert json.loads(entry["details"]) == {"epoch": 1, "previous_error": "not_found"}
    (callback,) = await site.core_api.wait_for(1)
    added = (await site.hash(job))["timestamp"]
    assert callback.headers["idempotency-key"] == f"{QUEUE}:{job}:{added}:1:complete"


async def test_a_retry_in_node_that_resets_the_attempts_runs_the_job_too(site: Site, node_room: Room) -> None:
    await site.db.execute(HIDE, RESUME)
    await site.serve()
    job = await failed(site, node_room)
    await site.db.execute(SHOW, RESUME)
    await node(node_room, "retry", id=job, state="failed", options={"resetAttemptsMade": True})
    await site.reaches(job, "completed")

    assert [(run["epoch"], run["state"]) for run in await site.rows(OF_JOB, job)] == [(0, "failed"), (1, "succeeded")]
    assert (await site.hash(job))["atm"] == "1"


async def test_each_further_retry_in_node_is_one_more_epoch(site: Site, node_room: Room) -> None:
    await site.db.execute(HIDE, RESUME)
    await site.serve()
    job = await failed(site, node_room)
    for epoch in (1, 2):
        made = int((await site.hash(job))["atm"])
        await node(node_room, "retry", id=job, state="failed")
        await site.reaches(job, "failed")
        runs = await site.rows(OF_JOB, job)
        assert [(run["epoch"], run["state"]) for run in runs][-1] == (epoch, "failed")
        assert int((await site.hash(job))["atm"]) == made + 1

    assert [entry["action"] for entry in await site.rows(AUDIT)] == ["retry-from-outside"] * 2


async def test_after_our_replay_a_retry_in_node_goes_on_counting(site: Site, node_room: Room) -> None:
    await site.db.execute(HIDE, RESUME)
    daemon = await site.serve()
    job = await failed(site, node_room)
    assert (await site.run("replay-failed", "--include-permanent", "--yes")).code == 0
    await site.reaches(job, "failed")
    await site.db.execute(SHOW, RESUME)
    await node(node_room, "retry", id=job, state="failed")
    await site.reaches(job, "completed")
    assert await daemon.stop() == 0

    assert [(run["epoch"], run["state"]) for run in await site.rows(OF_JOB, job)] == [
        (0, "failed"),
        (1, "failed"),
        (2, "succeeded"),
    ]
    assert [entry["action"] for entry in await site.rows(AUDIT)] == ["replay", "retry-from-outside"]


async def test_what_our_replay_sends_back_node_can_work(site: Site, node_room: Room) -> None:
    await site.db.execute(HIDE, RESUME)
    daemon = await site.serve()
    job = await failed(site, node_room)
    await daemon.stop()
    await site.run("replay-failed", "--include-permanent", "--set", "tone=concise", "--yes")

    (line,) = await node(node_room, "work", jobs=1, fail=0)

    assert (line["id"], line["data"], line["made"]) == (job, payload(tone="concise"), 0)
    assert await site.state(job) == "completed"
