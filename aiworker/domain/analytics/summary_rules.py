"""The summary that needs no model: the sentences that hold for the facts at hand, with the same placeholders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from aiworker.domain.analytics.changes import PREFIX
from aiworker.domain.analytics.fact import Direction
from aiworker.domain.analytics.review import MOST_SENTENCES
from aiworker.domain.analytics.slots import slots
from aiworker.domain.analytics.suppression import K

Directions = Mapping[str, Direction | None]
"""The facts there are, by id, and the way a change went."""

LEAST_SENTENCES = 3

_SENTENCES: Final[tuple[tuple[str, ...], ...]] = (
    (
        "In season {season}, {applied} of {registered} registered students applied.",
        "In season {season}, {registered} students were registered.",
    ),
    ("{placed} students were placed, a placement rate of {placement_rate}.",),
    (
        "The median package was {median_package}, and the mean package was {mean_package}.",
        "The median package was {median_package}.",
    ),
    (
        "{companies} companies made {offers} offers to {offered} students.",
        "{companies} companies made offers to {offered} students.",
        "{offered} students received offers.",
    ),
    ("{shortlisted} students were shortlisted, and {never_shortlisted} applicants were never shortlisted.",),
    ("By branch, the placements were {branch_a} and {branch_b}.", "By branch, the placements include {branch_a}."),
    ("The skills that vacancies asked for include {skill_a} and {skill_b}.",),
    ("{interns} students had an internship offer, with a PPO conversion of {ppo_conversion}.",),
)
"""Each row is one thing to tell, its fullest form first; a form is used if all its facts are there."""

_CHANGES: Final[Mapping[str, str]] = {
    "placed": "The number of placed students",
    "median_package": "The median package",
    "offered": "The number of students with offers",
}
_VERBS: Final[Mapping[Direction, str]] = {"up": "rose by", "down": "fell by", "same": "showed"}
_CHANGES_COME_AFTER: Final = 3


def template(facts: Directions) -> tuple[str, ...]:
    """Return at most seven sentences with placeholders; fewer than three mean that there is too little to tell."""
    told = [form for forms in _SENTENCES if (form := _fitting(forms, facts))]
    changed = [*_changes(facts)][:1]
    return tuple([*told[:_CHANGES_COME_AFTER], *changed, *told[_CHANGES_COME_AFTER:]][:MOST_SENTENCES])


def not_enough(season: str) -> str:
    """Return what is told of a season of which no more may be told."""
    return f"There is not enough data to summarise season {season}: figures are shown for groups of {K} or more only."


def _fitting(forms: tuple[str, ...], facts: Directions) -> str | None:
    return next((form for form in forms if facts.keys() >= set(slots(form))), None)


def _changes(facts: Directions) -> Iterator[str]:
    for name, subject in _CHANGES.items():
        way = facts.get(PREFIX + name)
        if way is not None and "previous_season" in facts:
            yield f"{subject} {_VERBS[way]} {{{PREFIX}{name}}} from season {{previous_season}}."
