"""Figures without digits: "two hundred and fifty", "treinta y cinco", "doubled"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from aiworker.domain.resume import language
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

_NUMERALS: Final = frozenset(
    [*(word for values in WORDS.values() for word in values), *TIMES, *ORDINALS, *AMOUNTS, *COPIES, *HUNDREDS]
)
"""Words that may begin a figure."""
_SPELLED: Final = re.compile(r"[^\W\d_]+")
_MOST: Final = 12
"""Words that one figure is told in."""


class _Word(NamedTuple):
    text: str
    span: tuple[int, int]


def tongue(text: str) -> Tongue:
    """Return whose number words a text uses: the same letters are eleven in Spanish and a time in English."""
    found = language.counts(text)
    foreign: Tongue = "es" if found["es"] >= found["hi"] else "hi"
    return foreign if found[foreign] > found["en"] else "en"


def spelled(text: str) -> Iterator[Number]:
    """Find figures told in words, in the language of the text; where a word only points ("the two"), a soft one."""
    if _NUMERALS.isdisjoint(language.letters(text.lower())):
        return
    found = list(_SPELLED.finditer(text))
    spoken, at = tongue(text), 0
    while at < len(found):
        if found[at][0].lower() not in _NUMERALS:
            at += 1
            continue
        tokens = [_Word(match[0].lower(), match.span()) for match in found[at : at + _MOST]]
        before = found[at - 1][0].lower() if at else ""
        after = [follower.text for follower in tokens[1:3]]
        number, used = _composed(text, tokens, spoken)
        if number is None:
            number = (
                _ratio(text, tokens[0], before, after)
                or _rank(text, tokens[0], before, after)
                or _amount(tokens[0], before)
            )
        if number is not None:
            is_known = before in ("the", "both") and number.value == 2 and number.kind == "plain"
            yield number._replace(is_soft=True) if is_known else number
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
    return number._replace(others=frozenset({("plain", number.value)})) if token.text in OFTEN else number


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
