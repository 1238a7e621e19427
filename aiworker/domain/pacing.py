"""How often a run may be put off before an attempt is spent: pure arithmetic."""

from __future__ import annotations

from datetime import datetime, timedelta

from aiworker.errors import Outcome, Retry, Snooze

MAX_SNOOZE = timedelta(seconds=60)
MAX_SNOOZES = 10
MAX_SNOOZED = timedelta(minutes=30)


def bounded(outcome: Outcome, *, snoozes: int, since: datetime | None, now: datetime) -> Outcome:
    """Cap a snooze at 60 s; after 10 of them or 30 minutes of them an attempt is spent instead."""
    if not isinstance(outcome, Snooze):
        return outcome
    if snoozes >= MAX_SNOOZES or (since is not None and now - since >= MAX_SNOOZED):
        return Retry()
    return Snooze(min(outcome.until, now + MAX_SNOOZE))
