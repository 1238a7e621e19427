"""Rules 1 and 2: every figure is the bullet's own, none is lost, and each still counts what it counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.number import Key, Number
from aiworker.domain.resume.guard.numerals import UNITS
from aiworker.domain.resume.guard.rates import WEEKDAY, rates
from aiworker.domain.resume.guard.reading import Reading, Rewording, Source
from aiworker.domain.resume.guard.words import stem

NEAR: Final = 20
"""Characters before a figure that may say which way it goes."""
NEXT: Final = 4
"""So many figures further on may be what one is compared with."""
_FROM: Final = re.compile(r"\b(?:from|de|del|desde)\s*[₹$€£~]?\Z", re.IGNORECASE)
_TO: Final = re.compile(r"\b(?:to|a|al|hasta)\s*[₹$€£~]?\Z", re.IGNORECASE)
_UP_TO: Final = re.compile(r"\b(?:to|hasta)\s*[₹$€£~]?\Z", re.IGNORECASE)
_UNTIL: Final = re.compile(r"\s*[A-Za-z%]{0,8}\s+to\s+[₹$€£]?")
_ARROW: Final = re.compile(r"->|→|=>")
_NONE: Final = re.compile(r"\b(?:no|nil|without|never|none|sin|ningún|ninguna)\b", re.IGNORECASE)
_AGAINST: Final = re.compile(r"\b(?:against|compared|versus|vs|instead|frente)\b", re.IGNORECASE)
_EACH: Final = re.compile(
    r"\b(?:for|in|on|of|at) (?:each|every)\b|\beach of\b|\beach(?=\s*(?:[.,;)]|\Z))|\bapiece\b", re.IGNORECASE
)
_TOTAL: Final = re.compile(r"\b(?:total|altogether|overall|in all|combined|together|over \d+)\b", re.IGNORECASE)
_OF: Final = re.compile(r"\s*(?:out )?of(?: an?| the)?\s*[₹$€£]?", re.IGNORECASE)
SPANS: Final = frozenset({"second", "minute", "hour", "day", "week", "month", "year"})
_PER: Final = re.compile(r"(?:\bper\s+(?!cent\b|the\b)|(?<=[\d\s%])/)([^\W\d_]{2,})\b", re.IGNORECASE)


def check(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find figures that are new, lost, swapped, or of another unit or rate."""
    yield from _new(source, text)
    for number in source.bullet.numbers:
        if number.value == 0 and _has_none(text):
            continue
        if not _holds(text, number) and not (number.is_soft and not _lost_span(text, number)):
            yield Finding("number-dropped", _shown(source.bullet, number))
    yield from _units(source.bullet, text)
    yield from _rates(source.bullet, text, source.frame.rates)
    yield from _spread(source.bullet, text)
    yield from _swapped(source.bullet, text)
    yield from _turned(source.bullet, text)


def _new(source: Source, text: Reading) -> Iterator[Finding]:
    for number in text.numbers:
        if number.is_soft or _holds(source.bullet, number) or (number.value == 0 and _has_none(source.bullet)):
            continue
        is_near = _holds(source.frame, number)
        yield Finding("number", _shown(text, number), "note" if is_near else "violation")


def _holds(reading: Reading, number: Number) -> bool:
    return bool(number.meanings & reading.figures) or (number.share is not None and _tells(reading, number.share))


def _has_none(reading: Reading) -> bool:
    return bool(_NONE.search(reading.text)) or any(number.value == 0 for number in reading.numbers)


def _tells(reading: Reading, share: Key) -> bool:
    return share in reading.figures


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
        is_other = not same and number.unit in SPANS and number.kind == "plain" and _was_of(source, text, number)
        if is_other or (number.unit and same and not is_kept):
            yield Finding("unit", _shown(text, number))


def _was_of(source: Reading, text: Reading, number: Number) -> bool:
    """Say whether a span of time counted something else before, of which the text has no word: rounds, not days."""
    was = [other for other in source.numbers if other.key == number.key and not other.is_soft]
    nouns = {other.noun for other in was if other.noun}
    is_known = any(other.unit == number.unit for other in source.numbers) or number.unit in source.rates
    return bool(was) and not is_known and bool(nouns) and nouns.isdisjoint(text.stems)


