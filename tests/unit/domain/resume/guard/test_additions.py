"""What is put between a bullet's own words is the entry's, or what anybody says."""

from __future__ import annotations

import pytest

from aiworker.domain.resume.guard import additions
from tests.unit.domain.resume.guard.bullets import fired, lines, untidy

TENDED = "Watered tulips and trimmed hedges in the yard"
SPANISH = "Regué las rosas del jardín y corté el seto para la villa"


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        (TENDED, "Watered tulips with fertiliser and trimmed hedges in the yard", "fertiliser"),
        (TENDED, "Watered porcelain tulips and trimmed hedges in the yard", "porcelain"),
        (TENDED, f"{TENDED} with barcode scanners", "barcode scanners"),
        (TENDED, f"{TENDED}, delighting visitors", "delighting visitors"),
        (TENDED, f"{TENDED} of the abbey", "abbey"),
        (TENDED, f"Greasing the tractor, {TENDED.lower()}", "greasing tractor"),
        ("Watered tulips", "Watered tulips and orchids for a convent of nuns", "orchids convent nuns"),
        ("Cut hay", "Cut hay using turnery", "using turnery"),
        (TENDED, f"{TENDED}, winning praise of museum curators", "winning praise museum curators"),
        (TENDED, f"{TENDED} for clients, managers, visitors", "clients managers visitors"),
    ],
)
def test_new_words_in_an_otherwise_equal_text_are_refused(before: str, after: str, token: str) -> None:
    assert fired(additions.added, before, after) == {("added", token)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (TENDED, TENDED),
        (TENDED, "Trimmed hedges and watered tulips in the yard"),
        (TENDED, "Watered the tulips and also trimmed the hedges in the yard"),
        (TENDED, f"Carefully {TENDED.lower()}"),
        (TENDED, "Watered the heavy tulips and trimmed hedges in the yard"),
        (TENDED, f"{TENDED} for customers"),
        (TENDED, f"{TENDED} beautifully"),
        (TENDED, f"{TENDED} daily for the team"),
        (TENDED, "Watered 12 tulips and trimmed hedges in the yard"),
        (TENDED, "Watered tulips in GraphQL and trimmed hedges in the yard"),
        (TENDED, "Watered and trimmed tulips, hedges, yards"),
        ("Watered tulips and kept HR lists", "Watered tulips and kept human resources lists"),
        ("Watered tulips and kept lists in Excel", "Watered tulips and kept lists in Microsoft Excel"),
        ("Watered tulips", "Polished the brass of all organs"),
        ("", "Polished brass"),
        ("Watered tulips", ""),
    ],
)
def test_small_words_and_what_other_rules_ask_about_are_not(before: str, after: str) -> None:
    assert fired(additions.added, before, after) == set()


def test_what_is_put_in_may_come_from_the_entry_and_not_from_elsewhere() -> None:
    after = "Watered tulips with fertiliser and trimmed hedges in the yard"
    assert fired(additions.added, TENDED, after, sibling="Mixed fertilisers") == set()
    assert fired(additions.added, TENDED, after, frame="Fertilising trainee") == set()
    assert fired(additions.added, TENDED, after, elsewhere="Mixed fertilisers") == {("added", "fertiliser")}
    assert fired(additions.added, TENDED, after, skills="Fertiliser") == {("added", "fertiliser")}


def test_a_resume_in_another_language_is_not_compared() -> None:
    after = "Regué las rosas del jardín con abono líquido y corté el seto para la villa"
    assert fired(additions.added, SPANISH, after, sibling=SPANISH, elsewhere=SPANISH) == set()


@pytest.mark.parametrize(("size", "is_compared"), [(additions.LONGEST - 2, True), (additions.LONGEST - 1, False)])
def test_a_very_long_text_is_not_compared(size: int, *, is_compared: bool) -> None:
    before = " ".join(["tulips"] * size)
    assert bool(fired(additions.added, before, f"{before} porcelain figurines")) is is_compared


def test_an_everyday_word_is_known_in_all_its_forms() -> None:
    assert {"custom", "visit"} <= additions.everyday()
    assert "porcelain" not in additions.everyday()


def test_the_list_is_in_order_and_each_line_is_one_word() -> None:
    assert untidy("everyday.txt") == []
    assert [line for line in lines("everyday.txt") if line.split() != [line]] == []
