"""Rule 2: no two figures of a text have been exchanged, in what they count or in the way they go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from typing import Final

from aiworker.domain.cued import cued
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.number import Number
from aiworker.domain.resume.guard.numbers import OF_THEM, numbers
from aiworker.domain.resume.guard.reading import NEAR, Reading
from aiworker.domain.resume.guard.surroundings import around, leads

Pair = tuple[frozenset[str], frozenset[str]]
Way = tuple[str, Number, Number]

PAIR: Final = 2
NEXT: Final = 4
"""So many figures further on may be what one is compared with."""
MOST: Final = 20
"""Figures of a bullet that are compared with each other."""
_FROM: Final = re.compile(r"\b(?:from|de|del|desde)\s*[₹$€£~]?\Z", re.IGNORECASE)
_TO: Final = re.compile(r"\b(?:to|a|al|hasta)\s*[₹$€£~]?\Z", re.IGNORECASE)
_UP_TO: Final = re.compile(r"\b(?:to|hasta)\s*[₹$€£~]?\Z", re.IGNORECASE)
_UNTIL: Final = re.compile(r"\s*[A-Za-z%]{0,8}\s+to\s+[₹$€£]?")
_ARROW: Final = re.compile(r"->|→|=>")
_AGAINST: Final = cued(r"\b(?:against|compared|versus|vs|instead|under|below|above|frente)\b", re.IGNORECASE)
_OF: Final = re.compile(r"\s*(?:out )?of(?: an?| the)?\s*[₹$€£]?", re.IGNORECASE)


def check(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find figures of a bullet that count what another one counted, or go the other way round."""
    yield from _swapped(source, text)
    yield from _exchanged(source, text)
    yield from _turned(source, text)


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
            yield Finding("swap", f"{text.shown(one)}, {text.shown(other)}")
            return


