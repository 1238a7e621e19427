"""A free text says figures and names of its source alone."""

from __future__ import annotations

import pytest

from aiworker.domain.resume.guard import Finding
from aiworker.domain.resume.guard.grounding import ungrounded

PROFILE = (
    "Meera Joshi, B.Tech. 2026, CGPA 8.40. Built a billing tool in JS for 12 shops; cut waste by half. ₹2.5 lakh prize"
)


@pytest.mark.parametrize(
    "text",
    [
        "Meera Joshi built a billing tool in JavaScript for twelve shops.",
        "The student holds a CGPA of 8.4 and will finish in 2026.",
        "She won ₹2,50,000 and halved the waste.",
        "One of her tools was the first of its kind.",
        "The student writes tools.",
        "—",
        "",
    ],
)
def test_what_the_source_holds_is_grounded_in_any_form(text: str) -> None:
    assert ungrounded(text, PROFILE) == ()


@pytest.mark.parametrize(
    ("text", "rule", "token"),
    [
        ("The student built 13 tools.", "number", "13"),
        ("The student built a dozen tools for forty shops.", "number", "forty"),
        ("The student cut waste by 12 %.", "number", "12 %"),
        ("The student won $2.5 million.", "number", "$2.5 million"),
        ("The student knows Kafka.", "term", "Kafka"),
        ("The student knows sql.", "term", "sql"),
        ("The student worked at Palash.", "term", "Palash"),
        ("GraphQL is what the student knows.", "term", "GraphQL"),
    ],
)
def test_what_it_does_not_hold_is_found(text: str, rule: str, token: str) -> None:
    assert ungrounded(text, PROFILE) == (Finding(rule, token),)


def test_figures_come_first_and_each_is_told_once() -> None:
    found = ungrounded("Knows Kafka and 7 tools, Kafka above all 7.", PROFILE)
    assert found == (Finding("number", "7"), Finding("term", "Kafka"))


def test_nothing_grounds_anything() -> None:
    assert ungrounded("Built 2 tools in Python", "") == (Finding("number", "2"), Finding("term", "Python"))
