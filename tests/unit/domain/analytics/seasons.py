"""Builders with defaults: a season that may be told whole, and figures around it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from aiworker.domain.analytics.facts import Published, publish
from aiworker.domain.analytics.figures import Branch, Figures, Season, Skill
from aiworker.domain.analytics.suppression import Cell, Size

BEFORE = Season(
    applied=90,
    shortlisted=70,
    interviewed=60,
    offered=50,
    placed=40,
    several_offers=10,
    offers=70,
    companies=14,
    interns=10,
    converted=5,
    median=Decimal(600_000),
    mean=Decimal(650_000),
    highest=Decimal(1_600_000),
)
NOW = Season(
    applied=96,
    shortlisted=80,
    interviewed=70,
    offered=60,
    placed=48,
    several_offers=15,
    offers=90,
    companies=12,
    interns=20,
    converted=6,
    median=Decimal(654_000),
    mean=Decimal(710_000),
    highest=Decimal(1_850_000),
)
BRANCHES = (
    Branch("Computer Engineering", Size(60), Size(30), Decimal(720_000)),
    Branch("Civil Engineering", Size(32), Size(12), Decimal(500_000)),
    Branch("Textiles", Size(28), Size(6), Decimal(400_000)),
)
SKILLS = (Skill("SQL", 12, Size(40)), Skill("Python", 9, Size(30)))
FIGURES = Figures("2026-27", Size(120), 40, NOW, before=BEFORE, branches=BRANCHES, skills=SKILLS)

SMALL = 2
"""A threshold at which all that may be behind a publication can be counted out."""


def figures(now: Season = NOW, **changes: Any) -> Figures:
    """Return figures with changes."""
    return replace(FIGURES, now=now, **changes)


def published(**changes: Any) -> Published:
    """Return what is published of figures with changes."""
    return publish(figures(**changes))


@st.composite
def nested(draw: st.DrawFn, most: int = 9) -> tuple[int, ...]:
    """Draw the sizes of groups each inside the one before: the whole, then five more."""
    return tuple(sorted(draw(st.lists(st.integers(0, most), min_size=6, max_size=6)), reverse=True))


def cells(pairs: list[tuple[int, int]]) -> list[Cell]:
    """Return a table of placed students and others, nobody left out."""
    return [Cell(Size(placed), Size(others)) for placed, others in pairs]
