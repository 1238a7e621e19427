"""The offline suggestions: what the rewrite rules change in words, with a reason a student understands."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.resume import locator
from aiworker.domain.resume.guard import Guard
from aiworker.domain.resume.reasons import plain_reason
from aiworker.domain.resume.rewrite_rules import rewrite
from aiworker.domain.resume.suggestion_rules import suggest
from aiworker.domain.resume.suggestions import MAX_SUGGESTIONS
from tests.unit.domain.resume.documents import WORDS, patient

RESUMES = sorted((Path(__file__).parents[4] / "examples" / "resumes").glob("*.json"))
FINE = "Built a cache for the billing service, which holds 40 entries."


def reasons(*texts: str) -> list[tuple[str, str]]:
    bullets = [(f"b{number}", text) for number, text in enumerate((*texts, FINE))]
    return [(each["id"], each["reason"].partition(" ")[0]) for each in suggest(bullets)]


def test_the_texts_are_those_of_the_rewrite_rules() -> None:
    bullets = [("b0", "was responsible for the maintenance of 40 shops"), ("b1", FINE)]
    texts = rewrite(bullets, "professional")
    assert [(each["id"], each["text"]) for each in suggest(bullets)] == [("b0", texts["b0"])]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Responsible for testing the billing service", "Begins"),
        ("I wrote the tests of the billing service", "Begins"),
        ("Built the tests in order to find faults", "Says"),
        ("Built the tests w/ the team of the billing service", "Replaces"),
        ("Wasn't able to find the fault, and says so in the report", "Replaces"),
    ],
)
def test_the_reason_names_what_is_gained(text: str, reason: str) -> None:
    assert reasons(text) == [("b0", reason)]


@pytest.mark.parametrize("text", [FINE, FINE.removesuffix("."), FINE.lower(), f"  {FINE.replace(' ', '  ')}"])
def test_capitals_spaces_and_a_full_stop_are_no_suggestion(text: str) -> None:
    assert reasons(text) == []


def test_openings_come_first_then_shorter_texts_then_words() -> None:
    found = reasons(
        "Built the tests w/ the team of the billing service",
        "Built the tests in order to find faults",
        "Responsible for testing the billing service",
    )
    assert found == [("b2", "Begins"), ("b1", "Says"), ("b0", "Replaces")]


def test_there_are_no_more_than_a_student_reads() -> None:
    many = [f"Responsible for the maintenance of service {number}" for number in range(12)]
    assert [bullet for bullet, _ in reasons(*many)] == [f"b{number}" for number in range(MAX_SUGGESTIONS)]


def test_a_spanish_resume_is_told_in_spanish() -> None:
    (only,) = suggest([("b0", "Responsable de mantener la base de datos de los clientes de la tienda")])
    assert only["reason"] == "Empieza con un verbo claro que dice lo que hiciste."


def test_other_languages_are_left_alone() -> None:
    assert suggest([("b0", "Verantwortlich für die Wartung der Datenbank mit den Kunden")]) == []
    assert suggest([]) == []


@pytest.mark.parametrize("path", RESUMES, ids=lambda path: path.stem)
def test_every_sample_resume_gets_suggestions_that_the_guard_lets_pass(path: Path) -> None:
    document = locator.read(path.read_text("utf-8"))
    guard, found = Guard.of(document), suggest([(bullet.id, bullet.text) for bullet in document.bullets])
    refused = [each["id"] for each in found if any(f.is_violation for f in guard.check(each["id"], each["text"]))]
    assert len(found) == MAX_SUGGESTIONS
    assert len(refused) <= 1, refused
    assert [plain_reason(each["reason"]) for each in found] == [each["reason"] for each in found]


@patient
@given(st.lists(st.one_of(WORDS, st.sampled_from(["Responsible for the tests of it", "Built it in order to"]))))
def test_whatever_the_bullets_say_the_answer_is_one_that_can_be_read(texts: list[str]) -> None:
    bullets = [(f"b{number}", text) for number, text in enumerate(texts)]
    found = suggest(bullets)
    assert {each["id"] for each in found} <= {bullet for bullet, _ in bullets}
    assert len({each["id"] for each in found}) == len(found) <= MAX_SUGGESTIONS
