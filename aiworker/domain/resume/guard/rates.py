"""Rates in a text: "12,000 rows a day", "weekly", "₹5 lakh per annum"."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Final

from aiworker.domain.cued import Cued, Index, cued
from aiworker.domain.resume.guard.notations import lowered, spans
from aiworker.domain.resume.guard.number import Number
from aiworker.domain.resume.guard.numerals import WORDS
from aiworker.domain.resume.guard.units import HINDI_SPANS, SPANISH_SPANS
from aiworker.domain.resume.guard.words import listed

_SPANS: Final = {
    **{
        name: name
        for name in listed("second minute hour day week fortnight month quarter year semester shift sprint term season")
    },
    "half-term": "half-term",
    "sec": "second",
    "s": "second",
    "min": "minute",
    "hr": "hour",
    "h": "hour",
    "yr": "year",
    "annum": "year",
    "night": "day",
    "morning": "day",
    "evening": "day",
}
_ARTICLED: Final = "minute|hour|day|week|fortnight|month|year"
"""What "a" or "an" may stand for "per" before; "a shift" and "a second" are things."""
_OURS: Final = {**SPANISH_SPANS, "trimestre": "quarter"}
_PER: Final = cued(
    rf"(?:\b(?:per|each|every)[\s-]+|(?<!\bu)/\s?)(?:working |night |day |evening |morning |afternoon |early |late"
    rf" )?({'|'.join(_SPANS)})s?\b(?!-| \w+day\b| of an?\b)",
)
_A: Final = cued(
    rf"\ban?\s+({_ARTICLED})\b"
    r"(?!-| and a half| and a quarter| and three| of\b| \d"
    r"| (?:ahead|before|early|earlier|late|later|after|ago|in advance|longer|shorter)\b)"
)
_NUMBERS: Final = "|".join(word for word, value in WORDS["en"].items() if value > 1)
_A_SHIFT: Final = cued(
    rf"(?:\d\S{{0,12}}|\b(?:once|twice|{_NUMBERS}))\s+(?:[\w-]+\s+){{0,4}}an?\s+"
    r"(shift|semester|quarter|sprint|season|term|night|morning|evening)\b(?! (?:shifts?|loans?|deposits?|papers?)\b)"
)
"""Where a figure stands before, these are counted by as well."""
_A_WEEK_OF: Final = cued(rf"(?:\d\S{{0,12}}|\b(?:{_NUMBERS})) (?:[\w-]+ )?[\w-]+s an?\s+({_ARTICLED}) of\b(?! the\b)")
"""So many lessons a week of an hour each; "a week of lessons" is none."""
_IN_A: Final = cued(
    r"\b(?:one|1|once|twice|times?|\w+days?) in an?\s+(day|week|month|year)\b|\bin an average (day|week|month|year)\b"
)
_A_DAY_AFTER: Final = cued(rf"\d\S{{0,12}}\s+(?:[\w-]+\s+){{1,2}}an?\s+({_ARTICLED})\s+(?:after|before)\b")
"""So many a day, after something; what has a figure right before is one day after."""
_WITHIN: Final = listed("in within of for over after during than half to inside under about below nearly least")
"""What stands before "a day" that is no rate."""
_LONGEST: Final = 10
_NEXT: Final = re.compile(r"(?:(?!\b(?:through|by|in|with|via|from|to|after|and|for|on|at|of)\b)[^,;.()]){0,30}")
"""What may stand between a figure and its span."""
_SPANISH: Final = cued(rf"(?:\b(?:por|al|cada|a la)\s+|/\s?)({'|'.join(_OURS)})(?:s|es)?\b")
_GERMAN: Final = {"stunde": "hour", "tag": "day", "woche": "week", "monat": "month", "jahr": "year"}
_PRO: Final = cued(rf"(?:\b(?:pro|je|jede[nrs]?)\s+|/\s?)({'|'.join(_GERMAN)})\b")
HOLIDAY: Final = re.compile(r"(?:christmas|easter|diwali|eid|ramadan|holi|thanksgiving|halloween)", re.IGNORECASE)
WEEKDAY: Final = cued(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.IGNORECASE)
"""What may stand for "every week"."""
_MONTHLY: Final = cued(r"\d(?<=\d\d\d) ?/? ?p\.? ?m\b\.?")
"""Money "p.m."; times of day have fewer digits."""
_BY: Final = cued(rf"\b({_ARTICLED}) by \1\b")
_CURRENT: Final = cued(r"\b(?:mant|pus|pon|est)\w*\s+al día\b")
"""What is kept up to date in Spanish, and no rate."""
_HINDI: Final = cued(rf"\b(?:har|prati)\s+({'|'.join(HINDI_SPANS)})\b|\b({'|'.join(HINDI_SPANS)})\s+(?:mein|me)\b")
ADVERBS: Final = {
    "hourly": "hour",
    "daily": "day",
    "nightly": "day",
    "weekly": "week",
    "fortnightly": "fortnight",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
    "annual": "year",
    "annually": "year",
    **dict.fromkeys(["fps", "qps", "rps", "tps", "kbps", "mbps", "gbps"], "second"),
    "wpm": "minute",
    "cpm": "minute",
    "tph": "hour",
    "tpd": "day",
    "mau": "month",
    "dau": "day",
    "täglich": "day",
    "wöchentlich": "week",
    "monatlich": "month",
    "jährlich": "year",
    "stündlich": "hour",
    "rpm": "minute",
    "kmph": "hour",
    "roz": "day",
    "rozana": "day",
    "p.a": "year",
    "lpa": "year",
    "diario": "day",
    "diaria": "day",
    "diarios": "day",
    "diarias": "day",
    "diariamente": "day",
    "semanal": "week",
    "semanales": "week",
    "semanalmente": "week",
    "mensual": "month",
    "mensuales": "month",
    "mensualmente": "month",
    "trimestral": "quarter",
    "trimestrales": "quarter",
    "anual": "year",
    "anuales": "year",
    "anualmente": "year",
}
_ADVERB: Final = cued(
    rf"\b(?<!\d-)(?<!half[- ])(?<!two-)(?<!three-)(?<!four-)(?<!six-)"
    rf"({'|'.join(re.escape(word) for word in ADVERBS)})(?:e[nrms]?)?\b",
)


def _last_word(text: str, end: int) -> str:
    return text[max(0, end - _LONGEST) : end].rstrip().rpartition(" ")[2]


_READ: Final[tuple[tuple[Cued, Callable[[re.Match[str]], str]], ...]] = (
    (_PER, lambda found: _SPANS[found[1]]),
    (_A, lambda found: "" if _last_word(found.string, found.start()) in _WITHIN else found[1]),
    (_A_DAY_AFTER, lambda found: "" if found[0].split()[-4] in _WITHIN else found[1]),
    (_A_SHIFT, lambda found: "" if found[0].split()[-3] in _WITHIN else _SPANS[found[1]]),
    (_A_WEEK_OF, lambda found: found[1]),
    (_IN_A, lambda found: found[1] or found[2]),
    (_MONTHLY, lambda _: "month"),
    (_BY, lambda found: found[1]),
    (_SPANISH, lambda found: _OURS[found[1]]),
    (_HINDI, lambda found: HINDI_SPANS[found[1] or found[2]]),
    (_PRO, lambda found: _GERMAN[found[1]]),
    (_ADVERB, lambda found: ADVERBS[found[1]]),
)
"""How rates are told, and by what span each counts, if any."""
_INDEX: Final = Index(pattern for pattern, _ in _READ)


def rates(text: str) -> frozenset[str]:
    """Return the spans of time that a text counts things by."""
    low = _CURRENT.sub("", lowered(text))
    told = (_READ[place] for place in _INDEX.places(low))
    found = {read(match) for pattern, read in told for match in pattern.of(low).finditer(low)}
    return spans(text).union(found) - {""}


_PLACED: Final[tuple[tuple[Cued, Callable[[re.Match[str]], tuple[int, str]]], ...]] = (
    (_PER, lambda found: (found.start(), _SPANS[found[1]])),
    (_A, lambda found: (found.start(), found[1])),
    (_A_SHIFT, lambda found: (found.start(1), _SPANS[found[1]])),
    (_A_WEEK_OF, lambda found: (found.start(1), found[1])),
    (_ADVERB, lambda found: (found.start(), ADVERBS[found[1]])),
)
"""Those that may stand right after a figure: where, and what span they name."""
_PLACED_INDEX: Final = Index(pattern for pattern, _ in _PLACED)


def rates_of(text: str, numbers: Sequence[Number]) -> dict[Number, str]:
    """Return the span of time each figure is counted by that names one right after itself."""
    hard = [number for number in numbers if not number.is_soft]
    low = lowered(text) if hard else ""
    told = (_PLACED[place] for place in _PLACED_INDEX.places(low))
    placed = sorted(read(match) for pattern, read in told for match in pattern.of(low).finditer(low))
    starts = [start for start, _ in placed]
    found: dict[Number, str] = {}
    for place, number in enumerate(hard):
        end = hard[place + 1].span[0] if place + 1 < len(hard) else len(low)
        at = bisect_left(starts, number.span[1])
        if at < len(placed) and starts[at] < end and _NEXT.fullmatch(low, number.span[1], starts[at]):
            found[number] = placed[at][1]
    return found
