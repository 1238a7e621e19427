"""The limits that workers share through one Redis: what one of them learns all of them know."""

from __future__ import annotations

import asyncio
import logging
import socket
from datetime import timedelta

import pytest

from aiworker.domain.pacing import Outcomes, Rules, Verdict
from aiworker.queue import limits as room
from aiworker.queue.connection import short_client
from aiworker.queue.limits import NoLimits, SharedLimits
from tests.integration.queue_limits.workers import KEY, LEASE, Workers, passes, standing_of

NOWHERE = "redis://:hunter2@127.0.0.1:1/0"


async def test_requests_are_counted_over_all_workers(workers: Workers) -> None:
    one, two = (workers.start(Rules(requests_per_minute=2)) for _ in range(2))
    await passes(one)
    await passes(two)
    refused = await one.admit(KEY, tokens=10, lease=LEASE)
    assert (refused.verdict, refused.wait) == (Verdict.WAIT, timedelta(seconds=30))


async def test_workers_asking_at_the_same_moment_get_no_more_than_there_is(workers: Workers) -> None:
    crowd = [workers.start(Rules(requests_per_minute=7)) for _ in range(4)]
    asked = await asyncio.gather(*(worker.admit(KEY, tokens=1, lease=LEASE) for worker in crowd for _ in range(10)))
    assert sum(admission.is_allowed for admission in asked) == 7


async def test_models_are_limited_apart(workers: Workers) -> None:
    worker = workers.start(Rules(requests_per_minute=1))
    await passes(worker)
    assert (await worker.admit("openai:gpt-4o-mini", tokens=1, lease=LEASE)).is_allowed


async def test_the_retry_after_of_one_worker_is_seen_by_the_other(workers: Workers) -> None:
    one, two = workers.start(), workers.start()
    await one.report(KEY, await passes(one), Outcomes.LIMITED, retry_after=timedelta(seconds=7))
    assert (await two.admit(KEY, tokens=1, lease=LEASE)).wait == timedelta(seconds=7)
    workers.clock.move(timedelta(seconds=7))
    await passes(two)


async def test_a_breaker_opened_by_one_worker_is_probed_by_one_of_them_and_told_once(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "aiworker.limits")
    one, two = workers.start(), workers.start()
    for worker in (one, two, one, two, one):
        await worker.report(KEY, await passes(worker), Outcomes.FAULT)
    assert (await two.admit(KEY, tokens=1, lease=LEASE)).verdict is Verdict.BLOCKED
    workers.clock.move(timedelta(seconds=30))
    probe = await passes(two)
    assert probe.is_probe
    assert (await one.admit(KEY, tokens=1, lease=LEASE)).verdict is Verdict.BLOCKED
    await two.report(KEY, probe, Outcomes.GOOD)
    assert not (await passes(one)).is_probe
    assert [(line.message, line.levelname) for line in caplog.records] == [
        ("breaker-opened", "ERROR"),
        ("breaker-closed", "INFO"),
    ]


async def test_a_refused_key_blocks_every_worker_at_once(workers: Workers) -> None:
    one, two = workers.start(), workers.start()
    await one.report(KEY, await passes(one), Outcomes.BLOCKED)
    assert (await two.admit(KEY, tokens=1, lease=LEASE)).verdict is Verdict.BLOCKED


async def test_concurrency_is_halved_and_grows_back(workers: Workers) -> None:
    worker = workers.start(Rules(grow_after=2))
    eight = [await passes(worker) for _ in range(8)]
    for call in eight:
        await worker.report(KEY, call, Outcomes.OVERLOADED if call is eight[0] else Outcomes.UNKNOWN)
    assert (await standing_of(worker)).cap == 4
    for _ in range(4):
        await worker.report(KEY, await passes(worker), Outcomes.GOOD)
    assert (await standing_of(worker)).cap == 6


async def test_what_is_known_is_forgotten_in_time(workers: Workers) -> None:
    await passes(workers.start(Rules(requests_per_minute=5, tokens_per_minute=5_000)))
    ttls = await workers.ttls()
    assert ttls.keys() == {"", ":calls"} and all(0 < ttl <= 3_600_000 for ttl in ttls.values())


@pytest.mark.parametrize("outcome", [Outcomes.FAULT, Outcomes.BLOCKED])
async def test_a_breaker_is_remembered_for_longer_than_it_is_open(workers: Workers, outcome: Outcomes) -> None:
    pause = timedelta(hours=2)
    worker = workers.start(Rules(open_after=1, open_for=pause, blocked_for=pause))
    opening, _ = await passes(worker), await passes(worker)
    await worker.report(KEY, opening, outcome)
    ttls = await workers.ttls()
    assert all(7_200_000 < ttls[part] <= 10_800_000 for part in ("", ":calls"))


async def test_the_servers_clock_counts_unless_one_is_given(workers: Workers) -> None:
    worker = workers.start(Rules(requests_per_minute=1), own_clock=False)
    admission = await passes(worker)
    seconds, _ = await workers.ask("TIME")
    assert abs(admission.at_ms / 1000 - int(seconds)) < 5
    refused = await worker.admit(KEY, tokens=1, lease=LEASE)
    assert timedelta(seconds=50) < refused.wait <= timedelta(seconds=60)


async def test_a_server_that_has_forgotten_the_script_is_told_again(workers: Workers) -> None:
    worker = workers.start(Rules(requests_per_minute=1))
    await passes(worker)
    await workers.ask("SCRIPT", "FLUSH")
    assert not (await worker.admit(KEY, tokens=1, lease=LEASE)).is_allowed


async def test_without_redis_everything_passes_and_it_is_told_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    worker = SharedLimits(short_client(NOWHERE), Rules(requests_per_minute=1))
    for _ in range(3):
        await worker.report(KEY, await passes(worker), Outcomes.GOOD)
    assert await worker.standing(KEY) is None
    assert [line.message for line in caplog.records] == ["limiter-away"]
    assert "hunter2" not in caplog.text
    await worker.aclose()


async def test_a_redis_that_hangs_holds_a_call_up_only_for_a_moment(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(room, "ANSWER_WITHIN", timedelta(milliseconds=50))
    with socket.create_server(("127.0.0.1", 0)) as hung:
        worker = SharedLimits(short_client(f"redis://127.0.0.1:{hung.getsockname()[1]}/0"), Rules())
        async with asyncio.timeout(2):
            for _ in range(2):
                await passes(worker)
        await worker.aclose()
    assert [line.message for line in caplog.records] == ["limiter-away"]


async def test_one_shot_runs_have_no_limits() -> None:
    limits = NoLimits()
    admission = await limits.admit(KEY, tokens=10**9, lease=LEASE)
    await limits.report(KEY, admission, Outcomes.BLOCKED)
    assert (await limits.admit(KEY, tokens=1, lease=LEASE)).is_allowed
    await limits.aclose()
