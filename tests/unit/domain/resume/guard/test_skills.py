"""What a text is skilled in and works with is the bullet's or its entry's own."""

from __future__ import annotations

import pytest

from aiworker.domain.resume.guard import skills
from tests.unit.domain.resume.guard.bullets import fired, untidy


@pytest.mark.parametrize(
    ("before", "after", "skill"),
    [
        ("Sorted photos by code", "Sorted photos by machine learning", "machine learning"),
        ("Sorted photos by a machine, learning it", "Sorted photos by machine learning", None),
        ("Sorted photos by ML", "Sorted photos by machine learning", None),
        ("Ran A/B tests", "Ran A/B testing", None),
        ("Tested pumps", "Did load testing of pumps", "load testing"),
        ("Tested pumps under load", "Did load testing of pumps", None),
        ("Ran LT of pumps", "Ran load testing of pumps", None),
        ("Kept projects on time", "Did project management", "project management"),
        ("Kept projects on time", "Managed projects on time", None),
        ("Analysed leavers", "Ran a survival analysis of leavers", "survival analysis"),
        ("Switched off heaters", "Heaters were turned off", None),
    ],
)
def test_a_skill_of_several_words_is_the_entrys(before: str, after: str, skill: str | None) -> None:
    found = fired(skills.skill_phrases, before, after)
    assert ("skill", skill) in found if skill else found == set()


@pytest.mark.parametrize(
    ("before", "after", "skill"),
    [
        ("Cleaned tanks", "Did kick sampling in tanks", "kick sampling"),
        ("Served guests", "Did vegan cooking for guests", "vegan cooking"),
        ("Drew plans", "Drew plans and did laser cutting", "laser cutting"),
        ("Sold bouquets", "Sold bouquets and did flower arranging", "flower arranging"),
        ("Sang", "Sang and did songwriting", "songwriting"),
        ("Sampled the river", "Did kick sampling of the river", None),
        ("Cooked for guests", "Did vegan cooking for guests", None),
        ("Cut plans by laser", "Did laser cutting of plans", None),
        ("Mended landing gear of planes", "Did landing gear overhaul", None),
        ("Mended gear of planes", "Did landing gear overhaul", "landing gear overhaul"),
        ("Wrote songs", "Did songwriting", None),
        ("Kept DC lists", "Kept data cataloguing lists", None),
        ("Did KAP surveys", "Did knowledge attitudes and practices surveys", None),
        ("Asked rural women", "Ran a participatory rural appraisal of women", "participatory rural appraisal"),
    ],
)
def test_of_a_trades_own_skill_one_word_is_the_entrys(before: str, after: str, skill: str | None) -> None:
    assert fired(skills.skill_phrases, before, after) == ({("skill", skill)} if skill else set())


def test_one_of_the_skills_told_in_two_ways_is_refused() -> None:
    ((rule, token),) = fired(skills.skill_phrases, "Ran tests", "Ran A/B tests")
    assert (rule, token[:8]) == ("skill", "a/b test")


@pytest.mark.parametrize(
    ("before", "after", "skill"),
    [
        ("Packed boxes", "Packed boxes of tulip bulbs", "tulip bulbs"),
        ("Packed boxes", "Packed boxes, growing tulip bulbs", "growing tulip"),
        ("Packed boxes of bulbs", "Packed boxes of tulip bulbs", None),
        ("Packed tulips", "Packed tulip bulbs", None),
        ("Packed boxes", "Packed tulips and bulbs", None),
        ("Packed boxes", "Packed 12 bulbs", None),
        ("Kept TB lists", "Kept tulip bulb lists", None),
    ],
)
def test_two_words_in_a_row_of_another_entry_are_refused(before: str, after: str, skill: str | None) -> None:
    found = fired(skills.elsewhere, before, after, elsewhere="Grew 12 bulbs and growing tulip bulbs")
    assert ({("skill", skill)} <= found) if skill else found == set()


def test_two_words_in_a_row_may_come_from_the_entry_and_not_from_the_skills() -> None:
    before, after = "Packed boxes", "Packed boxes of tulip bulbs"
    assert fired(skills.elsewhere, before, after) == set()
    assert fired(skills.elsewhere, before, after, sibling="Grew tulip bulbs", skills="Tulip bulbs") == set()
    assert fired(skills.elsewhere, before, after, frame="Tulip bulb grower", skills="Tulip bulbs") == set()
    assert fired(skills.elsewhere, before, after, skills="Tulip bulbs") == {("skill", "tulip bulbs")}


