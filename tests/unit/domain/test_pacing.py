"""How long a run may be put off: a cap on each snooze, then a cap on all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.pacing import MAX_BLOCKED, MAX_SNOOZE, MAX_SNOOZED, MAX_SNOOZES, bounded, while_blocked
from aiworker.errors import Cancel, Outcome, Retry, Snooze

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def after(**span: float) -> datetime:
    return NOW + timedelta(**span)


@pytest.mark.parametrize(
    ("until", "snoozes", "since", "expected"),
    [
        (after(seconds=7), 0, None, Snooze(after(seconds=7))),
        (after(seconds=60), 0, None, Snooze(after(seconds=60))),
        (after(seconds=61), 0, None, Snooze(after(seconds=60))),
        (after(hours=9), 0, None, Snooze(after(seconds=60))),
        (after(seconds=-5), 0, None, Snooze(after(seconds=-5))),
        (after(seconds=7), 9, after(minutes=-29), Snooze(after(seconds=7))),
        (after(seconds=7), 10, after(minutes=-1), Retry()),
        (after(seconds=7), 11, None, Retry()),
        (after(seconds=7), 1, after(minutes=-30, seconds=1), Snooze(after(seconds=7))),
        (after(seconds=7), 1, after(minutes=-30), Retry()),
        (after(seconds=7), 1, after(days=-1), Retry()),
    ],
)
def test_a_snooze_is_capped_and_in_the_end_costs_an_attempt(
    until: datetime, snoozes: int, since: datetime | None, expected: Outcome
) -> None:
    assert bounded(Snooze(until), snoozes=snoozes, since=since, now=NOW) == expected


@pytest.mark.parametrize("outcome", [Retry(), Cancel()])
def test_other_outcomes_stay_what_they_are(outcome: Outcome) -> None:
    assert bounded(outcome, snoozes=99, since=after(days=-1), now=NOW) is outcome


MOMENTS = st.timedeltas(timedelta(days=-3), timedelta(days=3)).map(lambda span: NOW + span)


@given(MOMENTS, st.integers(0, 99), st.none() | MOMENTS)
def test_nobody_waits_longer_than_the_cap_or_more_often_than_allowed(
    until: datetime, snoozes: int, since: datetime | None
) -> None:
    settled = bounded(Snooze(until), snoozes=snoozes, since=since, now=NOW)
    if isinstance(settled, Snooze):
        assert settled.until <= min(until, NOW + MAX_SNOOZE)
        assert snoozes < MAX_SNOOZES and (since is None or NOW - since < MAX_SNOOZED)
    else:
        assert settled == Retry()


# While a provider is blocked


SOON = Snooze(after(minutes=1))


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (None, SOON),
        (after(minutes=-40), SOON),
        (after(hours=-6, seconds=1), SOON),
        (after(hours=-6), Cancel()),
        (after(days=-3), Cancel()),
    ],
)
def test_a_job_waits_six_hours_for_an_operator_and_is_then_given_up(since: datetime | None, expected: Outcome) -> None:
    assert timedelta(hours=6) == MAX_BLOCKED
    assert while_blocked(SOON, since=since, now=NOW) == expected
