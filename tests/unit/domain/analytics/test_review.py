"""Which sentences stay: honest ones whatever their wording, and none that says more than the facts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.analytics.facts import publish
from aiworker.domain.analytics.figures import Branch
from aiworker.domain.analytics.review import (
    CHECKS,
    HINTS,
    MOST_CHARACTERS,
    MOST_SENTENCES,
    TOO_FEW,
    review,
    sentences,
)
from aiworker.domain.analytics.slots import fill
from aiworker.domain.analytics.suppression import Size
from tests.unit.domain.analytics.seasons import BEFORE, BRANCHES, FIGURES

PUBLISHED = publish(
    replace(
        FIGURES,
        before=replace(BEFORE, applied=96, placed=40, offers=95),
        branches=(*BRANCHES, Branch("IT", Size(30), Size(10))),
        registered=Size(150),
    ),
    tells_highest=True,
)
DISPLAYS = PUBLISHED.displays

HONEST = (
    "In season {season}, {applied} of {registered} registered students applied.",
    "Of the {registered} students on the rolls, {applied} applied for positions.",
    "A total of {placed} students were placed, which is a placement rate of {placement_rate}.",
    "The placement rate for the season was {placement_rate}.",
    "Among applicants, the share of those placed was {applicant_rate}.",
    "The median package stood at {median_package}, with a mean of {mean_package}.",
    "Students were offered a median package of {median_package} and an average package of {mean_package}.",
    "The highest package was {highest_package}.",
    "{companies} companies made {offers} offers to {offered} students, and {several_offers} students received several.",
    "Recruiters numbered {companies} and extended {offers} offers.",
    "The funnel narrowed from {applied} applied to {shortlisted} shortlisted and {interviewed} interviewed.",
    "{shortlisted} applicants were shortlisted, {interviewed} were interviewed and {offered} received offers.",
    "{never_shortlisted} applicants were never shortlisted.",
    "Of those who applied, {never_shortlisted} were not shortlisted by any company.",
    "{interns} students received internship offers, with a PPO conversion of {ppo_conversion}.",
    "The pre-placement offer conversion among interns was {ppo_conversion}.",
    "Placements rose by {change_placed} over the previous season.",
    "Compared with {previous_season}, the number of placed students increased by {change_placed}.",
    "Offers fell by {change_offers} since the previous season, while placements grew by {change_placed}.",
    "The number of students who applied was unchanged from {previous_season}, with {change_applied}.",
    "The median package improved by {change_median_package} from {previous_season}.",
    "By branch, the placements were {branch_a}, {branch_b} and {branch_c}.",
    "Branch packages were {branch_a_median} and {branch_b_median}.",
    "The skills that companies asked for were {skill_a} and {skill_b}.",
    "In terms of skills, {skill_a} was in demand.",
    "{offered} students received offers.",
    "Overall, {placed} students were placed in the season.",
    "Year-on-year, the median package improved by {change_median_package}.",
    "Pre-placement offers reached a conversion of {ppo_conversion} in the season.",
    "Meanwhile, {interviewed} students were interviewed by the companies.",
    "Companies numbered {companies} and the offers {offers} in the season.",
    "Applicants were {applied} in number, and {shortlisted} of them were shortlisted.",
)

WRONG: tuple[tuple[str, str], ...] = (
    # Figures of the model's own
    ("digit", "In the season 48 students were placed out of {registered}."),
    ("digit", "The placement rate was {placement_rate} in the year 2026."),
    ("digit", "Of the {registered} students, ४८ were placed."),
    ("digit", "Of the {registered} students, ４８ were placed."),
    ("digit", "Of the {registered} students, ½ were placed."),
    ("digit", "Of the {registered} students, 四 were placed."),
    ("digit", "Of the {registered} students, ② were placed."),
    ("digit", "Of the {registered} students, 4\u200b8 were placed."),
    ("number-word", "Half of the {registered} students were placed."),
    ("number-word", "Ha\u200blf of the {registered} students were placed."),
    ("number-word", "Ｈalf of the {registered} students were placed."),
    ("number-word", "Of the {registered} students, forty-eight were placed."),
    ("number-word", "The number of students placed doubled to {placed}."),
    ("number-word", "Placements were twice as many as in {previous_season}, at {placed}."),
    ("number-word", "Of the {registered} students, fortyeight were placed."),
    ("number-word", "One in three of the {registered} students was placed."),
    ("number-word", "Two thirds of the {registered} students applied."),
    ("number-word", "A quarter of the {registered} students applied."),
    ("number-word", "The {placed} students were placed in dozens of companies."),
    ("number-word", "Most of the {registered} students applied."),
    ("number-word", "All {registered} students applied."),
    ("number-word", "Every company of the {companies} made offers."),
    ("number-word", "Hundreds of students, {applied}, applied."),
    ("number-word", "The placement rate was {placement_rate} percent."),
    ("number-word", "The median package was {median_package} lakh."),
    ("number-word", "Nearly {placed} students were placed."),
    ("number-word", "Only {placed} students were placed."),
    ("number-word", "About {placed} students were placed."),
    ("number-word", "The offers were a threefold of the {placed} placed students."),
    ("number-word", "This is the second season in which {placed} students were placed."),
    ("number-word", "A majority of the {registered} students applied."),
    # Signs and shapes
    ("character", "The placement rate was {placement_rate}%."),
    ("character", "The median package was ₹{median_package}."),
    ("character", "The median package was **{median_package}**."),
    ("character", "Visit <b>us</b>, where {placed} students were placed."),
    ("character", "Mail office@example to meet the {placed} placed students."),
    ("character", "Of the {registered} students, आधे were placed."),
    ("character", "Of the {registered} students, h\u0430lf were placed."),
    ("character", "The # of placed students was {placed}."),
    ("character", 'The "{placed}" students were placed.'),
    ("form", "were placed: {placed} of the students."),
    ("form", "The number of placed students was {placed}"),
    ("form", "Were {placed} of the students placed?"),
    ("form", "- {placed} of the students were placed."),
    ("form", f"The {{placed}} students were placed{' and placed' * MOST_CHARACTERS}."),
    ("language", "La tasa de los {registered} estudiantes fue de {placement_rate} en el programa de placement."),
    ("language", "Studentska prijava donosi uspjeh mladim: {registered} student."),
    # Placeholders
    ("placeholder", "The season was a busy time for the students."),
    ("placeholder", "The number of placed students was {placed_students}."),
    ("placeholder", "The number of placed students was {{placed}}."),
    ("placeholder", "The number of placed students was {placed}}."),
    ("placeholder", "The number of placed students was {Placed}."),
    ("placeholder", "The number of placed students was { placed }."),
    # Claims without a fact
    ("judgement", "The placement rate was an impressive {placement_rate}."),
    ("judgement", "The best package had a median of {median_package}."),
    ("judgement", "A record of {placed} students were placed."),
    ("judgement", "Placements by branch were led in strength by the top of {branch_a}."),
    ("judgement", "A strong placement rate of {placement_rate} was the outcome."),
    ("cause", "Because of the companies, {placed} students were placed."),
    ("cause", "Due to demand, {placed} students were placed."),
    ("cause", "The {offers} offers led to {placed} placed students."),
    ("cause", "As a result, {placed} students were placed."),
    ("cause", "The median package of {median_package} reflects the demand of the companies."),
    ("cause", "Since the companies came, {placed} students were placed."),
    ("forecast", "The placement rate of {placement_rate} is likely to be met again."),
    ("forecast", "The {never_shortlisted} applicants who were never shortlisted should be trained."),
    ("address", "The {placed} placed students are listed at placements.example for officers."),
    ("negation", "The {placed} students were not placed."),
    ("negation", "Of the students, {placed} are yet to be placed."),
    ("negation", "There were {never_shortlisted} never shortlisted and {placed} never placed."),
    ("negation", "The placement rate is {placement_rate} without the interns."),
    ("figure-name", "The {placed} students applied."),
    ("figure-name", "The median package was {mean_package}."),
    ("figure-name", "Placements took place at {placed} companies."),
    ("figure-name", "The companies made offers, {offered} offers in total."),
    ("figure-name", "There were {offers} students with offers."),
    ("figure-name", "The {registered} applicants were registered."),
    ("figure-name", "The average package was {median_package}."),
    ("figure-name", "The mean and the median package was {median_package}."),
    ("figure-name", "The highest package was {branch_a_median}."),
    ("figure-name", "The interview was held with {shortlisted} of the students."),
    ("figure-name", "The {placed} unplaceable students are in the rolls."),
    # Names
    ("name", "At Palash Pay, {placed} students were placed."),
    ("name", "The students of Civil Engineering had {placed} placed."),
    ("name", "The students of civil engineering had {placed} placed."),
    ("name", "Textiles had {placed} of the students placed."),
    ("name", "The students of IT had {placed} placed."),
    ("name", "PQR made the {offers} offers to the students."),
    ("name", "Of the {registered} students, Ⅳ were placed."),
    ("name", "The skill SQL was asked for by the {companies} companies."),
    ("name", "Textile had {placed} of the students placed."),
    ("name", "Palash made the {offers} offers to the students."),
    ("name", "Python was asked for by the {companies} companies."),
    ("name", "Meera is among the {placed} placed students."),
    ("name", "Open-air companies made {offers} offers to students."),
    # Directions
    ("direction", "Placements fell by {change_placed} from {previous_season}."),
    ("direction", "Offers rose by {change_offers} from {previous_season}."),
    ("direction", "Placements changed by {change_placed} from {previous_season}."),
    ("direction", "Placements rose to {placed} in the season."),
    ("direction", "The number of students who applied rose by {change_applied}."),
    ("direction", "A higher median package of {median_package} was offered."),
    ("direction", "More students were placed, with {placed} in the season."),
)


@pytest.mark.parametrize("sentence", HONEST)
def test_an_honest_sentence_stays(sentence: str) -> None:
    assert review(sentence, PUBLISHED).broken == ()
    assert review(sentence, PUBLISHED).kept == (sentence,)


@pytest.mark.parametrize(("rule", "sentence"), WRONG)
def test_a_sentence_that_says_more_than_the_facts_is_left_out(rule: str, sentence: str) -> None:
    found = review(sentence, PUBLISHED)
    assert (found.kept, found.broken) == ((), (rule,))


def test_every_rule_is_shown_broken_and_has_a_hint() -> None:
    assert {rule for rule, _ in WRONG} == CHECKS.keys()
    assert HINTS.keys() == {*CHECKS, "length", TOO_FEW}


def test_good_sentences_stay_when_others_go() -> None:
    found = review(f"{HONEST[0]} Half were placed. {HONEST[2]} {HONEST[5]}", PUBLISHED)
    assert found.kept == (HONEST[0], HONEST[2], HONEST[5])
    assert found.broken == ("placeholder",)


def test_what_comes_after_the_seventh_sentence_is_too_much() -> None:
    found = review(" ".join(HONEST[: MOST_SENTENCES + 2]), PUBLISHED)
    assert found.kept == HONEST[:MOST_SENTENCES]
    assert found.broken == ("length", "length")


def test_sentences_are_cut_at_periods_before_a_capital_or_a_placeholder() -> None:
    assert sentences("A {b}. {c} d.\n\nE, e.g. f. G") == ["A {b}.", "{c} d.", "E, e.g. f.", "G"]
    assert sentences(" \n ") == sentences("") == []


@pytest.mark.parametrize("text", ["", "   ", "\ud800", "\x00", "{", ".", "A."])
def test_an_answer_of_nothing_has_no_sentence_to_keep(text: str) -> None:
    assert review(text, PUBLISHED).kept == ()


PIECES = st.sampled_from(
    ["{placed}", "{change_placed}", "{x}", "The ", "the ", "students ", "placed ", "rose by ", "half ", ". ", "48"]
)


@given(st.text(st.characters(exclude_categories=())) | st.lists(PIECES, max_size=30).map("".join))
def test_whatever_is_kept_can_be_filled_and_holds_no_figure_of_its_own(text: str) -> None:
    found = review(text, PUBLISHED)
    assert len(found.kept) <= MOST_SENTENCES
    for sentence in found.kept:
        fill(sentence, DISPLAYS)
        assert not any(character.isnumeric() for character in fill(sentence, dict.fromkeys(DISPLAYS, "")))


@given(st.text(max_size=40), st.integers(0, len(HONEST) - 1))
def test_a_name_of_any_kind_breaks_nothing(name: str, number: int) -> None:
    strange = replace(PUBLISHED, names=(name,))
    found = review(HONEST[number], strange)
    assert found.kept == (HONEST[number],) or found.broken == ("name",)
