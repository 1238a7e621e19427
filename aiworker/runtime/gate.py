"""What stands between a call and its provider: the budget, then the limits and the breaker all workers share.

Whatever the gate takes (money held, a slot) is given back when the call has ended; settling never fails a job.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from aiworker.domain.pacing import MAX_SNOOZE, Outcomes, Verdict, next_day
from aiworker.errors import (
    AiworkerError,
    BudgetSpent,
    DeadlineExceeded,
    Interrupted,
    JobFailed,
    Paced,
    ProviderBlocked,
    RateLimited,
    TransientFault,
)
from aiworker.llm import prices
from aiworker.llm.client import LLM
from aiworker.protocol import OFFLINE, Abort, LLMReply, LLMRequest
from aiworker.queue.limits import NOT_SAID, Admission, Limiter
from aiworker.store import alerts, budgets
from aiworker.store.budgets import Caps, Held, Hold, Spent
from aiworker.store.database import Database

SHORT_WAIT = timedelta(seconds=2)
"""A wait that is slept through in the job's slot; for longer ones the job goes back to the queue."""
PATIENCE = timedelta(seconds=20)
"""How much of such sleep one call may have in all."""
SLACK = timedelta(minutes=1)
"""How much longer than its deadline a call holds money if nobody reports."""
HELD_WAIT = (timedelta(seconds=1), timedelta(seconds=10))
"""For money that others hold: most calls settle long before their hold ends."""
SLOT_SLACK = timedelta(seconds=5)
LONGEST_SLOT = timedelta(seconds=40)
"""A dead worker's slot is free when its job comes back, at the cost of one call too many beside a very long one."""
SPREAD = timedelta(minutes=1)
"""Over which jobs come back that waited for the same midnight."""
BREAKER_OPENED = "breaker_opened"
OWN_FAULT = "provider_5xx"
NO_ANSWER = frozenset({OWN_FAULT, "provider_unreachable", "provider_garbled"})

log = logging.getLogger("aiworker.runtime")


@dataclass(frozen=True, slots=True)
class Asking:
    """A call that is about to be made, and for whom."""

    run_id: str
    tenant: str
    request: LLMRequest
    llm: LLM
    deadline: timedelta
    abort: Abort | None = None

    @property
    def key(self) -> str:
        return f"{self.llm.provider}:{self.llm.model}"


@dataclass(slots=True)
class Passage:
    """A call that may be made; its maker leaves the reply here."""

    waited: timedelta = timedelta(0)
    reply: LLMReply | None = None


class Gate(Protocol):
    """Lets calls pass, one `async with` each; raises what the job must hear if it does not."""

    def passage(self, asking: Asking) -> AbstractAsyncContextManager[Passage]: ...


class OpenGate:
    """Lets every call pass at once."""

    @asynccontextmanager
    async def passage(self, asking: Asking) -> AsyncGenerator[Passage]:
        yield Passage()


