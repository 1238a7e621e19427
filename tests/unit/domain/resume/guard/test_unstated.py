"""A turn of phrase or a listed word is stated by the bullet, or belongs to a name of its entry."""

from __future__ import annotations

import re

import pytest

from aiworker.domain.cued import cued
from aiworker.domain.resume.guard.reading import Reading
from aiworker.domain.resume.guard.unstated import matched, unstated
from aiworker.domain.resume.guard.words import listed
from tests.unit.domain.resume.guard.bullets import source

TURN = cued(r"\b(?:big|huge) \w+", re.IGNORECASE)
WORDS = listed("regional awards certified")


@pytest.mark.parametrize(
    ("before", "after", "sibling", "found"),
    [
        ("Sold pots", "Sold big pots", "", "big pots"),
        ("Sold huge lots", "Sold big pots", "", None),
        ("Sold pots", "Sold big pots", "Dug for Big Pots", None),
        ("Sold pots", "Sold big pots", "Dug big holes", "big pots"),
        ("Sold pots", "Sold pots", "", None),
    ],
)
def test_a_turn_is_the_bullets_in_any_words_or_the_entrys_own(
    before: str, after: str, sibling: str, found: str | None
) -> None:
    tokens = [finding.token for finding in matched("turn", TURN, source(before, sibling=sibling), Reading(after))]
    assert tokens == ([found] if found else [])


@pytest.mark.parametrize(
    ("before", "after", "frame", "found"),
    [
        ("Sold pots", "Sold regional pots", "", ["regional"]),
        ("Sold pots", "Sold certified regional pots", "", ["certified", "regional"]),
        ("Sold pots of the regions", "Sold regional pots", "", []),
        ("Got a cert for pots", "Certified for pots", "", []),
        ("Got certs for pots", "Certified for pots", "", []),
        ("Sold pots", "Sold pots of the Regional Hospital", "Regional Hospital", []),
        ("Sold pots", "Sold regional pots", "Regional Hospital", ["regional"]),
        ("Sold pots", "Sold pots of the Regional Hospital", "", ["regional"]),
    ],
)
def test_a_listed_word_is_told_by_its_root_or_is_a_name(before: str, after: str, frame: str, found: list[str]) -> None:
    tokens = [finding.token for finding in unstated("word", WORDS, source(before, frame=frame), Reading(after))]
    assert tokens == found
