"""What is read of failed jobs, and how one is sent back, on a real server."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, cast

import pytest
from bullmq import Job

from aiworker.envelope import Envelope, from_milliseconds
from aiworker.errors import JobFailed, NotFound, ServiceUnreachable, TransientFault
from aiworker.protocol import Abort, JsonValue
from aiworker.queue import inspection
from aiworker.queue.inspection import Inspector, Standing, StoredJob, fields_of
from tests.integration.queue.room import HASTY, QUEUE, Gate, Room, done, eventually, policy, raising

NOWHERE = "redis://:hidden-password@127.0.0.1:1/0"
DATA = {"resumeId": "r-1", "cgpa": 8.4}


class _Commands(Protocol):
    """redis-py leaves this one's parameters untyped."""

    def execute_command(self, *words: object) -> Awaitable[Any]: ...


@pytest.fixture
async def inspector(room: Room) -> AsyncGenerator[Inspector]:
    async with Inspector(room.url, prefix=room.prefix) as inspector:
        yield inspector


async def redis(room: Room, *words: object) -> Any:
    return await cast("_Commands", room.redis).execute_command(*words)


async def failed_job(room: Room, data: object = DATA, **options: object) -> str:
    """Have a worker fail a job for good, and stop it again."""
    running = await room.start(raising(JobFailed("no room", code="not_found")))
    job = await room.add(data, **options)
    await room.reaches(job, "failed")
    await running.worker.drain(timedelta(seconds=5))
    return job


async def read(inspector: Inspector, job: str) -> StoredJob:
    return await inspector.job(QUEUE, job)


# Reading


async def test_a_failed_job_is_read_as_it_stands(room: Room, inspector: Inspector) -> None:
    job = await failed_job(room, priority=7)
    (found,) = [each async for each in inspector.failed(QUEUE)]

    assert (found.queue, found.job_id, found.name) == (QUEUE, job, "rewrite-resume")
    assert (found.data, found.failed_reason) == ('{"resumeId":"r-1","cgpa":8.4}', "not_found: no room")
    assert (found.attempts_made, found.attempts_started, found.stalled_count) == (1, 1, 0)
    assert found.added_at == from_milliseconds(int(await room.field(job, "timestamp") or 0))
    assert found.finished_at is not None
    assert timedelta(0) <= datetime.now(UTC) - found.finished_at < timedelta(seconds=20)
    assert await read(inspector, job) == found


async def test_a_listing_without_data_has_all_but_the_payload(room: Room, inspector: Inspector) -> None:
    await failed_job(room)
    (found,) = [each async for each in inspector.failed(QUEUE, with_data=False)]

    assert (found.data, found.failed_reason) == ("", "not_found: no room")


@pytest.mark.parametrize("with_data", [True, False])
async def test_all_failed_jobs_are_listed_the_newest_first_whatever_the_chunks(
    room: Room, inspector: Inspector, monkeypatch: pytest.MonkeyPatch, with_data: bool
) -> None:
    monkeypatch.setattr(inspection, "CHUNK", 3)
    monkeypatch.setattr(inspection, "CHUNK_WITH_DATA", 3)
    await room.start(raising(JobFailed("for good")), policy=policy(concurrency=1))
    jobs = [await room.add() for _ in range(7)]
    for job in jobs:
        await room.reaches(job, "failed")

    listed = [each async for each in inspector.failed(QUEUE, with_data=with_data)]

    assert sorted(each.job_id for each in listed) == sorted(jobs)
    times = [each.finished_at for each in listed if each.finished_at]
    assert times == sorted(times, reverse=True)


async def test_a_queue_without_failures_lists_none(inspector: Inspector) -> None:
    assert [each async for each in inspector.failed(QUEUE)] == []


async def test_an_id_whose_job_is_gone_is_skipped(room: Room, inspector: Inspector) -> None:
    kept, lost = await failed_job(room), await failed_job(room)
    await redis(room, "DEL", room.key(lost))

    assert [each.job_id async for each in inspector.failed(QUEUE)] == [kept]


async def test_a_job_in_any_other_state_can_be_looked_up(room: Room, inspector: Inspector) -> None:
    job = await room.add(DATA)
    found = await read(inspector, job)

    assert (found.failed_reason, found.finished_at) == ("", None)
    assert await inspector.standing(found) == "locked"