@dataclass(frozen=True, slots=True)
class GuardedGate:
    """Budget first, because it costs no slot; then the limiter."""

    database: Database
    limiter: Limiter
    caps: Caps
    now: Callable[[], datetime]
    jitter: Callable[[], float]
    """A number in [0, 1)."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    @asynccontextmanager
    async def passage(self, asking: Asking) -> AsyncGenerator[Passage]:
        """Hold the budget, wait for the limiter, and settle both afterwards."""
        if asking.llm.provider == OFFLINE:
            yield Passage()
            return
        tokens_in = await _prompt_tokens(asking) if self.limiter.needs_tokens or self.caps.are_set else 0
        hold = await self._hold(asking, tokens_in)
        try:
            admission, waited = await self._admitted(asking, tokens_in)
        except BaseException:
            await self._settle(hold, Decimal(0))
            raise
        passage = Passage(waited)
        try:
            yield passage
        except BaseException as error:
            await self._leave(asking, passage, admission, hold, error)
            raise
        await self._leave(asking, passage, admission, hold, None)

    async def _hold(self, asking: Asking, tokens_in: int) -> Hold | None:
        if not self.caps.are_set:
            return None
        now, llm = self.now(), asking.llm
        price = prices.estimate(llm.provider, llm.model, tokens_in, asking.request.max_tokens, at=now)
        if not price.known:
            log.warning("budget-not-kept", extra={"fields": {"provider": llm.provider, "model": llm.model}})
            return None
        lease = asking.deadline + PATIENCE + SLACK
        held = await self.database.run(
            asking.tenant,
            lambda db: budgets.hold(db, asking.run_id, asking.tenant, price.usd, self.caps, now=now, lease=lease),
        )
        if isinstance(held, Hold):
            return held
        raise self._spent(held, now) if isinstance(held, Spent) else self._held(held, now)

    def _spent(self, spent: Spent, now: datetime) -> AiworkerError:
        log.warning("budget-spent", extra={"fields": {"kind": spent.what, "costUsd": spent.used, "limit": spent.cap}})
        if spent.what == "job":
            return JobFailed(f"The job's budget of {spent.cap} USD is spent.", code="job_budget")
        again = next_day(now) + SPREAD * self.jitter()
        return BudgetSpent(f"The tenant's budget of {spent.cap} USD a day is spent.", until=again)

    def _held(self, held: Held, now: datetime) -> Paced:
        shortest, longest = HELD_WAIT
        wait = self._spread(min(max(held.until - now, shortest), longest))
        wait_ms = round(wait / timedelta(milliseconds=1))
        log.info("budget-held", extra={"fields": {"kind": held.what, "waitMs": wait_ms}})
        whose = "job" if held.what == "job" else "tenant"
        return Paced(f"What is left of the {whose}'s budget is held by calls that are not settled.", retry_after=wait)

    def _spread(self, wait: timedelta) -> timedelta:
        return min(wait, MAX_SNOOZE) * (1 + 0.25 * self.jitter())

    async def _admitted(self, asking: Asking, tokens_in: int) -> tuple[Admission, timedelta]:
        """Sleep through short waits; a longer one sends the job back to the queue."""
        waited = timedelta(0)
        while True:
            admission = await self.limiter.admit(
                asking.key,
                tokens=tokens_in + asking.request.max_tokens,
                lease=min(asking.deadline + SLOT_SLACK, LONGEST_SLOT),
            )
            wait = self._spread(admission.wait)
            match admission.verdict:
                case Verdict.ALLOWED:
                    return admission, waited
                case Verdict.BLOCKED:
                    raise ProviderBlocked(f"{asking.key} is not asked for now: its breaker is open.")
                case Verdict.WAIT if admission.wait > SHORT_WAIT or waited + wait > PATIENCE:
                    raise Paced(f"{asking.key} is asked as often as it may be.", retry_after=wait)
                case Verdict.WAIT:
                    await self.sleep(wait.total_seconds())
                    waited += wait
            if asking.abort and asking.abort.aborted:
                raise Interrupted()

    async def _leave(
        self,
        asking: Asking,
        passage: Passage,
        admission: Admission,
        hold: Hold | None,
        error: BaseException | None,
    ) -> None:
        reply = passage.reply
        outcome = Outcomes.GOOD if reply else judged(error)
        has_opened = await self.limiter.report(
            asking.key,
            admission,
            outcome,
            used=_used(reply) if reply else None,
            retry_after=error.retry_after if isinstance(error, RateLimited) else timedelta(0),
            left=reply.rate_limits if reply else NOT_SAID,
        )
        if has_opened:
            await self._alert(asking)
        if reply and reply.usage.cost_usd is not None:
            await self._settle(hold, Decimal(reply.usage.cost_usd))
        elif not reply and is_free(error):
            await self._settle(hold, Decimal(0))
        # Else it may have been paid for: the money stays held until the hold expires.

    async def _alert(self, asking: Asking) -> None:
        """Leave word that nobody asks this provider for now, whoever's call it was that found out."""
        now = self.now()
        try:
            await self.database.run(
                None, lambda db: alerts.note(db, BREAKER_OPENED, run_id=asking.run_id, tenant=None, now=now)
            )
        except AiworkerError as error:
            log.warning("alert-not-left", extra={"fields": {"kind": BREAKER_OPENED, "errorCode": error.code}})

    async def _settle(self, hold: Hold | None, actual: Decimal) -> None:
        if hold is None:
            return
        try:
            await self.database.run(hold.tenant, lambda db: budgets.settle(db, hold, actual))
        except AiworkerError as error:
            log.warning("budget-not-settled", extra={"fields": {"errorCode": error.code}})


def judged(error: BaseException | None) -> Outcomes:
    """Say what an error tells about the provider; what is not the provider's own tells nothing."""
    match error:
        case RateLimited(code="overloaded"):
            return Outcomes.OVERLOADED
        case RateLimited():
            return Outcomes.LIMITED
        case ProviderBlocked():
            return Outcomes.BLOCKED
        case DeadlineExceeded(had_all=False):
            return Outcomes.UNKNOWN
        case DeadlineExceeded():
            return Outcomes.FAULT
        case TransientFault() if error.code in NO_ANSWER:
            return Outcomes.FAULT
        case JobFailed():
            return Outcomes.ANSWERED
        case _:
            return Outcomes.UNKNOWN


def is_free(error: BaseException | None) -> bool:
    """Say whether a call that ended so costs nothing for certain: it was refused, or failed by the provider's word."""
    if isinstance(error, TransientFault) and error.code == OWN_FAULT:
        return True
    return judged(error) not in (Outcomes.UNKNOWN, Outcomes.FAULT)


async def _prompt_tokens(asking: Asking) -> int:
    """Count the prompt off the loop: a long one takes a while."""
    count, blocks = asking.llm.limits.count, asking.request.prompt.blocks
    return await asyncio.to_thread(lambda: sum(count(block.text) for block in blocks))


def _used(reply: LLMReply) -> int:
    # Anthropic does not count what it read from its cache.
    cached = reply.usage.tokens_cached if reply.provider == "anthropic" else 0
    return reply.usage.tokens_in - cached + reply.usage.tokens_out


OPEN = OpenGate()
