"""Words of rise and fall agree with the change they stand beside, and never stand alone."""

from __future__ import annotations

import pytest

from aiworker.domain.analytics.directions import contradicts
from aiworker.domain.analytics.fact import Direction

CHANGES: dict[str, Direction] = {"change_placed": "up", "change_offers": "down", "change_applied": "same"}


@pytest.mark.parametrize(
    "sentence",
    [
        "Placements rose by {change_placed}.",
        "Offers fell by {change_offers}.",
        "Placements grew by {change_placed}, while offers declined by {change_offers}.",
        "Offers, down by {change_offers}, and placements, up by {change_placed}.",
        "A rise of {change_placed} in placements and a drop of {change_offers} in offers.",
        "Applications were unchanged ({change_applied}).",
        "Applications showed {change_applied}.",
        "Placements Improved by {change_placed} over {previous_season}.",
        "{change_placed} more students were placed.",
        "{change_offers} fewer offers were made.",
        "{placed} students of the same season were placed.",
        "{placed} students were placed.",
    ],
)
def test_a_change_told_as_it_was_is_no_contradiction(sentence: str) -> None:
    assert not contradicts(sentence, CHANGES)


@pytest.mark.parametrize(
    "sentence",
    [
        "Placements fell by {change_placed}.",
        "Placements dropped by {change_placed}.",
        "Offers rose by {change_offers}.",
        "Offers increased by {change_offers}.",
        "Placements were stable at {change_placed}.",
        "Applications grew by {change_applied}.",
        "Applications fell by {change_applied}.",
        "Placements grew by {change_offers}, while offers declined by {change_placed}.",
        "Placements changed by {change_placed}.",
        "Placements changed by {change_placed} and offers fell by {change_offers}.",
        "Placements rose to {placed}.",
        "Offers fell sharply and {placed} students were placed.",
        "The median was unchanged at {median_package}.",
        "Fewer offers were made to {offered} students.",
        "{placed} students, up from {previous_season}, were placed.",
        "Placements rose and offers improved by {change_offers}.",
    ],
)
def test_a_change_told_otherwise_or_without_its_figure_is_one(sentence: str) -> None:
    assert contradicts(sentence, CHANGES)
