"""How long a run waits for money: until its tenant's next day, and no longer than a day in all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.pacing import MAX_SPENT, next_day, while_spent
from aiworker.errors import Cancel, Retry, Snooze

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(days=-3_000), timedelta(days=3_000)).map(lambda span: NOW + span)


def test_a_budgets_day_ends_at_midnight_utc_wherever_the_clock_stands() -> None:
    assert next_day(NOW) == next_day(NOW.astimezone(timezone(timedelta(hours=11)))) == MIDNIGHT


@given(MOMENTS)
def test_the_next_day_is_ahead_and_at_most_a_day_away(now: datetime) -> None:
    assert timedelta(0) < next_day(now) - now <= timedelta(days=1)


@pytest.mark.parametrize(
    ("until", "since", "expected"),
    [
        (MIDNIGHT, None, Snooze(MIDNIGHT)),
        (MIDNIGHT, NOW - timedelta(hours=1), Snooze(MIDNIGHT)),
        (NOW + timedelta(hours=23), NOW - timedelta(hours=20), Snooze(NOW + timedelta(hours=4))),
        (MIDNIGHT, NOW - timedelta(hours=24), Cancel()),
        (MIDNIGHT, NOW - timedelta(days=9), Cancel()),
    ],
)
def test_a_job_waits_for_a_budget_for_a_day_in_all(
    until: datetime, since: datetime | None, expected: Snooze | Cancel
) -> None:
    assert while_spent(Snooze(until), since=since, now=NOW) == expected


def test_other_outcomes_stay_what_they_are() -> None:
    outcome = Retry()
    assert while_spent(outcome, since=NOW - timedelta(days=2), now=NOW) is outcome


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=2)))
def test_whatever_is_asked_nobody_waits_past_the_day(until: datetime, waited: timedelta) -> None:
    settled = while_spent(Snooze(until), since=NOW - waited, now=NOW)
    assert settled == Cancel() or (isinstance(settled, Snooze) and settled.until - (NOW - waited) <= MAX_SPENT)
