"""The examples are what demo, docs and tests show: they must stay readable, fictional and varied."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path

import pytest

from aiworker.domain.resume.locator import context, read, skills
from aiworker.domain.resume.splice import mark_verified, splice
from aiworker.domain.resume.structure import assert_same_structure
from tests.support.resumes import owner

EXAMPLES = Path(__file__).parents[3] / "examples"
RESUMES = sorted((EXAMPLES / "resumes").glob("*.json"))
VACANCIES = sorted((EXAMPLES / "vacancies").glob("*.json"))
HOSTS = ("example.com", "example.org")
SCHEMA_HOST = "raw.githubusercontent.com"
"""Of the schema that a JSON Resume document names itself."""
SECTIONS: dict[str, list[str]] = {
    "accountant": ["profile", "workExperiences", "educations", "projects", "skills", "custom", "settings"],
    "campus": ["basics", "summary", "experience", "projects"],
    "career-changer": ["basics", "summary", "experience", "projects"],
    "electronics-campus": ["basics", "experience", "projects", "positions_of_responsibility", "consent", "meta"],
    "marketing-mba": ["first_name", "work_experience", "projects", "section_configs", "document_settings"],
    "mechanical-campus": ["basics", "experience", "projects", "positions_of_responsibility", "consent", "meta"],
    "ml-engineer": ["$schema", "basics", "work", "volunteer", "projects", "meta"],
    "senior-engineer": ["$schema", "basics", "work", "projects"],
    "spanish": ["basics", "summary", "experience", "projects"],
    "supply-chain": ["personalInfo", "workExperience", "personalProjects", "sectionMeta", "customSections"],
}
"""What tells the tool that stores a document of the kind."""


def test_the_resumes_are_those_of_several_trades_and_tools() -> None:
    assert [path.stem for path in RESUMES] == sorted(SECTIONS)
    for path in RESUMES:
        document = json.loads(path.read_text(encoding="utf-8"))
        assert [key for key in SECTIONS[path.stem] if key not in document] == []
    assert len(VACANCIES) == 5


@pytest.mark.parametrize("path", RESUMES, ids=lambda path: path.stem)
def test_a_resume_is_read_and_spliced_byte_for_byte(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    document = read(text)
    assert 8 <= len(document.bullets) <= 16
    assert [entry.path for entry in context(document) if not entry.heading] == []
    assert skills(document)
    assert splice(document, {}) == text
    marked = read(mark_verified(document, {"b0": "New"}))
    assert_same_structure(document.tree, marked.tree, document.bullets)
    assert all(bullet.verified is True for bullet in marked.bullets if bullet.is_object)


@pytest.mark.parametrize("path", RESUMES, ids=lambda path: path.stem)
def test_addresses_and_numbers_are_fictional(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    person = owner(text)
    assert person.email.endswith(("@example.com", "@example.org"))
    assert "000" in person.phone
    assert set(re.findall(r"https?://([^/\"]+)", text)) <= {*HOSTS, SCHEMA_HOST}
    assert text.count(SCHEMA_HOST) == text.count('"$schema"')


@pytest.mark.parametrize("name", ["electronics-campus", "mechanical-campus"])
def test_a_platform_s_resume_has_ids_and_its_bullets_are_verified_or_not(name: str) -> None:
    document = json.loads((EXAMPLES / "resumes" / f"{name}.json").read_text(encoding="utf-8"))
    entries = [*document["experience"], *document["projects"], *document["positions_of_responsibility"]]
    bullets = [bullet for entry in entries for bullet in entry["bullets"]]
    ids = [uuid.UUID(item["id"]) for item in (*entries, *bullets, *document["education"], *document["certifications"])]
    assert len(set(ids)) == len(ids)
    assert {bullet["verified"] for bullet in bullets} == {True, False}
    assert len(document["basics"]["links"]) > 1
    assert all({"issuer", "date", "credential_url"} <= each.keys() for each in document["certifications"])


def test_the_campus_resume_has_a_cgpa_and_rupees_as_students_write_them() -> None:
    text = (EXAMPLES / "resumes" / "campus.json").read_text(encoding="utf-8")
    assert '"cgpa": 8.40' in text
    assert any("₹1.2 lakh" in bullet.text for bullet in read(text).bullets)


@pytest.mark.parametrize("path", VACANCIES, ids=lambda path: path.stem)
def test_a_vacancy_has_what_a_prompt_needs(path: Path) -> None:
    vacancy = json.loads(path.read_text(encoding="utf-8"))
    assert all(vacancy[key] for key in ("title", "company", "location", "skills"))
    assert 120 <= len(vacancy["description"].split()) <= 250
