"""Figures in a text: what kind, how much, of what; "₹12 lakh", "1.2 million INR" and "12,00,000 rupees" are one.

Letters grown together with digits are names, not figures: p99, S3, OAuth2, 2FA.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Final

from aiworker.domain.cued import Cued, Index, cued
from aiworker.domain.cues import cues_in
from aiworker.domain.resume.guard import currencies
from aiworker.domain.resume.guard.notations import masked
from aiworker.domain.resume.guard.number import MONEY, Key, Number
from aiworker.domain.resume.guard.numerals import ATTACHED, LABELS, MAGNITUDES, PART_SIGNS, SHORT, Kind
from aiworker.domain.resume.guard.parts import parts, quiet, romans
from aiworker.domain.resume.guard.spelled import spelled
from aiworker.domain.resume.guard.units import UNITS, unit_named
from aiworker.domain.resume.guard.words import STOP_WORDS, stem, words

MOST: Final = 100
"""So many of which some are a share."""
CONTEXT_WORDS: Final = 4
"""How many words after a figure may say what it counts; before it only the two next."""
NEAR: Final = 20
"""Characters after a range that may hold its unit."""

_DIGITS: Final = (
    r"(?:(?<=\d)(?:\d{0,2}(?:,\d{2,3})+(?:\.\d+)?|\d*(?:\.\d{3})+(?:,\d+)?(?=\D|$)|\d*(?:[.,]\d+)?)"
    r"|(?<=\.)\d{1,3}(?![\d.]))(?: ?[½¼¾⅓⅔]| 1/2(?![\d/]))?"
)
"""What follows the first of them."""
_ENDING: Final = r"(?:(?:st|nd|rd|th)\b|(?P<attached>[A-Za-zµμ]+|[%×])(?![\w]))?\+?"
# A search leaps to what a pattern begins with, if that is one of a few signs.
_FIGURE: Final = re.compile(rf"(?P<digits>[\d.](?<![\w.].)(?<!\d,.){_DIGITS}){_ENDING}(?P<before>)", re.IGNORECASE)
_SUM: Final = re.compile(
    rf"(?:(?P<before>{currencies.BEFORE})\s?|(?<![\w.])(?<!\d,))(?P<digits>[\d.]{_DIGITS}){_ENDING}", re.IGNORECASE
)
_MONEY: Final = cued(rf"(?:{currencies.BEFORE})\s?\d", re.IGNORECASE)
"""What a text with sums has: the others are spared looking for every currency at every place."""
_AND_A_HALF: Final = re.compile(r"(?:\s+(?:and a half|y medi[oa])|-and-a-half)\b", re.IGNORECASE)
_PERCENT: Final = re.compile(
    r"\s*(?:%|(?:percent|per cent|percentage|pct|pp|por ciento|porciento|prozent|pour cent)\b)", re.IGNORECASE
)
_TIMES: Final = re.compile(r"\s*(?:(?:×|x\b)(?!\s*\d|-)|(?:times|veces)\b|-?\s?fold\b)", re.IGNORECASE)
_LARGE: Final = "|".join(sorted(MAGNITUDES.keys() - SHORT, key=len, reverse=True))
_MAGNITUDE: Final = re.compile(rf"(?:\s*|-)({_LARGE})\b", re.IGNORECASE)
_CURRENCY: Final = re.compile(rf"[\s-]*(?:de )?({currencies.AFTER})", re.IGNORECASE)
_OFTEN: Final = re.compile(
    r"\s?(?:daily|weekly|monthly|yearly|per\b|/|an? (?:day|week|month|year|shift)\b|al? )", re.IGNORECASE
)
_OCCASIONS: Final = ("times", "veces")
_RUPEES: Final = frozenset({"lakh", "lakhs", "lac", "lacs", "lpa", "crore", "crores", "cr"})
"""Magnitudes by which sums in rupees are told, with their name or without."""
_KINDS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (("percent", _PERCENT), ("times", _TIMES))
_RANGE: Final = re.compile(r"\s{0,2}(?:[-–—→]|->|to|and|a|al|y|and a)\s?[₹$€£]?", re.IGNORECASE)
_SPACED_K: Final = re.compile(r" [Kk]\b(?!-(?!\d)| (?:means?|folds?|nearest|values?|clusters?|neighbou?rs?)\b)")
"""Thousands or kelvins; K-type, K-fold and k-means are neither."""
_THERMAL: Final = cued(
    r"\b(?:cool|heat|warm|temperature|anneal|kiln|furnace|oven|bake|baking|bath|cryo|helium|nitrogen|sinter|melt|freez"
    r"|froze|thermal|superconduct|kelvin|measured at\b|char\b)|°",
    re.IGNORECASE,
)
"""What a text has that tells kelvins."""
_ZERO_CELSIUS: Final = Decimal("273.15")
"""In kelvins."""
_HOTTEST: Final = 10_000
"""Degrees that anybody works with."""
_PENCE: Final = re.compile(
    r"\s?(?:(?P<GBP>pence)|(?P<EUR>euro[ -]cents?)|(?P<USD>cents?)|(?P<INR>paise))\b", re.IGNORECASE
)
_DEGREES: Final = re.compile(r"\s?(?:°\s?|deg(?:rees?)? )([CcFf])(?:elsius|entigrade|ahrenheit)?\b")
_FOLLOWING: Final = Index(
    Cued(pattern, begins_a_word=True)
    for pattern in (_MAGNITUDE, _AND_A_HALF, _PERCENT, _TIMES, _PENCE, _CURRENCY, _DEGREES)
)
"""What a text has that has any of them after a figure: the others are spared looking for each after every figure."""
OF_THEM: Final = re.compile(r"\s*of (?:them|whom|which|these|those)\b", re.IGNORECASE)
_PHRASE_END: Final = re.compile(r"[,;.()](?:\s|\Z|(?=[\s)]))|[()]|\b(?:from|to|and)\b")
_OWNED: Final = re.compile(r"\A['’]s\b")
"""What "each one's" ends with; no seconds."""
_CLOSED: Final = re.compile(r" ?%?\)")
_INSTEAD: Final = re.compile(r"\b(?:instead of|against|versus|vs\.?|compared (?:to|with)|rather than)\s*\Z")
_UNTIL: Final = re.compile(r"\s*[A-Za-z]{1,10}\s+to\s+[₹$€£]?")
_FEET: Final = re.compile(r"['′’](?!\w)")
_BY: Final = re.compile(r"\s*(?:x|×|by)\s*(?:\d|\Z)")
_RACE: Final = re.compile(r" (?:\w+ )?(?:run|race|walk|swim)\b", re.IGNORECASE)
"""What "10K" is the length of."""
_MINUS: Final = re.compile(r"(?:\A|[\s(])[-−–]\Z|\bminus \Z", re.IGNORECASE)
_OUT_OF: Final = re.compile(r"(?:[a-z]+ )?(?:in|out of)(?: every| each| an?)?|of the|per")
"""What stands between a part and the whole."""
_LISTED: Final = re.compile(r",? (?:and |or )?")
_LETTERS: Final = {"m": "metre", "n": "newton", "v": "volt"}
"""Units of one letter, which stand right after their figure."""
_AFTER_NAME: Final = re.compile(r"[\w,)] [A-Z]\w* \Z")


def numbers(text: str) -> tuple[Number, ...]:
    """Return the figures of a text in order; none goes on in the next line."""
    return tuple(_by_line(text)) if "\n" in text else _of_line(text)


@lru_cache(maxsize=500)
def _of_line(text: str) -> tuple[Number, ...]:
    written, text = text, masked(text)
    pattern = _FIGURE if _MONEY.cues.isdisjoint(cues_in(text)) else _SUM
    is_followed = bool(_FOLLOWING.places(text))
    found = [
        *(number for match in pattern.finditer(text) if (number := _figure(text, match, is_followed=is_followed))),
        *(_with_words(text, number) if is_followed and _is_amount(number) else number for number in parts(text)),
        *(_with_words(text, number) if is_followed else number for number in spelled(text)),
        *romans(text),
        *quiet(written),
    ]
    found = _without_overlaps(sorted(found, key=lambda number: (number.span[0], -number.span[1])))
    if len(found) > 1:
        found = list(_shared(text, _enumerated(text, list(_ranged(text, found)))))
    return tuple(_described(text, found))


def _by_line(text: str) -> Iterator[Number]:
    start = 0
    for line in text.split("\n"):
        for number in numbers(line):
            yield number._replace(span=(number.span[0] + start, number.span[1] + start))
        start += len(line) + 1


def _is_amount(number: Number) -> bool:
    """Say whether a figure told in parts may have a magnitude or a currency: half a million, 3 1/2 lakh."""
    return number.kind == "plain" and not number.unit


def _figure(text: str, match: re.Match[str], *, is_followed: bool) -> Number | None:
    written, digits, attached = match["before"] or "", match["digits"], (match["attached"] or "").lower()
    start, end = match.span()
    if text.startswith("-year", end) and match[0][-2:] in ("st", "nd", "rd", "th"):
        return None
    kind: Kind = currencies.currency(written) or "plain"
    (value, *others), unit = _values(digits), ""
    if attached in ("%", "pct"):
        return Number("percent", value, (start, end))
    if attached in ("x", "×"):
        # "3x daily" are three a day.
        is_often = _OFTEN.match(text, end)
        return Number("times", value, (start, end), others=frozenset({("plain", value)} if is_often else ()))
    if attached == "p" and value < MOST:
        return Number("GBP", value / MOST, (start, end))
    if attached in ATTACHED:
        value *= MAGNITUDES[attached]
        kind = "INR" if attached == "lpa" else kind
    elif attached in UNITS:
        unit = UNITS[attached]
    elif attached:
        # 2FA, 3D, 8051s: a name.
        return None
    if attached == "k" and _RACE.match(text, end):
        others.append(value / MAGNITUDES["k"])
    if is_followed and (degrees := _DEGREES.match(text, end)):
        return _temperature(text, start, value, degrees)
    number = Number(kind, value, (start, end), unit or _feet(text, start, end))
    number = number if attached else _thousands(text, number)
    number = _with_words(text, number) if is_followed else number
    return _in_others(number, written, others) if written or others else number


def _in_others(number: Number, written: str, others: list[Decimal]) -> Number:
    """Let a figure mean its other values too, and the other currencies that go by its sign."""
    kinds = (number.kind, *currencies.OTHERS.get(written.lower(), ()))
    said = {(kind, value) for kind in kinds for value in (number.value, *others)} - {number.key} - number.others
    return number._replace(others=number.others | said) if said else number


def _feet(text: str, start: int, end: int) -> str:
    is_by = _FEET.match(text, end) and (_BY.match(text, end + 1) or _BY.search(text[:start]))
    return "foot" if is_by else ""


def _temperature(text: str, start: int, value: Decimal, degrees: re.Match[str]) -> Number:
    """Return so many degrees, which are as many others on the other scale."""
    is_below = bool(_MINUS.search(text[:start]))
    signed = -value if is_below else value
    is_celsius = degrees[1] in "Cc"
    celsius = signed if is_celsius else (signed - 32) * 5 / 9
    unit = "celsius" if is_celsius else "fahrenheit"
    return Number("plain", value, (start, degrees.end()), unit, others=_celsius(celsius, 1))


def _celsius(value: Decimal, *digits: int) -> frozenset[Key]:
    """Return a temperature, rounded to so many digits each; more digits than a Decimal has could not be."""
    return frozenset(("celsius", round(value, each)) for each in digits if abs(value) < _HOTTEST)


def _thousands(text: str, number: Number) -> Number:
    """Read "45 K": kelvins in a text that tells of heat or cold, else thousands."""
    found = _SPACED_K.match(text, number.span[1])
    if not found:
        return number
    span = (number.span[0], found.end())
    is_heat = found[0] == " K" and number.kind == "plain" and number.value < _HOTTEST and _THERMAL.search(text)
    if not is_heat:
        size = MAGNITUDES["k"]
        return number._replace(value=number.value * size, span=span, magnitude=size)
    others = _celsius(number.value - _ZERO_CELSIUS, 0, 1)
    return number._replace(span=span, unit="kelvin", others=number.others | others)


def _with_words(text: str, number: Number) -> Number:
    """Take in the words after the digits that belong to the figure: magnitude, then percent, times or currency."""
    if magnitude := _MAGNITUDE.match(text, number.span[1]):
        word = magnitude[1].lower()
        kind: Kind = "INR" if word == "lpa" else number.kind
        size = MAGNITUDES[word]
        value, span = number.value * size, (number.span[0], magnitude.end())
        number = number._replace(kind=kind, value=value, span=span, magnitude=size, is_soft=False)
        if word in _RUPEES and number.kind in ("plain", "INR"):
            number = number._replace(others=frozenset({("INR", value), ("plain", value)}))
    if half := _AND_A_HALF.match(text, number.span[1]):
        number = number._replace(value=number.value + Decimal("0.5"), span=(number.span[0], half.end()), is_soft=False)
        if magnitude := _MAGNITUDE.match(text, half.end()):
            size = MAGNITUDES[magnitude[1].lower()]
            span = (number.span[0], magnitude.end())
            number = number._replace(value=number.value * size, span=span, magnitude=size)
    if number.kind != "plain":
        return number
    for kind, pattern in _KINDS:
        if found := pattern.match(text, number.span[1]):
            # "310 times" are as many downloads.
            others = (
                number.others | {("plain", number.value)} if found[0].strip().lower() in _OCCASIONS else number.others
            )
            return number._replace(kind=kind, span=(number.span[0], found.end()), others=others)
    if pence := _PENCE.match(text, number.span[1]):
        value, span = number.value / MOST, (number.span[0], pence.end())
        kinds = ("USD", "EUR") if pence["USD"] else (pence.lastgroup,)
        return number._replace(kind=kinds[0], value=value, span=span, others=frozenset((kind, value) for kind in kinds))
    if money := _CURRENCY.match(text, number.span[1]):
        name = re.sub(r"\A(?:us|u\.s\.|american) ", "", money[1].lower())
        # Pounds are a weight as well.
        kinds = (*currencies.OTHERS.get(name, ()), *(("plain",) if name in ("pound", "pounds") else ()))
        others = number.others.union((kind, number.value) for kind in kinds)
        unit = "pound" if name in ("pound", "pounds") else number.unit
        span = (number.span[0], money.end())
        return number._replace(kind=currencies.currency(name) or "plain", span=span, others=others, unit=unit)
    return number


def _ranged(text: str, found: list[Number]) -> Iterator[Number]:
    """Let a figure mean what its neighbour's words make of it: "61-83 %", "₹10 to 12 lakh", "de 2,4 al 1,1 %"."""
    for at, number in enumerate(found):
        others: frozenset[Key] = number.others
        for follower, between in _neighbours(text, found, at):
            if (
                len(between) < NEAR
                and _RANGE.fullmatch(between)
                and (number.kind == "plain" or number.kind in (follower.kind, *MONEY))
            ):
                size = follower.magnitude if number.magnitude == 1 else 1
                kinds = {number.kind, follower.kind if number.kind == "plain" else number.kind}
                others |= {(kind, value) for kind in kinds for value in (number.value, number.value * size)}
        yield number._replace(others=others) if others != number.others else number


