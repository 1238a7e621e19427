"""Rule 2: nothing happens more or less often than the bullet says, nor at another time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

from aiworker.domain.cued import Cued, Index, cued
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.notations import MERIDIEM, halves_of_day, masked
from aiworker.domain.resume.guard.number import Key
from aiworker.domain.resume.guard.numerals import MAGNITUDES, NUMBER_WORDS
from aiworker.domain.resume.guard.paces import Paces
from aiworker.domain.resume.guard.rates import ADVERBS, WEEKDAY, rates
from aiworker.domain.resume.guard.reading import Reading, Rewording, Source
from aiworker.domain.resume.guard.surroundings import counts_alike
from aiworker.domain.resume.guard.units import UNITS, unit_named
from aiworker.domain.resume.guard.words import stem

_EACH: Final = cued(
    r"\b(?:for|in|on|of|at) (?:each|every)\b(?! \w*day\b| (?:week|month|year|shift|morning|evening|night)\b)"
    r"|\beach of\b|\beach(?=\s*(?:[.,;)]|\Z))|\bapiece\b"
    r"|,\s*each\b(?! \w*day\b| (?:week|month|year|hour|shift|morning|evening|night|term|quarter|season))",
    re.IGNORECASE,
)
_TOTAL: Final = cued(
    r"\b(?:total|altogether|overall|in all(?! \w)|combined|together(?! with)|over \d+)\b", re.IGNORECASE
)
_MOMENT: Final = cued(
    r"\b(first|second|third|last|final|opening|one)[ -](day|night|week|month|quarter|year|semester|term|hour)s?\b(?!-)",
    re.IGNORECASE,
)
_ANY_DAY: Final = cued(r"\b(?:weekdays?|weekends?)\b", re.IGNORECASE)
_PER: Final = cued(r"(?:\bper\s+(?!cent\b|the\b)|(?<=[\d\s%])/)([^\W\d_]{2,})\b", re.IGNORECASE)
_SELDOM: Final = frozenset({"fortnight", "half-month", "month", "quarter"})
"""What happens less often than every week."""
_LASTING: Final = re.compile(r"\b(?:minutes?|hours?|days?)\s*\Z", re.IGNORECASE)
_PART_OF_DAY: Final = cued(r"\b(?:evening|morning|afternoon)\b|night", re.IGNORECASE)
"""What says "a day" of what is done then: evening takings."""
_LENGTH: Final = cued(r"\b(minute|hour|day|week|month|quarter|year)s?\b", re.IGNORECASE)
_SKIPPING: Final = cued(
    r"\b(?:every|each|on) (?:second|other|alternate|third|fourth|fifth|sixth|two|three|four|five|six|\d+)"
    r"(?:st|nd|rd|th)? (\w+?)s?\b",
    re.IGNORECASE,
)
_MONTHLY: Final = cued(
    r"\b(?:first|second|third|fourth|last) \w+day (?:of|in) (?:the|each|every) month\b", re.IGNORECASE
)


def check(source: Source, text: Rewording, pace: Paces) -> Iterator[Finding]:
    """Find rates and moments that are new, lost or changed, but for paces that are the same."""
    yield from _moments(source.bullet, text)
    yield from _rates(source.bullet, text, source.frame.rates, pace)
    yield from _of_figures(source.bullet, text)
    yield from _skipped(source.bullet, text)
    yield from _spread(source.bullet, text)


def _moments(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find a moment or a span of time that has become another one."""
    for place in _TIMED.places(text.text):
        yield from _TIMES[place][1](source, text)


