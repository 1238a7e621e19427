"""Node's bullmq against a whole `aiworker serve`: the real job, the real receipt, the real worker."""

from __future__ import annotations

import json
import socket
from typing import Any, cast

import pytest

from aiworker.queue.connection import client_name
from tests.contract.node_bullmq import node
from tests.e2e.daemon import JOB, QUEUE, Site
from tests.e2e.resume_jobs import ANALYTICS, JOBS
from tests.integration.queue.room import Room
from tests.support.jobs import TENANT, payload

pytestmark = pytest.mark.node


async def test_a_job_node_adds_is_done_and_nodes_events_see_our_receipt(site: Site, node_room: Room) -> None:
    await site.serve()
    lines = await node(node_room, "complete", name=JOB, data=payload())
    (variant,) = await site.variants()

    (event,) = [cast("dict[str, Any]", line) for line in lines if line.get("event")]
    (answer,) = [cast("dict[str, Any]", line) for line in lines if "answer" in line]
    assert (event["event"], event["jobId"]) == ("completed", answer["id"])
    assert event["returnvalue"] == answer["answer"] == await site.receipt(answer["id"])
    assert event["returnvalue"]["resultId"] == variant["id"]
    (callback,) = await site.core_api.wait_for(1)
    assert callback.body == {"jobId": answer["id"], "jobType": JOB, "tenantId": TENANT, "resultId": variant["id"]}


async def test_each_further_job_node_adds_is_done_and_nodes_events_see_its_receipt(site: Site, node_room: Room) -> None:
    await site.insert(ANALYTICS.example)
    await site.serve()
    lines = await node(node_room, "complete", jobs=[{"name": job.name, "data": job.payload} for job in JOBS])
    callbacks = {callback.body["jobType"]: callback.body for callback in await site.core_api.wait_for(len(JOBS))}

    events = {line["jobId"]: line for line in lines if line.get("event")}
    answers = [cast("dict[str, Any]", line) for line in lines if "answer" in line]
    for job, answer in zip(JOBS, answers, strict=True):
        job_id, receipt = answer["id"], answer["answer"]
        assert events[job_id] == {"event": "completed", "jobId": job_id, "returnvalue": receipt}
        assert receipt == await site.receipt(job_id)
        assert {row["id"] for row in await site.rows(job.results)} == {receipt["resultId"]}
        told = {"jobId": job_id, "jobType": job.name, "tenantId": job.tenant, "resultId": receipt["resultId"]}
        assert callbacks[job.name] == told


async def test_node_sees_an_invalid_job_fail_with_a_code_and_no_value(site: Site, node_room: Room) -> None:
    await site.serve()
    lines = await node(node_room, "complete", name=JOB, data={**payload(), "tone": "Quillonde Barrowfax"})

    (reason,) = [str(line["failedReason"]) for line in lines if line.get("event") == "failed"]
    assert reason.startswith("invalid_payload: ")
    assert "Quillonde" not in json.dumps(lines)


async def test_node_lists_exactly_our_worker(site: Site, node_room: Room) -> None:
    daemon = await site.serve()
    (listed,) = await node(node_room, "workers")
    name = f"aiworker@{socket.gethostname()}-{daemon.pid}"
    assert listed == {"count": 1, "names": [client_name(QUEUE, name, prefix=site.prefix)]}

    assert await daemon.stop() == 0
    (listed,) = await node(node_room, "workers")
    assert listed == {"count": 0, "names": []}