def _rates(source: Reading, text: Rewording, of_entry: frozenset[str]) -> Iterator[Finding]:
    weekly = frozenset({"week"}) if WEEKDAY.search(source.text) or WEEKDAY.search(text.text) else frozenset[str]()
    short = frozenset({"year"}) if "annual" in text.explained else frozenset[str]()
    yield from (Finding("rate", rate) for rate in sorted(text.rates - source.rates - of_entry - weekly - short))
    lost = source.rates - text.rates - weekly
    if lost and source.numbers and (not text.rates or _PER.search(source.text)):
        yield Finding("rate", f"no longer per {min(lost)}")
    known = source.stems
    units = {UNITS.get(match[1].lower(), "") for match in _PER.finditer(source.text)}
    for match in _PER.finditer(text.text):
        unit = UNITS.get(match[1].lower(), match[1].lower())
        is_new = stem(match[1].lower()) not in known and not rates(match[0]) and unit not in units
        is_short = any(found[1].isupper() for found in _PER.finditer(source.text))
        if is_new and not is_short and _PER.search(source.text) and len(match[1]) > 2:
            yield Finding("rate", match[0].strip())


def _spread(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find a sum that has become so much for each."""
    if (
        _EACH.search(text.text)
        and not _EACH.search(source.text)
        and not _PER.search(source.text)
        and _TOTAL.search(source.text)
    ):
        yield Finding("rate", "for each")


def _swapped(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find a figure that counts what another one counted, which no longer does."""
    before = {
        number.counted: number
        for number in source.numbers
        if number.noun and (number.kind != "times" or number.counted != number.key) and not number.is_soft
    }
    counted = [number for number in text.numbers if number.counted in before and not (number.is_soft or number.is_year)]
    lost = {
        before[number.counted].noun: number
        for number in reversed(counted)
        if number.noun not in ("", before[number.counted].noun) and before[number.counted].noun not in number.counts
    }
    for one in counted:
        if one.noun != before[one.counted].noun and (other := lost.get(one.noun)):
            yield Finding("swap", f"{_shown(text, one)}, {_shown(text, other)}")
            return


def _turned(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find "from A to B" that has become "from B to A", and "A against B" the other way round."""
    was = list(_ways(source))
    for kind, start, end in _ways(text):
        same = [(first, second) for other, first, second in was if other == kind]
        is_turned = any(start.keys & second.keys and end.keys & first.keys for first, second in same)
        is_kept = any(start.keys & first.keys and end.keys & second.keys for first, second in same)
        is_like = start.kind == end.kind
        moved = is_like and any(start.keys & first.keys and not end.keys & second.keys for first, second in same)
        came = is_like and any(end.keys & second.keys and not start.keys & first.keys for first, second in same)
        is_moved = kind == "change" and ((moved and _holds(source, end)) or (came and _holds(source, start)))
        if (is_turned or is_moved) and not is_kept:
            yield Finding("swap", f"{_shown(text, start)}, {_shown(text, end)}")
            return


def _ways(reading: Reading) -> Iterator[tuple[str, Number, Number]]:
    for at, first in enumerate(reading.numbers):
        if reading.text[: first.span[0]].endswith("/"):
            continue
        before = reading.text[max(0, first.span[0] - NEAR) : first.span[0]]
        for place, second in enumerate(reading.numbers[at + 1 : at + 1 + NEXT]):
            between = reading.text[first.span[1] : second.span[0]]
            is_like = place == 0 or (first.unit or first.noun) == (second.unit or second.noun)
            if is_like and (_AGAINST.search(between) or (first.kind == second.kind and _OF.fullmatch(between))):
                yield "against", first, second
            elif place == 0 and (
                _ARROW.search(between)
                or _UNTIL.fullmatch(between)
                or (_FROM.search(before) and _TO.search(between) and "," not in between)
            ):
                yield "change", first, second
            elif place == 0 and _UP_TO.search(before) and _FROM.search(between) and len(between) < NEAR:
                yield "change", second, first


def _shown(reading: Reading, number: Number) -> str:
    return reading.text[slice(*number.span)].strip()
