"""Figures told in parts, such as halves, fractions and hours with minutes, and those within names: Level II, p95."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Final

from aiworker.domain.cued import Cued, Index, cued
from aiworker.domain.resume.guard.number import Number
from aiworker.domain.resume.guard.numerals import MAGNITUDES, ORDINALS, PART_SIGNS, WORDS
from aiworker.domain.resume.guard.units import unit_named

Reader = Callable[[re.Match[str]], Number | None]

_HALF_AN: Final = cued(
    r"\b(?:half(?: an?)?|media)[ -]"
    r"(hour|minute|second|hora|day|week|month|year|mile|metre|meter|litre|liter|kilo|tonne|millimetre|millimeter|inch|acre)\b",
    re.IGNORECASE,
)
_HALF_AMOUNT: Final = cued(
    r"(?:\bhalf an?|(?<![\d/])(?<!\d )(1/2|[½¼¾])) ?(thousand|lakh|lac|million|crore|billion)s?\b", re.IGNORECASE
)
_HALF: Final = cued(r"(?<![\d/])(?:(?:(\d+) ?)?([½¼¾⅓⅔])|(?:(\d+) )?1/2)(?![\d/])")
_PART_OF: Final = cued(
    r"\b(?:(three[ -]quarters?|quarter|two thirds|third)(?:[ -]of[ -]an?[ -]|[ -])(hour)|(tres )?cuartos? de (hora))\b",
    re.IGNORECASE,
)
_ONE_AND_A_HALF: Final = cued(
    r"\b(?:an?|one|1|una?) (hour|day|week|month|year|minute|hora|día|año|semana|mes)s?"
    r" (?:and a half|y medi[oa])\b",
    re.IGNORECASE,
)
_UNITS_TOLD: Final = (
    r"(hour|day|week|month|year|minute|second|mile|metre|meter|kilometre|millimetre|millimeter|inch|litre|liter"
    r"|kilo|tonne)s?"
)
_PART_OF_ONE: Final = cued(rf"\b(?:an?|one) (tenth|hundredth|thousandth|fifth) of an? {_UNITS_TOLD}\b", re.IGNORECASE)
_TENTHS: Final = {
    "fifth": Decimal("0.2"),
    "tenth": Decimal("0.1"),
    "hundredth": Decimal("0.01"),
    "thousandth": Decimal("0.001"),
}
_AND_A_PART: Final = cued(
    rf"\b(an?|one|two|three|four|five) {_UNITS_TOLD} and (a quarter|three[- ]quarters)\b", re.IGNORECASE
)
_WHOLES: Final = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_FEW_WORDS: Final = "an?|one|two|three|four|five|six|seven|eight|nine|ten"
_YEARS_AND_MONTHS: Final = cued(
    rf"\b(\d{{1,2}}|{_FEW_WORDS}) years?(?: and|,)? (\d{{1,2}}|{_FEW_WORDS}) months?\b", re.IGNORECASE
)
_HALF_HOURLY: Final = cued(r"\bhalf[- ]hourly\b|\bevery half(?: an)?[ -]hour\b", re.IGNORECASE)
_HOURS_AND_MINUTES: Final = cued(
    r"(\d(?<!\w\d)\d*) ?h(?:ours?|rs?)? ?(?:and )?(\d+) ?m(?:in(?:ute)?s?)?\b", re.IGNORECASE
)
_MINUTES_AND_SECONDS: Final = cued(
    r"(\d(?<!\w\d)\d*) ?min(?:ute)?s? ?(?:and )?(\d+) ?s(?:ec(?:ond)?s?)?\b", re.IGNORECASE
)
_FRACTION: Final = cued(
    r"\b(?:(one|two|three|four|five|six|seven|eight|nine)[- ]"
    r"(thirds?|fourths?|fifths?|tenths?|quarter(?= (?:off|of the|of all|less|fewer|shorter|lower)\b))\b"
    r"(?! (?:prize|place|year|of an hour|of (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)))"
    r"|(?P<three>three)[- ](?P<quarters>quarters)\b(?! of an hour)"
    r"|(?:by|(?:drop|fall|rise|cut|gain|reduction|increase|decrease|saving|growth|jump|decline|dip) of) (?:an?|one)"
    r" (?P<by>third|quarter|fifth|tenth)\b"
    r"|a (?P<part>third|quarter|fifth|tenth)(?= of (?!an hour)| (?:fewer|less|more|lower|higher|faster|quicker)\b)"
    r"|(?:that|whom|which) an? (?P<whom>third|quarter|fifth|tenth)\b(?! of an hour)"
    r"|(?:about|nearly|almost|roughly|over|around|some) an? (?P<near>third|quarter|fifth|tenth)\b(?! of an hour))",
    re.IGNORECASE,
)
_ORDINAL: Final = cued(
    r"\b(twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-(first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)\b",
    re.IGNORECASE,
)
_FEW: Final = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_FRACTIONS: Final = {"third": 3, "fourth": 4, "quarter": 4, "fifth": 5, "tenth": 10}
_SLASHED: Final = cued(r"(?<![\d/])([1-4])/([345])(?:rds?|ths?)?(?![\d/]| ?[1-9])\b")
_SCIENTIFIC: Final = cued(
    r"(\d(?<![\d.,]\d)\d*(?:\.\d+)?)(?:\s?[x×·*]\s?10(?:\^\(?([-−+]?\d{1,2})\)?|(?:\*\*|e)([-−+]?\d{1,2})|([⁻⁺]?[⁰¹²³⁴-⁹]{1,2}))"
    r"|e([-−+]?\d{1,2}))(?![\w])"
)
_RAISED: Final = str.maketrans("⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹", "-+0123456789")
_LARGEST_POWER: Final = 40
_HALF_A_PERCENT: Final = cued(r"\bhalf (?:a |of (?:a|one) |of 1 ?)?(?:percent\b|per cent\b|%)", re.IGNORECASE)
_JOINED_HALF: Final = cued(r"\bhalf-(?!hour|minute|an?\b|dozen|year|month)\w", re.IGNORECASE)
_HALF_A_DOZEN: Final = cued(r"\bhalf a dozen\b", re.IGNORECASE)
_LONGEST: Final = 4
"""Letters of a name that goes on in a figure."""
_GROWN: Final = "|".join(rf"(?<=\b[A-Za-z]{{{size}}}\d)" for size in range(1, _LONGEST + 1))
_NAMED: Final = cued(rf"\d(?:{_GROWN})(?<!\b[vV]\d)(?<!\bFY\d)\d?\b")
_VERSION: Final = cued(r"\b[vV](\d+(?:\.\d+)?)\b")
_SEASON: Final = cued(r"\b((?:20|19)\d\d)[-–/](\d\d)\b")
_FISCAL: Final = cued(r"\bFY\s?'?(?:20)?(\d\d)(?![\d.])", re.IGNORECASE)
_A_SPAN: Final = cued(
    r"\b(?:an? (?P<of>week|month|year|quarter)(?= of (?!the\b|them\b|these\b|those\b|an?\b))|"
    r"(?:within|in|under|over|inside|about|after|for|than|to|below|of|within one|in one) an? (?:single )?(minute|hour"
    r"|day|week|fortnight|month|quarter|year)s?\b"
    r"(?! and a half| and a quarter| and three| and \w+ months?\b| of (?:the|its|all|an?|them|whom|these|those|us)\b)"
    r"|an? (minute|hour|day|week|fortnight|month|year)(?= (?:ahead|before|early|earlier|later?|ago|in advance)\b))",
    re.IGNORECASE,
)
"""A single hour or year that is no rate; it may stand for sixty minutes or twelve months."""
_TWO: Final = cued(r"\b(?:duplicate[ds]?|duplication|both|pair(?:s|ed)?|couple)\b", re.IGNORECASE)
_ROMAN: Final = cued(
    r"\b(?:[Ll]evel|[Gg]rade|[Cc]lass|[Ss]tage|[Pp]hase|[Tt]ype|[Cc]ategory|[Tt]ier|[Pp]art|[Ss]emester"
    r"|[Ss]tandard|STD|Std)(?:es|s)? "
    r"(?P<first>[IVX]{1,4})(?:(?: ?[-–/&] ?| to | and )(?P<last>[IVX]{1,4}))?\b"
)
_LETTERS: Final = string.ascii_letters
_SPOKEN: Final = re.compile(r" (?!to\b|and\b|or\b|in\b|at\b|of\b|for\b|with\b)[a-z]")
"""What follows the "I" of somebody who speaks."""
_ROMANS: Final = {
    "I": 1,
    "II": 2,
    "III": 3,
    "IV": 4,
    "V": 5,
    "VI": 6,
    "VII": 7,
    "VIII": 8,
    "IX": 9,
    "X": 10,
    "XI": 11,
    "XII": 12,
}

_HALF_OF_ONE: Final = Decimal("0.5")


def _scientific(found: re.Match[str]) -> Number | None:
    """Read "2 × 10^-10" and "2e-10"."""
    power = int((found[2] or found[3] or found[5] or found[4].translate(_RAISED)).replace("−", "-"))
    if abs(power) > _LARGEST_POWER:
        return None
    return Number("plain", Decimal(found[1]).scaleb(power).normalize(), found.span())


def _half(found: re.Match[str]) -> Number:
    whole, part = found[1] or found[3], PART_SIGNS.get(found[2], _HALF_OF_ONE)
    if whole:
        return Number("plain", Decimal(whole) + part, found.span())
    return Number("times", part, found.span()) if part == _HALF_OF_ONE else _share(part, found.span())


def _fraction(found: re.Match[str]) -> Number:
    first = (found[1] or found["three"] or "a").lower()
    named = found[2] or found["quarters"] or found["by"] or found["part"] or found["near"] or found["whom"]
    return _share(Decimal(_FEW.get(first, 1)) / _FRACTIONS[named.lower().removesuffix("s")], found.span())


def _share(share: Decimal, span: tuple[int, int]) -> Number:
    return Number("times", share, span, others=frozenset({("percent", Decimal(round(share * 100)))}))


def _part_of_hour(found: re.Match[str]) -> Number:
    part = (found[1] or found[3] or "").lower()
    if "third" in part:
        return Number("plain", Decimal(40 if part.startswith("two") else 20), found.span(), "minute")
    unit = unit_named((found[2] or found[4]).lower())
    return Number("plain", Decimal("0.75" if part.startswith(("three", "tres")) else "0.25"), found.span(), unit)


def _years_and_months(found: re.Match[str]) -> Number:
    years, months = (_WHOLES.get(said.lower(), 1) if said.isalpha() else int(said) for said in found.groups())
    return Number("plain", Decimal(12 * years + months), found.span(), "month")


def _and_a_part(found: re.Match[str]) -> Number:
    whole = Decimal(_WHOLES.get(found[1].lower(), 1))
    part = Decimal("0.75" if found[3].lower().startswith("three") else "0.25")
    return Number("plain", whole + part, found.span(), unit_named(found[2].lower()))


def _part_of_amount(found: re.Match[str]) -> Number:
    name = found[2].lower()
    value = PART_SIGNS.get(found[1] or "", _HALF_OF_ONE) * MAGNITUDES[name]
    others = frozenset({("INR", value)} if name in ("lakh", "lac", "crore") else ())
    return Number("plain", value, found.span(), others=others)


def _ordinal(found: re.Match[str]) -> Number:
    value = WORDS["en"][found[1].lower()] + ORDINALS[found[2].lower()]
    return Number("plain", Decimal(value), found.span())


def _of_both(size: int, unit: str) -> Reader:
    """Read hours and minutes as minutes, minutes and seconds as seconds."""
    return lambda found: Number("plain", Decimal(int(found[1]) * size + int(found[2])), found.span(), unit)


_PARTS: Final[tuple[tuple[Cued, Reader], ...]] = (
    (_HALF, _half),
    (_HALF_A_PERCENT, lambda found: Number("percent", _HALF_OF_ONE, found.span())),
    (_JOINED_HALF, lambda found: Number("times", _HALF_OF_ONE, found.span(), is_soft=True)),
    (_HALF_A_DOZEN, lambda found: Number("plain", Decimal(6), found.span())),
    (_SCIENTIFIC, _scientific),
    (_FRACTION, _fraction),
    (_SLASHED, lambda found: _share(Decimal(found[1]) / Decimal(found[2]), found.span())),
    (_PART_OF, _part_of_hour),
    (_HOURS_AND_MINUTES, _of_both(60, "minute")),
    (_MINUTES_AND_SECONDS, _of_both(60, "second")),
    (_YEARS_AND_MONTHS, _years_and_months),
    (_HALF_HOURLY, lambda found: Number("plain", Decimal(30), found.span(), "minute")),
    (
        _PART_OF_ONE,
        lambda found: Number("plain", _TENTHS[found[1].lower()], found.span(), unit_named(found[2].lower())),
    ),
    (_AND_A_PART, _and_a_part),
    (_ONE_AND_A_HALF, lambda found: Number("plain", Decimal("1.5"), found.span(), unit_named(found[1].lower()))),
    (_HALF_AMOUNT, _part_of_amount),
    (_HALF_AN, lambda found: Number("plain", _HALF_OF_ONE, found.span(), unit_named(found[1].lower()))),
    (_ORDINAL, _ordinal),
)


def _named(found: re.Match[str]) -> Number:
    before = found.string[max(0, found.start() - _LONGEST) : found.start()]
    start = found.start() - len(before) + len(before.rstrip(_LETTERS))
    return Number("plain", Decimal(found[0]), (start, found.end()), is_soft=True)


def _season(found: re.Match[str]) -> Number | None:
    year = int(found[1]) + 1
    return Number("plain", Decimal(year), found.span(2), is_soft=True) if year % 100 == int(found[2]) else None


def _single(found: re.Match[str]) -> Number:
    unit = unit_named((found["of"] or found[2] or found[3]).lower())
    return Number("plain", Decimal(1), found.span(), unit, is_soft=True)


_QUIET: Final[tuple[tuple[Cued, Reader], ...]] = (
    (_VERSION, lambda found: Number("plain", Decimal(found[1]), found.span(), is_soft=True)),
    (_NAMED, _named),
    (_SEASON, _season),
    (_FISCAL, lambda found: Number("plain", Decimal(2000 + int(found[1])), found.span(), is_soft=True)),
    (_TWO, lambda found: Number("plain", Decimal(2), found.span(), is_soft=True)),
    (_A_SPAN, _single),
)
_PARTS_INDEX: Final = Index(pattern for pattern, _ in _PARTS)
_QUIET_INDEX: Final = Index(pattern for pattern, _ in _QUIET)


def parts(text: str) -> Iterator[Number]:
    """Find halves, fractions, ordinals of two words and hours told in parts."""
    return _read(text, (_PARTS[place] for place in _PARTS_INDEX.places(text)))


def quiet(text: str) -> Iterator[Number]:
    """Find figures within names, which only ground others: p95, v1.24, L2, FY24, and single spans: "within an hour"."""
    return _read(text, (_QUIET[place] for place in _QUIET_INDEX.places(text)))


def _read(text: str, readers: Iterable[tuple[Cued, Reader]]) -> Iterator[Number]:
    for pattern, read in readers:
        for found in pattern.of(text).finditer(text):
            if number := read(found):
                yield number


def romans(text: str) -> Iterator[Number]:
    """Find Roman numerals after what they number: "Level II", "stages II-III"."""
    for match in _ROMAN.finditer(text):
        for name in ("first", "last"):
            if (roman := match[name]) in _ROMANS and not (roman == "I" and _SPOKEN.match(text, match.end(name))):
                yield Number("plain", Decimal(_ROMANS[roman]), match.span(name))
