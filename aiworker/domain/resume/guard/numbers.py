"""Figures in a text: what kind, how much, of what; "₹12 lakh", "1.2 million INR" and "12,00,000 rupees" are one.

Letters grown together with digits are names, not figures: p99, S3, OAuth2, 2FA.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from aiworker.domain.resume import language
from aiworker.domain.resume.guard.numerals import (
    AMOUNTS,
    ATTACHED,
    CURRENCIES,
    HALF_OF,
    HUNDREDS,
    JOINERS,
    MAGNITUDES,
    ORDINALS,
    RANKED,
    SCALES,
    SHORT,
    TIMES,
    UNITS,
    WORDS,
    Kind,
    Tongue,
)
from aiworker.domain.resume.guard.words import STOP_WORDS, stem, words

CONTEXT_WORDS: Final = 4
"""How many words after a figure may say what it counts; before it only the two next."""

_DIGITS: Final = r"\d{1,3}(?:,\d{2,3})+(?:\.\d+)?|\d+(?:\.\d{3})+(?:,\d+)?(?=\D|$)|\d+(?:[.,]\d+)?"
_FIGURE: Final = re.compile(
    rf"(?:(?P<before>US\$|[₹$€£]|\b(?:Rs\.?|INR|USD|EUR|GBP))\s?|(?<![\w.])(?<!\d,))(?P<digits>{_DIGITS})"
    r"(?:(?:st|nd|rd|th)\b|(?P<attached>[A-Za-zµμ]+|[%×])(?![\w]))?\+?",
    re.IGNORECASE,
)
_NOTATIONS: Final = (
    # Of "2025-05" only the year may be quoted: its month would ground every 5.
    (re.compile(r"\b(\d{4})-(?:0[1-9]|1[0-2])(?:-\d{2})?\b"), r"\1"),
    (re.compile(r"\b((?:19|20)\d\d)[-–/](?:19|20)?(\d\d)\b"), r"\1"),
    (re.compile(r"\b24\s?[/x×]\s?7\b", re.IGNORECASE), ""),
    (re.compile(r"(?<=\d)\s?k€", re.IGNORECASE), "k €"),
    (re.compile(r"(?<![\d.,])(\d{1,3}) (\d{3})(?=\s?(?:€|[A-Za-zÀ-ÿ]))"), r"\1\2"),
)
_AND_A_HALF: Final = re.compile(r"\s+(?:and a half|y medi[oa])\b", re.IGNORECASE)
_HALF_AN: Final = re.compile(r"\b(?:half(?: an?)?|media)[ -](hour|minute|hora)\b", re.IGNORECASE)
_HALF_A_DOZEN: Final = re.compile(r"\bhalf a dozen\b", re.IGNORECASE)
_NAMED: Final = re.compile(r"\b(?:[pP](50|75|90|95|99)|[vV](\d+(?:\.\d+)?)|[A-Z](\d))\b")
_PERCENT: Final = re.compile(
    r"\s*(?:%|(?:percent|per cent|percentage|pct|pp|por ciento|porciento|prozent|pour cent)\b)", re.IGNORECASE
)
_TIMES: Final = re.compile(r"\s*(?:×|(?:x|times|veces)\b|-?\s?fold\b)", re.IGNORECASE)
_LARGE: Final = "|".join(sorted(MAGNITUDES.keys() - SHORT, key=len, reverse=True))
_MAGNITUDE: Final = re.compile(rf"\s*({_LARGE})\b", re.IGNORECASE)
_MONEY: Final = "|".join(word for word in CURRENCIES if word.isalpha())
_CURRENCY: Final = re.compile(rf"\s*([₹$€£]|(?:{_MONEY})\b)", re.IGNORECASE)
_OCCASIONS: Final = ("times", "veces")
_MONEYED: Final = ("INR", "USD", "EUR", "GBP")
_RUPEES: Final = frozenset({"lakh", "lakhs", "lac", "lacs", "lpa", "crore", "crores", "cr"})
"""Magnitudes by which sums in rupees are told, with their name or without."""
_KINDS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (("percent", _PERCENT), ("times", _TIMES))
_RANGE: Final = re.compile(r"\s?(?:[-–—→]|->|to|and|a|al|y|and a)\s?[₹$€£]?", re.IGNORECASE)
_PHRASE_END: Final = re.compile(r"[,;.()](?:\s|\Z|(?=[\s)]))|[()]|\b(?:from|to|and)\b")
_SPELLED: Final = re.compile(r"[^\W\d_]+")


Key = tuple[str, Decimal]


SAME: Final[Mapping[Key, Key]] = {
    ("times", Decimal("0.5")): ("percent", Decimal(50)),
    ("times", Decimal(2)): ("percent", Decimal(100)),
}
"""What is said in either way: "halved" and "by 50 %"."""


@dataclass(frozen=True, slots=True)
class Number:
    """One figure: its span in the text, and the stems of what it counts."""

    kind: Kind
    value: Decimal
    span: tuple[int, int]
    unit: str = ""
    is_soft: bool = False
    """Whether it may come and go: the word "one", and ordinals that rank nothing."""
    counts: frozenset[str] = frozenset()
    noun: str = ""
    """The first of what it counts."""
    magnitude: int = 1
    others: frozenset[Key] = frozenset()
    """What else it may mean: "48.000" is either, the first figure of "2 to 4 %" is a share as well."""

    @property
    def key(self) -> Key:
        return self.kind, self.value

    @property
    def is_year(self) -> bool:
        return self.kind == "plain" and 1950 <= self.value <= 2100 and self.value == int(self.value)

    @property
    def keys(self) -> frozenset[Key]:
        """All it may mean, among it its amount in the smallest unit of its family."""
        return frozenset([self.key, *self.others, *self.scaled])

    @property
    def meanings(self) -> frozenset[Key]:
        """All it may mean, with what is said in either way under one name."""
        return frozenset(SAME.get(key, key) for key in self.keys)

    @property
    def scaled(self) -> frozenset[Key]:
        """What it comes to in the smallest unit of its family."""
        family, factor = SCALES.get(self.unit, ("", Decimal(1)))
        amounts = (self.value, *(value for _, value in self.others))
        return (
            frozenset((family, value * factor) for value in amounts) if family and self.kind == "plain" else frozenset()
        )


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    span: tuple[int, int]


def tongue(text: str) -> Tongue:
    """Return whose number words a text uses: the same letters are eleven in Spanish and a time in English."""
    found = language.counts(text)
    foreign: Tongue = "es" if found["es"] >= found["hi"] else "hi"
    return foreign if found[foreign] > found["en"] else "en"


def numbers(text: str) -> tuple[Number, ...]:
    """Return the figures of a text in order."""
    text = _masked(text)
    found = [*_written(text), *_halves(text), *_spelled(text), *_quiet(text)]
    found = _without_overlaps(sorted(found, key=lambda number: (number.span[0], -number.span[1])))
    return tuple(_described(text, list(_ranged(text, found))))


def _masked(text: str) -> str:
    """Blank what only looks like figures, and write some notations as others are; every place stays where it is."""
    for pattern, written in _NOTATIONS:
        text = pattern.sub(lambda found, written=written: found.expand(written).ljust(len(found[0])), text)
    return text


def _written(text: str) -> Iterator[Number]:
    found: list[Number] = []
    for match in _FIGURE.finditer(text):
        number = _figure(text, match)
        if number is not None:
            found.append(number)
    yield from found


def _figure(text: str, match: re.Match[str]) -> Number | None:
    digits = match["digits"]
    start, end = match.span()
    attached = (match["attached"] or "").lower()
    kind: Kind = CURRENCIES.get((match["before"] or "").lower(), "plain")
    (value, *others), unit = _values(digits), ""
    if attached in ("%", "pct"):
        return Number("percent", value, (start, end))
    if attached in ("x", "×"):
        return Number("times", value, (start, end))
    if attached in ATTACHED:
        value *= MAGNITUDES[attached]
        kind = "INR" if attached == "lpa" else kind
    elif attached in UNITS:
        unit = UNITS[attached]
    elif attached:
        # 2FA, 3D, 8051s: a name.
        return None
    number = _with_words(text, Number(kind, value, (start, end), unit))
    return replace(number, others=number.others.union((number.kind, other) for other in others))


def _with_words(text: str, number: Number) -> Number:
    """Take in the words after the digits that belong to the figure: magnitude, then percent, times or currency."""
    if magnitude := _MAGNITUDE.match(text, number.span[1]):
        word = magnitude[1].lower()
        kind: Kind = "INR" if word == "lpa" else number.kind
        size = MAGNITUDES[word]
        value, span = number.value * size, (number.span[0], magnitude.end())
        number = replace(number, kind=kind, value=value, span=span, magnitude=size, is_soft=False)
        if word in _RUPEES and number.kind in ("plain", "INR"):
            number = replace(number, others=frozenset({("INR", value), ("plain", value)}))
    if half := _AND_A_HALF.match(text, number.span[1]):
        number = replace(number, value=number.value + Decimal("0.5"), span=(number.span[0], half.end()), is_soft=False)
    if number.kind != "plain":
        return number
    for kind, pattern in _KINDS:
        if found := pattern.match(text, number.span[1]):
            # "310 times" are as many downloads.
            others = (
                number.others | {("plain", number.value)} if found[0].strip().lower() in _OCCASIONS else number.others
            )
            return replace(number, kind=kind, span=(number.span[0], found.end()), others=others)
    if currency := _CURRENCY.match(text, number.span[1]):
        return replace(number, kind=CURRENCIES[currency[1].lower()], span=(number.span[0], currency.end()))
    return number


def _ranged(text: str, found: list[Number]) -> Iterator[Number]:
    """Let a figure mean what its neighbour's words make of it: "61-83 %", "₹10 to 12 lakh", "de 2,4 al 1,1 %"."""
    for at, number in enumerate(found):
        others = set(number.others)
        for follower, between in _neighbours(text, found, at):
            if _RANGE.fullmatch(between) and (number.kind == "plain" or number.kind in (follower.kind, *_MONEYED)):
                size = follower.magnitude if number.magnitude == 1 else 1
                kinds = {number.kind, follower.kind if number.kind == "plain" else number.kind}
                others.update((kind, value) for kind in kinds for value in (number.value, number.value * size))
        yield replace(number, others=frozenset(others))


