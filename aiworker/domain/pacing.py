"""How long a run may be put off, and when a provider may be asked: pure arithmetic.

The second half mirrors `queue/limits.lua`, which workers share; a test plays both against each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from aiworker.errors import Cancel, Outcome, Retry, Snooze

MAX_SNOOZE = timedelta(seconds=60)
MAX_SNOOZES = 10
MAX_SNOOZED = timedelta(minutes=30)
MAX_BLOCKED = timedelta(hours=6)
MAX_SPENT = timedelta(hours=24)


def while_blocked(outcome: Outcome, *, since: datetime | None, now: datetime) -> Outcome:
    """Let a job wait for an operator for 6 h in all, then give it up."""
    return Cancel() if since is not None and now - since >= MAX_BLOCKED else outcome


def while_spent(outcome: Outcome, *, since: datetime | None, now: datetime) -> Outcome:
    """Let a job wait for its tenant's next day, for 24 h in all, then give it up."""
    if not isinstance(outcome, Snooze):
        return outcome
    end = (since or now) + MAX_SPENT
    return Cancel() if now >= end else Snooze(min(outcome.until, end))


def bounded(outcome: Outcome, *, snoozes: int, since: datetime | None, now: datetime) -> Outcome:
    """Cap a snooze at 60 s; after 10 of them or 30 minutes of them an attempt is spent instead."""
    if not isinstance(outcome, Snooze):
        return outcome
    if snoozes >= MAX_SNOOZES or (since is not None and now - since >= MAX_SNOOZED):
        return Retry()
    return Snooze(min(outcome.until, now + MAX_SNOOZE))


def next_day(now: datetime) -> datetime:
    """Return the midnight (UTC) at which budgets of a day start anew."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


LONGEST_PAUSE_MS = 60_000
"""Of what one answer's Retry-After can make everybody wait: then one call finds out how things are."""
SLOT_WAIT_MS = 1_000
"""When to ask again for a slot that somebody else holds."""
MINUTE_MS = 60_000
REMEMBERED_MS = 60_000
"""For how long a report may arrive a second time: far longer than one is sent again."""


class Verdict(StrEnum):
    """What a call hears that wants to be made."""

    ALLOWED = "allowed"
    WAIT = "wait"
    BLOCKED = "blocked"


class Outcomes(StrEnum):
    """How a call ended, as far as its provider is concerned."""

    GOOD = "good"
    ANSWERED = "answered"
    """No reply, but the provider's own word: a refused request says that it lives."""
    LIMITED = "limited"
    OVERLOADED = "overloaded"
    FAULT = "fault"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The limits of one provider and model; None is unlimited."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int | None = None
    grow_after: int = 10
    """Good calls after which one more may be made at once, when the number was cut."""
    open_after: int = 5
    """Consecutive faults that open the breaker."""
    open_for: timedelta = timedelta(seconds=30)
    blocked_for: timedelta = timedelta(seconds=60)
    """How long it stays open without key or quota."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What all workers know of one provider and model; times are milliseconds, 0 is never."""

    requests: float | None = None
    tokens: float | None = None
    filled_at: int = 0
    not_before: int = 0
    cap: int = 0
    halved_at: int = 0
    good: int = 0
    faults: int = 0
    open_until: int = 0
    probe: str = ""
    probe_until: int = 0
    slots: Mapping[str, int] = field(default_factory=dict[str, int])
    """Calls under way, and when a slot is free again although nobody reported."""
    reported: Mapping[str, int] = field(default_factory=dict[str, int])
    """Calls that ended of late, and when that is forgotten."""
    told_ticket: str = ""
    """The call whose report opened or closed the breaker last."""
    told_event: str = ""

    @property
    def is_open(self) -> bool:
        return self.open_until > 0

    def event_of(self, ticket: str) -> str:
        """Return what a call's report is answered: `opened` or `closed` if it was what turned the breaker."""
        return self.told_event if self.told_ticket == ticket else ""


def level(stored: float | None, per_minute: int | None, filled_at: int, now: int) -> float:
    """Return what a bucket holds at `now`; a new one is full, none is bottomless."""
    if per_minute is None:
        return math.inf
    if stored is None:
        return float(per_minute)
    return min(float(per_minute), stored + max(0, now - filled_at) * per_minute / MINUTE_MS)


def shortfall(held: float, cost: int, per_minute: int | None) -> int:
    """Return for how many milliseconds a bucket must fill before it serves `cost`; a full one serves anything."""
    if per_minute is None:
        return 0
    return max(0, math.ceil((min(cost, per_minute) - held) * MINUTE_MS / per_minute))


