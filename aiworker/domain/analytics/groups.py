"""The facts of branches and skills: one placeholder holds a name and its figures, so that none can be given to another.

Names come from the platform's tables: they are cleaned and cut, and sent as untrusted data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_lowercase

from aiworker.domain import untrusted
from aiworker.domain.analytics import displays
from aiworker.domain.analytics.fact import Fact
from aiworker.domain.analytics.figures import Branch, Figures, Skill
from aiworker.domain.analytics.suppression import Cell, may_split, table
from aiworker.domain.resume.vacancy import cut_at_word

MAX_BRANCHES = 12
MAX_NAME_CHARACTERS = 60
UNNAMED = "unnamed"
_NO_NAME = re.compile(
    r"://|www\.|[{}%]|\bpercent\b|\b(?:say|tell|write|state|mention) that\b|[.!?;:]\s|(?<![\w.])\d{2,}(?![\w.])",
    re.IGNORECASE,
)
"""What makes a name a sentence, an address or a figure of its own."""
PLACEMENTS = frozenset({"placed", "placement_rate", "applicant_rate", "median_package", "mean_package"})


def branches(figures: Figures, k: int) -> tuple[Fact, ...]:
    """Return the branches that may be told beside one another, the largest first; none in a summary of one branch."""
    if figures.branch is not None or len(figures.branches) < 2:
        return ()
    kept = [figures.branches[index] for index in _kept(figures, k)]
    shown = sorted(kept, key=lambda branch: (-branch.strength.inside, branch.name))[:MAX_BRANCHES]
    pairs = zip(ascii_lowercase, shown, strict=False)
    return tuple(fact for letter, branch in pairs for fact in _of_branch(f"branch_{letter}", branch))


def kept_back(figures: Figures, k: int) -> frozenset[str]:
    """Return what a summary of one branch may not tell: what a summary of all branches would hide of it."""
    told = {figures.branches[index].name for index in _kept(figures, k)}
    return PLACEMENTS if figures.branch is not None and figures.branch not in told else frozenset()


def skills(figures: Figures, k: int) -> tuple[Fact, ...]:
    """Return the skills that vacancies ask for most; who holds one is told only of large enough groups."""
    pairs = zip(ascii_lowercase, figures.skills, strict=False)
    return tuple(_of_skill(f"skill_{letter}", skill, figures, k) for letter, skill in pairs)


def hidden(figures: Figures, k: int) -> Iterator[str]:
    """Yield an id for what is not told of branches and skills; which they are is not told either."""
    if figures.branch is None and 1 < len(figures.branches) != len(_kept(figures, k)):
        yield "branches"
    if not all(may_split(figures.registered, skill.held, k) for skill in figures.skills):
        yield "skills_held"


def names(figures: Figures) -> tuple[str, ...]:
    """Return every name that a display may hold or must not."""
    found = (*(branch.name for branch in figures.branches), *(skill.name for skill in figures.skills))
    return tuple(dict.fromkeys(named(name) for name in found))


def named(name: str) -> str:
    """Return a name from outside as it is shown: one line, without hidden characters, not too long, and only a name."""
    cleaned = untrusted.clean(name).text
    words = " ".join(cleaned.split())
    if _NO_NAME.search(words) or untrusted.scan(cleaned):
        return UNNAMED
    return cut_at_word(words, MAX_NAME_CHARACTERS) or UNNAMED


def _kept(figures: Figures, k: int) -> frozenset[int]:
    return table([Cell(branch.placed, branch.strength - branch.placed) for branch in figures.branches], k)


def _of_branch(slot: str, branch: Branch) -> Iterator[Fact]:
    name, placed, strength = named(branch.name), branch.placed.inside, branch.strength.inside
    share = displays.rate(placed, strength)
    display = f"{name} ({displays.count(placed)} of {displays.count(strength)} placed, {share}%)"
    yield Fact(slot, f"placed students of the branch {name}", str(share), display, strength)
    if branch.median is not None:
        amount = displays.lakh(branch.median)
        label, display = f"median yearly package of the branch {name}", f"{name} (median {displays.in_lakh(amount)})"
        yield Fact(f"{slot}_median", label, str(amount), display, placed)


def _of_skill(slot: str, skill: Skill, figures: Figures, k: int) -> Fact:
    name, registered = named(skill.name), figures.registered.inside
    # Vacancies are public and no people: only who holds a skill is counted in students.
    asked = f"asked for by {displays.count(skill.asked)} of {displays.count(figures.vacancies)} vacancies"
    if not may_split(figures.registered, skill.held, k):
        return Fact(slot, f"vacancies that ask for the skill {name}", skill.asked, f"{name} ({asked})", None)
    held = f"held by {displays.count(skill.held.inside)} of {displays.count(registered)} students"
    label = f"vacancies that ask for the skill {name}, and students who hold it"
    return Fact(slot, label, skill.asked, f"{name} ({asked}, {held})", registered)
