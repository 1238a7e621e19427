"""The facts of a summary: what is published of the figures. What is hidden leaves its id and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiworker.domain.analytics import changes, groups, seasons
from aiworker.domain.analytics.fact import Direction, Fact
from aiworker.domain.analytics.figures import Figures
from aiworker.domain.analytics.suppression import K
from aiworker.domain.analytics.told import OF_SEASON, told

TELLS_HIGHEST = False
"""The highest package is one person's, whom many can name: off unless a college publishes it anyway."""


@dataclass(frozen=True, slots=True)
class Published:
    """What may leave: facts in the order of their weight, ids of what is hidden, and names no sentence may spell."""

    season: str
    facts: tuple[Fact, ...]
    suppressed: tuple[str, ...]
    names: tuple[str, ...] = ()

    @property
    def directions(self) -> Mapping[str, Direction | None]:
        """The ids of the facts, with the way each change went."""
        return {fact.id: fact.direction for fact in self.facts}

    @property
    def displays(self) -> Mapping[str, str]:
        """What each placeholder becomes."""
        return {fact.id: fact.display for fact in self.facts}


def publish(
    figures: Figures, *, hidden_before: frozenset[str] = frozenset(), tells_highest: bool = TELLS_HIGHEST, k: int = K
) -> Published:
    """Take out what tells of fewer than `k` people; `hidden_before` are ids that the season before kept hidden."""
    if not figures.registered.is_large(k):
        return Published(figures.season, (), ("registered", *OF_SEASON))
    ids = told(figures.now, figures.registered, outside=figures.outside, k=k) - groups.kept_back(figures, k)
    if tells_highest and not figures.is_filtered and "median_package" in ids:
        ids |= {seasons.HIGHEST}
    now = {fact.id: fact for fact in seasons.facts(figures, ids)}
    compared = changes.facts(figures, now, hidden_before, k)
    return Published(
        season=figures.season,
        facts=(*now.values(), *compared, *groups.branches(figures, k), *groups.skills(figures, k)),
        suppressed=(
            *(name for name in OF_SEASON if name not in ids),
            *changes.hidden(figures, compared),
            *groups.hidden(figures, k),
        ),
        names=groups.names(figures),
    )
