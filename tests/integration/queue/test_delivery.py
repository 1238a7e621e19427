"""What a producer's options and the queue's policy make of a job: jitter, retention, and options that are none."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Mapping
from datetime import timedelta
from typing import Protocol, cast

import pytest
from bullmq import Job

from aiworker.envelope import to_milliseconds
from aiworker.errors import JobFailed, TransientFault
from aiworker.queue import reliable
from aiworker.queue.delivery import Jittered, Retention, apply_policy, backoff_strategy
from aiworker.queue.events import EventKind
from aiworker.queue.isolation import Handler
from aiworker.queue.producer import NewJob
from tests.integration.queue.room import QUEUE, Room, done, eventually, policy, raising, utc_now

ENDS: Mapping[str, Handler] = {"completed": done, "failed": raising(JobFailed("for good"))}
OPTIONS = {"completed": "removeOnComplete", "failed": "removeOnFail"}


class _Scores(Protocol):
    """redis-py leaves these parameters untyped."""

    def zadd(self, name: str, mapping: Mapping[str, float], *, xx: bool) -> Awaitable[object]: ...


def delivered(room: Room, **options: object) -> Job:
    """Return a job of that producer with the policy applied."""
    job = Job(room.queue, "rewrite-resume", {}, options)
    apply_policy(job, policy(), Retention().options)
    return job


def wait_of(job: Job, attempts_made: int, chance: float) -> int:
    strategy = backoff_strategy(policy(), lambda: chance)
    return strategy(attempts_made, "aiworker-jittered", ValueError(), job)


@pytest.mark.parametrize(
    ("kind", "longest"), [("fixed", [1000, 1000, 1000]), ("exponential", [1000, 2000, 4000])], ids=str
)
async def test_jitter_takes_at_most_its_share_off_each_wait(room: Room, kind: str, longest: list[int]) -> None:
    job = delivered(room, backoff={"type": kind, "delay": 1000, "jitter": 0.5})
    assert isinstance(job.opts["backoff"], Jittered)
    assert [wait_of(job, made, 1.0) for made in (1, 2, 3)] == longest
    assert [wait_of(job, made, 0.0) for made in (1, 2, 3)] == [wait // 2 for wait in longest]


@pytest.mark.parametrize("kind", ["fixed", "exponential"])
async def test_a_producers_jitter_is_honoured(room: Room, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without jitter it waited a minute; 1/500 of it is left.
    lucky = functools.partial(backoff_strategy, chance=lambda: 0.002)
    monkeypatch.setattr(reliable, "backoff_strategy", lucky)
    running = await room.start(raising(TransientFault("again")))
    job = await room.add(attempts=2, backoff={"type": kind, "delay": 60_000, "jitter": 1})
    await room.reaches(job, "failed")
    first, second = (event.at for event in running.of(EventKind.JOB_STARTED))
    assert timedelta(milliseconds=100) < second - first < timedelta(seconds=2)


@pytest.mark.parametrize("jitter", ["much", -1, None, True])
async def test_a_jitter_that_is_no_share_counts_as_none(room: Room, jitter: object) -> None:
    job = delivered(room, backoff={"type": "fixed", "delay": 20, "jitter": jitter})
    assert not isinstance(job.opts["backoff"], Jittered)


def test_the_stock_retention_keeps_some_thousands_and_completed_jobs_for_a_day() -> None:
    assert Retention().options == {"removeOnComplete": {"count": 1000, "age": 86_400}, "removeOnFail": {"count": 5000}}


async def test_completed_jobs_over_the_stock_count_go_when_the_producer_set_none(room: Room) -> None:
    await room.producer.add_many(QUEUE, [NewJob("rewrite-resume", {}) for _ in range(1010)])
    running = await room.start(done, policy=policy(concurrency=50))
    await eventually(lambda: running.count(EventKind.JOB_COMPLETED) == 1010, "all are done", within=20.0)
    assert (await room.queue.getJobCounts("completed"))["completed"] == 1000


async def test_completed_jobs_over_the_stock_age_go_when_the_producer_set_none(room: Room) -> None:
    await room.start(done)
    old, young = await room.add(), await room.add()
    for job, age in ((old, timedelta(hours=24, minutes=1)), (young, timedelta(hours=23))):
        await room.reaches(job, "completed")
        then = to_milliseconds(utc_now() - age)
        await cast("_Scores", room.redis).zadd(room.key("completed"), {job: then}, xx=True)
    await room.reaches(await room.add(), "completed")
    assert [await room.redis.exists(room.key(job)) for job in (old, young)] == [0, 1]


@pytest.mark.parametrize("state", ["completed", "failed"])
async def test_a_queue_can_keep_no_finished_jobs_at_all(room: Room, state: str) -> None:
    running = await room.start(ENDS[state], retention=Retention(completed=True, failed=True))
    job = await room.add()
    await eventually(lambda: running.worker.jobs_in_hand == 0 and len(running.events) == 2, "it ended")
    assert await room.redis.exists(room.key(job)) == 0


@pytest.mark.parametrize("state", ["completed", "failed"])
@pytest.mark.parametrize("keeps", [False, True])
async def test_a_producers_own_retention_wins(room: Room, state: str, keeps: bool) -> None:
    await room.start(ENDS[state], policy=policy(concurrency=1), retention=Retention(completed=keeps, failed=keeps))
    job = await room.add(**{OPTIONS[state]: not keeps})
    last = await room.add(removeOnComplete=False, removeOnFail=False)
    await room.reaches(last, state)
    assert await room.redis.exists(room.key(job)) == keeps


@pytest.mark.parametrize("state", ["completed", "failed"])
@pytest.mark.parametrize(
    "kept", [None, "soon", {"count": "soon"}, {"age": []}, [1], {}, {"count": 10.5}, {"age": 5, "limit": 0.5}]
)
async def test_a_retention_bullmq_cannot_compute_with_counts_as_not_set(room: Room, state: str, kept: object) -> None:
    running = await room.start(ENDS[state])
    job = await room.add(delay=60_000, **{OPTIONS[state]: kept})
    await room.queue.promoteJobs()
    await room.reaches(job, state)
    assert running.count(EventKind.WORKER_ERROR) == 0


@pytest.mark.parametrize("options", [{"attempts": 10**20}, {"parent": {"x": 1}}])
async def test_options_out_of_all_bounds_do_not_strand_a_job(room: Room, options: Mapping[str, object]) -> None:
    running = await room.start(raising(JobFailed("for good")))
    job = await room.add(delay=60_000)
    await room.write_field(job, "opts", json.dumps(options))
    await room.queue.promoteJobs()
    await room.reaches(job, "failed")
    assert running.count(EventKind.WORKER_ERROR) == 0
