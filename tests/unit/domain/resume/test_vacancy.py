"""What stays of a vacancy that is too long: whole paragraphs, requirements first, with all that stands under them."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from aiworker.domain.resume.vacancy import cut_at_word, shorten
from tests.unit.domain.resume.documents import patient

WORDS = st.sampled_from(["built", "led", "Python", "40 %", "é🙂", "SQL", "x" * 40, "a\nb"])
LINES = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)
HEADS = st.sampled_from(
    ["", "Requirements:\n", "Requirements\n\n", "What you bring\n", "About us\n", "Benefits: ", "EEO "]
)
PARAGRAPHS = st.tuples(HEADS, LINES, st.integers(1, 60)).map(lambda part: part[0] + part[1] * part[2])
VACANCIES = st.lists(PARAGRAPHS, max_size=15).map("\n\n".join)

PROSE = "\n\n".join(f"Day {number} is a day." for number in range(6))
NEEDS = "- Python and SQL\n- clear writing"


@patient
@given(VACANCIES, st.integers(50, 3_000))
@example("x" * 500, 50)
@example("Requirements: Python\n\nAbout us: large", 30)
def test_a_shortened_vacancy_fits_and_is_made_of_its_own_paragraphs(vacancy: str, limit: int) -> None:
    short = shorten(vacancy, limit)
    assert len(short) <= limit
    kept = [paragraph for paragraph in short.split("\n\n") if paragraph]
    paragraphs = vacancy.split("\n\n")
    assert all(paragraph in paragraphs for paragraph in kept) or vacancy.startswith(short)


@patient
@given(st.lists(st.tuples(st.sampled_from("RBX"), st.integers(1, 40)), min_size=1, max_size=12), st.integers(20, 600))
def test_requirements_stay_before_boilerplate(given: list[tuple[str, int]], limit: int) -> None:
    heads = {"R": "Requirements: ", "B": "Benefits: ", "X": "You would work. "}
    paragraphs = [f"{heads[kind]}{number} {'word ' * words}end" for number, (kind, words) in enumerate(given)]
    kept = set(shorten("\n\n".join(paragraphs), limit).split("\n\n"))
    assume(kept & set(paragraphs))
    for rank, dropped in ((kind, text) for (kind, _), text in zip(given, paragraphs, strict=True) if text not in kept):
        worse = {"R": "XB", "X": "B", "B": ""}[rank]
        stayed = [text for (kind, _), text in zip(given, paragraphs, strict=True) if kind in worse and text in kept]
        # What is worth less stays only where the better one would not have fitted.
        assert all(len(text) < len(dropped) for text in stayed)


def test_boilerplate_goes_first_and_order_is_kept() -> None:
    vacancy = "About us: we are large.\n\nYou would build services.\n\nRequirements: Python, SQL.\n\nBenefits: fruit."
    assert shorten(vacancy, 60) == "You would build services.\n\nRequirements: Python, SQL."


@pytest.mark.parametrize("heading", ["Requirements", "Requirements:", "## Requirements", "**What you bring:**"])
@pytest.mark.parametrize("gap", ["\n", "\n\n", "\n \n\n"])
def test_a_list_under_a_requirements_heading_stays_whether_or_not_a_blank_line_is_between(
    heading: str, gap: str
) -> None:
    short = shorten(f"{PROSE}\n\n{heading}{gap}{NEEDS}\n\n{PROSE}", len(heading) + len(NEEDS) + 6)
    assert short.startswith(heading) and short.endswith(NEEDS)


def test_every_item_of_a_list_with_blank_lines_belongs_to_its_heading() -> None:
    needs = ["Requirements", "You should know these:", "- Python", "* SQL", "3. Git", "- Salary systems of any kind"]
    listed = "\n\n".join(needs)
    assert shorten(f"{PROSE}\n\n{listed}\n\n{PROSE}", len(listed) + 2) == listed


def test_a_list_that_goes_on_after_a_blank_line_is_still_its_heading_s() -> None:
    listed = "Requirements:\n- Python\n\n- SQL"
    assert shorten(f"{PROSE}\n\n{listed}", len(listed) + 2) == listed


def test_the_first_paragraph_under_a_heading_is_its_own_and_prose_after_it_is_not() -> None:
    vacancy = "Location: anywhere.\n\nRequirements\n\nYou know Python.\n\nThe team is small."
    assert shorten(vacancy, 34) == "Requirements\n\nYou know Python."


def test_a_list_after_other_prose_is_no_longer_its_heading_s() -> None:
    vacancy = "We are new.\n\nRequirements\n\nYou know Python.\n\nWe are few.\n\n- ping pong"
    assert shorten(vacancy, 46) == "We are new.\n\nRequirements\n\nYou know Python."


def test_a_list_under_a_boilerplate_heading_goes_with_it() -> None:
    vacancy = "Benefits\n\n- fruit\n- a gym\n\nYou would build services.\n\nRequirements: Python."
    assert shorten(vacancy, 55) == "You would build services.\n\nRequirements: Python."


def test_a_heading_ends_where_the_next_one_begins() -> None:
    vacancy = "Requirements\n\nBenefits\n\n- fruit\n- a gym\n\nYou would build."
    assert shorten(vacancy, 34) == "Requirements\n\nYou would build."


def test_a_sentence_that_begins_like_a_heading_is_none() -> None:
    vacancy = "You will like it here.\n\n- ping pong, twice a week\n\nRequirements: Python."
    assert shorten(vacancy, 50) == "You will like it here.\n\nRequirements: Python."


def test_a_wall_of_text_is_cut_between_words() -> None:
    assert shorten("word " * 100, 23) == "word word word word"


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("Backend Intern", 14, "Backend Intern"),
        ("Backend Intern", 13, "Backend"),
        ("Backend Intern", 7, "Backend"),
        ("Backend\tIntern", 10, "Backend"),
        ("Backend", 4, "Back"),
        ("", 4, ""),
        (" " * 9, 4, ""),
    ],
)
def test_a_line_is_cut_at_a_word_if_it_has_any(text: str, limit: int, cut: str) -> None:
    assert cut_at_word(text, limit) == cut