def admit(
    standing: Standing, rules: Rules, *, now: int, ticket: str, tokens: int, lease: int
) -> tuple[Standing, Verdict, int]:
    """Let a call pass, and take what it will use, once; else say for how many milliseconds to wait."""
    standing = replace(standing, slots=_unexpired(standing.slots, now))
    if ticket in standing.slots:
        return standing, Verdict.ALLOWED, 0
    if standing.is_open and now < max(standing.open_until, standing.probe_until):
        return standing, Verdict.BLOCKED, max(standing.open_until, standing.probe_until) - now
    if now < standing.not_before:
        return standing, Verdict.WAIT, standing.not_before - now
    caps = [cap for cap in (standing.cap, rules.concurrency) if cap]
    if caps and len(standing.slots) >= min(caps):
        return standing, Verdict.WAIT, SLOT_WAIT_MS
    requests = level(standing.requests, rules.requests_per_minute, standing.filled_at, now)
    held = level(standing.tokens, rules.tokens_per_minute, standing.filled_at, now)
    wait = max(shortfall(requests, 1, rules.requests_per_minute), shortfall(held, tokens, rules.tokens_per_minute))
    if wait > 0:
        return standing, Verdict.WAIT, wait
    standing = _filled(standing, rules, now, requests - 1, held - tokens)
    if standing.is_open:
        standing = replace(standing, probe=ticket, probe_until=now + lease)
    return replace(standing, slots={**standing.slots, ticket: now + lease}), Verdict.ALLOWED, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a worker tells of a call that was let pass."""

    ticket: str
    admitted_at: int
    outcome: Outcomes
    tokens_more: int = 0
    """By how much it used more than was taken; negative if less."""
    retry_after: int = 0
    remaining_requests: int | None = None
    remaining_tokens: int | None = None


def learn(standing: Standing, rules: Rules, report: Report, *, now: int) -> Standing:
    """Return the standing after a call has ended; what is reported again changes nothing."""
    slots, reported = _unexpired(standing.slots, now), _unexpired(standing.reported, now)
    standing = replace(standing, slots=slots, reported=reported)
    if report.ticket in reported:
        return standing
    was_open, under_way = standing.is_open, len(slots)
    requests = level(standing.requests, rules.requests_per_minute, standing.filled_at, now)
    held = level(standing.tokens, rules.tokens_per_minute, standing.filled_at, now) - report.tokens_more
    requests = requests if report.remaining_requests is None else min(requests, report.remaining_requests)
    held = held if report.remaining_tokens is None else min(held, report.remaining_tokens)
    standing = _filled(standing, rules, now, requests, min(held, rules.tokens_per_minute or math.inf))
    standing = replace(
        standing,
        slots={ticket: until for ticket, until in slots.items() if ticket != report.ticket},
        reported={**reported, report.ticket: now + REMEMBERED_MS},
    )
    standing = _breaker(_pace(standing, rules, report, now, under_way), rules, report, now)
    if standing.is_open == was_open:
        return standing
    return replace(standing, told_ticket=report.ticket, told_event="opened" if standing.is_open else "closed")


def _unexpired(tickets: Mapping[str, int], now: int) -> dict[str, int]:
    return {ticket: until for ticket, until in tickets.items() if until > now}


def _filled(standing: Standing, rules: Rules, now: int, requests: float, tokens: float) -> Standing:
    return replace(
        standing,
        requests=None if rules.requests_per_minute is None else requests,
        tokens=None if rules.tokens_per_minute is None else tokens,
        filled_at=now,
    )


def _pace(standing: Standing, rules: Rules, report: Report, now: int, under_way: int) -> Standing:
    """Halve what may be under way at a 429 or 529, once for all calls that were under way then; grow it back."""
    match report.outcome:
        case Outcomes.LIMITED | Outcomes.OVERLOADED:
            pause = now + min(report.retry_after, LONGEST_PAUSE_MS)
            standing = replace(standing, not_before=max(standing.not_before, pause), good=0)
            if report.admitted_at < standing.halved_at:
                return standing
            basis = min(standing.cap, under_way) if standing.cap else under_way
            return replace(standing, cap=max(1, basis // 2), halved_at=now)
        case Outcomes.GOOD if standing.cap:
            if standing.good + 1 < rules.grow_after:
                return replace(standing, good=standing.good + 1)
            return replace(standing, good=0, cap=standing.cap + 1)
        case _:
            return standing


def _breaker(standing: Standing, rules: Rules, report: Report, now: int) -> Standing:
    outcome, is_probe = report.outcome, standing.is_open and standing.probe == report.ticket
    is_fault = outcome in (Outcomes.FAULT, Outcomes.OVERLOADED)
    if outcome is Outcomes.BLOCKED:
        return _opened(standing, now + _milliseconds(rules.blocked_for))
    if outcome is Outcomes.UNKNOWN:
        return replace(standing, probe="", probe_until=0) if is_probe else standing
    if standing.is_open:
        if not is_probe:
            # It began before the breaker opened: what it saw is older than what is known.
            return standing
        if is_fault:
            return _opened(standing, now + _milliseconds(rules.open_for))
        return replace(standing, open_until=0, probe="", probe_until=0, faults=0)
    if not is_fault:
        return replace(standing, faults=0)
    standing = replace(standing, faults=standing.faults + 1)
    return _opened(standing, now + _milliseconds(rules.open_for)) if standing.faults >= rules.open_after else standing


def _opened(standing: Standing, until: int) -> Standing:
    return replace(standing, open_until=until, probe="", probe_until=0, faults=0)


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
