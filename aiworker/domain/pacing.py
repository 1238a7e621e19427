"""How often a run may be put off before an attempt is spent: pure arithmetic."""

from __future__ import annotations

from datetime import datetime, timedelta

from aiworker.errors import Cancel, Outcome, Retry, Snooze

MAX_SNOOZE = timedelta(seconds=60)
MAX_SNOOZES = 10
MAX_SNOOZED = timedelta(minutes=30)


MAX_BLOCKED = timedelta(hours=6)


def while_blocked(outcome: Outcome, *, since: datetime | None, now: datetime) -> Outcome:
    """Let a job wait for an operator for 6 h in all, then give it up."""
    return Cancel() if since is not None and now - since >= MAX_BLOCKED else outcome


def bounded(outcome: Outcome, *, snoozes: int, since: datetime | None, now: datetime) -> Outcome:
    """Cap a snooze at 60 s; after 10 of them or 30 minutes of them an attempt is spent instead."""
    if not isinstance(outcome, Snooze):
        return outcome
    if snoozes >= MAX_SNOOZES or (since is not None and now - since >= MAX_SNOOZED):
        return Retry()
    return Snooze(min(outcome.until, now + MAX_SNOOZE))
