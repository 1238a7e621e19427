"""What is kept of the guard's decisions, and what is counted of them."""

from __future__ import annotations

from collections.abc import Mapping

from aiworker.domain.resume import locator
from aiworker.domain.resume.guard import Guard
from aiworker.domain.resume.guard.decisions import Decision, judge, measure, refused
from aiworker.protocol import Measured

NOTES = "Wrote weekly notes for 40 shops"
TILL = "Counted the till every evening"
DOCUMENT = locator.read(f'{{"work": [{{"bullets": ["{NOTES}", {{"text": "{TILL}"}}]}}]}}')
GUARD = Guard.of(DOCUMENT)


def judged(**texts: str) -> tuple[Decision, ...]:
    return judge(GUARD, DOCUMENT.bullets, texts)


def measured(texts: Mapping[str, str], *decisions: Decision) -> Measured:
    return measure(GUARD, texts.values(), decisions, job="rewrite-resume", prompt="4f", model="m-1")


def test_a_decision_tells_bullet_place_rule_words_and_both_texts() -> None:
    text = "Counted the till every evening with Kafka"
    assert judged(b0=NOTES, b1=text) == (Decision("b1", "work.0.bullets.1", "term", "Kafka", "violation", TILL, text),)


def test_only_violations_keep_a_text_out() -> None:
    found = judged(b0=f"Leveraged {NOTES}", b1=f"{TILL} in 3 shops")
    assert {decision.rule for decision in found} == {"style", "number"}
    assert refused(found) == {"b1"}


def test_what_is_counted_are_texts_refused_ones_and_the_entities_their_sources_hold() -> None:
    texts = {"b0": f"{NOTES} with Kafka and 7 clerks", "b1": "Led those who counted the till every evening"}
    # Kafka and 7 are nobody's, 40 is the bullet's; a leading role is no entity.
    assert measured(texts, *judged(**texts)) == Measured(
        job="rewrite-resume", prompt="4f", model="m-1", texts=2, refused=2, entities=3, grounded=1, is_partial=False
    )


def test_a_term_said_twice_is_missing_once_and_never_more_than_there_are() -> None:
    texts = {"b1": f"{TILL} with Kafka, Kafka"}
    found = judged(**texts)
    assert measured(texts, *found) == measured(texts, *found, *found)
    assert measured({"b1": TILL}, *found).grounded == 0


def test_the_same_bullet_refused_in_two_answers_is_two_texts() -> None:
    first, second = {"b1": f"{TILL} with Kafka"}, {"b1": f"{TILL} with Redis"}
    both = measure(
        GUARD,
        [*first.values(), *second.values()],
        [*judged(**first), *judged(**second)],
        job="rewrite-resume",
        prompt="4f",
        model="m-1",
    )
    assert (both.texts, both.refused, both.entities, both.grounded) == (2, 2, 2, 0)


def test_it_is_kept_that_a_language_is_one_of_which_part_of_the_rules_can_tell() -> None:
    document = locator.read('{"work": [{"bullets": ["Llevé las cuentas de 12 tiendas y los informes"]}]}')
    assert measure(Guard.of(document), [], (), job="j", prompt="4f", model="m-1").is_partial
