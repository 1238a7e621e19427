"""What changed since the season before: only between two figures that are told on their own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal

from aiworker.domain.analytics import displays
from aiworker.domain.analytics.fact import Direction, Fact
from aiworker.domain.analytics.figures import Figures, Season, previous
from aiworker.domain.analytics.seasons import PACKAGES, RATES, counts_of, package_of
from aiworker.domain.analytics.told import told

PREFIX = "change_"
COMPARED = ("placed", "applicant_rate", "median_package", "applied", "offered", "offers", "companies")
"""Registered students are not compared: no table says who they were a season ago."""

_NOUNS: Mapping[str, str] = {"offers": "offer", "companies": "company"}


def facts(figures: Figures, now: Mapping[str, Fact], hidden_before: Collection[str], k: int) -> tuple[Fact, ...]:
    """Return the changes of the facts told `now` that may be told, and before them the season they are counted from."""
    before = figures.before
    if before is None:
        return ()
    then = told(before, None, k=k) - frozenset(hidden_before)
    changes = [_change(now[name], figures.now, before) for name in COMPARED if name in now and name in then]
    season = previous(figures.season)
    return (Fact("previous_season", "the season before", season, season, None), *changes) if changes else ()


def hidden(figures: Figures, changes: Sequence[Fact]) -> Iterator[str]:
    """Yield the ids of the changes that are not told although there is a season to compare with."""
    shown = {fact.id for fact in changes}
    if figures.before is not None:
        yield from (PREFIX + name for name in COMPARED if PREFIX + name not in shown)


def _change(fact: Fact, now: Season, before: Season) -> Fact:
    # Of the figures as they are displayed, so that a reader who subtracts gets the same.
    change = _shown(fact.id, now) - _shown(fact.id, before)
    value: int | str = str(change)
    if fact.id in PACKAGES:
        display = displays.in_lakh(abs(change))
    elif fact.id in RATES:
        display = f"{abs(change)} percentage points"
    else:
        value = int(change)
        display = displays.counted(abs(value), _NOUNS.get(fact.id, "student"))
    label = f"change since the season before: {fact.label}"
    return Fact(PREFIX + fact.id, label, value, display if change else "no change", fact.n, _way(change))


def _shown(name: str, season: Season) -> Decimal:
    if name in PACKAGES:
        return package_of(season, name)
    counts = counts_of(season)
    if name in RATES:
        return displays.rate(counts[RATES[name].part], counts[RATES[name].whole])
    return Decimal(counts[name])


def _way(change: Decimal) -> Direction:
    if change > 0:
        return "up"
    return "down" if change < 0 else "same"
