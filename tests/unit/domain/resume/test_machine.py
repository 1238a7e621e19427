"""What is no evidence: ids, settings, links and addresses; what stays: dates, grades, names and whatever people say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from aiworker.domain.resume import locator
from aiworker.domain.resume.guard import Guard
from aiworker.domain.resume.machine import is_machine, said
from tests.support.resumes import owner

UUID = "54d6343a-bb7f-45d4-a477-3bc913a7fb86"
BULLET = "Tested the boards of energy meters"
RESUMES = sorted((Path(__file__).parents[4] / "examples" / "resumes").glob("*.json"))


def of_entry(**members: object) -> locator.Document:
    return locator.read(json.dumps({"experience": [{**members, "bullets": [BULLET]}]}))


def lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


def severity(document: locator.Document, figure: str) -> str:
    """Say what the guard makes of a figure that the bullet has not."""
    (finding,) = Guard.of(document).check("b0", f"Tested the boards of {figure} energy meters")
    return finding.severity


# Keys


@pytest.mark.parametrize(
    "key",
    [
        *("id", "_id", "ids", "user_id", "credential_id", "offer_letter_id", "resumeId", "studentID", "skillIds"),
        *("uuid", "guid", "key", "slug", "hash", "content_hash", "contentHash", "project-key", "$schema", "$id"),
        *("settings", "document_settings", "pageSettings", "section_configs", "sectionMeta", "section_order"),
        *("meta", "metadata", "created_at", "updatedAt", "last_modified", "lastModified"),
    ],
)
def test_below_these_keys_nothing_is_anybody_s_word(key: str) -> None:
    assert is_machine(key)
    assert locator.flat({key: {"pages": ["45", "A4"]}, "title": "Intern"}) == "\nIntern"


@pytest.mark.parametrize(
    "key",
    [
        *("", "title", "grade", "cgpa", "start_date", "date", "paid", "aids", "keywords", "keys_skills", "Id", "valid"),
        *("idea", "identity", "hashes", "metallurgy", "setting", "turnkey", "candid", "skills", "experience"),
    ],
)
def test_other_keys_are_people_s(key: str) -> None:
    assert not is_machine(key)


# Values


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("x", UUID),
        ("x", UUID.upper()),
        ("x", "9f86d081884c7d659a2feaa0c55ad015"),
        ("x", "https://example.org/team/45"),
        ("x", "HTTP://EXAMPLE.ORG/45"),
        ("x", " www.example.org/45 "),
        ("x", "mailto:a45@example.org"),
        ("x", "data:image/png;base64,iVBOR45"),
        ("x", "tel:+910000000045"),
        ("x", "linkedin.com/in/nandini-45"),
        ("x", "nandini.github.io/v45"),
        ("x", "nandini.45@example.com"),
        ("x", "+91 00000 00045"),
        ("url", "boards-45"),
        ("github_url", "nandini45"),
        ("portfolioLink", "nandini45"),
        ("github", "nandini45"),
        ("email", "nandini45"),
        ("phone", "00000 00045"),
        ("phone_number", "(0)45 0000"),
        ("mobileNo", "45000000"),
        ("postalCode", "CA 94145"),
        ("zip", "94145"),
    ],
)
def test_links_addresses_and_numbers_to_call_are_not_said(key: str, text: str) -> None:
    assert said(key, text) == ""


@pytest.mark.parametrize(
    ("key", "text"),
    [
        *(("date", date) for date in ("2024-06", "2024-06-17", "06/2024", "Jun 2024 - Present", "2019 - 2021")),
        *(("grade", grade) for grade in ("8.40", "91.20 %", "2:1", "A+")),
        *(("tech", tech) for tech in ("Node.js/Express", "ASP.NET/MVC", "Socket.io", "TCP/IP", "C++", "CI/CD", "gRPC")),
        *(("company", name) for name in ("Booking.com", "3M", "7-Eleven", "Web 2.0 Ltd.", "B.Com/BBA Cell")),
        ("degree", "B.Com/BBA"),
        ("stipend", "18000"),
        ("team_size", "3"),
        ("mobile", "Flutter"),
        ("mobile", "Android 14 and 2 apps"),
        ("link", "a bridge of 45 m"),
        ("text", "deadbeef 1.0 @ campus, 3 @ home"),
    ],
)
def test_what_people_say_stays_as_it_is(key: str, text: str) -> None:
    assert said(key, text) == text


def test_an_address_within_a_text_is_left_out_of_it() -> None:
    text = "Mail n.45@example.org about 30 boards: https://example.org/45, or see http://example.org/45."
    assert said("summary", text).split() == ["Mail", "about", "30", "boards:", "or", "see"]


@pytest.mark.parametrize("text", ["a" * 2**18, "a." * 2**17, "a@" * 2**17, "1" * 2**18, "http:/" * 2**15])
def test_a_long_text_without_a_space_is_read_at_once(text: str) -> None:
    assert len(said("summary", text)) + len(said("link", f"{text} x")) <= 2 * len(text) + 2
    assert not is_machine(text)


@pytest.mark.parametrize("time", ["2025-05-03T10:11:12.345+00:00", "2025-05-03T10:11:12Z", "2025-05-03 10:11"])
def test_of_a_time_the_date_is_said(time: str) -> None:
    assert said("start_date", time) == "2025-05-03"


# Evidence


@pytest.mark.parametrize(
    "members",
    [
        {"id": UUID},
        {"offer": UUID},
        {"id": 45},
        {"team_id": "45"},
        {"link": "https://example.org/45"},
        {"links": ["https://example.org/45", {"label": "Code", "url": "x45"}]},
        {"contact": {"phone": "00000 00045", "email": "a45@example.com"}},
        {"meta": {"pages": 45}},
        {"settings": {"fontSize": "45"}},
        {"start_date": "2025-05-03T10:45:00Z"},
    ],
    ids=lambda members: next(iter(members)),
)
def test_no_figure_can_be_read_out_of_what_programs_keep_in_an_entry(members: Mapping[str, Any]) -> None:
    document = of_entry(title="Intern", **members)
    assert severity(document, "45") == "violation"
    assert "45" not in locator.frame_text(document, "experience.0")
    assert "45" not in locator.entry_text(document, "experience.0")
    assert "45" not in locator.flat(document.tree)
    assert not Guard.of(document).grounds("It names the 45 meters.")


@pytest.mark.parametrize(
    "members",
    [{"load": "45 boards a day"}, {"team_size": 45}, {"title": "Intern, batch 45"}, {"facts": ["45 meters a day"]}],
    ids=lambda members: next(iter(members)),
)
def test_what_an_entry_says_beside_its_bullets_is_evidence(members: Mapping[str, Any]) -> None:
    document = of_entry(**members)
    assert severity(document, "45") == "note"
    assert Guard.of(document).grounds("It names the 45 meters.")


def test_the_digits_of_a_bullet_s_id_are_no_evidence_and_its_text_is() -> None:
    bullets = [{"id": UUID, "text": BULLET}, {"id": 7, "text": "Soldered 30 nodes, see https://example.org/Kettle/8"}]
    document = locator.read(json.dumps({"experience": [{"bullets": bullets}]}))
    assert lines(locator.entry_text(document, "experience.0")) == [BULLET, bullets[1]["text"]]
    assert severity(document, "45") == "violation"


def test_a_bullet_that_is_a_link_keeps_the_names_in_it() -> None:
    document = locator.read(json.dumps({"work": [{"highlights": ["https://example.org/PaperKettle"]}]}))
    assert Guard.of(document).check("b0", "See https://example.org/PaperKettle") == ()


def test_dates_grades_and_names_of_a_resume_stay_evidence() -> None:
    told = {
        "education": [{"id": UUID, "institution": "SVIT", "cgpa": 8.4, "start": "2022-08"}],
        "experience": [{"company": "Lumenroot", "start_date": "2025-05", "bullets": [BULLET]}],
        "certifications": [{"name": "PCB", "date": "2024-07", "credential_id": "TOC-45"}],
    }
    document = locator.read(json.dumps(told))
    said_of_it = ["SVIT", "8.4", "2022-08", "Lumenroot", "2025-05", BULLET, "PCB", "2024-07"]
    assert lines(locator.flat(document.tree)) == said_of_it


@pytest.mark.parametrize("path", RESUMES, ids=lambda path: path.stem)
def test_of_the_samples_no_link_id_or_setting_is_evidence(path: Path) -> None:
    document = locator.read(path.read_text("utf-8"))
    told, person = locator.flat(document.tree), owner(document.text)
    for word in (
        person.email,
        person.phone,
        "://",
        "example.",
        "#38bdf8",
        "TOC-",
        "Open Sans",
        "itemList",
        "pdf_import",
    ):
        assert word not in told, word
    assert not re.search(r"[0-9a-f]{4}-[0-9a-f]{4}-", told)
    assert all(bullet.text in told for bullet in document.bullets)