def _shared(text: str, found: list[Number]) -> Iterator[Number]:
    """Let both figures of "9 in 10" know that they are 90 %, and those of "65:35" that they are shares."""
    shares: dict[int, Key] = {}
    for first, second in pairwise(number for number in found if not number.is_year):
        between = text[first.span[1] : second.span[0]].strip().lower()
        is_part = 0 < first.value <= second.value and second.value <= (MOST if first.value > 1 else 10 * MOST)
        if first.kind == second.kind == "plain" and _OUT_OF.fullmatch(between) and is_part:
            shares[first.span[0]] = shares[second.span[0]] = _share(first.value, second.value)
        elif OF_THEM.match(text, second.span[1]) and first.kind == second.kind and 0 < second.value <= first.value:
            shares[second.span[0]] = _share(second.value, first.value)
        elif between == ":" and first.kind == second.kind == "plain" and first.value + second.value == MOST:
            shares[first.span[0]], shares[second.span[0]] = ("percent", first.value), ("percent", second.value)
    for number in found:
        share = shares.get(number.span[0])
        yield number._replace(share=share) if share else number


def _share(part: Decimal, whole: Decimal) -> Key:
    share = part * MOST / whole
    return "percent", share.normalize() if share == round(share, 1) else Decimal(round(share))


