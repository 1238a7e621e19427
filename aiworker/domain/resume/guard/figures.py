"""Rules 1 and 2: every figure is the bullet's own, none is lost, and each still counts what it counted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from aiworker.domain.cued import cued
from aiworker.domain.resume.guard import frequencies, labels, paces, swaps
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.number import MONEY, Key, Number
from aiworker.domain.resume.guard.numerals import ORDINALS, TIMES
from aiworker.domain.resume.guard.reading import FEW_PLACES, NEAR, Reading, Rewording, Source
from aiworker.domain.resume.guard.surroundings import counts_alike
from aiworker.domain.resume.guard.units import SCALES
from aiworker.domain.resume.guard.words import stem

_TURNS: Final = frozenset(("times", value) for value in TIMES.values())
_MORE_THAN: Final = re.compile(r"\b(?:more than|over)\s*\Z")
_NEARLY: Final = re.compile(r"\b(?:nearly|almost|close to|about|roughly)\s*\Z")
_APART: Final = re.compile(r"\b(?:by|(?:rise|gain|drop|fall|increase|cut|decrease|reduction) of)\s*[₹$€£]?\Z")
_ONE: Final = ("plain", Decimal(1))
_BY: Final = re.compile(r"\s*(?:x|×|by)\s*\d")
_CLEARED: Final = frozenset(map(stem, ("cleared", "eliminated")))
ROUGHLY: Final = Decimal("1.25")
"""So many times what a multiple says may be "more than" it."""
_NONE: Final = cued(r"\b(?:no|nil|without|never|none|sin|ningún|ninguna)\b", re.IGNORECASE)
MEASURES: Final = frozenset(unit for unit, (family, _) in SCALES.items() if family in ("metres", "grams", "litres")) | {
    "mile",
    "gallon",
    "foot",
    "inch",
    "pound",
}
"""Units that do not go without saying."""
_THINGS: Final = re.compile(r"\s[a-z]+s\b")
_AGE: Final = cued(r"\b(?:age[ds]?|years? old|year-olds?)\b", re.IGNORECASE)
WRITINGS: Final = frozenset(map(stem, ("character", "word", "line", "paragraph", "page", "chapter", "volume")))
"""What a text is measured in."""
_SOON: Final = re.compile(
    r"\b(?:within|in|inside|under) (?:an?|one)\b|\b(?:an?|one) \w+ (?:ahead|before|early|earlier|in advance)\b",
    re.IGNORECASE,
)
_AT_ONCE: Final = cued(r"\b(?:overnight|(?:same|next)[- ]day|at once|immediately)\b", re.IGNORECASE)
SPANS: Final = frozenset({"second", "minute", "hour", "day", "week", "month", "year"})


def check(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find figures that are new, lost, swapped, or of another unit or rate."""
    pace = paces.same(source.bullet, text)
    yield from _new(source, text, pace)
    for number in source.bullet.numbers:
        if text.holds(number) or number in pace.before or (number.value == 0 and _has_none(text)):
            continue
        if not (number.is_soft and not _lost_span(text, number)):
            yield Finding("number-dropped", source.bullet.shown(number))
    yield from _told_once(source.bullet, text)
    yield from _units(source.bullet, text)
    yield from _writings(source.bullet, text)
    yield from labels.check(source, text)
    yield from frequencies.check(source, text, pace)
    yield from swaps.check(source.bullet, text)


