"""Words that may be exchanged for one another."""

from __future__ import annotations

import pytest

from aiworker.domain.resume.guard.reading import Reading
from tests.unit.domain.resume.guard.bullets import lines, untidy


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Inspected aprons", "Examined aprons"),
        ("Cared for guests", "Looked after guests"),
        ("Removed the old slates", "Took off the old slates"),
        ("Made an inspection", "Checked it"),
        ("Answered at once", "Answered immediately"),
    ],
)
def test_words_of_one_group_have_a_sense_in_common(one: str, other: str) -> None:
    assert not Reading(one).senses.keys().isdisjoint(Reading(other).senses.keys())


@pytest.mark.parametrize(
    ("one", "other"), [("Led walks", "Helped with walks"), ("Cooked rice", "Served rice"), ("", "Served rice")]
)
def test_what_differs_in_fact_has_none(one: str, other: str) -> None:
    first, second = (Reading(text).senses for text in (one, other))
    common = first.keys() & second.keys()
    assert {stem for sense in common for stem in first[sense]} <= {"rice", "walk"}


def test_a_sense_is_known_by_the_stems_it_was_found_by() -> None:
    found = Reading("Looked after guests").senses.values()
    assert any({"look", "aft"} <= set(stems) for stems in found)
    assert any("guest" in stems for stems in found)


def test_the_list_is_in_order_and_each_line_has_several_words() -> None:
    assert untidy("synonyms.txt") == []
    assert [line for line in lines("synonyms.txt") if len(set(line.split())) < 2] == []