def _exchanged(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find two figures each of which stands among the words that stood by the other."""
    before = [number for number in source.numbers if not number.is_soft][:MOST]
    told = [(number, its) for number in before if (its := _only(text, number))]
    pairs = [
        ((one, its), (other, theirs))
        for (one, its), (other, theirs) in combinations(told, PAIR)
        if not (its is theirs or _stay(one, its, other, theirs)) and one.keys.isdisjoint(other.keys)
    ]
    if not pairs:
        return
    kept = {(one.key, other.key) for _, one, other in ways(text)}
    going = {(one.key, other.key) for _, one, other in ways(source)} & kept if kept else kept
    was, now = leads(source), leads(text)
    for (one, its), (other, theirs) in pairs:
        if (one.key, other.key) in going or (other.key, one.key) in going:
            continue
        is_led = _is_led((was[id(one)], was[id(other)]), (now[id(its)], now[id(theirs)]))
        if is_led or _is_around(source, text, (one, its), (other, theirs)):
            yield Finding("swap", f"{text.shown(its)}, {text.shown(theirs)}")
            return


def _is_led(was: tuple[str, str], now: tuple[str, str]) -> bool:
    """Say whether the words before two figures have been exchanged: weighs 34 kg, carries 120 kg."""
    return "" not in was and was[0] != was[1] and was == now[::-1]


def _is_around(source: Reading, text: Reading, first: tuple[Number, Number], second: tuple[Number, Number]) -> bool:
    """Say whether the words around two figures have been exchanged."""
    was = around(source, first[0]), around(source, second[0])
    will = around(text, first[1]), around(text, second[1])
    is_like = first[0].kind == second[0].kind and _is_crossed(was, will)
    return is_like or _is_crossed((_spoken(was[0]), _spoken(was[1])), (_spoken(will[0]), _spoken(will[1])))


def _stay(one: Number, its: Number, other: Number, theirs: Number) -> bool:
    """Say whether two figures still count what they counted.

    Of two that differ in kind, or of which one has a unit, it is enough that one does.
    """
    is_told = (
        bool(one.noun and other.noun)
        and not (one.unit or other.unit)
        and one.noun == its.noun != other.noun == theirs.noun
    )
    is_measured = bool(one.unit) != bool(other.unit) and one.unit == its.unit and other.unit == theirs.unit
    is_other = one.kind != other.kind and (one.noun == its.noun != "" or other.noun == theirs.noun != "")
    return is_told or is_measured or is_other


def _is_crossed(was: Pair, will: Pair) -> bool:
    """Say whether of what only one of two had around it more has gone to the other than has stayed, both ways."""
    first, second = was[0] - was[1], was[1] - was[0]
    now, then = will[0] - will[1], will[1] - will[0]
    return len(first & then) > len(first & now) and len(second & now) > len(second & then)


def _spoken(around: frozenset[str]) -> frozenset[str]:
    """Leave out other figures, which may have been exchanged as well."""
    return frozenset(word for word in around if word.isalpha())


def _only(text: Reading, number: Number) -> Number | None:
    """Return where a text tells a figure, if in one place only."""
    known = number.meanings
    found = [other for other in text.numbers if not (other.is_soft or known.isdisjoint(other.meanings))]
    return found[0] if len(found) == 1 else None


def _turned(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find "from A to B" that has become "from B to A", and "A against B" the other way round."""
    was = ways(source)
    for kind, start, end in ways(text):
        same = [(first, second) for other, first, second in was if other == kind]
        # What has become 69 from 61 is 69 against 61.
        same += [(second, first) for other, first, second in was if (other, kind) == ("change", "against")]
        is_turned = any(start.keys & second.keys and end.keys & first.keys for first, second in same)
        is_kept = any(start.keys & first.keys and end.keys & second.keys for first, second in same)
        is_like = start.kind == end.kind
        moved = is_like and any(start.keys & first.keys and not end.keys & second.keys for first, second in same)
        came = is_like and any(end.keys & second.keys and not start.keys & first.keys for first, second in same)
        is_moved = kind == "change" and ((moved and source.holds(end)) or (came and source.holds(start)))
        if (is_turned or is_moved) and not is_kept:
            yield Finding("swap", f"{text.shown(start)}, {text.shown(end)}")
            return


def ways(reading: Reading) -> tuple[Way, ...]:
    """Find what goes from one figure to another ("change"), and what is held against another ("against")."""
    return _ways(reading.text)


@lru_cache(maxsize=500)
def _ways(text: str) -> tuple[Way, ...]:
    return tuple(_ways_in(text, numbers(text)))


def _ways_in(text: str, figures: tuple[Number, ...]) -> Iterator[Way]:
    reached: Number | None = None
    # The cues of each part of a text would have to be found first.
    is_against = bool(_AGAINST.search(text))
    for at, first in enumerate(figures):
        start = first.span[0]
        if first.is_soft or text[start - 1 : start] == "/":
            continue
        before = text[max(0, start - NEAR) : start]
        for place, second in enumerate(figures[at + 1 : at + 1 + NEXT]):
            between = text[first.span[1] : second.span[0]]
            is_like = place == 0 or (first.unit or first.noun) == (second.unit or second.noun)
            if place == 0 and not _OF.fullmatch(between) and OF_THEM.match(text, second.span[1]):
                yield "against", second, first
            elif is_like and (
                (is_against and _AGAINST.pattern.search(between))
                or (first.kind == second.kind and _OF.fullmatch(between))
            ):
                yield "against", first, second
            elif place == 0 and (
                _ARROW.search(between)
                or _UNTIL.fullmatch(between)
                or (_FROM.search(before) and _TO.search(between) and "," not in between)
            ):
                reached = second
                yield "change", first, second
            elif (
                place == 0
                and first is not reached
                and _UP_TO.search(before)
                and _FROM.search(between)
                and len(between) < NEAR
            ):
                yield "change", second, first