def _told_once(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find a measure that has gone and is covered by another figure of its value: 12 litres, by 12 noon."""
    if len({number.key for number in source.numbers}) == len(source.numbers):
        return
    was, now = _units_by_figure(source), _units_by_figure(text)
    for number in source.numbers:
        units = was.get(number.key, [])
        is_other = bool(number.unit) and len(units) > 1 and set(units) != {number.unit}
        is_told = stem(number.unit) in text.stems or bool(number.scaled & text.figures)
        if is_other and now.get(number.key) == [""] and not is_told:
            yield Finding("number-dropped", source.shown(number))


def _units_by_figure(reading: Reading) -> dict[Key, list[str]]:
    found: dict[Key, list[str]] = {}
    for number in reading.numbers:
        if not number.is_soft and len(found.setdefault(number.key, [])) < FEW_PLACES:
            found[number.key].append(number.unit)
    return found


def _new(source: Source, text: Reading, pace: paces.Paces) -> Iterator[Finding]:
    for number in text.numbers:
        if source.bullet.holds(number) or number in pace.after:
            continue
        if number.is_soft:
            if _is_new_span(source, text, number):
                yield Finding("number", text.shown(number))
            continue
        is_none = number.value == 0 and (_has_none(source.bullet) or _is_cleared(source.bullet, text.before(number)))
        if is_none or (number.key == _ONE and "single" in source.bullet.words):
            continue
        if _comes_to([way[1:] for way in swaps.ways(source.bullet) if way[0] == "change"], text, number):
            continue
        is_near = source.frame.holds(number) or counts_alike(source.entry, text, number)
        yield Finding("number", text.shown(number), "note" if is_near else "violation")


def _is_new_span(source: Source, text: Reading, number: Number) -> bool:
    """Say whether "within a week" is told of what took nobody knows how long."""
    return bool(
        number.unit in SPANS
        and _SOON.search(text.text[max(0, number.span[0] - NEAR) : number.span[1] + NEAR])
        and not _AT_ONCE.search(source.bullet.text)
        and not (source.frame.holds(number) or number.unit in source.bullet.rates or number.unit in text.rates)
        and stem(number.unit) not in source.entry.stems
        and not any(other.unit in SPANS for other in source.bullet.numbers)
    )


def _comes_to(changes: Sequence[tuple[Number, Number]], text: Reading, number: Number) -> bool:
    """Say whether a figure only says how far two of the bullet's are apart, which a text has as well.

    As a multiple ("halved", "more than doubled", "tenfold") or as a difference ("by 22 points, from 61 to 83 %").
    """
    before = text.before(number).lower()
    is_multiple = number.key in _TURNS or number.kind == "times"
    for one, other in changes:
        if one.kind != other.kind or not (text.holds(one) and text.holds(other)):
            continue
        if is_multiple and one.value and _is_about(other.amount / one.amount, number.value, before):
            return True
        if not is_multiple and _APART.search(before) and number.value == abs(one.value - other.value):
            return True
    return False


def _is_about(ratio: Decimal, told: Decimal, before: str) -> bool:
    # "More than halved" is less than half.
    larger, smaller = (_MORE_THAN, _NEARLY) if told > 1 else (_NEARLY, _MORE_THAN)
    if larger.search(before):
        return told <= ratio < told * ROUGHLY
    if smaller.search(before):
        return told / ROUGHLY < ratio <= told
    return ratio == told


def _has_none(reading: Reading) -> bool:
    return bool(_NONE.search(reading.text)) or any(number.value == 0 for number in reading.numbers)


def _is_cleared(source: Reading, before: str) -> bool:
    """Say whether something is brought "to zero" that the bullet says was cleared."""
    return before.endswith("to ") and not source.stems.isdisjoint(_CLEARED)


def _lost_span(text: Reading, number: Number) -> bool:
    """Say whether "one working day" has gone with its day; "one" alone may go."""
    return bool(number.unit) and stem(number.unit) not in text.content


def _units(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find a figure that has kept its value and changed its unit."""
    known: dict[Key, dict[str, Number]] = {}
    for other in source.numbers:
        for key in {other.key, other.counted} if other.unit else ():
            known.setdefault(key, {})[other.unit] = other
    for number in text.numbers:
        is_money = number.kind in MONEY and any(other.key == number.key for other in source.numbers)
        if is_money or text.shown(number).lower() in ORDINALS or _BY.match(text.text, number.span[1]):
            continue
        same = known.get(number.counted, {}) or known.get(number.key, {})
        is_span = number.unit in SPANS or (number.unit in MEASURES and _counts_things(source, number))
        is_span = is_span and not (number.value == 1 and number.unit in source.rates)
        is_span = is_span and (number.kind == "plain" or number.unit == "pound")
        is_other = not same and is_span and _was_of(source, text, number)
        is_changed = _is_converted(same, number) if number.unit else _is_lost(source, text, same, number)
        if is_other or (same and is_changed):
            yield Finding("unit", text.shown(number))


def _writings(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find so many words told as so many pages."""
    for number in text.numbers if not text.stems.isdisjoint(WRITINGS - source.stems) else ():
        was = {other.noun for other in source.numbers if other.key == number.key and not other.is_soft}
        if number.noun in WRITINGS - was and was and was <= WRITINGS:
            yield Finding("unit", text.shown(number))


def _is_converted(same: Mapping[str, Number], number: Number) -> bool:
    """Say whether a figure has another unit than all of its value before, and comes to something else."""
    return number.unit not in same and not any(other.scaled & number.scaled for other in same.values())


def _is_lost(source: Reading, text: Reading, same: Mapping[str, Number], number: Number) -> bool:
    """Say whether a figure has lost its unit, and counts something else."""
    is_lost = MEASURES.issuperset(same) and bool(number.noun) and number.noun not in source.stems
    return is_lost and not any(stem(unit) in text.stems for unit in same)


def _counts_things(source: Reading, number: Number) -> bool:
    """Say whether the bullet's figure stands before a plural: loaves."""
    before = (other.span[1] for other in source.numbers if other.key == number.key)
    return any(_THINGS.match(source.text, end) for end in before)


def _was_of(source: Reading, text: Reading, number: Number) -> bool:
    """Say whether a span of time counted something else before, of which the text has no word: rounds, not days."""
    was = [other for other in source.numbers if number.key in (other.key, other.counted) and not other.is_soft]
    nouns = {other.noun for other in was if other.noun}
    is_known = any(other.unit == number.unit for other in source.numbers) or number.unit in source.rates
    is_known = is_known or any(stem(number.unit) in other.counts for other in was)
    is_age = bool(_AGE.search(source.text))
    more = [other for other in text.numbers if other.key == number.key and not other.is_soft]
    is_told = len(more) > len(was) and any(other.noun in nouns for other in more if other is not number)
    is_new = is_told or nouns.isdisjoint(text.stems)
    return bool(was) and not (is_known or is_age) and bool(nouns) and is_new
