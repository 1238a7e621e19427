"""Phrases by which a text speaks to a model instead of being read: a deterministic scan that flags and never blocks.

The rules are data. In a rule a blank stands for up to five blanks or marks between words and `~` for a short stretch
within a sentence; every repetition is bounded, so that scanning takes linear time whatever the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice

from aiworker.domain.cued import Cued, Index, cued
from aiworker.domain.injection_rules import PHRASES, SHAPES

MAX_PER_KIND = 20
LONGEST_EXCERPT = 60

_BLANK = r"(?:[\W_]{1,5})"
_STRETCH = r"[^.!?;।。]{0,40}?"

# Letters of other alphabets that look like Latin ones, to the letter they stand in for. One to one: offsets hold.
_LOOK_ALIKES = dict(
    zip(
        "авекмнорстухіїјѕһԁԛԝɡαβεικνορτυχϲ‐‑‒–—’‘İ",
        "abekmhopctyxiijshdqwgabeikvoptuxc-----''i",
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a text that looks like an instruction; offsets are those of the text scanned."""

    kind: str
    start: int
    end: int
    excerpt: str


def scan(text: str, *, most: int = MAX_PER_KIND) -> tuple[Finding, ...]:
    """Flag what addresses a model, by place; at most so many of a kind, and none inside another of its kind."""
    folded = _folded(text)
    rules = [_rules()[place] for place in _index().places(folded)]
    spans = sorted(
        (match.start(), match.end(), rule.kind) for rule in rules for match in islice(rule.matches(folded), most)
    )
    found: Counter[str] = Counter()
    reached: dict[str, int] = {}
    findings: list[Finding] = []
    for start, end, kind in spans:
        if start >= reached.get(kind, 0) and found[kind] < most:
            findings.append(Finding(kind, start, end, _excerpt(text[start:end])))
            found[kind] += 1
            reached[kind] = end
    return tuple(findings)


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: str
    cued: Cued

    def matches(self, text: str) -> Iterator[re.Match[str]]:
        """Find the rule's matches. A look-behind in the pattern would cost the engine its fast first-letter search."""
        position = 0
        pattern = self.cued.of(text)
        while match := pattern.search(text, position):
            if self.cued.begins_a_word and match.start() and text[match.start() - 1].isalnum():
                position = match.start() + 1
            else:
                yield match
                position = match.end()


@cache
def _rules() -> tuple[_Rule, ...]:
    phrases = (_Rule(kind, _cued(phrase)) for kind, several in PHRASES.items() for phrase in several)
    shapes = (_Rule(kind, cued(shape, re.MULTILINE)) for kind, several in SHAPES.items() for shape in several)
    return (*phrases, *shapes)


@cache
def _index() -> Index:
    return Index(rule.cued for rule in _rules())


def _cued(phrase: str) -> Cued:
    return Cued(re.compile(phrase.replace(" ", _BLANK).replace("~", _STRETCH)), begins_a_word=True)


def _folded(text: str) -> str:
    """Bring a text to plain lower case, letter by letter."""
    return text.translate(_plain_letters()).lower()


@cache
def _plain_letters() -> dict[int, str]:
    """Map what only looks like a letter: other alphabets, full-width and mathematical forms."""
    points = (*range(0xFF01, 0xFF5F), *range(0x24B6, 0x24EA), *range(0x1D400, 0x1D800))
    plain = {point: unicodedata.normalize("NFKC", chr(point)) for point in points}
    plain |= {ord(odd.upper()): latin for odd, latin in _LOOK_ALIKES.items()}
    return plain | {ord(odd): latin for odd, latin in _LOOK_ALIKES.items()}


def _excerpt(text: str) -> str:
    line = " ".join(text[: 4 * LONGEST_EXCERPT].split())
    return line if len(line) <= LONGEST_EXCERPT else line[: LONGEST_EXCERPT - 1] + "…"
