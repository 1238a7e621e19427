"""Rules 1 and 2: every figure is the bullet's own, none is lost, and each still counts what it counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from aiworker.domain.resume.guard import paces, swaps
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.notations import halves_of_day
from aiworker.domain.resume.guard.number import MONEY, Key, Number
from aiworker.domain.resume.guard.numerals import ORDINALS, SCALES, TIMES, UNITS
from aiworker.domain.resume.guard.rates import ADVERBS, WEEKDAY, rates
from aiworker.domain.resume.guard.reading import Reading, Rewording, Source
from aiworker.domain.resume.guard.words import STOP_WORDS, stem

_TURNS: Final = frozenset(("times", value) for value in TIMES.values())
_MORE_THAN: Final = re.compile(r"\b(?:more than|over)\s*\Z")
_NEARLY: Final = re.compile(r"\b(?:nearly|almost|close to|about|roughly)\s*\Z")
_APART: Final = re.compile(r"\b(?:by|(?:rise|gain|drop|fall|increase|cut|decrease|reduction) of)\s*[₹$€£]?\Z")
ROUGHLY: Final = Decimal("1.25")
"""So many times what a multiple says may be "more than" it."""
NEAR: Final = 20
"""Characters before a figure that may say so."""
_NONE: Final = re.compile(r"\b(?:no|nil|without|never|none|sin|ningún|ninguna)\b", re.IGNORECASE)
_EACH: Final = re.compile(
    r"\b(?:for|in|on|of|at) (?:each|every)\b|\beach of\b|\beach(?=\s*(?:[.,;)]|\Z))|\bapiece\b"
    r"|,\s*each\b(?! \w*day\b| (?:week|month|year|hour|shift|morning|evening|night|term|quarter|season))",
    re.IGNORECASE,
)
_TOTAL: Final = re.compile(r"\b(?:total|altogether|overall|in all|combined|together|over \d+)\b", re.IGNORECASE)
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


_SKIPPING: Final = re.compile(
    r"\b(?:every|each|on) (?:second|other|alternate|third|fourth|fifth|sixth|two|three|four|five|six|\d+)"
    r"(?:st|nd|rd|th)? (\w+?)s?\b",
    re.IGNORECASE,
)


_MONTHLY: Final = re.compile(
    r"\b(?:first|second|third|fourth|last) \w+day (?:of|in) (?:the|each|every) month\b", re.IGNORECASE
)


def check(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find figures that are new, lost, swapped, or of another unit or rate."""
    pace = paces.same(source.bullet, text) if _differ(source.bullet, text) else paces.Paces()
    yield from _new(source, text, pace)
    for number in source.bullet.numbers:
        if number in pace.before or (number.value == 0 and _has_none(text)):
            continue
        if not text.holds(number) and not (number.is_soft and not _lost_span(text, number)):
            yield Finding("number-dropped", source.bullet.shown(number))
    yield from _units(source.bullet, text)
    yield from _moments(source.bullet, text)
    yield from _rates(source.bullet, text, source.frame.rates, pace)
    yield from _spread(source.bullet, text)
    yield from _rates_of_figures(source.bullet, text)
    yield from swaps.check(source.bullet, text)


def _differ(source: Reading, text: Reading) -> bool:
    """Say whether one of two texts has a figure or a span that the other has not."""
    return source.rates != text.rates or not (
        all(map(text.holds, source.numbers)) and all(map(source.holds, text.numbers))
    )


def _new(source: Source, text: Reading, pace: paces.Paces) -> Iterator[Finding]:
    for number in text.numbers:
        if (
            number in pace.after
            or number.is_soft
            or source.bullet.holds(number)
            or (number.value == 0 and _has_none(source.bullet))
        ):
            continue
        if _comes_to(source.bullet, text, number):
            continue
        is_near = source.frame.holds(number) or _counts_alike(source.entry, text, number)
        yield Finding("number", text.shown(number), "note" if is_near else "violation")


def _comes_to(bullet: Reading, text: Reading, number: Number) -> bool:
    """Say whether a figure only says how far two of the bullet's are apart, which a text has as well.

    As a multiple ("halved", "more than doubled", "tenfold") or as a difference ("by 22 points, from 61 to 83 %").
    """
    before = text.text[max(0, number.span[0] - NEAR) : number.span[0]].lower()
    for kind, one, other in swaps.ways(bullet):
        if kind != "change" or one.kind != other.kind or not (text.holds(one) and text.holds(other)):
            continue
        if number.key in _TURNS or number.kind == "times":
            first, last = _amount(one), _amount(other)
            if first and _is_about(last / first, number.value, before):
                return True
        elif _APART.search(before) and number.value == abs(one.value - other.value):
            return True
    return False


def _amount(number: Number) -> Decimal:
    return next((value for _, value in sorted(number.scaled)), number.value)


def _is_about(ratio: Decimal, told: Decimal, before: str) -> bool:
    # "More than halved" is less than half.
    is_beyond = bool(_MORE_THAN.search(before)) if told > 1 else bool(_NEARLY.search(before))
    is_short = bool(_NEARLY.search(before)) if told > 1 else bool(_MORE_THAN.search(before))
    if is_beyond:
        return told <= ratio < told * ROUGHLY
    if is_short:
        return told / ROUGHLY < ratio <= told
    return ratio == told


def _counts_alike(entry: Reading, text: Reading, number: Number) -> bool:
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
    around = swaps.around(text, number)
    places = entry.places
    return any(len(around & swaps.around(entry, other)) > 1 for key in number.meanings for other in places.get(key, ()))