async def test_an_unknown_job_is_not_found(inspector: Inspector) -> None:
    assert await inspector.find(QUEUE, "77") is None
    with pytest.raises(NotFound, match="holds no job 77"):
        await inspector.job(QUEUE, "77")


@pytest.mark.parametrize(
    ("field", "text"),
    [("data", '{"resumeId": '), ("opts", "{"), ("opts", "[1]"), ("finishedOn", "soon"), ("timestamp", "9" * 30)],
)
async def test_a_job_nobody_can_read_is_listed_all_the_same_and_can_be_sent_back(
    room: Room, inspector: Inspector, field: str, text: str
) -> None:
    job = await failed_job(room)
    await room.write_field(job, field, text)
    (found,) = [each async for each in inspector.failed(QUEUE)]

    assert await inspector.retry(found, data=found.data, reset_attempts=True) == "sent"
    assert await room.state(job) == "waiting"


async def test_a_job_without_data_has_what_the_worker_would_read(room: Room, inspector: Inspector) -> None:
    job = await failed_job(room)
    await redis(room, "HDEL", room.key(job), "data")

    assert (await read(inspector, job)).data == "{}"


@pytest.mark.parametrize("data", ["[1]", "7", "no json", "[" * 100_000, ""])
def test_data_that_is_no_object_has_no_fields(data: str) -> None:
    assert fields_of(data) == {}


# Sending back


async def test_a_retried_job_is_as_new_but_for_the_fence(room: Room, inspector: Inspector) -> None:
    job = await failed_job(room)
    await room.write_field(job, "stc", "3")
    await room.write_field(job, "defa", "job stalled more than allowable limit")
    found = await read(inspector, job)

    assert await inspector.standing(found) == "failed"
    assert await inspector.retry(found, data=found.data, reset_attempts=True) == "sent"

    assert await room.state(job) == "waiting"
    gone = [await room.field(job, name) for name in ("stc", "defa", "atm", "failedReason", "finishedOn")]
    assert gone == [None] * 5
    assert (await room.field(job, "ats"), await room.field(job, "data")) == ("1", found.data)


async def test_attempts_can_be_kept(room: Room, inspector: Inspector) -> None:
    job = await failed_job(room)
    found = await read(inspector, job)
    await inspector.retry(found, data=found.data, reset_attempts=False)

    assert (await room.field(job, "atm"), await room.field(job, "ats")) == ("1", "1")


async def test_all_attempts_are_there_again_after_a_reset(room: Room, inspector: Inspector) -> None:
    job = await failed_job(room, attempts=2, backoff={"type": "fixed", "delay": 10})
    found = await read(inspector, job)
    await inspector.retry(found, data=found.data, reset_attempts=True)
    seen: list[tuple[int, int]] = []

    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        seen.append((envelope.attempts_made, envelope.attempts_started))
        raise TransientFault("again")

    await room.start(handle)
    await room.reaches(job, "failed")

    assert seen == [(0, 2), (1, 3)]


async def test_changed_data_arrives_to_the_letter(room: Room, inspector: Inspector) -> None:
    job = await failed_job(room)
    changed = '{"resumeId":"r-1","cgpa":8.40,"name":"अनन्या"}'
    await inspector.retry(await read(inspector, job), data=changed, reset_attempts=True)
    gate = Gate()
    gate.opened.set()
    await room.start(gate)
    await room.reaches(job, "completed")

    assert gate.seen[0].data == changed


@pytest.mark.parametrize(("lifo", "first"), [(True, "old"), (False, "other")])
async def test_a_job_goes_back_to_its_own_end_of_the_queue(
    room: Room, inspector: Inspector, lifo: bool, first: str
) -> None:
    job = await failed_job(room, lifo=lifo)
    other = await room.add()
    found = await read(inspector, job)
    await inspector.retry(found, data=found.data, reset_attempts=True)
    order: list[str] = []

    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        order.append("old" if envelope.job_id == job else "other")
        return {}

    await room.start(handle, policy=policy(concurrency=1))
    await room.reaches(job, "completed")
    await room.reaches(other, "completed")

    assert order[0] == first


async def test_a_priority_is_kept(room: Room, inspector: Inspector) -> None:
    job = await failed_job(room, priority=7)
    found = await read(inspector, job)
    await inspector.retry(found, data=found.data, reset_attempts=True)

    assert await room.state(job) == "prioritized"