def _neighbours(text: str, found: list[Number], at: int) -> Iterator[tuple[Number, str]]:
    if at + 1 < len(found):
        yield found[at + 1], text[found[at].span[1] : found[at + 1].span[0]]
    if at:
        yield found[at - 1], text[found[at - 1].span[1] : found[at].span[0]]


def _spelled(text: str) -> Iterator[Number]:
    tokens = [_Word(match[0].lower(), match.span()) for match in _SPELLED.finditer(text)]
    spoken, at = tongue(text), 0
    while at < len(tokens):
        before = tokens[at - 1].text if at else ""
        after = [follower.text for follower in tokens[at + 1 : at + 3]]
        number, used = _composed(text, tokens[at:], spoken)
        if number is None:
            number = _ratio(tokens[at], before, after) or _rank(text, tokens[at], after) or _amount(tokens[at], before)
        if number is not None:
            yield _with_words(text, number)
        at += used


def _composed(text: str, tokens: list[_Word], spoken: Tongue) -> tuple[Number | None, int]:
    """Read a number of several words: "two hundred and fifty", "treinta y cinco", "mil quinientos"."""
    values, total, part, used, last = WORDS[spoken], 0, 0, 0, ""
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


def _ratio(token: _Word, before: str, after: list[str]) -> Number | None:
    if token.text not in TIMES or (token.text == "half" and not (before in ("by", "in") or after[:1] in HALF_OF)):
        return None
    if token.text == "half" and after[:2] == ["a", "dozen"]:
        return Number("plain", Decimal(6), token.span)
    return Number("times", TIMES[token.text], token.span)