def _has_none(reading: Reading) -> bool:
    return bool(_NONE.search(reading.text)) or any(number.value == 0 for number in reading.numbers)


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
        if is_money or text.shown(number).lower() in ORDINALS:
            continue
        same = known.get(number.counted, {}) or known.get(number.key, {})
        is_kept = number.unit in same or any(other.scaled & number.scaled for other in same.values())
        is_span = number.unit in SPANS or (number.unit in MEASURES and _counts_things(source, number))
        is_span = is_span and not (number.value == 1 and number.unit in source.rates)
        is_span = is_span and (number.kind == "plain" or number.unit == "pound")
        is_other = not same and is_span and _was_of(source, text, number)
        is_lost = MEASURES.issuperset(same) and not number.unit and number.noun and number.noun not in source.stems
        is_named = any(stem(unit) in text.stems for unit in same)
        if is_other or (same and ((number.unit and not is_kept) or (is_lost and not is_named))):
            yield Finding("unit", text.shown(number))


def _counts_things(source: Reading, number: Number) -> bool:
    """Say whether the bullet's figure stands before a plural: loaves."""
    before = (other.span[1] for other in source.numbers if other.key == number.key)
    return any(_THINGS.match(source.text, end) for end in before)


def _moments(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find "the first month" told as "the first week", "every Saturday" as "every weekday", or 9 a.m. as 9 p.m."""
    was = {(match[1].lower(), match[2].lower()) for match in _MOMENT.finditer(source.text)}
    for match in _MOMENT.finditer(text.text):
        number, span = match[1].lower(), match[2].lower()
        spans = {other for first, other in was if first == number}
        if spans and span not in spans:
            yield Finding("unit", match[0])
    noon = halves_of_day(source.text)
    for hour, half in sorted(halves_of_day(text.text) - noon):
        if any(hour == other for other, _ in noon):
            yield Finding("unit", f"{hour or 12} {half}.m.")
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


def _rates(source: Reading, text: Rewording, of_entry: frozenset[str], pace: paces.Paces) -> Iterator[Finding]:
    weekly = frozenset({"week"}) if WEEKDAY.search(source.text) or WEEKDAY.search(text.text) else frozenset[str]()
    short = frozenset({"year"}) if "annual" in text.explained else frozenset[str]()
    if new := text.rates - source.rates - of_entry - weekly - short - pace.rates_after:
        yield from (Finding("rate", rate) for rate in sorted(new - _named_for(text) - _told_elsewhere(text)))
    lost = {rate for rate in source.rates - text.rates - weekly if stem(rate) not in text.stems}
    lost -= pace.rates_before | ({"day"} if "night" in text.low else set[str]())
    if lost and source.numbers and (not text.rates or _PER.search(source.text)):
        yield Finding("rate", f"no longer per {min(lost)}")
    units = {UNITS.get(match[1].lower(), "") for match in _PER.finditer(source.text)}
    for match in _PER.finditer(text.text):
        unit = UNITS.get(match[1].lower(), match[1].lower())
        is_new = stem(match[1].lower()) not in source.stems and not rates(match[0]) and unit not in units
        is_short = any(found[1].isupper() for found in _PER.finditer(source.text))
        if is_new and not is_short and _PER.search(source.text) and len(match[1]) > 2:
            yield Finding("rate", match[0].strip())


def _rates_of_figures(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find a figure that is counted by another span of time than before, and "every" where it was every second one."""
    was: dict[Key, set[str]] = {}
    for number, rate in source.timed.items():
        for meaning in number.meanings:
            was.setdefault(meaning, set()).add(rate)
    for number, rate in text.timed.items():
        before = set[str]().union(*(was.get(meaning, ()) for meaning in number.meanings))
        if before and rate not in before:
            yield Finding("rate", f"{text.shown(number)} per {rate}")
            return
    if _MONTHLY.search(text.text) and WEEKDAY.search(source.text) and not _MONTHLY.search(source.text):
        yield Finding("rate", "month")
    every = [match[1].lower() for match in _SKIPPING.finditer(source.text)]
    if every and not _SKIPPING.search(text.text):
        for noun in every:
            if found := re.search(rf"\b(?:every|each|per) {re.escape(noun)}\b|(?<!-)\b{re.escape(noun)}ly\b", text.low):
                yield Finding("rate", found[0])
                return


def _told_elsewhere(text: Rewording) -> frozenset[str]:
    """Return the rates of figures that the entry tells by the same span: "420 loaves a night" of another bullet."""
    entry, bullet = text.source.entry, text.source.bullet
    told = {(meaning, rate) for number, rate in entry.timed.items() for meaning in number.meanings}
    return frozenset(
        rate
        for number, rate in text.timed.items()
        if not bullet.holds(number)
        and any((meaning, rate) in told for meaning in number.meanings)
        and _counts_alike(entry, text, number)
    )


def _named_for(text: Rewording) -> frozenset[str]:
    """Return the rates that only things are called by, as the entry calls them: the annual fun run."""
    entry, bullet = text.source.entry, text.source.bullet
    named = (shown.split() for shown in text.runs(2).values())
    return frozenset(
        rate
        for first, thing in named
        if (rate := ADVERBS.get(first)) in entry.rates and stem(thing) in entry.stems - bullet.stems
    ) | frozenset(
        ADVERBS[first]
        for first, _ in map(str.split, set(text.runs(2).values()) & set(entry.runs(2).values()))
        if first in ADVERBS
    )


def _spread(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find a sum that has become so much for each."""
    if (
        _EACH.search(text.text)
        and not _EACH.search(source.text)
        and not _PER.search(source.text)
        and _TOTAL.search(source.text)
    ):
        yield Finding("rate", "for each")
