"""Every figure is the bullet's own, none is lost, and each still counts what it counted, by the same time."""

from __future__ import annotations

from typing import Unpack

import pytest

from aiworker.domain.resume.guard import figures
from aiworker.domain.resume.guard.reading import Rewording
from tests.unit.domain.resume.guard.bullets import Parts, fired, refused, source


def rules(before: str, after: str, **parts: Unpack[Parts]) -> set[str]:
    return {rule for rule, _ in fired(figures.check, before, after, **parts)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Raised ₹12 lakh for the fund", "Raised ₹12,00,000 for the fund"),
        ("Raised ₹12 lakh for the fund", "Raised INR 1.2 million for the fund"),
        ("Raised Rs 12 lakhs for the fund", "Raised 12,00,000 rupees for the fund"),
        ("Raised 12 lakh for the fund", "Raised ₹12 lakh for the fund"),
        ("Offered 4 trainees 8 LPA", "Offered ₹8 lakh per annum to 4 trainees"),
        ("Raised 10 to 12 lakh", "Raised ₹10 lakh to ₹12 lakh"),
        ("Sold $50M+ of seeds", "Sold $50 million of seeds"),
        ("Sold 4k bags", "Sold 4,000 bags"),
        ("Cut waste by 40%", "Cut waste by 40 percent"),
        ("Cut waste from 4 % to 2 %", "Cut waste from 4 to 2 %"),
        ("Made it 3x faster", "Made it three times faster"),
        ("Made it 3x faster", "Tripled its speed"),
        ("Halved the waste", "Cut waste by 50 %"),
        ("Doubled the output", "Raised output by 100 %"),
        ("Packed two hundred and fifty boxes", "Packed 250 boxes"),
        ("Packed 250 boxes", "Packed two hundred and fifty boxes"),
        ("Vendí mil quinientos libros para la tienda", "Vendí 1.500 libros para la tienda"),
        ("Paanch logon ki team mein kaam kiya", "5 logon ki team mein kaam kiya"),
        ("Won second prize of the fair", "Won 2nd prize of the fair"),
        ("Ran the second trial of the pump", "Ran the trial of the pump"),
        ("Trained one nurse in 3 days", "Trained a nurse in 3 days"),
        ("Answered within one working day", "Answered within a day"),
        ("Served 40 ms at p99", "Served p99 of 40 ms"),
        ("Packed no boxes wrongly", "Packed zero boxes wrongly"),
        ("Grew CGPA to 8.40", "Grew CGPA to 8.4"),
        ("Facturé 48.000 euros", "Facturé 48000 €"),
        ("Weighed 48.000 kg", "Weighed 48 kg"),
    ],
)
def test_a_figure_in_another_notation_is_the_same(before: str, after: str) -> None:
    assert rules(before, after) == set()


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Packed 40 boxes", "Packed 45 boxes", "45"),
        ("Packed boxes", "Packed forty boxes", "forty"),
        ("Packed boxes", "Packed a dozen boxes", "dozen"),
        ("Packed boxes", "Packed boxes 30 % faster", "30 %"),
        ("Packed boxes", "Doubled the packed boxes", "Doubled"),
        ("Packed boxes", "Packed a million boxes", "million"),
        ("Packed boxes", "Packed one million boxes", "one million"),
        ("Packed boxes", "Packed boxes with zero errors", "zero"),
        ("Packed 40 boxes", "Packed 40 boxes in 2 weeks", "2"),
        ("Cut waste by 40%", "Cut waste by 40x", "40x"),
        ("Cut waste by 40%", "Cut waste by 40 bags", "40"),
        ("Sold $50M of seeds", "Sold €50M of seeds", "€50M"),
        ("Raised ₹12 lakh", "Raised ₹12 crore", "₹12 crore"),
        ("Doubled the output", "Raised output by 200 %", "200 %"),
        ("Cut it to 840 ms", "Cut it to 8.4 s", "8.4"),
        ("Won second prize", "Won first prize", "first"),
        ("Cut p99 to 40 ms", "Cut p99 to 40 ms for 98 users", "98"),
    ],
)
def test_a_figure_the_bullet_does_not_hold_is_refused(before: str, after: str, token: str) -> None:
    assert ("number", token) in fired(figures.check, before, after)


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Packed 40 boxes in 2 weeks", "Packed boxes in 2 weeks", "40"),
        ("Packed forty boxes", "Packed boxes", "forty"),
        ("Cut waste by 40 %", "Cut waste by 4 %", "40 %"),
        ("Won second prize", "Won a prize", "second"),
        ("Halved the waste", "Cut the waste", "Halved"),
        ("Raised ₹12 lakh", "Raised funds", "₹12 lakh"),
        ("Packed one million boxes", "Packed boxes", "one million"),
        ("Answered within one working day", "Answered fast", "one"),
    ],
)
def test_a_lost_figure_is_refused(before: str, after: str, token: str) -> None:
    assert ("number-dropped", token) in fired(figures.check, before, after)