def _enumerated(text: str, found: list[Number]) -> list[Number]:
    """Let each figure of "5, 10 and 15 %" be so many percent."""
    for at in range(len(found) - 2, -1, -1):
        one, follower = found[at], found[at + 1]
        share: Key = ("percent", one.value)
        is_share = follower.kind == "percent" or any(kind == "percent" for kind, _ in follower.others)
        if one.kind == "plain" and is_share and _LISTED.fullmatch(text, one.span[1], follower.span[0]):
            found[at] = one._replace(others=one.others | {share})
    return found


def _neighbours(text: str, found: list[Number], at: int) -> Iterator[tuple[Number, str]]:
    if at + 1 < len(found):
        yield found[at + 1], text[found[at].span[1] : found[at + 1].span[0]]
    if at:
        yield found[at - 1], text[found[at - 1].span[1] : found[at].span[0]]


def _without_overlaps(found: list[Number]) -> list[Number]:
    kept: list[Number] = []
    for number in found:
        if not kept or number.span[0] >= kept[-1].span[1]:
            kept.append(number)
    return kept


def _described(text: str, found: list[Number]) -> Iterator[Number]:
    previous: Number | None = None
    for at, number in enumerate(found):
        end = found[at + 1].span[0] if at + 1 < len(found) else len(text)
        if text.endswith("(", 0, number.span[0]) and _CLOSED.match(text, number.span[1]):
            # "shift timing (17)" counts what stands before it.
            near = _stems(words(text[found[at - 1].span[1] if at else 0 : number.span[0]])[-2:])
            yield number._replace(counts=frozenset(near), noun=(near or [""])[-1])
            continue
        rest = _OWNED.sub("", text[number.span[1] : end].lstrip("-–— "))
        after = words(_PHRASE_END.split(rest, maxsplit=1)[0])[:CONTEXT_WORDS]
        start = found[at - 1].span[1] if at else 0
        before = words(_PHRASE_END.split(text[start : number.span[0]])[-1])[-2:]
        close = text[max(0, number.span[0] - NEAR) : number.span[0]]
        is_label = bool(before) and before[-1] in LABELS
        unit = "" if is_label else number.unit or _unit_of(after) or _unit_of_range(text, found[at : at + 2])
        after, before = _stems(after), _stems(before)
        # "A mismatch of ₹14.6 lakh": money is told by what stands before it.
        if is_label or (not unit and _AFTER_NAME.search(close)) or (number.kind in MONEY and before):
            after = []
        counts, noun = frozenset(after or before), (after[:1] or before[-1:] or [""])[0]
        was = text[previous.span[1] : number.span[0]] if previous else ""
        if not unit and previous and (_INSTEAD.search(close) or (_UNTIL.fullmatch(was) and not noun)):
            unit, noun, counts = previous.unit, previous.noun, previous.counts
        described = number._replace(unit=unit, counts=counts, noun=noun)
        previous = previous if number.is_year else described
        yield described


