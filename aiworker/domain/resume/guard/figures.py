"""Rules 1 and 2: every figure is the bullet's own, none is lost, and each still counts what it counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.number import MONEY, Key, Number
from aiworker.domain.resume.guard.numbers import OF_THEM
from aiworker.domain.resume.guard.numerals import ORDINALS, SCALES, TIMES, UNITS
from aiworker.domain.resume.guard.rates import WEEKDAY, rates
from aiworker.domain.resume.guard.reading import Reading, Rewording, Source
from aiworker.domain.resume.guard.words import STOP_WORDS, stem, words

NEAR: Final = 20
"""Characters before a figure that may say which way it goes."""
NEXT: Final = 4
"""So many figures further on may be what one is compared with."""
_TURNS: Final = frozenset(("times", value) for value in TIMES.values())
Pair = tuple[frozenset[str], frozenset[str]]

MOST: Final = 20
"""Figures of a bullet that are compared with each other."""
AROUND: Final = 4
"""Words on either side of a figure that say what it is about."""
_CLAUSE_END: Final = re.compile(r"[,;()]")
_FROM: Final = re.compile(r"\b(?:from|de|del|desde)\s*[₹$€£~]?\Z", re.IGNORECASE)
_TO: Final = re.compile(r"\b(?:to|a|al|hasta)\s*[₹$€£~]?\Z", re.IGNORECASE)
_UP_TO: Final = re.compile(r"\b(?:to|hasta)\s*[₹$€£~]?\Z", re.IGNORECASE)
_UNTIL: Final = re.compile(r"\s*[A-Za-z%]{0,8}\s+to\s+[₹$€£]?")
_ARROW: Final = re.compile(r"->|→|=>")
_NONE: Final = re.compile(r"\b(?:no|nil|without|never|none|sin|ningún|ninguna)\b", re.IGNORECASE)
_AGAINST: Final = re.compile(r"\b(?:against|compared|versus|vs|instead|under|below|above|frente)\b", re.IGNORECASE)
_EACH: Final = re.compile(
    r"\b(?:for|in|on|of|at) (?:each|every)\b|\beach of\b|\beach(?=\s*(?:[.,;)]|\Z))|\bapiece\b", re.IGNORECASE
)
_TOTAL: Final = re.compile(r"\b(?:total|altogether|overall|in all|combined|together|over \d+)\b", re.IGNORECASE)
_OF: Final = re.compile(r"\s*(?:out )?of(?: an?| the)?\s*[₹$€£]?", re.IGNORECASE)
MEASURES: Final = frozenset(unit for unit, (family, _) in SCALES.items() if family in ("metres", "grams", "litres")) | {
    "mile",
    "gallon",
    "foot",
    "inch",
    "pound",
}
"""Units that do not go without saying."""
_MOMENT: Final = re.compile(
    r"\b(first|second|third|last|final|opening|one)[ -](day|night|week|month|quarter|year|semester|term|hour)s?\b(?!-)",
    re.IGNORECASE,
)
_ANY_DAY: Final = re.compile(r"\b(?:weekdays?|weekends?)\b", re.IGNORECASE)
_THINGS: Final = re.compile(r"\s[a-z]+s\b")
_AGE: Final = re.compile(r"\b(?:age[ds]?|years? old|year-olds?)\b", re.IGNORECASE)
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
    yield from _moments(source.bullet, text)
    yield from _rates(source.bullet, text, source.frame.rates)
    yield from _spread(source.bullet, text)
    yield from _swapped(source.bullet, text)
    yield from _exchanged(source.bullet, text)
    yield from _turned(source.bullet, text)


def _new(source: Source, text: Reading) -> Iterator[Finding]:
    for number in text.numbers:
        if number.is_soft or _holds(source.bullet, number) or (number.value == 0 and _has_none(source.bullet)):
            continue
        if number.key in _TURNS and _comes_to(source.bullet, number):
            continue
        is_near = _holds(source.frame, number) or _counts_alike(source.entry, text, number)
        yield Finding("number", _shown(text, number), "note" if is_near else "violation")


def _holds(reading: Reading, number: Number) -> bool:
    return bool(number.meanings & reading.figures) or (number.share is not None and _tells(reading, number.share))


def _comes_to(bullet: Reading, number: Number) -> bool:
    """Say whether two figures of a bullet are to each other as "halved" or "tripled" says."""
    return any(
        kind == "change" and one.kind == other.kind and one.value and number.value == other.value / one.value
        for kind, one, other in _ways(bullet)
    )


def _counts_alike(entry: Reading, text: Reading, number: Number) -> bool:
    """Say whether another bullet of the entry tells this figure of the same thing: "85 employees", "Year 12"."""
    before, after = text.text[: number.span[0]].split()[-1:], text.text[number.span[1] :].split()[:2]
    if f"{' '.join(before)} {_shown(text, number)} {' '.join(after)}".strip(" .,;").lower() in entry.low:
        return True
    if before and before[0].isalpha() and before[0].lower() not in STOP_WORDS:
        named = f"{before[0]} {_shown(text, number)}".lower()
        if named in entry.low and re.search(rf"\b{re.escape(named)}(?!\w)", entry.low):
            return True
    return bool(number.noun and number.meanings & entry.told.get(number.noun, frozenset()))


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
        for key in {other.key, other.counted} if other.unit else ():
            known.setdefault(key, {})[other.unit] = other
    for number in text.numbers:
        is_money = number.kind in MONEY and any(other.key == number.key for other in source.numbers)
        if is_money or _shown(text, number).lower() in ORDINALS:
            continue
        same = known.get(number.counted, {}) or known.get(number.key, {})
        is_kept = number.unit in same or any(other.scaled & number.scaled for other in same.values())
        is_span = number.unit in SPANS or (number.unit in MEASURES and _counts_things(source, number))
        is_span = is_span and (number.kind == "plain" or number.unit == "pound")
        is_other = not same and is_span and _was_of(source, text, number)
        is_lost = MEASURES.issuperset(same) and not number.unit and number.noun and number.noun not in source.stems
        is_named = any(stem(unit) in text.stems for unit in same)
        if is_other or (same and ((number.unit and not is_kept) or (is_lost and not is_named))):
            yield Finding("unit", _shown(text, number))


def _counts_things(source: Reading, number: Number) -> bool:
    """Say whether the bullet's figure stands before a plural: loaves."""
    before = (other.span[1] for other in source.numbers if other.key == number.key)
    return any(_THINGS.match(source.text, end) for end in before)


