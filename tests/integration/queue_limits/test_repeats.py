"""A command is sent again when its answer got lost: the server has done it twice, and once is what counts."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from aiworker import embedded
from aiworker.domain.pacing import Outcomes, Rules
from aiworker.queue import limits as room
from aiworker.queue.limits import Admission, SharedLimits
from tests.integration.queue.proxy import Proxy, proxied
from tests.integration.queue_limits.workers import KEY, LEASE, Workers, passes, standing_of

NEVER_ADMITTED = Admission(ticket="let pass without Redis", tokens=10)
TURN_AT_ONCE = Rules(open_after=1, open_for=timedelta(seconds=30))


@pytest.fixture
async def proxy(servers: embedded.Servers) -> AsyncGenerator[Proxy]:
    async with proxied(servers.redis_url) as proxy:
        yield proxy


@pytest.fixture
async def workers(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Workers]:
    # The second answer must be waited for however slow this machine is.
    monkeypatch.setattr(room, "ANSWER_WITHIN", timedelta(seconds=20))
    workers = Workers(proxy.url)
    yield workers
    for worker in workers.started:
        await worker.aclose()


async def started(workers: Workers, rules: Rules, *, own_clock: bool = True) -> SharedLimits:
    """Start a worker whose server knows the script: else the lost answer would be that it does not."""
    worker = workers.start(rules, own_clock=own_clock)
    await worker.standing("openai:another")
    return worker


async def passes_unheard(worker: SharedLimits, proxy: Proxy) -> Admission:
    proxy.swallow_answer_to(b"admit")
    admission = await passes(worker)
    assert proxy.swallowed == 1 and admission.at_ms
    return admission


async def report_unheard(worker: SharedLimits, proxy: Proxy, admission: Admission, outcome: Outcomes) -> bool:
    proxy.swallow_answer_to(b"report")
    has_opened = await worker.report(KEY, admission, outcome)
    assert proxy.swallowed == 1
    return has_opened


async def fails(worker: SharedLimits) -> None:
    await worker.report(KEY, await passes(worker), Outcomes.FAULT)


async def test_an_admission_given_twice_takes_its_slot_and_its_request_once(workers: Workers, proxy: Proxy) -> None:
    worker = await started(workers, Rules(requests_per_minute=5, tokens_per_minute=500, concurrency=1))
    admission = await passes_unheard(worker, proxy)
    standing = await standing_of(worker)
    assert not admission.is_probe
    assert (standing.requests, standing.tokens, list(standing.slots)) == (4, 490, [admission.ticket])


async def test_an_admission_given_twice_is_as_old_as_the_first(workers: Workers, proxy: Proxy) -> None:
    worker = await started(workers, Rules(requests_per_minute=5), own_clock=False)
    admission = await passes_unheard(worker, proxy)
    standing = await standing_of(worker)
    assert admission.at_ms == standing.filled_at
    assert standing.slots == {admission.ticket: admission.at_ms + round(LEASE.total_seconds() * 1000)}


async def test_the_probe_is_told_twice_that_it_is_the_probe(workers: Workers, proxy: Proxy) -> None:
    worker = await started(workers, TURN_AT_ONCE)
    await fails(worker)
    workers.clock.move(timedelta(seconds=30))
    assert (await passes_unheard(worker, proxy)).is_probe


async def test_a_report_that_arrives_twice_is_one_fault(workers: Workers, proxy: Proxy) -> None:
    worker = await started(workers, Rules(open_after=2))
    await report_unheard(worker, proxy, await passes(worker), Outcomes.FAULT)
    standing = await standing_of(worker)
    assert (standing.faults, standing.is_open) == (1, False)


async def test_a_call_that_outlasted_its_slot_is_one_fault(workers: Workers, proxy: Proxy) -> None:
    worker = await started(workers, Rules(open_after=3))
    slow = await passes(worker)
    workers.clock.move(LEASE)
    assert not (await standing_of(worker)).slots
    await report_unheard(worker, proxy, slow, Outcomes.FAULT)
    assert (await standing_of(worker)).faults == 1


async def test_a_call_that_was_let_pass_without_redis_is_one_fault(workers: Workers, proxy: Proxy) -> None:
    worker = await started(workers, Rules(open_after=3))
    await report_unheard(worker, proxy, NEVER_ADMITTED, Outcomes.FAULT)
    assert (await standing_of(worker)).faults == 1


async def test_that_a_report_opened_the_breaker_is_heard_although_the_first_answer_was_lost(
    workers: Workers, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    worker = await started(workers, TURN_AT_ONCE)
    assert await report_unheard(worker, proxy, await passes(worker), Outcomes.FAULT)
    assert [line.message for line in caplog.records if line.message != "limiter-away"] == ["breaker-opened"]


async def test_that_a_report_closed_the_breaker_is_heard_although_the_first_answer_was_lost(
    workers: Workers, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    worker = await started(workers, TURN_AT_ONCE)
    await fails(worker)
    workers.clock.move(timedelta(seconds=30))
    probe = await passes(worker)
    caplog.clear()
    caplog.set_level(logging.INFO, "aiworker.limits")
    assert not await report_unheard(worker, proxy, probe, Outcomes.GOOD)
    assert [line.message for line in caplog.records if line.message != "limiter-away"] == ["breaker-closed"]


async def test_another_calls_report_does_not_tell_it_again(workers: Workers) -> None:
    worker = await started(workers, TURN_AT_ONCE)
    calls = [await passes(worker) for _ in range(2)]
    assert [await worker.report(KEY, call, Outcomes.FAULT) for call in calls] == [True, False]


async def test_who_reported_is_forgotten_after_a_minute(workers: Workers) -> None:
    worker = await started(workers, Rules())
    await fails(worker)
    assert 0 < (await workers.ttls())[":reported"] <= 60_000
    workers.clock.move(timedelta(minutes=1))
    late = await passes(worker)
    await worker.report(KEY, late, Outcomes.FAULT)
    assert list((await standing_of(worker)).reported) == [late.ticket]