def _stems(found: list[str]) -> list[str]:
    return [stem(word) for word in found if word not in STOP_WORDS]


def _unit_of(after: list[str]) -> str:
    """Return the unit among the next words; between a figure and its unit stands at most one other."""
    first, second = [*after, "", ""][:2]
    if first == "n" and second in ("mm²", "mm2"):
        return "mpa"
    if first in _LETTERS:
        return _LETTERS[first]
    if first in ("sq", "square"):
        return f"square {unit_named(second) or {'m': 'metre'}.get(second, second)}" if second else ""
    if first == "second" and second == "hand":
        return ""
    return unit_named(first) or unit_named(second)


def _unit_of_range(text: str, pair: list[Number]) -> str:
    """Return the unit that the first of a range has from the last: "from 120 to 25 min"."""
    if len(pair) == 1 or pair[0].kind != "plain" or not _RANGE.fullmatch(text[pair[0].span[1] : pair[1].span[0]]):
        return ""
    return pair[1].unit or _unit_of(words(text[pair[1].span[1] : pair[1].span[1] + NEAR])[:1])


def _values(digits: str) -> list[Decimal]:
    """Return what digits may mean, the likelier first; a dot before three of them stands for thousands or not."""
    if digits.isdecimal():
        return [Decimal(digits)]
    for sign, part in PART_SIGNS.items():
        if digits.endswith(sign):
            return [value + part for value in _values(digits.removesuffix(sign).rstrip())]
    if re.fullmatch(r"[1-9]\d{0,2}(?:,\d{2,3})+(?:\.\d+)?", digits):
        return [
            Decimal(digits.replace(",", "")),
            *([Decimal(digits.replace(",", "."))] if re.fullmatch(r"\d+,\d\d", digits) else []),
        ]
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", digits):
        whole = Decimal(digits.replace(".", "").replace(",", "."))
        return [Decimal(digits), whole] if digits.count(".") == 1 and "," not in digits else [whole]
    return [Decimal(digits.replace(",", "."))]
