"""A student's profile as a summary may use it: what may be sent, what may be said, and what it was made of.

It holds no name, contact or other personal data. Its size is bounded, so that its hash covers exactly what a summary
can depend on: the flags of the bullets and the time of verification are part of it, although neither is spoken of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from pydantic import TypeAdapter

from aiworker.domain import untrusted
from aiworker.domain.untrusted import scan
from aiworker.protocol import JsonValue, digest

MARK: Final = " (verified)"
"""What the model sees behind a bullet that the placement office has verified."""
NOT_STATED: Final = "not stated"
ORDINALS: Final = ("zeroth", "first", "second", "third", "fourth", "fifth", "sixth")
_DEGREES: Final[Mapping[str, tuple[str, int | None]]] = {
    "btech": ("Bachelor of Technology", 4),
    "be": ("Bachelor of Engineering", 4),
    "bpharm": ("Bachelor of Pharmacy", 4),
    "barch": ("Bachelor of Architecture", 5),
    "bsc": ("Bachelor of Science", None),
    "bcom": ("Bachelor of Commerce", None),
    "bca": ("Bachelor of Computer Applications", None),
    "bba": ("Bachelor of Business Administration", None),
    "ba": ("Bachelor of Arts", None),
    "mtech": ("Master of Technology", 2),
    "mba": ("Master of Business Administration", 2),
    "mca": ("Master of Computer Applications", 2),
    "msc": ("Master of Science", None),
}
"""A degree's full name, and its years where they are the same everywhere; a BSc may take three or four."""

Kind = Literal["experience", "project", "volunteering"]


@dataclass(frozen=True, slots=True)
class Line:
    """A bullet's text, and whether somebody has verified it."""

    text: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One job, project or honorary office."""

    kind: Kind
    title: str
    organisation: str
    name: str
    tech: tuple[str, ...]
    period: str
    lines: tuple[Line, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in (self.title, self.name, self.organisation) if name)

    @property
    def heading(self) -> str:
        """Join what names the entry into one line."""
        return ", ".join(self.names)


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a student; texts are public, in one line, and empty where nothing is known."""

    degree: str
    branch: str
    year: int
    cgpa: str
    skills: tuple[str, ...]
    verified_at: str
    entries: tuple[Entry, ...] = ()
    education: tuple[str, ...] = ()
    achievements: tuple[str, ...] = ()
    certifications: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """Return the SHA-256 of the profile's canonical JSON."""
        return digest(self.as_json())

    @property
    def years(self) -> tuple[str, ...]:
        """Return the words that tell the year of study; none if the number is no year of study."""
        if not 1 <= self.year < len(ORDINALS):
            return ()
        _, length = _known(self.degree)
        return (ORDINALS[self.year], "final") if self.year == length else (ORDINALS[self.year],)

    @property
    def names(self) -> frozenset[str]:
        """Return the names in the profile, in which any word may stand."""
        entries = (name for entry in self.entries for name in (*entry.names, *entry.tech))
        return frozenset([self.degree, self.branch, *self.skills, *entries]) - {""}

    def as_json(self) -> dict[str, JsonValue]:
        """Return the profile as JSON values."""
        return _JSON.dump_python(self, mode="json")

    def text(self, *, mark: str = "") -> str:
        """Return the profile as a reader sees it, with `mark` behind each verified bullet."""
        return "\n".join((*_standing(self), *_record(self, mark)))

    def evidence(self) -> str:
        """Return what a figure or a name in a summary may be founded on; the year of study is checked by itself."""
        full_name, _ = _known(self.degree)
        return "\n".join((self.degree, full_name, self.branch, _marks(self), *_record(self, "")))


_JSON: Final = TypeAdapter(Profile)


def from_json(value: JsonValue) -> Profile:
    """Return the profile that `as_json` made this of."""
    return _JSON.validate_python(value)


def smaller(profile: Profile) -> Iterator[Profile]:
    """Yield the profile and what is left of it step by step, the last entries and bullets first."""
    yield profile
    for bullets in (3, 1, 0):
        profile = replace(profile, entries=tuple(replace(one, lines=one.lines[:bullets]) for one in profile.entries))
        yield profile
    for entries in (6, 3, 1, 0):
        profile = replace(profile, entries=profile.entries[:entries])
        yield profile


def sound(profile: Profile) -> Profile:
    """Return the profile without texts that speak to a model: they are no evidence of anything but themselves."""
    if not scan(profile.text()):
        return profile
    return replace(
        profile,
        degree=_sound(profile.degree),
        branch=_sound(profile.branch),
        skills=tuple(filter(_sound, profile.skills)),
        entries=tuple(_sound_entry(entry) for entry in profile.entries),
        education=tuple(filter(_sound, profile.education)),
        achievements=tuple(filter(_sound, profile.achievements)),
        certifications=tuple(filter(_sound, profile.certifications)),
    )


def bullet_count(profile: Profile) -> int:
    """Count the bullets of all entries."""
    return sum(len(entry.lines) for entry in profile.entries)


def _known(degree: str) -> tuple[str, int | None]:
    return _DEGREES.get(re.sub(r"[^a-z]", "", degree.lower()), ("", None))


def _sound_entry(entry: Entry) -> Entry:
    flagged = untrusted.flagged([line.text for line in entry.lines])
    return replace(
        entry,
        title=_sound(entry.title),
        organisation=_sound(entry.organisation),
        name=_sound(entry.name),
        tech=tuple(filter(_sound, entry.tech)),
        period=_sound(entry.period),
        lines=tuple(line for at, line in enumerate(entry.lines) if at not in flagged),
    )


def _sound(text: str) -> str:
    return "" if scan(text) else text


def _standing(profile: Profile) -> Iterator[str]:
    year = ", the ".join(profile.years) + " year" if profile.years else ""
    yield f"Degree: {profile.degree or NOT_STATED}"
    yield f"Branch: {profile.branch or NOT_STATED}"
    yield f"Year of study: {year or NOT_STATED}"
    yield _marks(profile)


def _marks(profile: Profile) -> str:
    return f"CGPA: {profile.cgpa or NOT_STATED}"


def _record(profile: Profile, mark: str) -> Iterator[str]:
    if profile.skills:
        yield f"Skills: {', '.join(profile.skills)}"
    for entry in profile.entries:
        details = "; ".join(part for part in (entry.period, ", ".join(entry.tech)) if part)
        yield f"{entry.kind.capitalize()}: {entry.heading or 'without a name'}{f' ({details})' if details else ''}"
        yield from (f"- {line.text}{mark if line.verified else ''}" for line in entry.lines)
    for title, lines in (
        ("Education", profile.education),
        ("Achievements", profile.achievements),
        ("Certifications", profile.certifications),
    ):
        if lines:
            yield f"{title}:"
            yield from (f"- {line}" for line in lines)
