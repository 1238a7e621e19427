"""What is published: ids, displays, what each rests on, and ids alone of what is hidden."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal

import pytest

from aiworker.domain.analytics import displays
from aiworker.domain.analytics.facts import TELLS_HIGHEST, publish
from aiworker.domain.analytics.figures import Branch, Figures, Season, Skill, previous
from aiworker.domain.analytics.groups import MAX_BRANCHES, named
from aiworker.domain.analytics.slots import SLOT
from aiworker.domain.analytics.suppression import Size
from aiworker.domain.analytics.told import OF_SEASON, told
from tests.unit.domain.analytics.seasons import BEFORE, BRANCHES, FIGURES, NOW, figures, published

BY_ID = {fact.id: fact for fact in publish(FIGURES).facts}


def ids(**changes: object) -> set[str]:
    return {fact.id for fact in published(**changes).facts}


# The season


def test_a_season_that_may_be_told_is_told_whole() -> None:
    assert set(OF_SEASON) <= BY_ID.keys()
    assert publish(FIGURES).suppressed == ()


@pytest.mark.parametrize(
    ("name", "value", "display", "rests_on"),
    [
        ("season", "2026-27", "2026-27", 120),
        ("registered", 120, "120", 120),
        ("placed", 48, "48", 48),
        ("placement_rate", "40.0", "40.0% (48 of 120 registered students)", 120),
        ("applicant_rate", "50.0", "50.0% (48 of 96 applicants)", 96),
        ("median_package", "6.5", "₹6.5 lakh", 48),
        ("mean_package", "7.1", "₹7.1 lakh", 48),
        ("companies", 12, "12", 60),
        ("offers", 90, "90", 60),
        ("several_offers", 15, "15", 15),
        ("never_shortlisted", 16, "16", 16),
        ("ppo_conversion", "30.0", "30.0% (6 of 20 students with an internship offer)", 20),
        ("previous_season", "2025-26", "2025-26", None),
        ("change_placed", 8, "8 students", 48),
        ("change_companies", -2, "2 companies", 60),
        ("change_applicant_rate", "5.6", "5.6 percentage points", 96),
        ("change_median_package", "0.5", "₹0.5 lakh", 48),
        ("branch_a", "50.0", "Computer Engineering (30 of 60 placed, 50.0%)", 60),
        ("branch_b_median", "5.0", "Civil Engineering (median ₹5.0 lakh)", 12),
        ("skill_a", 12, "SQL (asked for by 12 of 40 vacancies, held by 40 of 120 students)", 120),
    ],
)
def test_a_fact_tells_its_figure_and_what_it_rests_on(
    name: str, value: object, display: str, rests_on: int | None
) -> None:
    fact = BY_ID[name]
    assert (fact.value, fact.display, fact.n) == (value, display, rests_on)


def test_the_median_comes_before_the_mean() -> None:
    names = list(BY_ID)
    assert names.index("median_package") < names.index("mean_package")


def test_every_id_is_a_placeholder_and_every_fact_can_be_stored() -> None:
    assert all(SLOT.fullmatch(f"{{{name}}}") for name in BY_ID)
    rows = json.loads(json.dumps([fact.as_row() for fact in BY_ID.values()]))
    assert all(row.keys() >= {"id", "label", "value", "display", "n"} for row in rows)
    assert {row["id"] for row in rows if "direction" in row} == {name for name in BY_ID if name.startswith("change_")}


def test_a_large_number_has_separators() -> None:
    assert displays.count(12_345) == "12,345"
    assert displays.in_lakh(displays.lakh(Decimal(123_456_000))) == "₹1,234.6 lakh"
    assert [displays.counted(number, noun) for number, noun in ((1, "offer"), (1, "company"), (2_000, "offer"))] == [
        *("1 offer", "1 company", "2,000 offers"),
    ]


def test_half_a_tenth_is_rounded_up() -> None:
    assert (displays.rate(1, 16), displays.lakh(Decimal(645_000))) == (Decimal("6.3"), Decimal("6.5"))


# The highest package


def test_the_highest_package_is_not_told_unless_somebody_wants_it() -> None:
    assert TELLS_HIGHEST is False
    assert "highest_package" not in BY_ID


def test_the_highest_package_may_be_told_of_a_whole_college_only() -> None:
    def told_of(**changes: object) -> set[str]:
        return {fact.id for fact in publish(replace(FIGURES, **changes), tells_highest=True).facts}

    assert "highest_package" in told_of()
    assert "highest_package" not in told_of(is_filtered=True)
    assert "highest_package" not in told_of(now=replace(NOW, placed=4))
    assert {fact.display for fact in publish(FIGURES, tells_highest=True).facts} >= {"₹18.5 lakh"}


# Small groups


@pytest.mark.parametrize("registered", [0, 4])
def test_of_a_college_that_is_too_small_nothing_is_told(registered: int) -> None:
    result = published(registered=Size(registered))
    assert result.facts == ()
    assert result.suppressed == ("registered", *OF_SEASON)


@pytest.mark.parametrize(
    ("change", "hidden"),
    [
        ({"placed": 4}, {"placed", "placement_rate", "applicant_rate", "median_package", "mean_package"}),
        ({"applied": 117}, {"applied", "applicant_rate", "never_shortlisted"}),
        ({"shortlisted": 93}, {"shortlisted", "never_shortlisted"}),
        ({"interviewed": 78}, {"interviewed"}),
        ({"several_offers": 4}, {"several_offers", "offers"}),
        ({"several_offers": 58}, {"several_offers", "offers"}),
        ({"offers": 76}, {"offers"}),
        ({"companies": 4}, {"companies"}),
        ({"interns": 4}, {"interns", "ppo_conversion"}),
        ({"converted": 4}, {"ppo_conversion"}),
        ({"converted": 17}, {"ppo_conversion"}),
        ({"offered": 51}, {"offered", "offers", "several_offers", "companies", "interns", "ppo_conversion"}),
    ],
    ids=lambda given: str(sorted(given)),
)
def test_a_small_group_or_difference_hides_what_would_tell_it(change: dict[str, int], hidden: set[str]) -> None:
    result = published(now=replace(NOW, **change))
    assert {name for name in OF_SEASON if name not in {fact.id for fact in result.facts}} == hidden
    assert hidden <= set(result.suppressed)


def test_what_is_hidden_leaves_its_id_alone() -> None:
    result = published(now=replace(NOW, placed=3, converted=4))
    assert all(re.fullmatch(r"[a-z_]+", name) for name in result.suppressed)
    assert not {3, 4} & ({fact.value for fact in result.facts} | {fact.n for fact in result.facts})


def test_without_registered_students_to_tell_there_is_no_share_of_them() -> None:
    assert "placement_rate" not in told(NOW, None)
    assert {"placed", "applicant_rate"} <= told(NOW, None)


# The season before


def test_without_a_season_before_no_change_is_told_or_hidden() -> None:
    result = published(before=None)
    assert not [name for name in (*result.suppressed, *(fact.id for fact in result.facts)) if "change" in name]
    assert "previous_season" not in {fact.id for fact in result.facts}


@pytest.mark.parametrize(("then", "direction"), [(40, "up"), (55, "down"), (48, "same")])
def test_a_change_has_a_direction_and_no_sign(then: int, direction: str) -> None:
    fact = next(f for f in published(before=replace(BEFORE, placed=then)).facts if f.id == "change_placed")
    assert fact.direction == direction
    assert fact.display == ("no change" if direction == "same" else f"{abs(48 - then)} students")


def test_a_change_too_small_to_be_seen_in_the_display_is_none() -> None:
    before = replace(BEFORE, median=Decimal(651_000), placed=47, applied=94)
    facts = {fact.id: fact for fact in published(before=before).facts}
    assert facts["change_median_package"].display == facts["change_applicant_rate"].display == "no change"


@pytest.mark.parametrize("name", ["placed", "applied", "offered"])
def test_no_change_of_a_figure_that_one_of_the_seasons_hides(name: str) -> None:
    assert f"change_{name}" in BY_ID
    small = replace(BEFORE, **{name: 4 if name == "placed" else BEFORE.placed + 1})
    result = published(before=small)
    assert f"change_{name}" not in {fact.id for fact in result.facts}
    assert f"change_{name}" in result.suppressed


def test_no_change_of_what_the_summary_of_the_season_before_kept_hidden() -> None:
    result = publish(FIGURES, hidden_before=frozenset({"placed", "applicant_rate", "median_package"}))
    assert {"change_placed", "change_applicant_rate", "change_median_package"} <= set(result.suppressed)
    assert "change_applied" in {fact.id for fact in result.facts}


def test_where_no_change_is_told_the_season_before_is_not_named() -> None:
    result = published(before=Season(applied=3))
    assert "previous_season" not in {fact.id for fact in result.facts}
    assert "change_applied" in result.suppressed


@pytest.mark.parametrize(("season", "before"), [("2026-27", "2025-26"), ("2000-01", "1999-00"), ("2001-02", "2000-01")])
def test_the_season_before_is_a_year_earlier(season: str, before: str) -> None:
    assert previous(season) == before


# Branches


def test_branches_are_told_by_strength_and_name() -> None:
    same = [Branch(name, Size(30), Size(10), Decimal(1)) for name in ("B", "C", "A")]
    facts = published(branches=tuple(same)).facts
    assert [fact.display[0] for fact in facts if re.fullmatch("branch_.", fact.id)] == ["A", "B", "C"]


def test_a_small_branch_takes_the_next_smallest_with_it_and_its_name_stays_here() -> None:
    small = Branch("Leather", Size(9), Size(2))
    result = published(branches=(*BRANCHES, small), registered=Size(129))
    told_ = json.dumps([fact.as_row() for fact in result.facts])
    assert "Civil" in told_ and "Leather" not in told_ and "Textiles" not in told_
    assert "branches" in result.suppressed and "Leather" not in str(result.suppressed)
    assert "Leather" in result.names


def test_a_single_branch_is_no_table() -> None:
    result = published(branches=BRANCHES[:1])
    assert not [fact for fact in result.facts if fact.id.startswith("branch")]
    assert "branches" not in result.suppressed


def test_there_are_no_more_branches_than_a_reader_can_take_in() -> None:
    many = tuple(Branch(f"B{number}", Size(20), Size(10), Decimal(1)) for number in range(MAX_BRANCHES + 3))
    result = published(branches=many, registered=Size(20 * len(many)))
    assert len([fact for fact in result.facts if re.fullmatch("branch_.", fact.id)]) == MAX_BRANCHES
    assert "branches" not in result.suppressed


def test_a_summary_of_one_branch_tells_no_more_of_it_than_the_table_would() -> None:
    def of(branch: str) -> set[str]:
        table = (*BRANCHES, Branch("Leather", Size(9), Size(2)))
        return ids(branches=table, branch=branch, is_filtered=True, before=None)

    assert {"placed", "median_package"} <= of("Civil Engineering")
    for hidden in ("Textiles", "Leather", "Unheard of"):
        assert not {"placed", "placement_rate", "applicant_rate", "median_package", "mean_package"} & of(hidden)
    assert not [name for name in of("Civil Engineering") if name.startswith("branch")]


# Skills and names


def test_who_holds_a_skill_is_told_of_many_only() -> None:
    few, nearly_all = Skill("Go", 9, Size(4)), Skill("Excel", 2, Size(117))
    result = published(skills=(few, nearly_all))
    displays_ = [fact.display for fact in result.facts if fact.id.startswith("skill")]
    assert displays_ == ["Go (asked for by 9 of 40 vacancies)", "Excel (asked for by 2 of 40 vacancies)"]
    assert "skills_held" in result.suppressed


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("  Civil \n Engineering ", "Civil Engineering"),
        ("Ci\u200bvil\u202e", "Civil"),
        ("", "unnamed"),
        (" \u200b", "unnamed"),
        ("words " * 40, ("words " * 9).strip()),
        ("{placed}", "unnamed"),
        ("Python. The rate rose", "unnamed"),
        ("See https://example.net", "unnamed"),
    ],
)
def test_a_name_from_outside_is_one_short_line_without_hidden_characters(name: str, shown: str) -> None:
    assert named(name) == shown


def test_figures_may_be_of_nothing_at_all() -> None:
    result = publish(Figures("2026-27", Size(50), 0, Season()))
    assert {fact.id for fact in result.facts} == {"season", "registered"}
    assert set(result.suppressed) == set(OF_SEASON)


def test_filters_that_leave_a_few_out_tell_nothing() -> None:
    assert published(registered=Size(120, 3)).facts == ()
    assert "placed" not in ids(registered=Size(120, 60), outside=replace(NOW, placed=2))
    assert figures(registered=Size(120, 60)).outside == Season()
