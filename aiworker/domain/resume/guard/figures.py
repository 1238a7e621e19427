"""Rules 1 and 2: every figure is the bullet's own, none is lost, and each still counts what it counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.numbers import Key, Number
from aiworker.domain.resume.guard.numerals import UNITS
from aiworker.domain.resume.guard.rates import rates
from aiworker.domain.resume.guard.reading import Reading, Source
from aiworker.domain.resume.guard.words import stem

NEAR: Final = 20
"""Characters before a figure that may say which way it goes."""
NEXT: Final = 4
"""So many figures further on may be what one is compared with."""
_FROM: Final = re.compile(r"\b(?:from|de|del|desde)\s*[₹$€£~]?\Z", re.IGNORECASE)
_TO: Final = re.compile(r"\b(?:to|a|al|hasta)\s*[₹$€£~]?\Z", re.IGNORECASE)
_ARROW: Final = re.compile(r"->|→|=>")
_NONE: Final = re.compile(r"\b(?:no|nil|without|never|none|sin|ningún|ninguna)\b", re.IGNORECASE)
_AGAINST: Final = re.compile(r"\b(?:against|compared|versus|vs|instead|frente)\b", re.IGNORECASE)
_PER: Final = re.compile(r"(?:\bper\s+|/)([^\W\d_]{2,})\b", re.IGNORECASE)


def check(source: Source, text: Reading) -> Iterator[Finding]:
    """Find figures that are new, lost, swapped, or of another unit or rate."""
    yield from _new(source, text)
    for number in source.bullet.numbers:
        if not _holds(text, number) and not (number.is_soft and not _lost_span(text, number)):
            yield Finding("number-dropped", _shown(source.bullet, number))
    yield from _units(source.bullet, text)
    yield from _rates(source.bullet, text)
    yield from _swapped(source.bullet, text)
    yield from _turned(source.bullet, text)


def _new(source: Source, text: Reading) -> Iterator[Finding]:
    for number in text.numbers:
        if number.is_soft or _holds(source.bullet, number) or (number.value == 0 and _NONE.search(source.bullet.text)):
            continue
        is_near = _holds(source.frame, number)
        yield Finding("number", _shown(text, number), "note" if is_near else "violation")


def _holds(reading: Reading, number: Number) -> bool:
    return bool(number.meanings & reading.figures)


def _lost_span(text: Reading, number: Number) -> bool:
    """Say whether "one working day" has gone with its day; "one" alone may go."""
    return bool(number.unit) and stem(number.unit) not in text.content


def _units(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find a figure that has kept its value and changed its unit."""
    known: dict[Key, dict[str, Number]] = {}
    for other in source.numbers:
        if other.unit:
            known.setdefault(other.key, {})[other.unit] = other
    for number in text.numbers:
        same = known.get(number.key, {})
        is_kept = number.unit in same or any(other.scaled & number.scaled for other in same.values())
        if number.unit and same and not is_kept:
            yield Finding("unit", _shown(text, number))


def _rates(source: Reading, text: Reading) -> Iterator[Finding]:
    yield from (Finding("rate", rate) for rate in sorted(text.rates - source.rates))
    lost = source.rates - text.rates
    if lost and source.numbers and (not text.rates or _PER.search(source.text)):
        yield Finding("rate", f"no longer per {min(lost)}")
    known = source.stems
    units = {UNITS.get(match[1].lower(), "") for match in _PER.finditer(source.text)}
    for match in _PER.finditer(text.text):
        unit = UNITS.get(match[1].lower(), match[1].lower())
        is_new = stem(match[1].lower()) not in known and not rates(match[0]) and unit not in units
        if is_new and _PER.search(source.text) and len(match[1]) > 2:
            yield Finding("rate", match[0].strip())


def _swapped(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find a figure that counts what another one counted, which no longer does."""
    before = {number.key: number for number in source.numbers if number.noun}
    counted = [number for number in text.numbers if number.key in before and not (number.is_soft or number.is_year)]
    lost = {
        before[number.key].noun: number
        for number in reversed(counted)
        if number.noun not in ("", before[number.key].noun)
    }
    for one in counted:
        if one.noun != before[one.key].noun and (other := lost.get(one.noun)):
            yield Finding("swap", f"{_shown(text, one)}, {_shown(text, other)}")
            return


def _turned(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find "from A to B" that has become "from B to A", and "A against B" the other way round."""
    was = list(_ways(source))
    for kind, start, end in _ways(text):
        same = [(first, second) for other, first, second in was if other == kind]
        is_turned = any(start.keys & second.keys and end.keys & first.keys for first, second in same)
        is_kept = any(start.keys & first.keys and end.keys & second.keys for first, second in same)
        if is_turned and not is_kept:
            yield Finding("swap", f"{_shown(text, start)}, {_shown(text, end)}")
            return


def _ways(reading: Reading) -> Iterator[tuple[str, Number, Number]]:
    for at, first in enumerate(reading.numbers):
        before = reading.text[max(0, first.span[0] - NEAR) : first.span[0]]
        for place, second in enumerate(reading.numbers[at + 1 : at + 1 + NEXT]):
            between = reading.text[first.span[1] : second.span[0]]
            is_like = place == 0 or (first.unit or first.noun) == (second.unit or second.noun)
            if is_like and _AGAINST.search(between):
                yield "against", first, second
            elif place == 0 and (_ARROW.search(between) or (_FROM.search(before) and _TO.search(between))):
                yield "change", first, second
            elif place == 0 and _TO.search(before) and _FROM.search(between):
                yield "change", second, first


def _shown(reading: Reading, number: Number) -> str:
    return reading.text[slice(*number.span)].strip()