def _turns(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find "the first month" told as "the first week"."""
    was = {(match[1].lower(), match[2].lower()) for match in _MOMENT.finditer(source.text)}
    for match in _MOMENT.finditer(text.text):
        number, span = match[1].lower(), match[2].lower()
        spans = {other for first, other in was if first == number}
        if spans and span not in spans:
            yield Finding("unit", match[0])


def _halves(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find 9 a.m. told as 9 p.m."""
    noon = halves_of_day(source.text)
    for hour, half in sorted(halves_of_day(text.text) - noon):
        if any(hour == other for other, _ in noon):
            yield Finding("unit", f"{hour or 12} {half}.m.")


def _days(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find "every Saturday" told as "every weekday"."""
    days = {match[0].lower().removesuffix("s") for match in _ANY_DAY.finditer(source.text)}
    told = {match[0].lower().removesuffix("s") for match in _ANY_DAY.finditer(text.text)}
    if (days or WEEKDAY.search(source.text)) and not WEEKDAY.search(text.text) and (new := told - days):
        yield Finding("rate", min(new))


def _lengths(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find a span of time without a figure that has become another one: the trial week told as a trial month."""
    was, now = _lengths_in(source.text), _lengths_in(text.text)
    if not (now - was and was - now):
        return
    if (new := _plain_lengths(text) - was) and _plain_lengths(source) - now:
        yield Finding("unit", min(new))


_TIMES: Final[tuple[tuple[Cued, Callable[[Reading, Reading], Iterator[Finding]]], ...]] = (
    (_MOMENT, _turns),
    (_LENGTH, _lengths),
    (MERIDIEM, _halves),
    (_ANY_DAY, _days),
)
"""What only a text that holds it may have changed."""
_TIMED: Final = Index(pattern for pattern, _ in _TIMES)


def _plain_lengths(reading: Reading) -> frozenset[str]:
    """Return the spans of time a text names that neither count nor are counted."""
    counted = {number.unit for number in reading.numbers} | reading.rates
    return _lengths_in(masked(reading.text)) - counted


def _lengths_in(text: str) -> frozenset[str]:
    return frozenset(match[1].lower() for match in _LENGTH.finditer(text))


def _rates(source: Reading, text: Rewording, of_entry: frozenset[str], pace: Paces) -> Iterator[Finding]:
    seldom = bool(_SELDOM & (source.rates - text.rates))
    weekly = (
        frozenset({"week"})
        if not seldom and (WEEKDAY.search(source.text) or WEEKDAY.search(text.text))
        else frozenset[str]()
    )
    short = frozenset({"year"}) if "annual" in text.explained else frozenset[str]()
    if new := text.rates - source.rates - of_entry - weekly - short - pace.rates_after:
        new -= _named_for(text)
        yield from (Finding("rate", rate) for rate in sorted(new - _told_elsewhere(text) if new else new))
    lost = {rate for rate in source.rates - text.rates - weekly if stem(rate) not in text.stems}
    lost -= pace.rates_before
    if "day" in lost and _PART_OF_DAY.search(text.text):
        lost.discard("day")
    if lost and source.numbers and (not text.rates or _PER.search(source.text)):
        yield Finding("rate", f"no longer per {min(lost)}")
    units = {UNITS.get(match[1].lower(), "") for match in _PER.finditer(source.text)}
    for match in _PER.finditer(text.text):
        unit = UNITS.get(match[1].lower(), match[1].lower())
        is_new = stem(match[1].lower()) not in source.stems and unit not in units and not rates(match[0])
        is_short = any(found[1].isupper() for found in _PER.finditer(source.text))
        is_strange = bool(_PER.search(source.text)) or _is_strange(match[1].lower(), text)
        if is_new and not is_short and is_strange and len(match[1]) > 2:
            yield Finding("rate", match[0].strip())


def _is_strange(word: str, text: Rewording) -> bool:
    """Say whether nothing in the entry can be what a text counts by."""
    is_measure = word in UNITS or unit_named(word) or word in NUMBER_WORDS or word in MAGNITUDES
    return not is_measure and "/" not in text.source.bullet.text and stem(word) not in text.source.entry.stems


def _of_figures(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find a figure that is counted by another span of time than before."""
    if not (source.timed and text.timed):
        return
    was: dict[Key, set[str]] = {}
    for number, rate in source.timed.items():
        for meaning in number.meanings:
            was.setdefault(meaning, set()).add(rate)
    for number, rate in text.timed.items():
        before = set[str]().union(*(was.get(meaning, ()) for meaning in number.meanings))
        if before and rate not in before:
            yield Finding("rate", f"{text.shown(number)} per {rate}")
            return


def _skipped(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find "every Sunday" told of every second one, and "the first Sunday of the month" of every one."""
    if _MONTHLY.search(text.text) and WEEKDAY.search(source.text) and not _MONTHLY.search(source.text):
        yield Finding("rate", "month")
    if _SKIPPING.search(text.text):
        return
    for noun in (re.escape(match[1].lower()) for match in _SKIPPING.finditer(source.text)):
        often = rf"\b(?:every|each|per) {noun}\b|(?<!-)\b{noun}ly\b"
        often += r"|\bweekly\b|\b(?:every|each|per|a) week\b" if WEEKDAY.fullmatch(noun) else ""
        if found := re.search(often, text.low):
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
        and counts_alike(entry, text, number)
    )


def _named_for(text: Rewording) -> frozenset[str]:
    """Return the rates that only things are called by, as the entry calls them: the annual fun run."""
    entry, bullet = text.source.entry, text.source.bullet
    pairs = [(first, thing) for first, thing in pairwise(text.words) if first in ADVERBS]
    called = frozenset(pairwise(entry.words)) if pairs else frozenset[tuple[str, str]]()
    elsewhere = entry.stems - bullet.stems
    return frozenset(
        ADVERBS[first]
        for first, thing in pairs
        if (first, thing) in called or (ADVERBS[first] in entry.rates and stem(thing) in elsewhere)
    )


def _spread(source: Reading, text: Reading) -> Iterator[Finding]:
    """Find a sum that has become so much for each."""
    found = _EACH.search(text.text)
    # "Six hours a day over three days" are "three days, six hours each".
    is_day = bool(found and source.rates and _LASTING.search(text.text[: found.start()]))
    if not found or is_day or _EACH.search(source.text) or _PER.search(source.text):
        return
    is_sum = found[0].lower() == "apiece" and "each" not in source.tokens
    if is_sum or _TOTAL.search(source.text):
        yield Finding("rate", "for each")