def _rank(text: str, token: _Word, after: list[str]) -> Number | None:
    is_unit = text[: token.span[0]].rstrip()[-1:].isdigit()
    if token.text not in ORDINALS or is_unit:
        return None
    is_rank = bool(after) and after[0] in RANKED
    return Number("plain", Decimal(ORDINALS[token.text]), token.span, is_soft=not is_rank)


def _amount(token: _Word, before: str) -> Number | None:
    if token.text == "docena" and before == "media":
        return Number("plain", Decimal(6), token.span)
    is_one = token.text in AMOUNTS and before in ("a", "one", "an", "each", "the", "una")
    return Number("plain", Decimal(MAGNITUDES[token.text]), token.span) if is_one else None


def _halves(text: str) -> Iterator[Number]:
    for match in _HALF_A_DOZEN.finditer(text):
        yield Number("plain", Decimal(6), match.span())
    for match in _HALF_AN.finditer(text):
        yield Number("plain", Decimal("0.5"), match.span(), _unit(match[1].lower()))


def _quiet(text: str) -> Iterator[Number]:
    """Find figures within names, which only ground others: p95, v1.24, L2."""
    for match in _NAMED.finditer(text):
        digits = next(group for group in match.groups() if group)
        yield Number("plain", Decimal(digits), match.span(), is_soft=True)


