"""Words fold to stems so that forms of one word are one, and others are not."""

from __future__ import annotations

import pytest

from aiworker.domain.resume.guard.words import content, listed, plain, stem, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tests", "tested"),
        ("testing", "test"),
        ("planned", "plan"),
        ("running", "ran"),
        ("organised", "organization"),
        ("optimise", "optimization"),
        ("automated", "automation"),
        ("studies", "studied"),
        ("wrote", "written"),
        ("taught", "teach"),
        ("analysed", "analytics"),
        ("calls", "called"),
        ("deployment", "deployed"),
    ],
)
def test_forms_of_one_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("one", "other"), [("planned", "planted"), ("test", "text"), ("code", "cook"), ("is", "it"), ("bus", "but")]
)
def test_other_words_do_not(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@pytest.mark.parametrize("word", ["is", "gas", "sed", "", "ing", "ñu"])
def test_a_short_word_is_its_own_stem(word: str) -> None:
    assert stem(word) == word


def test_words_are_in_lower_case_without_possessives() -> None:
    assert words("Meera’s and Ravi's 2 shops, don't_ask") == ["meera", "and", "ravi", "2", "shops", "don't", "ask"]


def test_accents_come_off() -> None:
    assert plain("Año de fútbol") == "Ano de futbol"


def test_content_is_without_small_words_and_digits() -> None:
    assert content("The 12 nurses of a ward planned it") == ["nurs", "ward", "plan"]
    assert content("Los 12 libros de la tienda") == [stem("libros"), stem("tienda")]


def test_a_list_is_split_at_spaces() -> None:
    assert listed(" a  b\na ") == {"a", "b"}
