"""What hangs without raising anything is noticed: connections that fell silent, and a loop that is kept busy."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from aiworker.envelope import Envelope
from aiworker.protocol import Abort, JsonValue
from aiworker.queue import reliable
from aiworker.queue.events import EventKind
from tests.integration.queue.proxy import Proxy, proxied
from tests.integration.queue.room import TIMING, Gate, Room, Running, done, eventually, policy
from tests.integration.queue.server import Server

ALERT = replace(
    TIMING,
    longest_wait=timedelta(milliseconds=50),
    ping_every=timedelta(milliseconds=50),
    ping_limit=timedelta(milliseconds=200),
    lag_every=timedelta(milliseconds=20),
)
ALONE = policy(concurrency=1)


@pytest.fixture
async def proxy(valkey: Server) -> AsyncGenerator[Proxy]:
    async with proxied(valkey.url) as proxy:
        yield proxy


async def with_a_job_in_hand(proxy: Proxy, room: Room) -> tuple[Running, str, Gate]:
    gate = Gate()
    running = await room.start(gate, policy=ALONE, url=proxy.url, timing=ALERT)
    job = await room.add(attempts=1)
    await eventually(lambda: gate.seen, "the job starts")
    return running, job, gate


async def test_a_handler_that_blocks_the_loop_shows_as_lag(room: Room) -> None:
    async def block(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        time.sleep(0.3)  # noqa: ASYNC251 - blocking the loop is what this handler does wrong
        return {}

    running = await room.start(block, timing=ALERT)
    await eventually(lambda: running.worker.last_ping_at, "the watchdog looks")
    assert running.worker.loop_lag < timedelta(milliseconds=200)
    await room.add()
    await eventually(lambda: running.worker.loop_lag >= timedelta(milliseconds=200), "the lag is seen")
    await eventually(lambda: running.worker.loop_lag < timedelta(milliseconds=200), "it is forgotten later")


async def test_the_ping_moves_while_every_slot_is_taken(proxy: Proxy, room: Room) -> None:
    running, _, gate = await with_a_job_in_hand(proxy, room)
    fetched, first = running.worker.last_fetch_at, running.worker.last_ping_at
    await eventually(lambda: running.worker.last_ping_at not in (None, first), "it was pinged")
    assert running.worker.last_fetch_at == fetched
    gate.opened.set()


async def test_a_command_line_that_hangs_is_cut_and_the_result_delivered_once(proxy: Proxy, room: Room) -> None:
    running, job, gate = await with_a_job_in_hand(proxy, room)
    proxy.silence()
    gate.opened.set()
    await room.reaches(job, "completed", within=3.0)
    await eventually(lambda: running.count(EventKind.JOB_COMPLETED), "its end is told")
    assert [envelope.attempts_started for envelope in gate.seen] == [1]
    assert running.count(EventKind.WORKER_RESTARTING) == 0


@pytest.mark.parametrize("what", [b"BZPOPMIN", b""], ids=["wait", "all"])
async def test_a_worker_whose_wait_for_jobs_hangs_is_replaced(proxy: Proxy, room: Room, what: bytes) -> None:
    running = await room.start(
        done, url=proxy.url, timing=replace(ALERT, fetch_limit=timedelta(milliseconds=300), misses=2)
    )
    await eventually(lambda: proxy.silence(last_heard=what), "the connection falls silent")
    await room.add()
    await eventually(lambda: running.count(EventKind.WORKER_RESTARTING), "it is replaced")
    await eventually(lambda: running.count(EventKind.JOB_COMPLETED) == 1, "the new one works")


async def test_a_worker_whose_start_hangs_is_replaced(proxy: Proxy, room: Room) -> None:
    proxy.fall_silent_at(b"INFO")
    running = await room.start(
        done, url=proxy.url, timing=replace(ALERT, fetch_limit=timedelta(milliseconds=300), misses=2)
    )
    assert running.count(EventKind.WORKER_RESTARTING) == 1


async def test_a_wait_for_jobs_that_is_never_answered_ends_by_itself(
    proxy: Proxy, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reliable, "LONGEST_BLOCK_SECONDS", 0)
    monkeypatch.setattr(reliable, "BLOCK_SLACK_SECONDS", 0.3)
    running = await room.start(done, url=proxy.url, timing=replace(TIMING, longest_wait=timedelta(milliseconds=50)))
    await eventually(lambda: proxy.silence(last_heard=b"BZPOPMIN"), "the connection falls silent")
    job = await room.add()
    await room.reaches(job, "completed")
    assert [event.reason for event in running.of(EventKind.WORKER_ERROR)] == ["TimeoutError"]
    assert running.count(EventKind.WORKER_RESTARTING) == 0


async def test_a_worker_is_kept_while_redis_answers_nobody(proxy: Proxy, room: Room) -> None:
    timing = replace(ALERT, ping_limit=timedelta(milliseconds=50), misses=3)
    gate = Gate()
    running = await room.start(gate, policy=ALONE, url=proxy.url, timing=timing)
    job = await room.add(attempts=1)
    await eventually(lambda: gate.seen, "the job starts")
    links = len(proxy.links)
    proxy.is_away = True
    proxy.silence()
    gate.opened.set()
    await eventually(lambda: len(proxy.links) >= links + 5, "it asked several times in vain")
    assert await room.state(job) == "active"
    proxy.is_away = False
    await room.reaches(job, "completed")
    assert [envelope.attempts_started for envelope in gate.seen] == [1]
    assert running.count(EventKind.WORKER_RESTARTING) == 0
