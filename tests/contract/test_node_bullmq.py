"""Node's bullmq is the referee: what it adds we process, what we say it understands, and the other way round."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest

from aiworker.envelope import Envelope
from aiworker.errors import JobFailed
from aiworker.protocol import Abort, JsonValue
from aiworker.queue.connection import client_name
from aiworker.queue.producer import JobOptions, NewJob
from tests.contract.node_bullmq import node
from tests.integration.queue.room import QUEUE, Gate, Room, done, eventually, policy, raising, returning

pytestmark = pytest.mark.node


async def test_a_job_node_adds_reaches_us_unchanged(room: Room) -> None:
    gate = Gate()
    gate.opened.set()
    await room.start(gate)
    data = {"resumeId": "r-1", "name": "अनन्या 🎓", "cgpa": 8.4}
    (added,) = await node(room, "add", name="rewrite-resume", data=data, options={"attempts": 4, "priority": 2})
    await eventually(lambda: gate.seen, "the job arrives")
    seen = gate.seen[0]
    assert (seen.name, seen.job_id, seen.attempts_allowed, seen.priority) == ("rewrite-resume", added["id"], 4, 2)
    assert seen.data == '{"resumeId":"r-1","name":"अनन्या 🎓","cgpa":8.4}'
    await room.reaches(seen.job_id, "completed")


async def test_a_job_node_adds_without_options_gets_our_attempts(room: Room) -> None:
    gate = Gate()
    gate.opened.set()
    await room.start(gate)
    await node(room, "add", name="rewrite-resume", data={})
    await eventually(lambda: gate.seen, "the job arrives")
    assert gate.seen[0].attempts_allowed == 3


async def test_nodes_events_see_our_receipt(room: Room) -> None:
    receipt: dict[str, JsonValue] = {"resultId": "variant-1", "note": "naïve ₹"}
    await room.start(returning(receipt))
    lines = await node(room, "complete", name="rewrite-resume", data={})
    assert {"event": "completed", "jobId": "1", "returnvalue": receipt} in lines
    assert {"id": "1", "answer": receipt} in lines


async def test_nodes_events_see_why_a_job_failed(room: Room) -> None:
    await room.start(raising(JobFailed("nothing in the answer may be stored", code="no_safe_change")))
    lines = await node(room, "complete", name="rewrite-resume", data={})
    reason = "no_safe_change: nothing in the answer may be stored"
    assert {"event": "failed", "jobId": "1", "failedReason": reason} in lines
    assert {"id": "1", "answer": {"error": reason}} in lines


async def test_node_lists_exactly_our_worker(room: Room) -> None:
    await room.start(done, name="aiworker@host-1", policy=policy(concurrency=20))
    jobs = [await room.add() for _ in range(20)]
    for job in jobs:
        await room.reaches(job, "completed")
    (listed,) = await node(room, "workers")
    assert listed == {"count": 1, "names": [client_name(QUEUE, "aiworker@host-1", prefix=room.prefix)]}


async def test_node_reads_our_metrics(room: Room) -> None:
    await room.start(done)
    for _ in range(3):
        await room.reaches(await room.add(), "completed")
    (metrics,) = await node(room, "metrics")
    assert metrics["count"] == 3


async def test_nodes_retry_runs_a_failed_job_again(room: Room) -> None:
    seen: list[Envelope] = []

    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        seen.append(envelope)
        if len(seen) == 1:
            raise JobFailed("for good")
        return {"again": True}

    await room.start(handle)
    (added,) = await node(room, "add", name="rewrite-resume", data={})
    job = str(added["id"])
    await room.reaches(job, "failed")
    await node(room, "retry", id=job, state="failed")
    await room.reaches(job, "completed")
    assert [(e.attempts_made, e.attempts_started) for e in seen] == [(0, 1), (1, 2)]
    assert seen[0].identity == seen[1].identity


async def test_node_works_our_jobs_with_the_options_we_gave(room: Room) -> None:
    options = JobOptions(
        priority=5,
        delay=timedelta(milliseconds=300),
        attempts=2,
        backoff=timedelta(milliseconds=50),
        job_id="from-python",
    )
    await room.add_ours(NewJob("rewrite-resume", '{"name": "अनन्या", "cgpa": 8.40}', options))
    first, second = await node(room, "work", jobs=1, fail=1)
    expected = {
        "id": "from-python",
        "name": "rewrite-resume",
        "data": {"name": "अनन्या", "cgpa": 8.4},
        "attempts": 2,
        "backoff": {"type": "exponential", "delay": 50},
        "priority": 5,
    }
    assert {key: first[key] for key in expected} == expected
    assert isinstance(first["at"], int) and isinstance(first["added"], int) and first["at"] - first["added"] >= 300
    assert second["made"] == 1
    assert await room.state("from-python") == "completed"


async def test_node_takes_the_jobs_we_hand_back(room: Room) -> None:
    gate = Gate()
    running = await room.start(gate)
    job = await room.add_ours(NewJob("rewrite-resume", {}))
    await eventually(lambda: gate.seen, "the job starts")
    working = asyncio.create_task(node(room, "work", jobs=1, fail=0))
    await running.worker.drain(timedelta(0))
    (line,) = await working
    assert (line["id"], line["made"]) == (job, 0)
    assert await room.state(job) == "completed"