async def test_a_job_that_is_gone_is_not_brought_back_as_a_shadow(room: Room, inspector: Inspector) -> None:
    job = await failed_job(room)
    found = await read(inspector, job)
    await redis(room, "DEL", room.key(job))

    assert await inspector.retry(found, data="{}", reset_attempts=True) == "gone"
    assert await inspector.standing(found) == "gone"
    assert await redis(room, "EXISTS", room.key(job)) == 0


async def test_a_job_somebody_else_has_is_left_alone(room: Room, inspector: Inspector) -> None:
    job = await failed_job(room)
    found = await read(inspector, job)
    assert await inspector.retry(found, data=found.data, reset_attempts=True) == "sent"
    gate = Gate()
    await room.start(gate)
    await eventually(lambda: gate.seen, "somebody works on it")
    before = await redis(room, "HGETALL", room.key(job))

    assert await inspector.retry(found, data='{"other": 1}', reset_attempts=True) == "locked"
    assert await inspector.standing(found) == "locked"
    assert await redis(room, "HGETALL", room.key(job)) == before
    gate.opened.set()
    await room.reaches(job, "completed")


async def test_a_job_whose_data_changed_since_it_was_read_is_left_alone(room: Room, inspector: Inspector) -> None:
    job = await failed_job(room)
    found = await read(inspector, job)
    await room.write_field(job, "data", json.dumps({"resumeId": "r-2"}))

    assert await inspector.retry(found, data=found.data, reset_attempts=True) == "locked"
    assert await room.state(job) == "failed"


async def test_a_change_between_look_and_leap_undoes_all_of_it(room: Room) -> None:
    class Overtaken(Inspector):
        async def _standing(self, reader: Any, job: StoredJob) -> Standing:
            standing = await super()._standing(reader, job)
            await room.write_field(job.job_id, "stc", "4")
            return standing

    job = await failed_job(room)
    await room.write_field(job, "stc", "3")
    async with Overtaken(room.url, prefix=room.prefix) as inspector:
        found = await read(inspector, job)
        assert await inspector.retry(found, data='{"other": 1}', reset_attempts=True) == "locked"

    assert (await room.field(job, "stc"), await room.field(job, "data")) == ("4", found.data)
    assert await room.state(job) == "failed"


async def test_a_job_that_had_stalled_out_survives_its_first_stall(room: Room, inspector: Inspector) -> None:
    job = await failed_job(room)
    await room.write_field(job, "stc", "3")
    found = await read(inspector, job)
    await inspector.retry(found, data=found.data, reset_attempts=True)
    gate = Gate()
    await room.start(gate, timing=HASTY)
    await eventually(lambda: gate.seen, "the job starts")
    await redis(room, "DEL", room.key(job) + ":lock")
    await eventually(lambda: gate.cancelled, "it stalls")
    gate.opened.set()
    await room.reaches(job, "completed")

    assert [each.stalled_count for each in gate.seen] == [0, 1]


async def test_with_its_old_stalls_it_would_have_died(room: Room) -> None:
    """Show that the test above can fail: BullMQ's own retry keeps the count."""
    job = await failed_job(room)
    await room.write_field(job, "stc", "3")
    raw = await Job.fromId(room.queue, job)
    assert raw is not None
    await raw.retry("failed", {"resetAttemptsMade": True})
    gate = Gate()
    await room.start(gate, timing=HASTY)
    await eventually(lambda: gate.seen, "the job starts")
    await redis(room, "DEL", room.key(job) + ":lock")

    await room.reaches(job, "failed")
    assert "stalled" in (await room.field(job, "failedReason") or "")


# Redis away


async def test_without_redis_it_says_so_within_seconds_and_without_the_password() -> None:
    async with Inspector(NOWHERE) as inspector:
        with pytest.raises(ServiceUnreachable) as listing:
            _ = [each async for each in inspector.failed(QUEUE)]
        with pytest.raises(ServiceUnreachable) as looking:
            await inspector.job(QUEUE, "1")

    for caught in (listing, looking):
        assert "127.0.0.1:1" in caught.value.message
        assert "hidden-password" not in caught.value.message


async def test_two_queues_are_kept_apart(room: Room, inspector: Inspector) -> None:
    await failed_job(room)
    await room.start(done)

    assert [each async for each in inspector.failed("evaluation")] == []