def _without_overlaps(found: list[Number]) -> list[Number]:
    kept: list[Number] = []
    for number in found:
        if not kept or number.span[0] >= kept[-1].span[1]:
            kept.append(number)
    return kept


def _described(text: str, found: list[Number]) -> Iterator[Number]:
    for at, number in enumerate(found):
        end = found[at + 1].span[0] if at + 1 < len(found) else len(text)
        after = words(_PHRASE_END.split(text[number.span[1] : end].lstrip("-–— "), maxsplit=1)[0])[:CONTEXT_WORDS]
        start = found[at - 1].span[1] if at else 0
        before = words(_PHRASE_END.split(text[start : number.span[0]])[-1])[-2:]
        counts = _stems(after) or _stems(before)
        near = [*after, *reversed(before)] if _stems(after) else before[::-1]
        noun = next((stem(word) for word in near if word not in STOP_WORDS), "")
        yield replace(number, unit=number.unit or _unit_of(after), counts=counts, noun=noun)


def _stems(found: list[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in found if word not in STOP_WORDS)


def _unit_of(after: list[str]) -> str:
    """Return the unit among the next words; between a figure and its unit stands at most one other."""
    if after[:1] == ["sq"] or after[:1] == ["square"]:
        return f"square {_unit(after[1]) or {'m': 'metre'}.get(after[1], after[1])}" if len(after) > 1 else ""
    return next((unit for word in after[:2] if (unit := _unit(word))), "")


def _unit(word: str) -> str:
    return UNITS.get(word) or UNITS.get(word.removesuffix("s"), "")


def _values(digits: str) -> list[Decimal]:
    """Return what digits may mean, the likelier first; a dot before three of them stands for thousands or not."""
    if re.fullmatch(r"\d{1,3}(?:,\d{2,3})+(?:\.\d+)?", digits):
        return [
            Decimal(digits.replace(",", "")),
            *([Decimal(digits.replace(",", "."))] if digits.count(",") == 1 else []),
        ]
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", digits):
        whole = Decimal(digits.replace(".", "").replace(",", "."))
        return [Decimal(digits), whole] if digits.count(".") == 1 and "," not in digits else [whole]
    return [Decimal(digits.replace(",", "."))]
