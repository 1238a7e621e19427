"""What arrives twice counts once: the admission and the report of one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.pacing import REMEMBERED_MS, Outcomes, Report, Rules, Standing, Verdict, admit, learn

NEW = Standing()
T0 = 1_000_000
LEASE = 90_000
RULES = Rules(requests_per_minute=5, tokens_per_minute=1_000, concurrency=2, grow_after=2, open_after=2)
OPEN = replace(NEW, open_until=T0)


def asked(standing: Standing, ticket: str = "a", *, now: int = T0) -> tuple[Standing, Verdict, int]:
    return admit(standing, RULES, now=now, ticket=ticket, tokens=10, lease=LEASE)


def told(standing: Standing, outcome: Outcomes, ticket: str = "a", *, now: int = T0, more: int = 0) -> Standing:
    report = Report(ticket=ticket, admitted_at=T0, outcome=outcome, tokens_more=more, retry_after=700)
    return learn(standing, RULES, report, now=now)


def arrived(standing: Standing, ticket: str, outcome: Outcomes | None, now: int) -> Standing:
    """Report a call's outcome, or ask for one that has none yet."""
    return told(standing, outcome, ticket, now=now) if outcome else asked(standing, ticket, now=now)[0]


def test_a_ticket_that_has_its_slot_is_let_pass_again_and_takes_nothing() -> None:
    full = asked(asked(NEW, "other")[0])[0]
    assert asked(full, now=T0 + 5) == (full, Verdict.ALLOWED, 0)


def test_the_probe_is_let_pass_again_and_stays_the_probe() -> None:
    probing = asked(OPEN)[0]
    assert probing.probe == "a"
    assert asked(probing, now=T0 + 5) == (probing, Verdict.ALLOWED, 0)


def test_a_ticket_whose_lease_is_over_is_a_new_one() -> None:
    late = asked(asked(NEW)[0], now=T0 + LEASE)[0]
    assert late.slots == {"a": T0 + 2 * LEASE}


@pytest.mark.parametrize("outcome", Outcomes)
@pytest.mark.parametrize("before", [NEW, OPEN, replace(NEW, cap=2), replace(NEW, faults=1)])
def test_a_report_that_comes_twice_changes_nothing_more(before: Standing, outcome: Outcomes) -> None:
    once = told(asked(before)[0], outcome, more=-4)
    assert told(once, outcome, now=T0 + 5, more=-4) == once


def test_a_call_that_outlasted_its_lease_reports_once() -> None:
    late = T0 + LEASE
    once = told(asked(NEW)[0], Outcomes.FAULT, now=late)
    assert once.faults == told(once, Outcomes.FAULT, now=late).faults == 1


def test_a_call_that_never_had_a_slot_reports_once() -> None:
    once = told(NEW, Outcomes.FAULT)
    assert once.faults == told(once, Outcomes.FAULT).faults == 1


@pytest.mark.parametrize(
    ("before", "outcome", "event"),
    [
        (NEW, Outcomes.BLOCKED, "opened"),
        (replace(NEW, faults=1), Outcomes.FAULT, "opened"),
        (OPEN, Outcomes.GOOD, "closed"),
        (OPEN, Outcomes.FAULT, ""),
        (NEW, Outcomes.GOOD, ""),
    ],
)
def test_what_a_report_turned_is_told_each_time(before: Standing, outcome: Outcomes, event: str) -> None:
    once = told(asked(before)[0], outcome)
    twice = told(once, outcome, now=T0 + 5)
    assert once.event_of("a") == twice.event_of("a") == event


def test_what_a_report_turned_is_told_to_nobody_else() -> None:
    opened = told(told(NEW, Outcomes.BLOCKED), Outcomes.FAULT, "b")
    assert (opened.event_of("a"), opened.event_of("b")) == ("opened", "")


def test_who_reported_is_forgotten_in_time() -> None:
    late = told(told(NEW, Outcomes.GOOD), Outcomes.GOOD, "b", now=T0 + REMEMBERED_MS)
    assert late.reported == {"b": T0 + 2 * REMEMBERED_MS}


@given(st.lists(st.tuples(st.integers(0, 40_000), st.sampled_from("abcdefgh"), st.sampled_from([None, *Outcomes]))))
def test_whatever_happens_what_arrives_twice_counts_once(
    steps: Sequence[tuple[int, str, Outcomes | None]],
) -> None:
    standing, now = NEW, T0
    for pause, ticket, outcome in steps:
        now += pause
        standing = arrived(standing, ticket, outcome, now)
        assert arrived(standing, ticket, outcome, now) == standing
