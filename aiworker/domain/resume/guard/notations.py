"""Notations that are read before any figure is: dates, fractions, spans of time in words; places stay as they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from aiworker.domain.cued import Cued, Index, cued

ALWAYS: Final = cued(
    r"\b24\s?[/x×]\s?7\b"
    r"|\b(?:24|twenty-?four)[ -]hours?(?:[ ,]*(?:a|per|/) ?day)?[ ,]*(?:and )?(?:7|seven)[ -]days?"
    r"(?: ?(?:a|per|/) ?week)?\b"
    r"|\blas 24 horas(?: del día)?[ ,]*(?:y )?los (?:7|siete) días(?: de la semana)?\b|\bround[ -]the[ -]clock\b",
    re.IGNORECASE,
)
"""What "24/7" is, in words or not; no rate."""

_EVERY: Final = r"(?:every|each|once (?:in|every)|at intervals of|cada)"
_SIX: Final = r"(?:6|six|seis)"
_TWICE: Final = r"(?:twice|two times|2 ?(?:x|×|times)|dos veces|2 veces)"
_TWO: Final = r"(?:2|two|dos|second|other|alternate)"
_TURNS: Final = r"(?:schedules?|cycles?|intervals?|recalls?|basis|rota|rhythm)"
SPANS: Final[tuple[tuple[str, Cued], ...]] = tuple(
    (name, cued(rf"\b(?:{pattern})\b", re.IGNORECASE))
    for name, pattern in (
        (
            "year",
            rf"{_EVERY} (?:12|twelve|doce) (?:months|meses)|every"
            r" (?:january|february|march|april|may|june|july|august|september|october|november|december)",
        ),
        ("week", rf"{_EVERY} (?:7|seven) days"),
        ("minute", rf"{_EVERY} (?:60|sixty) seconds"),
        ("hour", rf"{_EVERY} (?:60|sixty) minutes"),
        (
            "quarter",
            rf"{_EVERY} (?:3|three|tres) (?:months|meses)"
            rf"|(?:3|three)(?:[- ]monthly|-month {_TURNS})",
        ),
        (
            "fortnight",
            rf"{_EVERY} {_TWO} (?:weeks?|semanas)|alternate weeks|bi-?weekly|quincenal\w*"
            r"|cada quincena",
        ),
        (
            "half-year",
            rf"{_EVERY} {_SIX} (?:months|meses)|{_SIX}[- ]monthly|half-yearly"
            rf"|{_SIX}-month (?:{_TURNS}|services?|checks?|inspections?|reviews?)|{_SIX}-month(?= and annual)"
            r"|(?:every|each|per|a) half[- ]year"
            rf"|semi-?annual(?:ly)?|bi-?annual(?:ly)?|{_TWICE} (?:a|per|each|every|al) (?:year|año)|semestralmente"
            r"|twice[ -]yearly",
        ),
        (
            "half-month",
            rf"semi-?monthly|bi-?monthly|{_TWICE} (?:a|per|each|every|al) (?:month|mes)|twice[ -]monthly",
        ),
        ("other day", r"(?:every|each) (?:second|other|alternate) day|alternate days"),
    )
)
"""By the name of a rate: how else it is told; what stands here counts nothing."""

_DATE: Final = cued(r"\b(\d{4})-(0[1-9]|1[0-2])-([0-3]\d)\b|\b([0-3]?\d)[/.](0?[1-9]|1[0-2])[/.]((?:19|20)\d\d)\b")
_MONTH: Final = cued(r"\b(\d{4})-(0[1-9]|1[0-2])\b(?!-)|(?<![\d/.])(0?[1-9]|1[0-2])/((?:19|20)\d\d)\b")
_MONTHS: Final = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
_CLOCK: Final = cued(r"\b(0?\d|1\d|2[0-3]):00\b(?! ?[ap]\.?m)|\b(0?[1-9]|1[0-2])(?::00)? ?[ap]\.?m\b\.?", re.IGNORECASE)
"""Full hours of the day; others have two figures anyhow."""
_AFTERNOON: Final = cued(r"\b(1[3-9]|2[0-3]):([0-5]\d)\b(?!:)")
MERIDIEM: Final = cued(r"\b(0?[1-9]|1[0-2])(?:[:.]\d\d)? ?([ap])\.?m\b", re.IGNORECASE)


def _hour(found: re.Match[str]) -> str:
    """Return the hour of the twelve, as most texts tell it."""
    return str(int(found[1] or found[2]) % 12 or 12)


_AGED: Final = cued(
    r"\b(under|over)[- ](\d{1,2}|fives|sixes|sevens|eights|tens|elevens|twelves|fifteens|eighteens|fifties|sixties"
    r"|seventies)s?\b",
    re.IGNORECASE,
)
_AGES: Final = {"sixes": "six", "fifties": "fifty", "sixties": "sixty", "seventies": "seventy"}


def _of_age(found: re.Match[str]) -> str:
    """Return "under 5" for the under-5s, "under five" for the under-fives."""
    age = found[2].lower()
    return f"{found[1]} {_AGES.get(age, age.removesuffix('s'))}"


_HOURS: Final[tuple[str, ...]] = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_QUARTERED: Final = cued(rf"\b(?:(quarter|half) past|(quarter) to) ({'|'.join(_HOURS)})\b", re.IGNORECASE)


def _quartered(found: re.Match[str]) -> str:
    """Return 7:45 for a quarter to eight."""
    hour = _HOURS.index(found[3].lower()) + 1
    if found[2]:
        return f"{(hour - 2) % 12 + 1}:45"
    return f"{hour}:{'15' if found[1].lower() == 'quarter' else '30'}"


_NOTATIONS: Final[tuple[tuple[Cued, str | Callable[[re.Match[str]], str]], ...]] = (
    (_DATE, lambda found: f"{found[1]} {int(found[3])}" if found[1] else f"{int(found[4])} {found[6]}"),
    # Of "2025-05" only the year may be quoted: its month would ground every 5.
    (_MONTH, lambda found: found[1] or found[4]),
    (cued(r"\bcovid-19\b", re.IGNORECASE), "covid"),
    (_AGED, _of_age),
    (cued(r"\b(?:12 )?noon\b", re.IGNORECASE), "12"),
    (_QUARTERED, _quartered),
    (cued(r"(?<=\d)-(?=seconds?\b)", re.IGNORECASE), " "),
    (_CLOCK, _hour),
    (_AFTERNOON, lambda found: f"{int(found[1]) - 12}:{found[2]}"),
    (cued(r"\b((?:19|20)\d\d)[-–/]((?:19|20)\d\d)\b"), r"\1 \2"),
    (cued(r"\b((?:19|20)\d\d)[-–/](\d\d)\b"), r"\1"),
    (ALWAYS, ""),
    (cued(r"(?<=\d) ([kKM])€"), r"\1€ "),
    (cued(r"(\d(?<![\d.,]\d)\d{0,2})[ '’](\d{3})(?=\s?(?:€|[A-Za-zÀ-ÿ]))"), r"\1\2"),
    (cued(r"(\d(?<=\b1:\d)\d{0,2})[ '’](\d{3})\b"), r"\1\2"),
)


_NOTED: Final = Index(pattern for pattern, _ in _NOTATIONS)
_SPANS: Final = Index(pattern for _, pattern in SPANS)


@lru_cache(maxsize=500)
def masked(text: str) -> str:
    """Blank what only looks like figures, and write some notations as others are; every place stays where it is."""
    text = _noted(text)
    for place in _SPANS.places(text):
        text = SPANS[place][1].sub(lambda found: " " * len(found[0]), text)
    return text


@lru_cache(maxsize=500)
def lowered(text: str) -> str:
    """Return a masked text in small letters."""
    return masked(text).lower()


def _noted(text: str, first: int = 0) -> str:
    for place in _NOTED.places(text):
        pattern, written = _NOTATIONS[place]
        if place >= first and pattern.of(text).search(text):
            # What is written now may be a notation that comes later.
            return _noted(pattern.sub(lambda found, written=written: _placed(found, written), text), place + 1)
    return text


def halves_of_day(text: str) -> frozenset[tuple[int, str]]:
    """Return the hours of which a text says whether they are before noon or after: (9, "a"), (9, "p")."""
    return frozenset((int(found[1]) % 12, found[2].lower()) for found in MERIDIEM.finditer(text))


def months(text: str) -> frozenset[str]:
    """Return the names of the months of a text's dates: 2025-05-02, 2.5.2025, 2025-05, 05/2025."""
    dates = [found[2] or found[5] for found in _DATE.finditer(text)]
    dates += [found[2] or found[3] for found in _MONTH.finditer(text)]
    return frozenset(_MONTHS[int(month) - 1] for month in dates)


def spans(text: str) -> frozenset[str]:
    """Return the spans of time that a text tells in several words."""
    if masked(text) == text:
        return frozenset()
    told = (SPANS[place] for place in _SPANS.places(text))
    return frozenset(name for name, pattern in told if pattern.search(text))


def _placed(found: re.Match[str], written: str | Callable[[re.Match[str]], str]) -> str:
    new = found.expand(written) if isinstance(written, str) else written(found)
    return new.ljust(len(found[0]))
