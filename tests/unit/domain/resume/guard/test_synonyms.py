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
    assert not Reading(one).senses.isdisjoint(Reading(other).senses)


@pytest.mark.parametrize(
    ("one", "other"), [("Led walks", "Helped with walks"), ("Cooked rice", "Served rice"), ("", "Served rice")]
)
def test_what_differs_in_fact_has_none(one: str, other: str) -> None:
    assert Reading(one).told_by(Reading(other)) <= {"rice", "walk"}


def test_what_another_text_has_a_synonym_for_is_told_by_its_stems() -> None:
    bullet = Reading("Looked after guests, inspected aprons and rowed")
    assert bullet.told_by(Reading("Cared for guests")) == {"look", "aft"}
    assert bullet.told_by(Reading("Examined aprons")) == {"inspect"}


def test_the_list_is_in_order_and_each_line_has_several_words() -> None:
    assert untidy("synonyms.txt") == []
    assert [line for line in lines("synonyms.txt") if len(set(line.split())) < 2] == []
