"""Where a sentence ends, in texts full of periods that end none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.students.sentences import sentences, word_count

DEGREES = (
    "The student is in the final year of a B.Tech. in Electronics at an institute near Pune.",
    "Dr. Deshpande of Kaveri Ledger Pvt. Ltd. supervised the internship, e.g. the work on a Node.js service.",
    "They hold a CGPA of 8.4 and plan a Ph.D. in the U.S. after graduation.",
    "Skills include Python, Node.js and C.",
)


def test_the_traps_of_real_summaries_are_no_ends() -> None:
    assert sentences(" ".join(DEGREES)) == DEGREES
    assert sentences(" ".join(DEGREES[:3])) == DEGREES[:3]


@pytest.mark.parametrize(
    "text",
    [
        "They hold a B.Tech. in Physics.",
        "A B.Tech. Computer Engineering student wrote it.",
        "They worked at Kaveri Ledger Pvt. Ltd. in Pune.",
        "They worked at Kaveri Ledger Pvt. Ltd. (India) for a summer.",
        "They worked at Acme Inc. 500 days long.",
        "Dr. Rao taught them.",
        "They used Node.js Express handlers.",
        "They used Node.js.",
        "The CGPA is 8.4 of ten.",
        "They know e.g. Python and SQL.",
        "They know C. Rao's compiler.",
        "They plan a Ph.D. in Physics.",
        "They moved to the U.S. Midwest.",
        "They met B. R. Deshpande there.",
        "They came in no. 2 of the list.",
        "They won approx. 12 games.",
        "The firm Distribuciones Valdehornos, S. A., is in Zaragoza.",
        "They worked in the Dept. of Physics (M.Sc. students only).",
        "They hold a B.E./B.Tech. degree.",
        "1. The student is here.",
    ],
)
def test_one_sentence_is_one(text: str) -> None:
    assert sentences(text) == (text,)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("They hold a B.Tech.", "They know SQL."),
        ("They worked at Kaveri Ledger Pvt. Ltd.", "Python is known."),
        ("They worked at Distribuciones Valdehornos, S. A.", "Their skills are few."),
        ("They program in C.", "The student knows R."),
        ("They plan a Ph.D.", "Their CGPA is 8.4."),
        ("They live in the U.S.", "In Pune they studied."),
        ("They hold a B.Tech.", "Currently, they know SQL."),
        ("They use Node.js.", "Express is known."),
        ("Their CGPA is 8.4.", "34 tests were written."),
        ("They know SQL, Git, etc.", "Python is new."),
        ("It works!", "The tests pass."),
        ("Does it work?", "Yes."),
        ('They wrote "Hello."', "It printed."),
        ("They wrote it (in 2025.)", "It printed."),
        ("They wrote it…", "It printed."),
        ("They were in class X.", "They moved on."),
    ],
)
def test_two_sentences_are_two(first: str, second: str) -> None:
    assert sentences(f"{first} {second}") == (first, second)


def test_white_space_is_single_and_the_last_sentence_needs_no_mark() -> None:
    assert sentences("  One\nthing is.\t Another  one ") == ("One thing is.", "Another one")


@pytest.mark.parametrize("text", ["", " ", "...", "! ? ."])
def test_where_nothing_is_said_there_is_no_sentence(text: str) -> None:
    assert sentences(text) == ()


@given(st.text(st.sampled_from('aB.C 1!?"( ')))
def test_nothing_of_a_text_is_lost_but_marks_that_stand_alone(text: str) -> None:
    kept = "".join("".join(sentences(text)).split())
    assert [letter for letter in kept if letter.isalnum()] == [letter for letter in text if letter.isalnum()]


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("one", 1), ("61 % to 83 %", 3), ("a – b", 2), ("up-to-date Node.js, 8.4", 3)],
)
def test_words_are_counted_without_marks(text: str, count: int) -> None:
    assert word_count(text) == count
