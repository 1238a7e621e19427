"""The examples are what demo, docs and tests show: they must stay readable, fictional and varied."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aiworker.domain.resume.locator import context, read, skills
from aiworker.domain.resume.splice import mark_verified, splice
from aiworker.domain.resume.structure import assert_same_structure

EXAMPLES = Path(__file__).parents[3] / "examples"
RESUMES = sorted((EXAMPLES / "resumes").glob("*.json"))
VACANCIES = sorted((EXAMPLES / "vacancies").glob("*.json"))


def test_there_are_four_resumes_and_three_vacancies() -> None:
    assert [path.stem for path in RESUMES] == ["campus", "career-changer", "senior-engineer", "spanish"]
    assert len(VACANCIES) == 3


@pytest.mark.parametrize("path", RESUMES, ids=lambda path: path.stem)
def test_a_resume_is_read_and_spliced_byte_for_byte(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    document = read(text)
    assert 8 <= len(document.bullets) <= 14
    assert all(entry.heading for entry in context(document))
    assert skills(document)
    assert splice(document, {}) == text
    marked = read(mark_verified(document, {"b0": "New"}))
    assert_same_structure(document.tree, marked.tree, document.bullets)
    assert all(bullet.verified is True for bullet in marked.bullets if bullet.is_object)


@pytest.mark.parametrize("path", RESUMES, ids=lambda path: path.stem)
def test_addresses_and_numbers_are_fictional(path: Path) -> None:
    basics = json.loads(path.read_text(encoding="utf-8"))["basics"]
    assert basics["email"].endswith(("@example.com", "@example.org"))
    assert "000" in basics["phone"]


def test_the_campus_resume_has_a_cgpa_and_rupees_as_students_write_them() -> None:
    text = (EXAMPLES / "resumes" / "campus.json").read_text(encoding="utf-8")
    assert '"cgpa": 8.40' in text
    assert any("₹1.2 lakh" in bullet.text for bullet in read(text).bullets)


@pytest.mark.parametrize("path", VACANCIES, ids=lambda path: path.stem)
def test_a_vacancy_has_what_a_prompt_needs(path: Path) -> None:
    vacancy = json.loads(path.read_text(encoding="utf-8"))
    assert all(vacancy[key] for key in ("title", "company", "location", "skills"))
    assert 120 <= len(vacancy["description"].split()) <= 250
