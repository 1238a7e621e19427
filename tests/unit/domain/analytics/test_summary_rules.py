"""The summary without a model: its sentences pass the review of every model's, whatever facts there are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.analytics.fact import Direction
from aiworker.domain.analytics.facts import Published, publish
from aiworker.domain.analytics.review import MOST_SENTENCES, review
from aiworker.domain.analytics.slots import fill, slots
from aiworker.domain.analytics.summary_rules import LEAST_SENTENCES, not_enough, template
from tests.unit.domain.analytics.seasons import BEFORE, FIGURES, NOW

PUBLISHED = publish(FIGURES)
FACTS = PUBLISHED.directions
DIRECTIONS: list[Direction] = ["up", "down", "same"]


def test_it_tells_what_officers_ask_for_first_in_seven_sentences() -> None:
    text = fill(" ".join(template(FACTS)), PUBLISHED.displays)
    assert text.startswith("In season 2026-27, 96 of 120 registered students applied. 48 students were placed, a ")
    assert "The number of placed students rose by 8 students from season 2025-26." in text
    assert "Computer Engineering (30 of 60 placed, 50.0%)" in text
    assert len(template(FACTS)) == MOST_SENTENCES


@pytest.mark.parametrize(
    ("then", "told"), [(40, "rose by 8 students"), (55, "fell by 7 students"), (48, "showed no change")]
)
def test_a_change_is_called_what_it_was(then: int, told: str) -> None:
    published = publish(replace(FIGURES, before=replace(BEFORE, placed=then)))
    text = fill(" ".join(template(published.directions)), published.displays)
    assert f"The number of placed students {told} from season 2025-26." in text


def test_another_change_is_told_where_that_of_the_placed_is_not() -> None:
    facts = tuple(fact for fact in PUBLISHED.facts if fact.id != "change_placed")
    assert any("{change_median_package}" in each for each in template(replace(PUBLISHED, facts=facts).directions))


def test_of_next_to_nothing_there_are_too_few_sentences() -> None:
    published = publish(replace(FIGURES, now=replace(NOW, placed=0, applied=3, offered=0), branches=()))
    assert len(template(published.directions)) < LEAST_SENTENCES
    assert template({}) == ()


@given(st.data())
def test_its_sentences_pass_the_review_whatever_facts_there_are(data: st.DataObject) -> None:
    chosen = data.draw(st.sets(st.sampled_from(sorted(FACTS))))
    ways = {name: data.draw(st.sampled_from(DIRECTIONS)) for name, way in FACTS.items() if way}
    facts = [replace(fact, direction=ways.get(fact.id)) for fact in PUBLISHED.facts if fact.id in chosen]
    some = Published("2026-27", tuple(facts), ())
    sentences = template(some.directions)
    found = review(" ".join(sentences), some)
    assert found.kept == sentences
    assert not found.broken
    assert {slot for sentence in sentences for slot in slots(sentence)} <= chosen


def test_too_little_is_told_in_the_same_words_whatever_it_is() -> None:
    told = "There is not enough data to summarise season 2026-27: figures are shown for groups of 5 or more only."
    assert not_enough("2026-27") == told
