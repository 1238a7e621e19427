"""One cause is one group, and what can be replayed agrees with what each error says of itself."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aiworker
from aiworker import errors
from aiworker.domain import failures
from aiworker.domain.failures import PERMANENT, Failure, code_of, estimate, group, pattern_of, verdict_of
from aiworker.domain.resume.guard.decisions import Evidence, NothingLeft
from aiworker.errors import AiworkerError, BudgetSpent, Cancel, ContextTooLong, Decided, RateLimited
from aiworker.protocol import Measured

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
PACKAGE = Path(aiworker.__file__).parent
NOTHING_MEASURED = Measured("", "", "", texts=0, refused=0, entities=0, grounded=0, is_partial=False)
ROOMS = ("runtime", "processors", "queue", "llm", "outbound", "store", "domain")
"""Where a job's error can come from; what commands and embedded servers raise never ends a job."""


def failure(reason: str, *, job: str = "1", at: datetime | None = NOW, queue: str = "ai-jobs") -> Failure:
    return Failure(queue, job, "rewrite-resume", reason, at)


# Verdicts


def classes() -> dict[str, type[AiworkerError]]:
    """Return every error class of ours by name, wherever it is defined."""
    for module in pkgutil.walk_packages([str(PACKAGE)], "aiworker."):
        if module.name.split(".")[1] in ROOMS:
            importlib.import_module(module.name)
    found, left = dict[str, type[AiworkerError]](), [AiworkerError]
    while left:
        each = left.pop()
        left += each.__subclasses__()
        if each.__module__.startswith("aiworker.") and each is not Decided:
            found[each.__name__] = each
    return found


def made(kind: type[AiworkerError]) -> AiworkerError:
    if issubclass(kind, RateLimited):
        return kind(retry_after=timedelta(seconds=7))
    if issubclass(kind, BudgetSpent):
        return kind(until=NOW + timedelta(hours=7))
    if issubclass(kind, ContextTooLong):
        return kind(maximum=-1)
    if issubclass(kind, NothingLeft):
        return kind("", Evidence("", (), NOTHING_MEASURED))
    return kind()


def codes_given(known: dict[str, type[AiworkerError]]) -> Iterator[tuple[str, type[AiworkerError]]]:
    """Yield each code that is written where an error is made, and the error's class."""
    for path in (path for room in ROOMS for path in (PACKAGE / room).rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        assigned = {ast.unparse(node.targets[0]): node.value for node in nodes if isinstance(node, ast.Assign)}
        for node in nodes:
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for keyword in node.keywords:
                if name in known and keyword.arg == "code":
                    source = ast.unparse(assigned.get(ast.unparse(keyword.value), keyword.value))
                    yield from ((text, known[name]) for text in re.findall(r"'(\w+)'", source))


def codes_by_verdict() -> tuple[set[str], set[str]]:
    known = classes()
    pairs = [(kind.code, kind) for kind in known.values()] + list(codes_given(known))
    final = {code for code, kind in pairs if isinstance(made(kind).outcome(NOW), Cancel)}
    passing = {code for code, kind in pairs if not isinstance(made(kind).outcome(NOW), Cancel)}
    return final, passing


def test_the_codes_of_the_package_are_found() -> None:
    final, passing = codes_by_verdict()

    assert {"invalid_answer", "model_not_found", "structure_changed", "too_many_calls", "bad_result"} <= final
    assert {"rate_limited", "timeout", "provider_5xx", "overloaded", "contention", "internal"} <= passing


def test_every_code_whose_outcome_is_cancel_is_permanent() -> None:
    final, _ = codes_by_verdict()

    assert final == PERMANENT


def test_no_code_that_is_retried_or_snoozed_is_permanent() -> None:
    _, passing = codes_by_verdict()

    assert not passing & PERMANENT


@pytest.mark.parametrize(
    ("reason", "verdict"),
    [
        (errors.InvalidAnswer().reason, "permanent"),
        (errors.DeadlineExceeded().reason, "retryable"),
        ("stalled: job stalled more than allowable limit", "retryable"),
        ("connect ECONNREFUSED 127.0.0.1:5432", "retryable"),
        ("The answer was not_found: nowhere", "retryable"),
        ("", "retryable"),
    ],
)
def test_a_reason_has_a_verdict(reason: str, verdict: str) -> None:
    assert verdict_of(reason) == verdict


@pytest.mark.parametrize(
    ("reason", "code"),
    [("timeout: No answer within 30 s.", "timeout"), ("Error: boom", ""), ("provider_5xx: x", "provider_5xx")],
)
def test_a_code_is_what_stands_in_front(reason: str, code: str) -> None:
    assert code_of(reason) == code


# Patterns


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rate_limited: retry after 17 s", "rate_limited: retry after 450 s"),
        ("rate_limited: retry after 2.5s", "rate_limited: retry after 17s"),
        ("invalid_answer: expecting ',' line 3 column 7", "invalid_answer: expecting ',' line 412 column 12"),
        ("bad_envelope: The payload has 262,145 bytes", "bad_envelope: The payload has 512 bytes"),
        ("not_found: no resume res-8812", "not_found: no resume res-17"),
        (
            "not_found: no row 7f6c0c0e-0f6d-4d0c-9d55-1f6a3f0e2b11",
            "not_found: no row 00000000-aaaa-4bbb-8ccc-123456789abc",
        ),
        ("gone: session 65f2a9c4e1b07d3344aa", "gone: session a5f2b9c4e1b07d3344ab"),
        ("timeout:  no\tanswer\n", "timeout: no answer"),
    ],
)
def test_reasons_that_differ_in_numbers_and_ids_are_one_group(one: str, other: str) -> None:
    assert pattern_of(one) == pattern_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RateLimitError 429 retry after 17 s", "RateLimitError 529 retry after 17 s"),
        ("provider_5xx: openai (gpt-4o) failed (status 500).", "provider_5xx: openai (gpt-4o) failed (status 503)."),
        ("Request failed with status code 404", "Request failed with status code 502"),
        ("rate_limited: openai (gpt-4o) asked us to wait.", "rate_limited: openai (gpt-4.1) asked us to wait."),
    ],
)
def test_what_names_the_fault_is_kept(one: str, other: str) -> None:
    assert pattern_of(one) != pattern_of(other)


