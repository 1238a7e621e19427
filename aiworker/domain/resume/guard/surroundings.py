"""The words a figure stands among, and whether another text tells it among the same."""

from __future__ import annotations

import re
from typing import Final

from aiworker.domain.resume.guard.number import Number
from aiworker.domain.resume.guard.reading import Reading
from aiworker.domain.resume.guard.units import unit_named
from aiworker.domain.resume.guard.words import STOP_WORDS, stem, words

FAR: Final = 100
"""Characters on either side of a figure that are looked at."""
AROUND: Final = 4
"""Words on either side of it that say what it is about."""
_CLAUSE_END: Final = re.compile(r"[,;()\n]")


def around(reading: Reading, number: Number) -> frozenset[str]:
    """Return the stems of the words with content on either side of a figure, within its clause."""
    start, end = number.span
    before = _CLAUSE_END.split(reading.text[max(0, start - FAR) : start])[-1]
    after = _CLAUSE_END.split(reading.text[end : end + FAR], maxsplit=1)[0]
    near = [*_telling(before)[-AROUND:], *_telling(after)[:AROUND]]
    return frozenset(map(stem, near))


def _telling(text: str) -> list[str]:
    return [word for word in words(text) if word not in STOP_WORDS]


def leads(reading: Reading) -> dict[int, str]:
    """Return the stem of the last word with content before each figure, if no other figure stands between."""
    found: dict[int, str] = {}
    reached = 0
    for number in reading.numbers:
        before = _CLAUSE_END.split(reading.text[max(reached, number.span[0] - FAR) : number.span[0]])[-1]
        said = next((word for word in reversed(_telling(before)) if not unit_named(word)), "")
        found[id(number)] = stem(said) if said else ""
        reached = number.span[1]
    return found


def counts_alike(entry: Reading, text: Reading, number: Number) -> bool:
    """Say whether another bullet of the entry tells this figure of the same thing: "85 employees", "Year 12"."""
    before, after = text.text[: number.span[0]].split()[-1:], text.text[number.span[1] :].split()[:2]
    if f"{' '.join(before)} {text.shown(number)} {' '.join(after)}".strip(" .,;").lower() in entry.low:
        return True
    if before and before[0].isalpha() and before[0].lower() not in STOP_WORDS:
        named = f"{before[0]} {text.shown(number)}".lower()
        if named in entry.low and re.search(rf"\b{re.escape(named)}(?!\w)", entry.low):
            return True
    if number.noun and number.meanings & entry.told.get(number.noun, frozenset()):
        return True
    near, places = around(text, number), entry.places
    return any(len(near & around(entry, other)) > 1 for key in number.meanings for other in places.get(key, ()))
