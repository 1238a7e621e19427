"""Rule 1: what figures and letters only name: a year of study is the entry's own, and so is a grade."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from aiworker.domain.cued import cued
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.reading import Reading, Source

_YEARS: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(names.split())
    for names in (
        "1st first i 1 one fy fresher freshers",
        "2nd second ii 2 two sophomore",
        "3rd third iii 3 three",
        "4th fourth iv 4 four final",
        "5th fifth v 5 five",
        "final last fyp fourth 4th 4 iv third 3rd 3 iii fifth",
        "pre-final prefinal penultimate final",
    )
    for name in names.split()[:2]
}
"""Ordinals of years of study, and the words by which an entry may tell them."""
_YEAR_OF_STUDY: Final = cued(
    r"\b(1st|2nd|3rd|4th|5th|first|second|third|fourth|fifth|final|pre-?final)[- ]y(?:ea)?rs?"
    r"(?= (?:[\w.]+ ){0,2}?(?:students?|pupils?|undergrad\w*|learners?|juniors?|class(?:es)?|batch\w*"
    r"|projects?|thesis)\b)",
    re.IGNORECASE,
)
_LETTERED: Final = cued(
    r"\b((?i:grade|class|category|tier|band))[ -]([A-HOS][+-]?)(?![\w'’+-]|\.\w)"
    r"|(?<=[a-z] )([A-HOS][+-]?)[ -]((?i:grade))\b"
)


def check(source: Source, text: Reading) -> Iterator[Finding]:
    """Find a year of study or a letter that is a grade of which the entry has no word: final-year, Grade A."""
    for match in _YEAR_OF_STUDY.finditer(text.text):
        if _YEARS[match[1].lower()].isdisjoint(source.entry.hyphenated):
            yield Finding("number", match[0])
    for match in _LETTERED.finditer(text.text):
        if not _is_lettered(source.entry.text, match[1] or match[4], match[2] or match[3]):
            yield Finding("number", match[0])


def _is_lettered(text: str, name: str, letter: str) -> bool:
    """Say whether a text has a letter beside a name, on either side of it."""
    letter = re.escape(letter)
    after, before = rf"\b(?i:{name})\W{{1,4}}{letter}(?![\w+-])", rf"(?<![\w+-]){letter}\W{{1,2}}(?i:{name})\b"
    return bool(re.search(f"{after}|{before}", text))