def test_a_pattern_reads_like_the_reason() -> None:
    reason = "RateLimitError 429 retry after 17 s (gpt-4o, line 404)"

    assert pattern_of(reason) == "RateLimitError 429 retry after N s (gpt-4o, line N)"


@given(st.text(max_size=2_000))
def test_a_pattern_is_one_short_line(reason: str) -> None:
    pattern = pattern_of(reason)

    assert len(pattern) <= failures.LONGEST
    assert "\n" not in pattern


@given(
    st.lists(st.sampled_from(["line", "429", "17", "s", "res-8812", "gpt-4o", "x" * 70, "\t", "1.5kb"]), max_size=30)
)
def test_numbers_of_one_cause_never_make_a_second_group(words: list[str]) -> None:
    reason = " ".join(words)

    assert pattern_of(reason.replace("17", "18").replace("8812", "9")) == pattern_of(reason)


# Groups


def test_groups_are_counted_the_largest_first() -> None:
    jobs = [failure(f"timeout: No answer within {second} s.", job=f"t{second}") for second in (30, 60, 90)]
    jobs += [failure("invalid_answer: no JSON", job=f"i{number}") for number in range(5)]

    large, small = group(jobs)

    assert (large.error, large.code, large.verdict, large.count) == (
        "invalid_answer: no JSON",
        "invalid_answer",
        "permanent",
        5,
    )
    assert (small.error, small.verdict, small.count) == ("timeout: No answer within N s.", "retryable", 3)


def test_a_group_shows_the_first_three_jobs_and_its_oldest_failure() -> None:
    jobs = [failure("boom", job=str(number), at=NOW - timedelta(hours=number)) for number in range(5)]
    (only,) = group([*jobs, failure("boom", job="unfinished", at=None)])

    assert only.examples == ("ai-jobs:0", "ai-jobs:1", "ai-jobs:2")
    assert only.oldest == NOW - timedelta(hours=4)


def test_a_group_without_any_time_has_no_oldest() -> None:
    assert group([failure("boom", at=None)])[0].oldest is None


def test_reasons_that_look_alike_under_different_codes_are_never_one_group() -> None:
    groups = group([failure("error1: x"), failure("error2: x")])

    assert [each.code for each in groups] == ["error1", "error2"]


def test_no_failures_are_no_groups() -> None:
    assert group([]) == []


# Cost


def test_the_estimate_is_the_sum_of_means_and_counts_what_it_cannot_know() -> None:
    found = estimate({"rewrite-resume": 0.25}, ["rewrite-resume", "rewrite-resume", "generate-report"])

    assert (found.usd, found.unknown) == (0.5, 1)
