"""What differs between a case and what was seen, in short words."""

from __future__ import annotations

from typing import Any

import pytest

from aiworker.domain.resume.guard.decisions import Evidence, NothingLeft
from aiworker.errors import (
    BudgetSpent,
    ConfigurationError,
    InvalidPayload,
    NoSafeChange,
    NotFound,
    ServiceUnreachable,
    TransientFault,
)
from aiworker.protocol import Described, Measured
from aiworker.runtime.cases import Expected
from aiworker.runtime.fixtures import NotAnswered, Seen, differences
from tests.support.jobs import NOW

RESULT = Described(
    {"b0": "Wrote 34 tests", "b1": "Measured it"},
    ("b2", "b3"),
    (("b2", "number"), ("b2", "term"), ("b3", "rate")),
    {"b0": "Says what you did.", "b1": "Shorter."},
)


def differing(expect: dict[str, Any], **seen: Any) -> list[str]:
    """Hold an expectation against a result, or against what is given instead of it."""
    shown: dict[str, Any] = {"prompt": "the whole prompt", "tokens": 1_234, "result": RESULT, **seen}
    return list(differences(Expected.model_validate(expect), Seen(**shown)))


@pytest.mark.parametrize(
    "expect",
    [
        {},
        {"status": "ok"},
        {"changed": ["b0"], "kept": ["b3", "b2"]},
        {"findings": [{"bullet": "b3", "rule": "rate"}]},
        {"notes": {"b1": "Shorter."}},
        {"contains": ["34 tests", "Measured"], "lacks": ["Led"]},
        {"prompt_contains": ["whole"], "prompt_lacks": ["name"], "max_prompt_tokens": 1_234},
    ],
)
def test_what_holds_differs_in_nothing(expect: dict[str, Any]) -> None:
    assert differing(expect) == []


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ({"status": "failed"}, ["status: expected failed, got ok"]),
        ({"changed": ["b0", "b2"]}, ["changed: b2 was kept"]),
        ({"changed": []}, ["changed: expected none, got b0, b1"]),
        ({"changed": ["b99"]}, ["changed: b99 is not there"]),
        ({"kept": ["b1", "b2"]}, ["kept: b1 was changed"]),
        ({"kept": []}, ["kept: expected none, got b2, b3"]),
        ({"kept": ["b99"]}, ["kept: b99 is not there"]),
        ({"findings": []}, ["findings: expected none, got number of b2, term of b2, rate of b3"]),
        ({"findings": [{"bullet": "b3", "rule": "number"}]}, ["findings: number of b3 is not there"]),
        ({"notes": {"b0": "Shorter.", "b1": "Shorter."}}, ["notes: b0 has another than 'Shorter.'"]),
        ({"notes": {"b2": "Shorter."}}, ["notes: b2 is not there"]),
        ({"notes": {}}, ["notes: expected none, got b0, b1"]),
        ({"contains": ["34 tests", "Led"]}, ["contains: 'Led' is not there"]),
        ({"lacks": ["34 tests", "Led"]}, ["lacks: '34 tests' is there"]),
        ({"prompt_contains": ["name"]}, ["prompt_contains: 'name' is not there"]),
        ({"prompt_lacks": ["whole"]}, ["prompt_lacks: 'whole' is there"]),
        ({"max_prompt_tokens": 1_233}, ["max_prompt_tokens: 1,234 are more than 1,233"]),
        ({"changed": ["b2"], "contains": ["Led"]}, ["changed: b2 was kept", "contains: 'Led' is not there"]),
    ],
)
def test_what_does_not_hold_is_told(expect: dict[str, Any], told: list[str]) -> None:
    assert differing(expect) == told


@pytest.mark.parametrize("error", [InvalidPayload(), NotFound(), NoSafeChange()])
def test_a_job_that_ends_for_good_has_failed(error: Exception) -> None:
    assert differing({"status": "failed"}, error=error, result=None) == []
    assert differing({"status": "failed", "code": getattr(error, "code", "")}, error=error, result=None) == []


def test_another_code_is_told() -> None:
    assert differing({"status": "failed", "code": "not_found"}, error=NoSafeChange(), result=None) == [
        "code: expected not_found, got no_safe_change"
    ]
    assert differing({}, error=NoSafeChange(), result=None) == ["status: expected ok, got failed (no_safe_change)"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyError("a value"), "unexpected"),
        (TransientFault(), "transient"),
        (ServiceUnreachable(), "unreachable"),
        (ConfigurationError(), "configuration"),
        (BudgetSpent(until=NOW), "budget"),
        (NotAnswered(), "not_answered"),
    ],
)
def test_what_says_nothing_of_the_job_meets_no_expectation(error: Exception, code: str) -> None:
    """A case that expects a failure must not pass because a provider is away."""
    for status in ("ok", "failed"):
        expected = {"status": status} if status == "ok" else {"status": status, "code": code}
        assert differing(expected, error=error, result=None) == [f"status: expected {status}, got broken ({code})"]


def test_an_answer_that_nobody_asked_for_is_told_of_a_job_that_went_well() -> None:
    assert differing({}, left_over=2) == ["answers: 2 not asked for"]
    assert differing({"status": "failed"}, left_over=2, error=NoSafeChange(), result=None) == []


def test_a_long_text_of_the_case_is_cut() -> None:
    (told,) = differing({"contains": ["x" * 500]})
    assert told == f"contains: '{'x' * 60}…' is not there"


def test_a_text_is_quoted_so_that_it_stays_on_its_line() -> None:
    assert differing({"contains": ["a\nb\x1b"]}) == [r"contains: 'a\nb\x1b' is not there"]


def test_what_a_guard_counted_is_told_also_if_nothing_was_left() -> None:
    measured = Measured("rewrite-resume", "4f", "m-1", texts=2, refused=2, entities=3, grounded=1, is_partial=False)
    nothing = NothingLeft("Nothing.", Evidence("res-1", (), measured))
    assert Seen("", 1, error=nothing).measured == measured
    assert Seen("", 1, result=Described({}, measured=measured)).measured == measured
    assert (Seen("", 1, error=NoSafeChange()).measured, Seen("", 1, result=RESULT).measured) == (None, None)


def test_the_prompt_is_in_no_trace() -> None:
    assert "whole prompt" not in repr(Seen("the whole prompt", 1))