def test_half_a_dozen_is_six() -> None:
    assert rules("Packed half a dozen boxes", "Packed six boxes") == set()
    assert rules("Packed six boxes", "Packed half a dozen boxes") == set()
    assert "number" in rules("Packed half a dozen boxes", "Packed a dozen boxes and six bags")


def severities(before: str, after: str, **parts: Unpack[Parts]) -> list[tuple[str, str]]:
    held = source(before, **parts)
    return [(found.rule, found.severity) for found in figures.check(held, Rewording(after, held))]


def test_a_figure_of_the_entrys_frame_is_noted_and_one_from_elsewhere_refused() -> None:
    after = "Packed boxes for a team of 7"
    assert severities("Packed boxes", after, frame="Trainee, team of 7") == [("number", "note")]
    assert severities("Packed boxes", after, sibling="Wrote notes for 7 shops") == [("number", "violation")]
    assert severities("Packed boxes", after, elsewhere="Helped 7 shops") == [("number", "violation")]
    assert refused("Packed boxes", after, frame="Trainee, team of 7") == set()


@pytest.mark.parametrize(
    ("before", "after", "is_changed"),
    [
        ("Tested 30 pumps in 4 days", "Tested 30 pumps in 4 weeks", True),
        ("Tested 30 pumps in 4 days", "Tested 30 pumps over four days", False),
        ("Cut it to 840 ms", "Cut it to 840 s", True),
        ("Cut it to 840 ms", "Cut it to 840 milliseconds", False),
        ("Cut it to 840 ms", "Cut it to 0.84 s", False),
        ("Carried 2 km of pipe", "Carried 2 miles of pipe", True),
        ("Carried 2 km of pipe", "Carried 2,000 metres of pipe", False),
        ("Packed 2.5 tonnes", "Packed 2,500 kg", False),
        ("Packed 2 boxes in 2 days", "Packed 2 boxes for 2 days", False),
    ],
)
def test_a_unit_may_only_turn_into_one_of_its_family(before: str, after: str, *, is_changed: bool) -> None:
    assert rules(before, after) == ({"unit"} if is_changed else set())


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Packed 40 boxes a day", "Packed 40 boxes a week", "week"),
        ("Packed 40 boxes a day", "Packed 40 boxes", "no longer per day"),
        ("Packed 40 boxes", "Packed 40 boxes per day", "day"),
        ("Paid ₹5 lakh per annum", "Paid ₹5 lakh per month", "month"),
        ("Packed 40 boxes per crate", "Packed 40 boxes per truck", "per truck"),
        ("Packed boxes", "Packed boxes weekly", "week"),
    ],
)
def test_a_changed_new_or_lost_rate_is_refused(before: str, after: str, token: str) -> None:
    assert ("rate", token) in fired(figures.check, before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Packed 40 boxes a day", "Packed 40 boxes daily"),
        ("Packed 40 boxes a day", "Daily packed 40 boxes per day"),
        ("Packed 40 boxes per crate", "Packed crates, 40 boxes per crate"),
        ("Packed boxes daily", "Packed boxes"),
        ("Paid ₹5 lakh per annum", "Paid ₹5 lakh a year"),
        ("Served 40 requests/second", "Served 40 requests per sec"),
    ],
)
def test_the_same_rate_in_other_words_is_not(before: str, after: str) -> None:
    assert rules(before, after) == set()


@pytest.mark.parametrize(
    ("before", "after", "is_swapped"),
    [
        ("Trained 12 nurses and 30 cooks", "Trained 30 nurses and 12 cooks", True),
        ("Trained 12 nurses and 30 cooks", "Trained 30 cooks and 12 nurses", False),
        ("Trained 12 nurses and 30 cooks", "Taught 12 nurses along with 30 cooks", False),
        ("Trained 12 nurses and 12 cooks", "Trained 12 cooks and 12 nurses", False),
        ("Cut waste from 4 % to 2 %", "Cut waste from 2 % to 4 %", True),
        ("Cut waste from 4 % to 2 %", "Cut waste to 2 % from 4 %", False),
        ("Cut waste from 4 % to 2 %", "Cut waste 4 % → 2 %", False),
        ("Cut waste 4 % → 2 %", "Cut waste 2 % → 4 %", True),
        ("Cut waste from 4 to 2 %", "Cut waste from 2 to 4 %", True),
        ("Bajé la merma del 4 % al 2 % para la tienda", "Bajé la merma del 2 % al 4 % para la tienda", True),
        ("Took 3 hours against 5 hours before", "Took 5 hours against 3 hours before", True),
        ("Took 3 hours against 5 hours before", "Needed 3 hours against 5 hours before", False),
        ("Took 3 hours against 5 hours before", "Cut from 5 hours to 3 hours", False),
        ("Sold 9 bags, 3 boxes and 5 books", "Sold 9 bags, 3 boxes and 5 books to 1 shop", False),
    ],
)
def test_two_figures_may_not_change_places(before: str, after: str, *, is_swapped: bool) -> None:
    assert ("swap" in rules(before, after)) is is_swapped
