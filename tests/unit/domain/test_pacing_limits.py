"""The arithmetic of limiter and breaker: buckets, the shared pause, halving and growing, opening and probing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.pacing import (
    LONGEST_PAUSE_MS,
    SLOT_WAIT_MS,
    Outcomes,
    Report,
    Rules,
    Standing,
    Verdict,
    admit,
    learn,
)

NEW = Standing()
FREE = Rules()
T0 = 1_000_000
LEASE = 90_000


def asked(
    standing: Standing, rules: Rules = FREE, *, now: int = T0, ticket: str = "a", tokens: int = 10
) -> tuple[Standing, Verdict, int]:
    return admit(standing, rules, now=now, ticket=ticket, tokens=tokens, lease=LEASE)


def let_pass(
    standing: Standing, rules: Rules = FREE, *, now: int = T0, ticket: str = "a", tokens: int = 10
) -> Standing:
    standing, verdict, _ = asked(standing, rules, now=now, ticket=ticket, tokens=tokens)
    assert verdict is Verdict.ALLOWED
    return standing


def told(outcome: Outcomes, *, ticket: str = "a", at: int = T0, **more: int) -> Report:
    return Report(ticket=ticket, admitted_at=at, outcome=outcome, **more)


def after(standing: Standing, rules: Rules, *outcomes: Outcomes, now: int = T0) -> Standing:
    """Make calls one after another, each with its own outcome."""
    for call, outcome in enumerate(outcomes):
        standing = let_pass(standing, rules, now=now, ticket=f"{call}")
        standing = learn(standing, rules, told(outcome, ticket=f"{call}", at=now), now=now)
    return standing


# Buckets


def test_without_limits_everything_passes_and_nothing_is_counted() -> None:
    standing = let_pass(NEW, tokens=10**9)
    assert (standing.requests, standing.tokens) == (None, None)


def test_requests_beyond_the_minute_wait_until_one_is_there_again() -> None:
    rules, standing = Rules(requests_per_minute=3), NEW
    for ticket in "abc":
        standing = let_pass(standing, rules, ticket=ticket)
    _, verdict, wait = asked(standing, rules, ticket="d")
    assert (verdict, wait) == (Verdict.WAIT, 20_000)
    assert asked(standing, rules, now=T0 + wait - 1, ticket="d")[1] is Verdict.WAIT
    assert asked(standing, rules, now=T0 + wait, ticket="d")[1] is Verdict.ALLOWED


def test_a_call_larger_than_a_minutes_tokens_passes_a_full_bucket_and_leaves_a_debt() -> None:
    rules = Rules(tokens_per_minute=600)
    standing = let_pass(NEW, rules, tokens=1_200)
    assert standing.tokens == -600
    assert asked(standing, rules, ticket="b", tokens=10) == (standing, Verdict.WAIT, 61_000)


@pytest.mark.parametrize(("more", "left"), [(-400, 900), (0, 500), (300, 200), (-5_000, 1_000)])
def test_tokens_are_corrected_by_what_was_used(more: int, left: float) -> None:
    rules = Rules(tokens_per_minute=1_000)
    standing = learn(let_pass(NEW, rules, tokens=500), rules, told(Outcomes.GOOD, tokens_more=more), now=T0)
    assert standing.tokens == left


def test_the_providers_own_count_of_what_is_left_lowers_a_bucket_and_never_fills_it() -> None:
    rules = Rules(requests_per_minute=100, tokens_per_minute=1_000)
    lower = told(Outcomes.GOOD, remaining_requests=7, remaining_tokens=30)
    higher = told(Outcomes.GOOD, remaining_requests=5_000, remaining_tokens=80_000)
    low, high = (learn(let_pass(NEW, rules), rules, report, now=T0) for report in (lower, higher))
    assert (low.requests, low.tokens) == (7, 30)
    assert (high.requests, high.tokens) == (99, 990)


@given(
    st.integers(1, 120),
    st.integers(1, 10_000),
    st.lists(st.tuples(st.integers(0, 5_000), st.integers(1, 3_000)), max_size=60),
)
def test_in_no_stretch_more_passes_than_a_full_bucket_and_what_flowed_in(
    requests: int, tokens: int, steps: list[tuple[int, int]]
) -> None:
    rules, standing, now = Rules(requests_per_minute=requests, tokens_per_minute=tokens), NEW, T0
    passed = used = 0
    for step, (pause, cost) in enumerate(steps):
        now += pause
        standing, verdict, wait = asked(standing, rules, now=now, ticket=f"{step}", tokens=cost)
        assert (wait > 0) == (verdict is Verdict.WAIT)
        if verdict is Verdict.ALLOWED:
            passed, used = passed + 1, used + min(cost, tokens)
        share = (now - T0) / 60_000
        assert passed <= requests * (1 + share) + 1e-6
        assert used <= tokens * (1 + share) + 1e-3


@given(st.integers(1, 120), st.integers(1, 10_000), st.lists(st.integers(1, 20_000), min_size=1, max_size=30))
def test_a_call_that_waits_as_long_as_it_was_told_passes(requests: int, tokens: int, costs: list[int]) -> None:
    rules, standing, now = Rules(requests_per_minute=requests, tokens_per_minute=tokens), NEW, T0
    for step, cost in enumerate(costs):
        _, _, wait = asked(standing, rules, now=now, ticket=f"{step}", tokens=cost)
        now += wait
        standing = let_pass(standing, rules, now=now, ticket=f"{step}", tokens=cost)


# The shared pause and the number of calls at once


def test_everybody_waits_for_the_retry_after_of_one() -> None:
    standing = learn(let_pass(NEW), FREE, told(Outcomes.LIMITED, retry_after=7_000), now=T0)
    assert asked(standing, ticket="b")[1:] == (Verdict.WAIT, 7_000)
    assert asked(standing, now=T0 + 7_000, ticket="b")[1] is Verdict.ALLOWED


def test_no_answer_makes_everybody_wait_for_more_than_a_minute_and_none_shortens_the_wait() -> None:
    long = learn(let_pass(NEW), FREE, told(Outcomes.LIMITED, retry_after=3_600_000), now=T0)
    assert long.not_before == T0 + LONGEST_PAUSE_MS
    short = told(Outcomes.LIMITED, ticket="b", retry_after=1_000)
    assert learn(long, FREE, short, now=T0).not_before == long.not_before


@pytest.mark.parametrize("outcome", [Outcomes.LIMITED, Outcomes.OVERLOADED])
def test_what_may_be_under_way_is_halved_once_for_all_that_were(outcome: Outcomes) -> None:
    standing = NEW
    for ticket in "abcdefgh":
        standing = let_pass(standing, ticket=ticket)
    for ticket in "abcd":
        standing = learn(standing, FREE, told(outcome, ticket=ticket), now=T0 + 5)
    assert standing.cap == 4
    later = learn(standing, FREE, told(outcome, ticket="e", at=T0 + 5), now=T0 + 9)
    assert later.cap == 2


def test_one_call_may_always_be_made() -> None:
    standing = NEW
    for step in range(5):
        now, ticket = T0 + step, f"{step}"
        passed = let_pass(standing, now=now, ticket=ticket)
        standing = learn(passed, FREE, told(Outcomes.LIMITED, ticket=ticket, at=now), now=now)
    assert standing.cap == 1


def test_a_full_house_asks_again_in_a_second() -> None:
    rules = Rules(concurrency=2)
    standing = let_pass(let_pass(NEW, rules), rules, ticket="b")
    assert asked(standing, rules, ticket="c")[1:] == (Verdict.WAIT, SLOT_WAIT_MS)
    left = learn(standing, rules, told(Outcomes.UNKNOWN), now=T0)
    assert asked(left, rules, ticket="c")[1] is Verdict.ALLOWED


def test_the_slot_of_a_worker_that_died_is_free_after_its_lease() -> None:
    rules = Rules(concurrency=1)
    standing = let_pass(NEW, rules)
    assert asked(standing, rules, now=T0 + LEASE - 1, ticket="b")[1] is Verdict.WAIT
    assert asked(standing, rules, now=T0 + LEASE, ticket="b")[1] is Verdict.ALLOWED


def test_after_so_many_good_calls_one_more_may_be_under_way() -> None:
    rules = Rules(grow_after=3)
    standing = replace(NEW, cap=2)
    assert after(standing, rules, *[Outcomes.GOOD] * 2).cap == 2
    assert after(standing, rules, *[Outcomes.GOOD] * 3).cap == 3
    assert after(standing, rules, *[Outcomes.GOOD] * 6).cap == 4


# The breaker

FIVE = [Outcomes.FAULT] * 5


def test_consecutive_faults_open_the_breaker_and_its_time_is_told() -> None:
    assert not after(NEW, FREE, *FIVE[:4]).is_open
    standing = after(NEW, FREE, *FIVE)
    assert asked(standing)[1:] == (Verdict.BLOCKED, 30_000)


@pytest.mark.parametrize("between", [Outcomes.GOOD, Outcomes.ANSWERED, Outcomes.LIMITED])
def test_an_answer_in_between_starts_the_count_anew(between: Outcomes) -> None:
    assert not after(NEW, FREE, *FIVE[:4], between, *FIVE[:4]).is_open


def test_overload_counts_as_a_fault_too() -> None:
    assert after(NEW, FREE, *[Outcomes.OVERLOADED] * 5).is_open


@pytest.mark.parametrize("outcome", [Outcomes.UNKNOWN, Outcomes.ANSWERED, Outcomes.GOOD])
def test_other_ends_never_open_it(outcome: Outcomes) -> None:
    assert not after(NEW, FREE, *[outcome] * 20).is_open


def test_a_refused_key_opens_it_at_once_and_for_longer() -> None:
    assert asked(after(NEW, FREE, Outcomes.BLOCKED))[1:] == (Verdict.BLOCKED, 60_000)


def test_when_its_time_is_over_one_call_probes_and_the_others_stay_away() -> None:
    standing = let_pass(after(NEW, FREE, *FIVE), now=T0 + 30_000, ticket="probe")
    assert standing.probe == "probe"
    assert asked(standing, now=T0 + 30_001, ticket="b")[1] is Verdict.BLOCKED


PROBING = let_pass(after(NEW, FREE, *FIVE), now=T0 + 30_000, ticket="probe")


@pytest.mark.parametrize("outcome", [Outcomes.GOOD, Outcomes.ANSWERED, Outcomes.LIMITED])
def test_a_probe_that_was_answered_closes_it(outcome: Outcomes) -> None:
    assert not learn(PROBING, FREE, told(outcome, ticket="probe"), now=T0 + 31_000).is_open


def test_a_probe_that_failed_opens_it_anew() -> None:
    standing = learn(PROBING, FREE, told(Outcomes.FAULT, ticket="probe"), now=T0 + 31_000)
    assert asked(standing, now=T0 + 31_000)[1:] == (Verdict.BLOCKED, 30_000)


def test_a_probe_nobody_knows_the_end_of_makes_room_for_the_next() -> None:
    standing = learn(PROBING, FREE, told(Outcomes.UNKNOWN, ticket="probe"), now=T0 + 31_000)
    assert asked(standing, now=T0 + 31_000, ticket="next")[0].probe == "next"
    assert asked(PROBING, now=T0 + 30_000 + LEASE, ticket="next")[0].probe == "next"


@pytest.mark.parametrize("outcome", [Outcomes.GOOD, Outcomes.FAULT, Outcomes.ANSWERED])
def test_what_began_before_it_opened_neither_closes_nor_prolongs_it(outcome: Outcomes) -> None:
    standing = after(NEW, FREE, *FIVE)
    assert learn(standing, FREE, told(outcome, ticket="old"), now=T0 + 9).open_until == standing.open_until


def test_the_time_it_stays_open_is_a_rule() -> None:
    rules = Rules(open_after=1, open_for=timedelta(seconds=3))
    assert asked(after(NEW, rules, Outcomes.FAULT), rules)[2] == 3_000
