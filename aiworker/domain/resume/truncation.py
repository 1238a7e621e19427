"""What of a resume and a vacancy is sent when not everything fits or may be paid for: whole lines, never half a bullet.

With merge-back a bullet that is not sent stays as it is, so truncation loses no fact. Order: boilerplate and tail of
the vacancy, context beside the bullets, bullets of the last (oldest) entries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from aiworker.domain.resume.locator import Document, Entry, context, skills

MAX_BULLETS = 60
MAX_VACANCY_CHARACTERS = 12_000
LEAST_VACANCY_CHARACTERS = 400
"""What is left of a vacancy before context and bullets are dropped for its sake."""

_BOILERPLATE = re.compile(
    r"^\W*(?:about (?:us|the company|our company)|who we are|our (?:benefits|perks|values|culture)|benefits|perks"
    r"|what we offer|equal (?:employment )?opportunit|we are an equal|eeo\b|diversity|disclaimer|how to apply"
    r"|compensation|salary)",
    re.IGNORECASE,
)
_REQUIREMENTS = re.compile(
    r"^\W*(?:requirements?|qualifications?|responsibilit|what you will do|what you bring|must have|nice to have|skills"
    r"|you (?:have|will|bring)|we look for|duties)",
    re.IGNORECASE,
)
_PARAGRAPH = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Selection:
    """What is sent. `vacancy_cut` counts characters left out, `context_cut` lines, `not_sent` names bullet ids."""

    vacancy: str
    entries: tuple[Entry, ...]
    skills: str
    vacancy_cut: int = 0
    context_cut: int = 0
    not_sent: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(bullet.id for entry in self.entries for bullet in entry.bullets)

    @property
    def report(self) -> dict[str, int | list[str]]:
        """Say what was left out; empty if nothing was."""
        cuts: dict[str, int | list[str]] = {
            "jd_chars": self.vacancy_cut,
            "context_lines": self.context_cut,
            "bullets_not_sent": list(self.not_sent),
        }
        return {name: value for name, value in cuts.items() if value}

    def text(self) -> str:
        """Return entries, bullets and skills as the model reads them."""
        lines: list[str] = []
        for entry in self.entries:
            tech = f" ({', '.join(entry.tech)})" if entry.tech else ""
            lines.append(f"{entry.heading or entry.path}{tech}")
            lines += [f"{bullet.id}: {' '.join(bullet.text.split())}" for bullet in entry.bullets]
            lines.append("")
        return "\n".join([*lines, f"Skills: {self.skills}"] if self.skills else lines).strip()


def select(document: Document, vacancy: str, *, budget: int, count: Callable[[str], int]) -> Selection:
    """Choose what fits into `budget` tokens, counted by `count`; at least one bullet is always sent."""
    chosen = _capped(Selection(vacancy, context(document), skills(document)))
    for tighten in (_shorter_vacancy, _no_context, _fewer_bullets):
        chosen = tighten(chosen, budget, count)
    return chosen


def _size(selection: Selection, count: Callable[[str], int]) -> int:
    return count(selection.vacancy) + count(selection.text())


def _capped(selection: Selection) -> Selection:
    """Apply the cost cap, which holds whatever fits."""
    return _with_bullets(_with_vacancy(selection, MAX_VACANCY_CHARACTERS), MAX_BULLETS)


def _shorter_vacancy(selection: Selection, budget: int, count: Callable[[str], int]) -> Selection:
    while _size(selection, count) > budget and len(selection.vacancy) > LEAST_VACANCY_CHARACTERS:
        selection = _with_vacancy(selection, max(len(selection.vacancy) // 2, LEAST_VACANCY_CHARACTERS))
    return selection


def _no_context(selection: Selection, budget: int, count: Callable[[str], int]) -> Selection:
    if _size(selection, count) <= budget:
        return selection
    lines = bool(selection.skills) + sum(bool(entry.tech) for entry in selection.entries)
    bare = tuple(replace(entry, tech=()) for entry in selection.entries)
    return replace(selection, entries=bare, skills="", context_cut=selection.context_cut + lines)


def _fewer_bullets(selection: Selection, budget: int, count: Callable[[str], int]) -> Selection:
    while _size(selection, count) > budget and len(selection.ids) > 1:
        selection = _with_bullets(selection, max(1, min(len(selection.ids) - 1, len(selection.ids) * 3 // 4)))
    return selection


def _with_bullets(selection: Selection, limit: int) -> Selection:
    left, kept = limit, list[Entry]()
    for entry in selection.entries:
        bullets = entry.bullets[:left]
        left -= len(bullets)
        if bullets:
            kept.append(replace(entry, bullets=bullets))
    dropped = selection.ids[limit:]
    return replace(selection, entries=tuple(kept), not_sent=(*dropped, *selection.not_sent))


def _with_vacancy(selection: Selection, limit: int) -> Selection:
    if len(selection.vacancy) <= limit:
        return selection
    text = shorten(selection.vacancy, limit)
    cut = selection.vacancy_cut + len(selection.vacancy) - len(text)
    return replace(selection, vacancy=text, vacancy_cut=cut)


def shorten(vacancy: str, limit: int) -> str:
    """Return whole paragraphs of at most `limit` characters in all: requirements stay first, boilerplate goes first."""
    paragraphs = [paragraph for paragraph in _PARAGRAPH.split(vacancy) if paragraph.strip()]
    keep: set[int] = set()
    room = limit
    for index in sorted(range(len(paragraphs)), key=lambda i: (_rank(paragraphs, i), i)):
        if len(paragraphs[index]) + 2 <= room:
            keep.add(index)
            room -= len(paragraphs[index]) + 2
    if keep:
        return "\n\n".join(paragraphs[index] for index in sorted(keep))
    return vacancy[:limit].rpartition(" ")[0] or vacancy[:limit]


def _rank(paragraphs: Sequence[str], index: int) -> int:
    if _REQUIREMENTS.match(paragraphs[index]):
        return 0
    return 2 if _BOILERPLATE.match(paragraphs[index]) else 1
