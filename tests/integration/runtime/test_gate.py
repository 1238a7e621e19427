"""What stands before a call: checkpoint, budget, limiter, breaker, and what the job hears from each."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from aiworker.domain.pacing import Outcomes, Verdict
from aiworker.errors import (
    Cancel,
    DeadlineExceeded,
    Decided,
    JobFailed,
    ProviderBlocked,
    RateLimited,
    Refused,
    Retry,
    Snooze,
    TransientFault,
)
from aiworker.llm.offline import OfflineModel
from aiworker.protocol import Allowance, FollowUp, LLMReply, LLMRequest, RateLimits, Unavailable, Usage
from aiworker.queue.limits import NOT_SAID, Admission
from aiworker.runtime.execute import execute
from aiworker.runtime.gate import GuardedGate, judged
from aiworker.store.budgets import Caps
from aiworker.store.database import Database
from tests.integration.queue.room import eventually
from tests.integration.runtime.rows import alerts, errors, rows, runs
from tests.support.jobs import NOW, Clock, ScriptedModel, again, envelope, insert_example, processor, question, runtime

NAME = "rewrite-resume"
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
WAITS = Admission(Verdict.WAIT, timedelta(seconds=1))
TIGHT = Caps(job=Decimal("0.0015"))
"""Enough for one call at 100 output tokens, which may cost 0.001, and not for two."""


@dataclass
class Limits:
    """A limiter whose verdicts are given; notes what it was asked and told."""

    verdicts: list[Admission] = field(default_factory=list[Admission])
    needs_tokens: bool = True
    asked: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    opens: bool = False
    told: list[tuple[Outcomes, int | None, timedelta, int | None]] = field(
        default_factory=list[tuple[Outcomes, int | None, timedelta, int | None]]
    )

    async def admit(self, key: str, *, tokens: int, lease: timedelta) -> Admission:
        self.asked.append((key, tokens))
        return self.verdicts.pop(0) if self.verdicts else Admission(ticket="t", tokens=tokens)

    async def report(
        self,
        key: str,
        admission: Admission,
        outcome: Outcomes,
        *,
        used: int | None = None,
        retry_after: timedelta = timedelta(0),
        left: RateLimits = NOT_SAID,
    ) -> bool:
        self.told.append((outcome, used, retry_after, left.requests.remaining))
        return self.opens

    async def aclose(self) -> None:
        """Have nothing to close."""


class Priced(ScriptedModel):
    """A model with a price: 10,000 output tokens at 10 dollars a million cost 0.10."""

    cost = "0.25"

    async def answer(self, request: LLMRequest) -> LLMReply:
        reply = await super().answer(request)
        limits = RateLimits(Allowance(remaining=7))
        return replace(reply, usage=Usage(40, 60, cost_usd=self.cost), rate_limits=limits)


class Unhurried(Priced):
    """A cheap model that answers when it may."""

    cost = "0.000001"

    def __init__(self) -> None:
        super().__init__(provider="openai", model="gpt-4o")
        self.may_answer = asyncio.Event()

    async def answer(self, request: LLMRequest) -> LLMReply:
        await self.may_answer.wait()
        return await super().answer(request)


@dataclass
class Bench:
    """One job at a time, through a gate."""

    database: Database
    model: Priced = field(default_factory=lambda: Priced(provider="openai", model="gpt-4o"))
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=Clock)
    caps: Caps = field(default_factory=Caps)
    slept: list[float] = field(default_factory=list[float])
    jitter: float = 0.0
    job: Any = field(default_factory=lambda: processor(name=NAME))

    async def run(self, job: Any = None, *, llm: Any = None) -> Any:
        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        gate = GuardedGate(self.database, self.limits, self.caps, self.clock, lambda: self.jitter, sleep)
        wired = runtime(self.database, llm=llm or self.model, processors=[self.job], now=self.clock)
        return await execute(job or envelope(), replace(wired, gate=gate))

    async def fails(self, job: Any = None) -> Decided:
        with pytest.raises(Decided) as raised:
            await self.run(job)
        return raised.value

    async def day(self) -> tuple[Decimal, Decimal]:
        (row,) = await rows(self.database, "SELECT * FROM aiworker.budget_days")
        return row["spent_usd"], row["held_usd"]

    async def held_until(self) -> datetime:
        (row,) = await rows(self.database, "SELECT * FROM aiworker.budget_holds")
        return row["expires_at"]


@pytest.fixture
async def bench(database: Database) -> Bench:
    await insert_example(database)
    return Bench(database)


# The limiter


async def test_a_call_is_announced_with_its_size_and_told_with_what_it_used(bench: Bench) -> None:
    await bench.run()
    assert bench.limits.asked == [("openai:gpt-4o", 100)]
    assert bench.limits.told == [(Outcomes.GOOD, 100, timedelta(0), 7)]


async def test_a_reply_that_is_stored_passes_no_gate(bench: Bench) -> None:
    def fail(*_: object) -> object:
        raise TransientFault("after the checkpoint")

    job, healthy = envelope(), bench.job
    bench.job = processor(name=NAME, settle=fail)
    await bench.fails(job)
    bench.job = healthy
    await bench.run(again(job, made=1))
    assert len(bench.limits.asked) == len(bench.model.asked) == 1


async def test_the_offline_engine_passes_no_gate(bench: Bench) -> None:
    bench.job = processor(name=NAME, ask=lambda p, f, c: (replace(question(), task="none"),))
    with pytest.raises(Decided):
        await bench.run(llm=OfflineModel())
    assert bench.limits.asked == []


async def test_a_short_wait_is_slept_through(bench: Bench) -> None:
    bench.limits.verdicts = [WAITS, replace(WAITS, wait=timedelta(seconds=2))]
    await bench.run()
    assert bench.slept == [1.0, 2.0]
    assert len(bench.limits.asked) == 3


async def test_a_long_wait_sends_the_job_back_and_counts_as_neither_attempt_nor_snooze(bench: Bench) -> None:
    bench.limits.verdicts = [replace(WAITS, wait=timedelta(seconds=9))]
    error = await bench.fails()
    assert (error.code, error.outcome(NOW)) == ("paced", Snooze(NOW + timedelta(seconds=9)))
    (run,) = await runs(bench.database)
    assert (run["state"], run["snoozes"], run["clean_ends"], run["snoozed_since"]) == ("running", 0, 1, None)
    assert bench.model.asked == [] and bench.slept == []


async def test_nobody_sleeps_in_his_slot_for_ever(bench: Bench) -> None:
    bench.limits.verdicts = [replace(WAITS, wait=timedelta(seconds=2))] * 99
    assert (await bench.fails()).code == "paced"
    assert sum(bench.slept) == 20


async def test_a_wait_is_told_as_a_minute_at_most(bench: Bench) -> None:
    bench.limits.verdicts = [replace(WAITS, wait=timedelta(hours=1))]
    assert (await bench.fails()).outcome(NOW) == Snooze(NOW + timedelta(seconds=60))


async def test_the_call_that_opens_the_breaker_leaves_one_alert_for_all_tenants(bench: Bench) -> None:
    bench.limits.opens = True
    bench.model.script.append(ProviderBlocked("The key was refused."))
    assert (await bench.fails()).code == "provider_blocked"
    assert await alerts(bench.database) == [("", "breaker_opened", 1)]
    bench.limits.opens = False
    bench.model.script.append(ProviderBlocked("The key was refused."))
    await bench.fails(envelope(job_id="another"))
    assert await alerts(bench.database) == [("", "breaker_opened", 1)]


async def test_an_open_breaker_snoozes_the_job_without_a_call_and_gives_it_up_after_6_hours(bench: Bench) -> None:
    blocked, job = Admission(Verdict.BLOCKED, timedelta(seconds=30)), envelope()
    bench.limits.verdicts = [blocked]
    error = await bench.fails(job)
    assert (error.code, error.outcome(NOW)) == ("provider_blocked", Snooze(NOW + timedelta(minutes=1)))
    bench.clock.move(timedelta(hours=6))
    bench.limits.verdicts = [blocked]
    error = await bench.fails(again(job))
    assert (error.code, error.outcome(NOW)) == ("provider_blocked", Cancel())
    assert bench.model.asked == []
    (row,) = await errors(bench.database)
    assert row["code"] == "provider_blocked"


async def test_a_429_is_told_to_everybody_with_its_retry_after(bench: Bench) -> None:
    bench.model.script = [RateLimited(retry_after=timedelta(seconds=7))]
    await bench.fails()
    assert bench.limits.told == [(Outcomes.LIMITED, None, timedelta(seconds=7), None)]
    (run,) = await runs(bench.database)
    assert run["snoozes"] == 1


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (RateLimited(retry_after=timedelta(0)), Outcomes.LIMITED),
        (RateLimited(retry_after=timedelta(0), code="overloaded"), Outcomes.OVERLOADED),
        (ProviderBlocked(code="provider_quota"), Outcomes.BLOCKED),
        (TransientFault(code="provider_5xx"), Outcomes.FAULT),
        (TransientFault(code="provider_unreachable"), Outcomes.FAULT),
        (DeadlineExceeded(), Outcomes.FAULT),
        (DeadlineExceeded(had_all=False), Outcomes.UNKNOWN),
        (Refused(), Outcomes.ANSWERED),
        (JobFailed(code="provider_refused"), Outcomes.ANSWERED),
        (TransientFault(), Outcomes.UNKNOWN),
        (asyncio.CancelledError(), Outcomes.UNKNOWN),
        (ValueError(), Outcomes.UNKNOWN),
    ],
)
def test_an_error_tells_of_the_provider_what_is_the_providers(error: BaseException, outcome: Outcomes) -> None:
    assert judged(error) is outcome


# Budgets


async def test_a_call_is_settled_with_its_price(bench: Bench) -> None:
    bench.caps = Caps(tenant_day=Decimal(1))
    await bench.run()
    assert await bench.day() == (Decimal("0.25"), 0)


async def test_without_budgets_nothing_is_written(bench: Bench) -> None:
    await bench.run()
    assert await rows(bench.database, "SELECT * FROM aiworker.budget_holds") == []


async def test_a_required_call_waits_for_the_next_day_and_no_longer_than_one(bench: Bench) -> None:
    bench.caps, job = Caps(tenant_day=Decimal("0.000001")), envelope()
    error = await bench.fails(job)
    assert (error.code, error.outcome(NOW)) == ("budget", Snooze(MIDNIGHT))
    assert bench.model.asked == [] and bench.limits.asked == []
    bench.clock.at = MIDNIGHT
    assert (await bench.fails(again(job))).outcome(NOW) == Snooze(NOW + timedelta(hours=24))
    bench.clock.at = NOW + timedelta(hours=24)
    assert (await bench.fails(again(again(job)))).outcome(NOW) == Cancel()
    (row,) = await errors(bench.database)
    assert row["code"] == "budget"


async def test_an_optional_call_becomes_unavailable(bench: Bench) -> None:
    seen: list[object] = []

    def settle(payload: object, facts: object, replies: Any, ctx: object) -> str:
        seen.append(replies["q"])
        return "settled"

    bench.caps = Caps(tenant_day=Decimal("0.000001"))
    bench.job = processor(name=NAME, ask=lambda p, f, c: (question(required=False),), settle=settle)
    await bench.run()
    assert seen == [Unavailable("budget", retryable=True)]


async def test_a_jobs_own_budget_does_not_come_back(bench: Bench) -> None:
    bench.caps = Caps(job=Decimal("0.2505"))
    rounds = iter([FollowUp((question("more"),)), "settled"])
    bench.job = processor(name=NAME, settle=lambda p, f, r, c: next(rounds))
    error = await bench.fails()
    assert (error.code, error.outcome(NOW)) == ("job_budget", Cancel())
    assert [request.step for request in bench.model.asked] == ["q"]


@pytest.mark.parametrize(
    ("fault", "stays_held"),
    [
        (TransientFault(code="provider_5xx"), False),
        (TransientFault(code="provider_unreachable"), True),
        (TransientFault(code="provider_garbled"), True),
        (DeadlineExceeded(), True),
        (RateLimited(retry_after=timedelta(seconds=1)), False),
        (JobFailed(code="provider_refused"), False),
    ],
)
async def test_money_stays_held_only_if_it_may_have_been_spent(
    bench: Bench, fault: BaseException, stays_held: bool
) -> None:
    bench.caps, bench.model.script = Caps(tenant_day=Decimal(1)), [fault]
    await bench.fails()
    spent, held = await bench.day()
    assert (spent, held > 0) == (0, stays_held)


async def test_a_call_that_must_wait_holds_no_money(bench: Bench) -> None:
    bench.caps, bench.limits.verdicts = Caps(tenant_day=Decimal(1)), [replace(WAITS, wait=timedelta(seconds=9))]
    await bench.fails()
    assert await bench.day() == (0, 0)


async def test_a_job_waits_for_what_it_holds_itself_and_goes_on_when_that_has_expired(bench: Bench) -> None:
    bench.caps, job = TIGHT, envelope()
    bench.model.script.append(DeadlineExceeded())
    assert (await bench.fails(job)).outcome(NOW) == Retry()
    bench.clock.move(timedelta(seconds=1))
    error = await bench.fails(again(job, made=1))
    assert (error.code, error.outcome(NOW)) == ("paced", Snooze(bench.clock() + timedelta(seconds=10)))
    assert len(bench.model.asked) == len(bench.limits.asked) == 1
    bench.clock.at = await bench.held_until()
    await bench.run(again(again(job, made=1)))
    (run,) = await runs(bench.database)
    assert (run["state"], run["snoozes"], run["unfunded_since"]) == ("succeeded", 0, None)


async def test_after_an_outright_fault_of_the_provider_the_next_attempt_may_spend_the_same_money(bench: Bench) -> None:
    bench.caps, job = TIGHT, envelope()
    bench.model.script.append(TransientFault(code="provider_5xx"))
    await bench.fails(job)
    await bench.run(again(job, made=1))
    assert len(bench.model.asked) == 2


async def test_calls_of_one_round_that_do_not_fit_at_once_are_made_one_after_the_other(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "aiworker.runtime")
    bench.caps, bench.model, job = TIGHT, (model := Unhurried()), envelope()
    bench.job = processor(name=NAME, ask=lambda p, f, c: (question("one"), question("two")))
    failing = asyncio.create_task(bench.fails(job))
    await eventually(lambda: "budget-held" in caplog.messages, "the second call is refused")
    model.may_answer.set()
    assert (await failing).code == "paced"
    await bench.run(again(job))
    assert sorted(request.step for request in model.asked) == ["one", "two"]


@pytest.mark.parametrize(("left", "jitter", "wait"), [(0.2, 0, 1), (5, 0, 5), (5, 0.8, 6), (90, 0, 10)])
async def test_for_money_that_is_held_a_job_waits_a_second_to_ten_and_not_all_the_same(
    bench: Bench, left: float, jitter: float, wait: float
) -> None:
    bench.caps, bench.jitter, job = TIGHT, jitter, envelope()
    bench.model.script.append(DeadlineExceeded())
    await bench.fails(job)
    now = bench.clock.at = await bench.held_until() - timedelta(seconds=left)
    assert (await bench.fails(again(job, made=1))).outcome(now) == Snooze(now + timedelta(seconds=wait))


async def test_jobs_that_find_the_day_held_by_others_do_not_wait_for_midnight(bench: Bench) -> None:
    bench.caps, bench.model = Caps(tenant_day=Decimal("0.0035")), (model := Unhurried())
    jobs = [envelope() for _ in range(5)]
    ended = asyncio.as_completed([bench.run(job) for job in jobs], timeout=10)
    for _ in range(2):
        with pytest.raises(Decided) as raised:
            await next(ended)
        assert (raised.value.code, raised.value.outcome(NOW)) == ("paced", Snooze(NOW + timedelta(seconds=10)))
    model.may_answer.set()
    for paid in ended:
        await paid
    assert await bench.day() == (Decimal("0.000003"), 0)
    for job in jobs:
        await bench.run(again(job))
    assert await bench.day() == (Decimal("0.000005"), 0)


async def test_a_fault_of_the_provider_is_still_a_retry(bench: Bench) -> None:
    bench.model.script = [TransientFault(code="provider_5xx")]
    assert (await bench.fails()).outcome(NOW) == Retry()
    assert [told[0] for told in bench.limits.told] == [Outcomes.FAULT]
