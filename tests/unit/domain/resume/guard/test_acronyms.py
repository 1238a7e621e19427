"""Words that spell an acronym of the entry out explain it, and others do not."""

from __future__ import annotations

import pytest

from aiworker.domain.resume.guard.acronyms import acronyms, explanations
from aiworker.domain.resume.guard.reading import Reading
from aiworker.domain.resume.guard.words import listed


@pytest.mark.parametrize(
    ("entry", "text", "words"),
    [
        ("Did TPM", "Did total productive maintenance", "total productive maintenance"),
        ("Kept POs", "Kept purchase orders", "purchase orders"),
        ("Wrote HTML5", "Wrote hyper text markup language", "hyper text markup language"),
        ("Wired IoT", "Wired the internet of things", "internet of things"),
        ("Kept the BOQ", "Kept the bill of quantities", "bill of quantities"),
        ("Kept the BQ", "Kept the bill of quantities", "bill quantities"),
        ("Did R&D", "Did research and development", "research development"),
        ("Did P&D&R", "Did pumps and drains and roofs", "pumps drains roofs"),
        ("Kept PO lists", "Put orders beside purchase orders", "put orders purchase"),
        ("Did TPM", "Did Total Upkeep (TPM)", "did total upkeep"),
        ("Kept TPMs", "Kept all Total-Upkeep lists (TPMs)", "kept all total upkeep lists"),
        ("Did TPM", "Did Total Upkeep (RCM)", ""),
        ("Did TPM", "Did total productive care", ""),
        ("Ran Kafka", "Kept all forms known", ""),
        ("Ran K8", "Kept it", ""),
        ("Did tpm", "Did total productive maintenance", ""),
        ("", "Did total productive maintenance", ""),
        ("Did TPM", "", ""),
        ("Did AP", "Kept and polished accounts payable", "accounts payable"),
        ("Did AP", "Kept oil and paint", ""),
        ("Did UT", "Did the use of it", ""),
    ],
)
def test_words_in_a_row_begin_with_the_letters_of_an_acronym(entry: str, text: str, words: str) -> None:
    found = explanations(acronyms(entry), text, Reading(text).words)
    assert found == listed(words)


@pytest.mark.parametrize(
    ("bullet", "text", "words"),
    [
        ("Cooked a vegan bowl", "A plant-based (vegan) bowl", "a plant based"),
        ("Kept groceries", "Milk, tea and sugar (groceries)", "milk tea and sugar"),
        ("Cooked a bowl", "A plant-based (vegan) bowl", ""),
        ("Cooked a plant-based (vegan) bowl", "A plant-based (vegan) bowl", ""),
        ("Cooked a vegan bowl", "A plant-based vegan bowl", ""),
    ],
)
def test_new_brackets_around_a_word_of_the_bullet_explain_it(bullet: str, text: str, words: str) -> None:
    assert explanations((), text, Reading(text).words, bullet) == listed(words)
