"""Small resumes around one bullet, and what the guard says of a new text for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib import resources
from itertools import pairwise
from typing import TypedDict, Unpack

from aiworker.domain.resume import locator
from aiworker.domain.resume.guard import Finding, Guard
from aiworker.domain.resume.guard.reading import Rewording, Source
from aiworker.domain.resume.phrases import Tone

Rule = Callable[[Source, Rewording], Iterator[Finding]]

SIBLING = "Wrote the notes of the weekly meeting for the team"
ELSEWHERE = "Watered the plants of the library and counted them"


class Parts(TypedDict, total=False):
    """What else a resume holds: the entry's title, its other bullet, another entry's, a skill."""

    frame: str
    sibling: str
    elsewhere: str
    skills: str


def guarding(bullet: str, *, vacancy: str = "", tone: Tone | None = None, **parts: Unpack[Parts]) -> Guard:
    """Return the guard of a resume of two entries, in which the bullet is `b0`."""
    first = [bullet, parts.get("sibling", SIBLING)]
    entries = [
        {"title": parts.get("frame", "Trainee"), "company": "Palash", "bullets": first},
        {"title": "Helper", "company": "Town library", "bullets": [parts.get("elsewhere", ELSEWHERE)]},
    ]
    body = json.dumps({"experience": entries, "skills": [parts.get("skills", "")]})
    return Guard.of(locator.read(body), vacancy=vacancy, tone=tone)


def source(bullet: str, **parts: Unpack[Parts]) -> Source:
    return guarding(bullet, **parts).sources["b0"]


def fired(rule: Rule, before: str, after: str, **parts: Unpack[Parts]) -> set[tuple[str, str]]:
    """Return what one group of rules finds: the rule and the words."""
    held = source(before, **parts)
    return {(finding.rule, finding.token) for finding in rule(held, Rewording.of(after, held))}


def refused(
    before: str, after: str, *, vacancy: str = "", tone: Tone | None = None, **parts: Unpack[Parts]
) -> set[tuple[str, str]]:
    """Return the violations of the whole guard."""
    found = guarding(before, vacancy=vacancy, tone=tone, **parts).check("b0", after)
    return {(finding.rule, finding.token) for finding in found if finding.is_violation}


def lines(name: str) -> list[str]:
    """Return the lines of one of the guard's lists."""
    text = (resources.files("aiworker.domain.resume.guard") / name).read_text("utf-8")
    return text.removesuffix("\n").split("\n")


def untidy(name: str) -> list[str]:
    """Return the lines of a list that are out of order, there twice, empty, or not in small letters."""
    return [line for before, line in pairwise(["", *lines(name)]) if line <= before or line != line.strip().lower()]