def _moments(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find "the first month" that has become "the first week", and "every Saturday" that has become "every weekday"."""
    was = {(match[1].lower(), match[2].lower()) for match in _MOMENT.finditer(source.text)}
    for match in _MOMENT.finditer(text.text):
        number, span = match[1].lower(), match[2].lower()
        spans = {other for first, other in was if first == number}
        if spans and span not in spans:
            yield Finding("unit", match[0])
    days = {match[0].lower().removesuffix("s") for match in _ANY_DAY.finditer(source.text)}
    told = {match[0].lower().removesuffix("s") for match in _ANY_DAY.finditer(text.text)}
    if (days or WEEKDAY.search(source.text)) and not WEEKDAY.search(text.text) and (new := told - days):
        yield Finding("rate", min(new))


def _was_of(source: Reading, text: Reading, number: Number) -> bool:
    """Say whether a span of time counted something else before, of which the text has no word: rounds, not days."""
    was = [other for other in source.numbers if number.key in (other.key, other.counted) and not other.is_soft]
    nouns = {other.noun for other in was if other.noun}
    is_known = any(other.unit == number.unit for other in source.numbers) or number.unit in source.rates
    is_age = bool(_AGE.search(source.text))
    return bool(was) and not (is_known or is_age) and bool(nouns) and nouns.isdisjoint(text.stems)


def _rates(source: Reading, text: Rewording, of_entry: frozenset[str]) -> Iterator[Finding]:
    weekly = frozenset({"week"}) if WEEKDAY.search(source.text) or WEEKDAY.search(text.text) else frozenset[str]()
    short = frozenset({"year"}) if "annual" in text.explained else frozenset[str]()
    yield from (Finding("rate", rate) for rate in sorted(text.rates - source.rates - of_entry - weekly - short))
    lost = {rate for rate in source.rates - text.rates - weekly if stem(rate) not in text.stems}
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


def _exchanged(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find two figures each of which stands among the words that stood by the other."""
    before = [number for number in source.numbers if not number.is_soft][:MOST]
    told = [(number, its) for number in before if (its := _only(text, number))]
    around = {
        id(number): _around(reading, number)
        for pair in told
        for reading, number in zip((source, text), pair, strict=True)
    }
    for (one, its), (other, theirs) in combinations(told, 2):
        if its is theirs or one.keys & other.keys:
            continue
        was, will = (around[id(one)], around[id(other)]), (around[id(its)], around[id(theirs)])
        is_like = one.kind == other.kind and _is_crossed(was, will)
        if is_like or _is_crossed((_spoken(was[0]), _spoken(was[1])), (_spoken(will[0]), _spoken(will[1]))):
            yield Finding("swap", f"{_shown(text, its)}, {_shown(text, theirs)}")
            return


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
    found = [other for other in text.numbers if not other.is_soft and other.meanings & number.meanings]
    return found[0] if len(found) == 1 else None


def _around(reading: Reading, number: Number) -> frozenset[str]:
    """Return the stems of the words with content on either side of a figure, within its clause."""
    before = _CLAUSE_END.split(reading.text[: number.span[0]])[-1]
    after = _CLAUSE_END.split(reading.text[number.span[1] :], maxsplit=1)[0]
    near = [*_telling(before)[-AROUND:], *_telling(after)[:AROUND]]
    return frozenset(map(stem, near))


def _telling(text: str) -> list[str]:
    return [word for word in words(text) if word not in STOP_WORDS]


def _turned(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find "from A to B" that has become "from B to A", and "A against B" the other way round."""
    was = list(_ways(source))
    for kind, start, end in _ways(text):
        same = [(first, second) for other, first, second in was if other == kind]
        # What has become 69 from 61 is 69 against 61.
        same += [(second, first) for other, first, second in was if (other, kind) == ("change", "against")]
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
        if first.is_soft or reading.text[: first.span[0]].endswith("/"):
            continue
        before = reading.text[max(0, first.span[0] - NEAR) : first.span[0]]
        for place, second in enumerate(reading.numbers[at + 1 : at + 1 + NEXT]):
            between = reading.text[first.span[1] : second.span[0]]
            is_like = place == 0 or (first.unit or first.noun) == (second.unit or second.noun)
            if place == 0 and not _OF.fullmatch(between) and OF_THEM.match(reading.text, second.span[1]):
                yield "against", second, first
            elif is_like and (_AGAINST.search(between) or (first.kind == second.kind and _OF.fullmatch(between))):
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
