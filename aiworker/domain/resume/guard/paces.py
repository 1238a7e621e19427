"""The same pace told by another span of time: 900 an hour is 15 a minute, every 30 seconds is twice a minute."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from aiworker.domain.resume.guard.number import Number
from aiworker.domain.resume.guard.reading import Reading
from aiworker.domain.resume.guard.units import SCALES

_EVERY: Final = re.compile(r"\b(?:every|each|at intervals of)\s*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Paces:
    """The figures and spans of two texts that say the same."""

    before: frozenset[Number] = frozenset()
    after: frozenset[Number] = frozenset()
    rates_before: frozenset[str] = frozenset()
    rates_after: frozenset[str] = frozenset()


def same(source: Reading, text: Reading) -> Paces:
    """Pair the paces of two texts that are equal, each told by a figure that the other text has not."""
    lost = {number for number in source.numbers if not text.holds(number)}
    new = {number for number in text.numbers if not source.holds(number)} if lost else set[Number]()
    if not new:
        return Paces()
    was = {pace: (number, rate) for number, rate, pace in _paces(source) if number in lost}
    now = [(number, rate, pace) for number, rate, pace in _paces(text) if number in new]
    pairs = [(was[pace], (number, rate)) for number, rate, pace in now if pace in was and was[pace][1] != rate]
    return Paces(
        frozenset(number for (number, _), _ in pairs),
        frozenset(number for _, (number, _) in pairs),
        frozenset(rate for (_, rate), _ in pairs),
        frozenset(rate for _, (_, rate) in pairs),
    )


def _paces(reading: Reading) -> Sequence[tuple[Number, str, Fraction]]:
    """Return each figure that is counted by time, by which span, and how many that makes a second."""
    found = [
        # The unit of "twice a minute" is what it is counted by.
        (number, rate, _exact(number.value if number.unit == rate else number.amount) / _exact(SCALES[rate][1]))
        for number, rate in reading.timed.items()
        if rate in SCALES and SCALES[rate][0] == "seconds"
    ]
    for number in reading.numbers:
        is_time = number.unit in SCALES and SCALES[number.unit][0] == "seconds"
        if is_time and number.value and _EVERY.search(reading.before(number)):
            found.append((number, "", 1 / _exact(number.amount)))
    return found


def _exact(value: Decimal) -> Fraction:
    return Fraction(str(value))
