"""Figures without digits, and those within names: words, halves, Roman numerals, quarters of an hour."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from aiworker.domain.resume import language
from aiworker.domain.resume.guard.cues import cued
from aiworker.domain.resume.guard.number import Number
from aiworker.domain.resume.guard.numerals import (
    AMOUNTS,
    COPIES,
    HALF_OF,
    HUNDREDS,
    JOINERS,
    MAGNITUDES,
    OFTEN,
    ORDINALS,
    PLACED,
    RANKED,
    TIMES,
    WORDS,
    Tongue,
)
from aiworker.domain.resume.guard.units import unit_named

_HALF_AN: Final = cued(
    r"\b(?:half(?: an?)?|media)[ -]"
    r"(hour|minute|second|hora|day|week|month|year|mile|metre|meter|litre|liter|kilo|tonne|millimetre|millimeter|inch|acre)\b",
    re.IGNORECASE,
)
_HALF_AMOUNT: Final = cued(r"\bhalf a (thousand|lakh|million|crore|billion)\b", re.IGNORECASE)
_HALF: Final = cued(r"(?<![\d/])(?:(\d+) ?½|(\d+) 1/2|½|1/2)(?![\d/])")
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
_HOURS_AND_MINUTES: Final = cued(r"\b(\d+) ?h(?:ours?|rs?)? ?(?:and )?(\d+) ?m(?:in(?:ute)?s?)?\b", re.IGNORECASE)
_MINUTES_AND_SECONDS: Final = cued(r"\b(\d+) ?min(?:ute)?s? ?(?:and )?(\d+) ?s(?:ec(?:ond)?s?)?\b", re.IGNORECASE)
_FRACTION: Final = cued(
    r"\b(one|two|three|four|five|six|seven|eight|nine)[- ]"
    r"(thirds?|fourths?|fifths?|tenths?|quarter(?= (?:off|of the|of all|less|fewer|shorter|lower)\b))\b"
    r"(?! (?:prize|place|year|of an hour|of (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)))"
    r"|\b(?P<three>three)[- ](?P<quarters>quarters)\b(?! of an hour)"
    r"|\b(?:by|(?:drop|fall|rise|cut|gain|reduction|increase|decrease|saving|growth|jump|decline|dip) of) (?:an?|one)"
    r" (?P<by>third|quarter|fifth|tenth)\b"
    r"|\ba (?P<part>third|quarter|fifth|tenth)(?= of (?!an hour)| (?:fewer|less|more|lower|higher|faster|quicker)\b)"
    r"|\b(?:that|whom|which) an? (?P<whom>third|quarter|fifth|tenth)\b(?! of an hour)"
    r"|\b(?:about|nearly|almost|roughly|over|around|some) an? (?P<near>third|quarter|fifth|tenth)\b(?! of an hour)",
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
    r"(?<![\d.,])(\d+(?:\.\d+)?)(?:\s?[x×·*]\s?10(?:\^\(?([-−+]?\d{1,2})\)?|(?:\*\*|e)([-−+]?\d{1,2})|([⁻⁺]?[⁰¹²³⁴-⁹]{1,2}))"
    r"|e([-−+]?\d{1,2}))(?![\w])"
)
_RAISED: Final = str.maketrans("⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹", "-+0123456789")
_LARGEST_POWER: Final = 40
_HALF_A_PERCENT: Final = cued(r"\bhalf (?:a |of (?:a|one) |of 1 ?)?(?:percent\b|per cent\b|%)", re.IGNORECASE)
_JOINED_HALF: Final = cued(r"\bhalf-(?!hour|minute|an?\b|dozen|year|month)\w", re.IGNORECASE)
_HALF_A_DOZEN: Final = cued(r"\bhalf a dozen\b", re.IGNORECASE)
_NAMED: Final = cued(r"\b(?:[pP](50|75|90|95|99)|[vV](\d+(?:\.\d+)?)|(?!FY)[A-Za-z]{1,4}(\d{1,2}))\b")
_SEASON: Final = cued(r"\b((?:20|19)\d\d)[-–/](\d\d)\b")
_FISCAL: Final = cued(r"\bFY\s?'?(?:20)?(\d\d)(?![\d.])", re.IGNORECASE)
_A_SPAN: Final = cued(
    r"\ban? (?P<of>week|month|year|quarter)(?= of (?!the\b|them\b|these\b|those\b|an?\b))|"
    r"\b(?:within|in|under|over|inside|about|after|for|than|to|below|of|within one|in one) an? (?:single )?(minute|hour"
    r"|day|week|fortnight|month|quarter|year)s?\b"
    r"(?! and a half| and a quarter| and three| and \w+ months?\b| of (?:the|its|all|an?|them|whom|these|those|us)\b)"
    r"|\ban? (minute|hour|day|week|fortnight|month|year)(?= (?:ahead|before|early|earlier|later?|ago|in advance)\b)",
    re.IGNORECASE,
)
"""A single hour or year that is no rate; it may stand for sixty minutes or twelve months."""
_TWO: Final = cued(r"\b(?:duplicate[ds]?|duplication|both|pair(?:s|ed)?|couple)\b", re.IGNORECASE)
_ROMAN: Final = cued(
    r"\b(?:[Ll]evel|[Gg]rade|[Cc]lass|[Ss]tage|[Pp]hase|[Tt]ype|[Cc]ategory|[Tt]ier|[Pp]art|[Ss]emester"
    r"|[Ss]tandard|STD|Std)(?:es|s)? "
    r"(?P<first>[IVX]{1,4})(?:(?: ?[-–/&] ?| to | and )(?P<last>[IVX]{1,4}))?\b"
)
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
_NUMERALS: Final = frozenset(
    [*(word for values in WORDS.values() for word in values), *TIMES, *ORDINALS, *AMOUNTS, *COPIES, *HUNDREDS]
)
"""Words that may begin a figure."""
_SPELLED: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    span: tuple[int, int]


def tongue(text: str) -> Tongue:
    """Return whose number words a text uses: the same letters are eleven in Spanish and a time in English."""
    found = language.counts(text)
    foreign: Tongue = "es" if found["es"] >= found["hi"] else "hi"
    return foreign if found[foreign] > found["en"] else "en"


def spelled(text: str) -> Iterator[Number]:
    """Find figures told in words, in the language of the text; where a word only points ("the two"), a soft one."""
    if _NUMERALS.isdisjoint(_SPELLED.findall(text.lower())):
        return
    tokens = [_Word(match[0].lower(), match.span()) for match in _SPELLED.finditer(text)]
    spoken, at = tongue(text), 0
    while at < len(tokens):
        if tokens[at].text not in _NUMERALS:
            at += 1
            continue
        before = tokens[at - 1].text if at else ""
        after = [follower.text for follower in tokens[at + 1 : at + 3]]
        number, used = _composed(text, tokens[at:], spoken)
        if number is None:
            number = (
                _ratio(text, tokens[at], before, after)
                or _rank(text, tokens[at], before, after)
                or _amount(tokens[at], before)
            )
        if number is not None:
            is_known = before in ("the", "both") and number.value == 2 and number.kind == "plain"
            yield replace(number, is_soft=True) if is_known else number
        at += used


def _composed(text: str, tokens: list[_Word], spoken: Tongue) -> tuple[Number | None, int]:
    """Read a number of several words: "two hundred and fifty", "treinta y cinco", "mil quinientos"."""
    values, total, part, used, last = WORDS[spoken], 0, 0, 0, ""
    # "A hundred and twenty" begins like "one hundred and twenty".
    if tokens[0].text in HUNDREDS and [token.text for token in tokens[1:2]] == ["and"]:
        last = "one" if tokens[2:] and tokens[2].text in values else ""
    for place, token in enumerate(tokens):
        gap = text[tokens[place - 1].span[1] : token.span[0]] if place else ""
        if gap.strip(" -") or not _goes_on(token.text, last, values):
            break
        if token.text in JOINERS:
            last = token.text
            continue
        if token.text in ("hundred", "sau"):
            part = (part or 1) * 100
        elif token.text in ("thousand", "mil", "hazaar"):
            total, part = total + (part or 1) * 1000, 0
        else:
            part += values[token.text]
        used, last = place + 1, token.text
    if not used:
        return None, 1
    span = (tokens[0].span[0], tokens[used - 1].span[1])
    return Number("plain", Decimal(total + part), span, is_soft=total + part == 1), used


def _goes_on(word: str, last: str, values: Mapping[str, int]) -> bool:
    """Say whether a word continues the number that ended with `last`; "two and three" are two numbers."""
    if not last:
        return word in values
    if word in JOINERS:
        return last in HUNDREDS or values.get(last, 0) >= 100 or (word == "y" and 30 <= values.get(last, 0) < 100)
    if word in HUNDREDS:
        return last not in JOINERS
    is_open = last in HUNDREDS or last in JOINERS or values.get(last, 0) >= 100
    return word in values and (
        is_open or (values[word] < 10 and 20 <= values.get(last, 0) < 100 and values[last] % 10 == 0)
    )


def _ratio(text: str, token: _Word, before: str, after: list[str]) -> Number | None:
    if token.text in COPIES and before == "in":
        return Number("plain", Decimal(COPIES[token.text]), token.span)
    is_joined = text[token.span[1] : token.span[1] + 1] == "-"
    if token.text not in TIMES or (token.text == "half" and is_joined):
        return None
    if token.text in ("double", "triple"):
        # Double glazing is a name, "double-posted" happened twice.
        return Number("times", TIMES[token.text], token.span, is_soft=True)
    if token.text == "half" and not (
        before in ("by", "in", "over", "about", "nearly", "almost", "roughly", "than") or after[:1] in HALF_OF
    ):
        return Number("times", TIMES["half"], token.span, is_soft=True)
    if token.text == "half" and after[:2] == ["a", "dozen"]:
        return Number("plain", Decimal(6), token.span)
    number = Number("times", TIMES[token.text], token.span)
    return replace(number, others=frozenset({("plain", number.value)})) if token.text in OFTEN else number


def _rank(text: str, token: _Word, before: str, after: list[str]) -> Number | None:
    is_unit = text[: token.span[0]].rstrip()[-1:].isdigit()
    if token.text not in ORDINALS or is_unit:
        return None
    is_rank = before in PLACED or (bool(after) and after[0] in RANKED)
    return Number("plain", Decimal(ORDINALS[token.text]), token.span, is_soft=not is_rank)


def _amount(token: _Word, before: str) -> Number | None:
    if token.text == "docena" and before == "media":
        return Number("plain", Decimal(6), token.span)
    is_one = token.text in AMOUNTS and before in ("a", "one", "an", "each", "the", "una", "per", "every", "cada", "por")
    return Number("plain", Decimal(MAGNITUDES[token.text]), token.span) if is_one else None


def parts(text: str) -> Iterator[Number]:
    """Find halves, fractions, ordinals of two words and hours told in parts."""
    yield from _halves(text)
    yield from _scientific(text)
    yield from _fractions(text)
    yield from _hours(text)
    for match in _ORDINAL.finditer(text):
        value = WORDS["en"][match[1].lower()] + ORDINALS[match[2].lower()]
        yield Number("plain", Decimal(value), match.span())


def _scientific(text: str) -> Iterator[Number]:
    """Find "2 × 10^-10" and "2e-10"."""
    for match in _SCIENTIFIC.finditer(text):
        power = int((match[2] or match[3] or match[5] or match[4].translate(_RAISED)).replace("−", "-"))
        if abs(power) <= _LARGEST_POWER:
            yield Number("plain", Decimal(match[1]).scaleb(power).normalize(), match.span())


def _halves(text: str) -> Iterator[Number]:
    half = Decimal("0.5")
    for match in _HALF.finditer(text):
        whole = match[1] or match[2]
        yield Number("plain" if whole else "times", Decimal(whole or 0) + half, match.span())
    yield from (Number("percent", half, match.span()) for match in _HALF_A_PERCENT.finditer(text))
    yield from (Number("times", half, match.span(), is_soft=True) for match in _JOINED_HALF.finditer(text))
    yield from (Number("plain", Decimal(6), match.span()) for match in _HALF_A_DOZEN.finditer(text))


def _fractions(text: str) -> Iterator[Number]:
    for match in _FRACTION.finditer(text):
        first = (match[1] or match["three"] or "a").lower()
        named = match[2] or match["quarters"] or match["by"] or match["part"] or match["near"] or match["whom"]
        yield _part(Decimal(_FEW.get(first, 1)) / _FRACTIONS[named.lower().removesuffix("s")], match.span())
    for match in _SLASHED.finditer(text):
        yield _part(Decimal(match[1]) / Decimal(match[2]), match.span())


def _hours(text: str) -> Iterator[Number]:
    for match in _PART_OF.finditer(text):
        part = (match[1] or match[3] or "").lower()
        if "third" in part:
            yield Number("plain", Decimal(40 if part.startswith("two") else 20), match.span(), "minute")
            continue
        unit = unit_named((match[2] or match[4]).lower())
        is_three = part.startswith(("three", "tres"))
        yield Number("plain", Decimal("0.75" if is_three else "0.25"), match.span(), unit)
    for match in _HOURS_AND_MINUTES.finditer(text):
        yield Number("plain", Decimal(int(match[1]) * 60 + int(match[2])), match.span(), "minute")
    for match in _MINUTES_AND_SECONDS.finditer(text):
        yield Number("plain", Decimal(int(match[1]) * 60 + int(match[2])), match.span(), "second")
    yield from _lengths(text)


def _lengths(text: str) -> Iterator[Number]:
    for match in _YEARS_AND_MONTHS.finditer(text):
        years, months = (_WHOLES.get(said.lower(), 1) if said.isalpha() else int(said) for said in match.groups())
        yield Number("plain", Decimal(12 * years + months), match.span(), "month")
    yield from (Number("plain", Decimal(30), match.span(), "minute") for match in _HALF_HOURLY.finditer(text))
    for match in _PART_OF_ONE.finditer(text):
        yield Number("plain", _TENTHS[match[1].lower()], match.span(), unit_named(match[2].lower()))
    for match in _AND_A_PART.finditer(text):
        whole = Decimal(_WHOLES.get(match[1].lower(), 1))
        part = Decimal("0.75" if match[3].lower().startswith("three") else "0.25")
        yield Number("plain", whole + part, match.span(), unit_named(match[2].lower()))
    for match in _ONE_AND_A_HALF.finditer(text):
        yield Number("plain", Decimal("1.5"), match.span(), unit_named(match[1].lower()))
    for match in _HALF_AMOUNT.finditer(text):
        yield Number("plain", Decimal(MAGNITUDES[match[1].lower()]) / 2, match.span())
    for match in _HALF_AN.finditer(text):
        yield Number("plain", Decimal("0.5"), match.span(), unit_named(match[1].lower()))


def _part(share: Decimal, span: tuple[int, int]) -> Number:
    return Number("times", share, span, others=frozenset({("percent", Decimal(round(share * 100)))}))


def romans(text: str) -> Iterator[Number]:
    """Find Roman numerals after what they number: "Level II", "stages II-III"."""
    for match in _ROMAN.finditer(text):
        for name in ("first", "last"):
            if (roman := match[name]) in _ROMANS and not (roman == "I" and _SPOKEN.match(text, match.end(name))):
                yield Number("plain", Decimal(_ROMANS[roman]), match.span(name))


def quiet(text: str) -> Iterator[Number]:
    """Find figures within names, which only ground others: p95, v1.24, L2, FY24, and single spans: "within an hour"."""
    for match in _NAMED.finditer(text):
        digits = next(group for group in match.groups() if group)
        yield Number("plain", Decimal(digits), match.span(), is_soft=True)
    for match in _SEASON.finditer(text):
        year = int(match[1]) + 1
        if year % 100 == int(match[2]):
            yield Number("plain", Decimal(year), match.span(2), is_soft=True)
    for match in _FISCAL.finditer(text):
        yield Number("plain", Decimal(2000 + int(match[1])), match.span(), is_soft=True)
    yield from (Number("plain", Decimal(2), match.span(), is_soft=True) for match in _TWO.finditer(text))
    for match in _A_SPAN.finditer(text):
        yield Number(
            "plain", Decimal(1), match.span(), unit_named((match["of"] or match[2] or match[3]).lower()), is_soft=True
        )
