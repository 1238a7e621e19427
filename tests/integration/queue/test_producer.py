"""What our producer writes, refuses and watches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import TypedDict, Unpack

import pytest

from aiworker.envelope import Envelope
from aiworker.errors import BadEnvelope, DeadlineExceeded, JobFailed, NotFound, ServiceUnreachable, UsageError
from aiworker.policies import KEEP_COMPLETED, KEEP_FAILED
from aiworker.protocol import Abort, JsonValue
from aiworker.queue.producer import JobOptions, JobStatus, NewJob, Producer
from tests.integration.queue.room import QUEUE, Gate, Room, done, eventually, raising
from tests.integration.queue.server import free_port


class Options(TypedDict, total=False):
    """As of JobOptions."""

    priority: int
    delay: timedelta
    attempts: int
    backoff: timedelta
    job_id: str


def job(data: str | JsonValue = None, **options: Unpack[Options]) -> NewJob:
    """Build a new job."""
    return NewJob("rewrite-resume", {} if data is None else data, JobOptions(**options))


async def stored_options(room: Room, queue: str, job_id: str) -> Mapping[str, object]:
    value = await room.redis.hmget(f"{room.prefix}:{queue}:{job_id}", ["opts"])
    return json.loads(value[0] or "{}")


async def test_the_queues_policy_is_written_when_nothing_is_asked_for(room: Room) -> None:
    options = await stored_options(room, QUEUE, await room.add_ours(job()))
    assert options["attempts"] == 3
    assert options["backoff"] == {"type": "exponential", "delay": 1000}
    assert options["removeOnComplete"] == {"count": KEEP_COMPLETED, "age": 86_400}
    assert options["removeOnFail"] == {"count": KEEP_FAILED}
    assert "priority" not in options


async def test_a_queue_whose_policy_has_a_priority_gives_it_to_our_jobs(room: Room) -> None:
    added = await room.producer.add("evaluation", NewJob("analyze", {}))
    assert (await stored_options(room, "evaluation", added))["priority"] == 10


async def test_what_is_asked_for_wins(room: Room) -> None:
    wanted = job(
        priority=4, attempts=7, backoff=timedelta(seconds=2), delay=timedelta(seconds=60), job_id="evaluation-42"
    )
    assert await room.add_ours(wanted) == "evaluation-42"
    options = await stored_options(room, QUEUE, "evaluation-42")
    assert (options["priority"], options["attempts"], options["delay"]) == (4, 7, 60_000)
    assert options["backoff"] == {"type": "exponential", "delay": 2000}
    assert await room.state("evaluation-42") == "delayed"


async def test_json_text_reaches_the_worker_to_the_digit(room: Room) -> None:
    gate = Gate()
    text = '{"cgpa": 8.40, "name":"\\u0905नन्या",  "big": 12345678901234567890}'
    await room.start(gate)
    await room.add_ours(job(text))
    await eventually(lambda: gate.seen, "the job starts")
    gate.opened.set()
    assert gate.seen[0].data == text


async def test_values_are_written_as_readable_json(room: Room) -> None:
    added = await room.add_ours(job({"name": "अनन्या ₹ \U0001f393"}))
    assert await room.field(added, "data") == '{"name":"अनन्या ₹ \U0001f393"}'


@pytest.mark.parametrize(
    "data", ["{", "", "NaN", '{"a": Infinity}', {"a": float("nan")}, {"a": "\ud83d"}, "[" * 100_000]
)
async def test_data_that_is_not_json_is_refused_and_nothing_is_added(room: Room, data: str | JsonValue) -> None:
    with pytest.raises(BadEnvelope):
        await room.producer.add_many(QUEUE, [job(), job(data)])
    assert sum((await room.producer.counts(QUEUE)).values()) == 0


@pytest.mark.parametrize(
    "options",
    [
        {"job_id": "42"},
        {"job_id": "a:b"},
        {"job_id": ""},
        {"job_id": " x"},
        {"job_id": "meta"},
        {"job_id": "stalled-check"},
        {"priority": -1},
        {"priority": 2_097_153},
        {"attempts": 0},
        {"delay": timedelta(seconds=-1)},
        {"backoff": timedelta(seconds=-1)},
    ],
)
async def test_options_bullmq_would_refuse_or_misread_are_refused(room: Room, options: Options) -> None:
    with pytest.raises(UsageError):
        await room.add_ours(job(**options))


async def test_an_unknown_queue_is_refused_with_the_known_ones(room: Room) -> None:
    with pytest.raises(UsageError, match="Known: ai-jobs, interview"):
        await room.producer.add("ai-job", job())


async def test_many_jobs_are_added_in_order_and_over_several_blocks(room: Room) -> None:
    ids = await room.producer.add_many(QUEUE, [job(job_id=f"job-{n}") for n in range(1_101)])
    assert ids == [f"job-{n}" for n in range(1_101)]
    counts = await room.producer.counts(QUEUE)
    assert (counts["waiting"], counts["active"]) == (1_101, 0)


async def test_an_id_that_is_there_already_adds_nothing(room: Room) -> None:
    for _ in range(2):
        assert await room.add_ours(job(job_id="once")) == "once"
    assert (await room.producer.counts(QUEUE))["waiting"] == 1


async def watched(room: Room, job_id: str, seconds: float = 5.0) -> list[JobStatus]:
    return [status async for status in room.producer.watch(QUEUE, job_id, seconds)]


async def test_watching_shows_each_state_and_the_result(room: Room) -> None:
    gate = Gate()
    added = await room.add_ours(job())
    watching = asyncio.create_task(watched(room, added))
    await eventually(lambda: room.state(added), "it is seen waiting")
    await room.start(gate)
    await eventually(lambda: gate.seen, "the job starts")
    opener = asyncio.get_running_loop()
    began = opener.time()
    await eventually(lambda: opener.time() - began > 0.25, "the watcher looked")
    gate.opened.set()
    statuses = await watching
    assert [status.state for status in statuses] == ["waiting", "active", "completed"]
    assert statuses[-1].result == {"id": added} and statuses[-1].failed_reason is None
    assert statuses[0].seconds < statuses[-1].seconds


async def test_watching_a_failure_ends_with_its_reason(room: Room) -> None:
    await room.start(raising(JobFailed("no safe change")))
    last = (await watched(room, await room.add_ours(job())))[-1]
    assert (last.state, last.failed_reason, last.result) == ("failed", "job_failed: no safe change", None)
    assert last.is_ended


async def test_watching_shows_progress(room: Room) -> None:
    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        await room.write_field(envelope.job_id, "progress", '{"step":"ask"}')
        await abort.wait()
        return {}

    running = await room.start(handle)
    added = await room.add_ours(job())
    seen: list[JsonValue] = []
    async for status in room.producer.watch(QUEUE, added, 5.0):
        seen.append(status.progress)
        if status.progress == {"step": "ask"}:
            await running.worker.drain(timedelta(0))
    assert {"step": "ask"} in seen


async def test_watching_has_a_limit(room: Room) -> None:
    added = await room.add_ours(job())
    with pytest.raises(DeadlineExceeded, match="is waiting"):
        await watched(room, added, seconds=0.2)


async def test_watching_a_job_that_is_not_there_says_so(room: Room) -> None:
    with pytest.raises(NotFound):
        await watched(room, "nobody")


async def test_a_producer_without_redis_fails_soon_and_names_the_address() -> None:
    port = free_port()
    async with Producer(f"redis://:hidden-password@127.0.0.1:{port}") as producer:
        began = asyncio.get_running_loop().time()
        with pytest.raises(ServiceUnreachable) as caught:
            await producer.add(QUEUE, job())
        with pytest.raises(ServiceUnreachable):
            await producer.counts(QUEUE)
    assert f"127.0.0.1:{port}" in caught.value.message and "hidden-password" not in str(caught.value)
    assert asyncio.get_running_loop().time() - began < 10


async def test_our_worker_finishes_what_our_producer_adds(room: Room) -> None:
    await room.start(done)
    added = await room.add_ours(job({"resumeId": "r-1"}, priority=3, job_id="ours-1"))
    await room.reaches(added, "completed")