@pytest.mark.parametrize(
    ("before", "after", "means"),
    [
        ("Cut wood", "Cut wood using a lathe", "lathe"),
        ("Cut wood", "Cut wood via turnery", "turnery"),
        ("Cut wood", "Cut wood with the help of a bandsaw", "bandsaw"),
        ("Cut wood", "Cut wood based on drawings", "drawings"),
        ("Cut wood", "Cut wood by means of jigs", "jigs"),
        ("Cut wood", "Cut wood applying sandpaper polish", "sandpaper polish"),
        ("Corté madera", "Corté madera usando sierras", "sierras"),
        ("Cut wood on the lathe", "Cut wood using a lathe", None),
        ("Cut wood by turning", "Cut wood via turnery", None),
        ("Cut wood with a saw", "Cut wood using a sharp saw", None),
        ("Drew and cut wood", "Cut wood based on drawings", None),
        ("Cut wood", "Cut wood using hand tools", None),
        ("Cut wood", "Cut wood using 3 saws", None),
        ("Cut wood", "Cut wood used in doors", None),
        ("Cut wood", "Cut wood using the", None),
        ("Did CNC of wood", "Cut wood using computer numerical control", None),
        ("Cut wood", "Cut wood using a lathe to trim it", "lathe"),
        ("Cut wood on the lathe", "Cut wood using a lathe to trim it", None),
    ],
)
def test_what_work_is_said_to_be_done_with_is_the_entrys(before: str, after: str, means: str | None) -> None:
    assert fired(skills.means, before, after) == ({("skill", means)} if means else set())


def test_a_means_of_the_entrys_other_bullet_may_be_named() -> None:
    before, after = "Cut wood", "Cut wood using jigs"
    assert fired(skills.means, before, after, sibling="Made jigs for the shop") == set()
    assert fired(skills.means, before, after, elsewhere="Made jigs for the shop") == {("skill", "jigs")}


def test_a_skill_of_one_word_is_not_fetched_from_the_list_of_skills() -> None:
    before, after = "Mended 11 gates", "Welded 11 gates"
    assert fired(skills.listed_elsewhere, before, after, skills="Welding, driving") == {("skill", "welded")}
    assert fired(skills.listed_elsewhere, before, after, skills="Welding", sibling="Did welding") == set()
    assert fired(skills.listed_elsewhere, before, after) == set()
    assert fired(skills.listed_elsewhere, before, "Built 11 gates", skills="Building") == set()


@pytest.mark.parametrize(
    ("listed", "after", "skill"),
    [
        ("Order picker", "Stacked pallets with an order picker", "order picker"),
        ("Shorthand (100 wpm)", "Stacked pallets in shorthand", "shorthand"),
        ("Call de-escalation", "Stacked pallets by call de-escalation", "call de escalation"),
        ("Pallet stacking", "Did the pallet stacking", None),
        ("Microsoft Word (mail merge)", "Stacked pallets with Microsoft Word", None),
        ("Repalleting", "Repalleting done", None),
        ("Chocolate tempering", "Stacked pallets of tempered chocolate", "tempered chocolate"),
    ],
)
def test_a_skill_of_the_list_is_not_fetched_into_an_entry_without_it(
    listed: str, after: str, skill: str | None
) -> None:
    found = fired(skills.listed_elsewhere, "Stacked pallets by Word lists, repalleted some", after, skills=listed)
    assert found == ({("skill", skill)} if skill else set())


@pytest.mark.parametrize(
    ("before", "after", "instrument"),
    [
        ("Checked tanks with a YSI meter", "Checked tanks with a YSI meter and a photometer", "photometer"),
        ("Checked the gauges", "Read the pressure gauge", None),
        ("Ran 12 km", "Ran 12 kilometers around the perimeter", None),
    ],
)
def test_what_measures_is_the_entrys(before: str, after: str, instrument: str | None) -> None:
    assert fired(skills.instruments, before, after) == ({("skill", instrument)} if instrument else set())


def test_the_list_of_skills_is_in_order() -> None:
    assert untidy("skills.txt") == []
