"""What SQL computed of one tenant, from one snapshot: never shown before `facts.publish` has taken out small groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from aiworker.domain.analytics.suppression import Size


@dataclass(frozen=True, slots=True)
class Season:
    """Students by how far they came, each group inside the one before it, and what was offered; rupees a year."""

    applied: int = 0
    shortlisted: int = 0
    interviewed: int = 0
    offered: int = 0
    placed: int = 0
    several_offers: int = 0
    offers: int = 0
    companies: int = 0
    interns: int = 0
    converted: int = 0
    median: Decimal | None = None
    mean: Decimal | None = None
    highest: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """The registered students of a branch, those of them who were placed, and the median package of the placed."""

    name: str
    strength: Size
    placed: Size
    median: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill, the vacancies that ask for it and the registered students who hold it."""

    name: str
    asked: int
    held: Size


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of a season.

    `outside` counts the students whom the filters leave out. `before` is the previous season, None if there is none
    to compare with. `branches` are those of the students whom the other filters choose, whatever branch is asked for.
    """

    season: str
    registered: Size
    vacancies: int
    now: Season
    outside: Season = field(default_factory=Season)
    before: Season | None = None
    branches: tuple[Branch, ...] = ()
    skills: tuple[Skill, ...] = ()
    branch: str | None = None
    is_filtered: bool = False


def previous(season: str) -> str:
    """Return the season before one like 2026-27."""
    year = int(season[:4])
    return f"{year - 1}-{year % 100:02d}"
