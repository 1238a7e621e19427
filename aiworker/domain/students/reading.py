"""Reads a student's profile out of row and resume, whatever the resume's schema; bounded, and public texts only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Final

from aiworker.domain import untrusted
from aiworker.domain.resume import locator
from aiworker.domain.resume.locator import Document
from aiworker.domain.resume.spans import Number, Tree, parse, plain
from aiworker.domain.resume.vacancy import cut_at_word
from aiworker.domain.students.private import public
from aiworker.domain.students.profile import Entry, Kind, Line, Profile

MAX_LINE: Final = 600
"""A longer text is left out rather than cut: half a sentence may say the opposite."""
MAX_NAME: Final = 120
MAX_ENTRIES: Final = 12
MAX_BULLETS: Final = 8
"""Of one entry."""
MAX_SKILLS: Final = 40
MAX_LINES: Final = 8
"""Of education, achievements and certifications each."""

_PROJECTS: Final = frozenset({"projects", "personalProjects"})
_VOLUNTEERING: Final = frozenset({"volunteer"})
_START_KEYS: Final = ("start_date", "startDate", "start", "from")
_END_KEYS: Final = ("end_date", "endDate", "end", "to")
_DATE_KEYS: Final = ("date",)
_PERIOD_KEYS: Final = ("years", "period", "dates")
"""2010-12 means two years here, and the month of one under the other keys."""
_DATE: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])(?:-\d{2}(?:T.*)?)?")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DEGREE_KEYS: Final = ("degree", "studyType")
_EDUCATION: Final = (
    _DEGREE_KEYS,
    ("field", "area", "branch", "major"),
    ("institution", "school", "university", "college"),
    ("grade", "score", "percentage"),
    ("cgpa", "gpa"),
)
_HONOUR_KEYS: Final = ("text", "content", "title", "name", "summary", "issuer", "awarder", "date", "year")
_HONOURS: Final = ("achievements", "awards")
_CERTIFICATES: Final = ("certifications", "certificates", "certificationsTraining")
_MORE_SKILLS: Final = ("technicalSkills", "languages")
_SKILL_KEYS: Final = ("name", "skill")
_POINTS: Final = re.compile(r"\d+(?:\.\d+)?(?: ?/ ?\d+(?:\.\d+)?)?")
"""2:1 and "first class" are no grade point average, whatever the field is called."""
_LABELLED: Final = re.compile(r"[^:,]{1,40}:\s+(.+)")
_COMMA: Final = re.compile(r",\s+(?![^()]*\))")
_BOLD: Final = re.compile(r"(?<![\w*])\*\*(?=[^\s*])(.+?)(?<=[^\s*])\*\*(?![\w*])")


def read(
    *,
    degree: str,
    branch: str,
    year: int,
    cgpa: str | None,
    skills: str,
    verified_at: datetime | None,
    resume: str | None,
) -> Profile:
    """Make a profile of a student's row and resume (`skills` and `resume` as JSON text, as PostgreSQL hands them out).

    Raises JobFailed `invalid_resume` for a resume that cannot be read.
    """
    document = locator.read(resume) if resume is not None else locator.read("{}")
    content = document.content
    more = content.get(locator.ADDITIONAL)
    additional = more if isinstance(more, dict) else {}
    schools = [item for key in content if key in locator.EDUCATION for item in _items(content[key])]
    return Profile(
        degree=_name(degree),
        branch=_name(branch),
        year=year,
        cgpa=cgpa or "",
        skills=_skills(plain(parse(skills)), content.get("skills"), *map(additional.get, _MORE_SKILLS)),
        verified_at=verified_at.astimezone(UTC).isoformat() if verified_at else "",
        entries=tuple(islice(_entries(document), MAX_ENTRIES)),
        education=_told(map(_schooling, schools)),
        achievements=_told(chain(_honours(_HONOURS, content, additional), *map(_honours_at, schools))),
        certifications=_told(_honours(_CERTIFICATES, content, additional)),
    )


def _entries(document: Document) -> Iterator[Entry]:
    content = document.content
    bullets: dict[str, list[Line]] = {}
    for bullet in document.bullets:
        if line := _line(bullet.text):
            bullets.setdefault(bullet.entry, []).append(Line(line, bullet.verified is True))
    for section in (key for key in content if key in locator.SECTIONS):
        for index, item in enumerate(_items(content[section])):
            if isinstance(item, dict):
                entry = _entry(section, item, bullets.get(f"{document.prefix}{section}.{index}", []))
                if entry.names or entry.lines:
                    yield entry


def _entry(section: str, item: dict[str, Tree], lines: list[Line]) -> Entry:
    kind: Kind = "project" if section in _PROJECTS else "experience"
    return Entry(
        kind="volunteering" if section in _VOLUNTEERING else kind,
        title=_name(_first(item, locator.TITLE_KEYS)),
        organisation=_name(_first(item, locator.COMPANY_KEYS)),
        name=_name(_first(item, locator.NAME_KEYS)),
        tech=_skills(*(item.get(key) for key in locator.TECH_KEYS)),
        period=_period(item),
        lines=tuple(lines[:MAX_BULLETS]),
    )


def _period(item: dict[str, Tree]) -> str:
    start, end, date = (_month(_name(_first(item, keys))) for keys in (_START_KEYS, _END_KEYS, _DATE_KEYS))
    if start:
        return f"{start} to {end}" if end else f"since {start}"
    return end or _name(_first(item, _PERIOD_KEYS)) or date


def _month(date: str) -> str:
    """Write 2025-05 as May 2025: as digits a month would be evidence for any small number."""
    found = _DATE.fullmatch(date)
    return f"{_MONTHS[int(found[2]) - 1]} {found[1]}" if found else date


def _schooling(item: Tree) -> str:
    if not isinstance(item, dict):
        return _scalar(item)
    parts = [_name(_first(item, keys)) for keys in _EDUCATION]
    if _POINTS.fullmatch(parts[-1]):
        # "grade": "CGPA" beside "cgpa": 8.40 is one statement.
        parts[-1], parts[-2] = f"CGPA {parts[-1]}", "" if parts[-2].upper() == "CGPA" else parts[-2]
    return ", ".join(part for part in (*parts, _period(item)) if part)


def _honours(keys: Iterable[str], *holders: dict[str, Tree]) -> Iterator[str]:
    return (_honour(item) for key in keys for holder in holders for item in _items(holder.get(key)))


def _honours_at(school: Tree) -> Iterator[str]:
    """Yield what was achieved in a course of study, which says nothing without the course."""
    if isinstance(school, dict):
        degree = _name(_first(school, _DEGREE_KEYS))
        for item in _items(school.get("achievements")):
            if told := _honour(item).strip():
                yield f"{told} ({degree})" if degree else told


def _honour(item: Tree) -> str:
    if not isinstance(item, dict):
        return _scalar(item)
    return ", ".join(_month(text) for key in _HONOUR_KEYS if (text := _scalar(item.get(key)).strip()))


def _told(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(islice((line for one in lines if (line := _line(one))), MAX_LINES))


def _skills(*values: Tree) -> tuple[str, ...]:
    """Return the names of skills in lists or groups of any known form, each once."""
    found: dict[str, str] = {}
    for name in (_name(member) for value in values for member in _members(value)):
        # A bare figure is no skill, but it would be evidence for any such figure.
        if any(letter.isalpha() for letter in name):
            found.setdefault(name.casefold(), name)
    return tuple(islice(found.values(), MAX_SKILLS))


def _members(value: Tree) -> Iterator[str]:
    if isinstance(value, dict):
        named = [item for key in locator.GROUP_ITEM_KEYS for item in _items(value.get(key))]
        groups = [item for key, inner in value.items() for item in _grouped(key, inner)]
        value = named or groups or [_first(value, _SKILL_KEYS)]
    for item in _items(value):
        if isinstance(item, dict):
            yield from _members(item)
        else:
            yield _scalar(item)


def _grouped(key: str, inner: Tree) -> Iterator[Tree]:
    for item in inner if isinstance(inner, list) else ():
        found = _LABELLED.fullmatch(_scalar(item).strip()) if key == locator.DESCRIPTIONS else None
        yield from _COMMA.split(found[1]) if found else [item]


def _first(item: dict[str, Tree], keys: Iterable[str]) -> str:
    return next((text for key in keys for value in _items(item.get(key)) if (text := _scalar(value))), "")


def _items(value: Tree) -> list[Tree]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _scalar(value: Tree) -> str:
    return str(value) if isinstance(value, str | Number) else ""


def _line(text: str) -> str:
    return public(_tidy(text)) if len(text) <= MAX_LINE else ""


def _name(text: str) -> str:
    return public(_tidy(cut_at_word(text.strip(), MAX_NAME)))


def _tidy(text: str) -> str:
    # What nobody sees would hide a word from every rule, and joined lines hide an order that begins one.
    cleaned = untrusted.clean(text).text
    return "" if "\n" in cleaned and untrusted.scan(cleaned) else _BOLD.sub(r"\1", " ".join(cleaned.split()))
