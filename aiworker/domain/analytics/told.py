"""Which figures of one season may be told: by id, from its counts alone.

The same question is asked of the season before: a change is told only where both its ends are.
"""

from __future__ import annotations

from collections.abc import Iterator

from aiworker.domain.analytics.figures import Season
from aiworker.domain.analytics.suppression import K, Size, chain, may_split

OF_SEASON = (
    *("applied", "placed", "placement_rate", "applicant_rate", "median_package", "mean_package", "companies", "offers"),
    *("offered", "several_offers", "shortlisted", "interviewed", "never_shortlisted", "interns", "ppo_conversion"),
)
"""The ids of a season's figures, in the order in which they are shown."""

NO_SEASON = Season()

_NESTED = ("placed", "applied", "offered", "shortlisted", "interviewed")
"""Groups each inside another, in the order of what officers ask for first."""


def told(now: Season, registered: Size | None, *, outside: Season = NO_SEASON, k: int = K) -> frozenset[str]:
    """Return the ids that may be told beside `registered`, which is None where that is not told."""
    nested = chain({name: _size(name, now, outside) for name in _NESTED}, whole=registered, k=k)
    return nested.union(
        _derived(nested, is_whole_told=registered is not None),
        _of_offers(now, outside, k) if "offered" in nested else (),
    )


def _size(name: str, now: Season, outside: Season) -> Size:
    return Size(getattr(now, name), getattr(outside, name))


def _derived(nested: frozenset[str], *, is_whole_told: bool) -> Iterator[str]:
    if "placed" in nested:
        # A package without the number of those who have it would still tell that they are enough.
        yield from ("median_package", "mean_package")
        if is_whole_told:
            yield "placement_rate"
    if {"placed", "applied"} <= nested:
        yield "applicant_rate"
    if {"shortlisted", "applied"} <= nested:
        yield "never_shortlisted"


def _of_offers(now: Season, outside: Season, k: int) -> Iterator[str]:
    offered, several, interns = (_size(name, now, outside) for name in ("offered", "several_offers", "interns"))
    if may_split(offered, several, k):
        yield "several_offers"
        # Offers that nothing else accounts for tell how many students have a third: a single one is one person's.
        if (_size("offers", now, outside) - offered - several).is_large(k):
            yield "offers"
    if now.companies >= k:
        yield "companies"
    if may_split(offered, interns, k):
        yield "interns"
        if may_split(interns, _size("converted", now, outside), k):
            yield "ppo_conversion"
