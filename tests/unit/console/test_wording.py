"""Word diffs: nothing is lost, nothing is made up, and words stay whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.console.wording import Kind, word_diff

WORDY = st.lists(st.sampled_from(["led", "the", "team", "  ", " ", ",", ".", "\n", "8.40", "₹1.2", "é"])).map("".join)
TEXTS = st.text() | WORDY


def joined(before: str, after: str, *kinds: Kind) -> str:
    return "".join(piece.text for piece in word_diff(before, after) if piece.kind in kinds)


@given(TEXTS, TEXTS)
def test_what_stayed_and_went_is_the_old_text_what_stayed_and_came_the_new(before: str, after: str) -> None:
    assert joined(before, after, "same", "gone") == before
    assert joined(before, after, "same", "new") == after


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert joined(text, text, "gone", "new") == ""
    assert joined(text, text, "same") == text


@given(TEXTS, TEXTS)
def test_no_piece_is_empty(before: str, after: str) -> None:
    assert all(piece.text for piece in word_diff(before, after))


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("a b c", "a x c", [("same", "a "), ("gone", "b"), ("new", "x"), ("same", " c")]),
        ("led", "leads", [("gone", "led"), ("new", "leads")]),
        ("Built it", "Built it.", [("same", "Built it"), ("new", ".")]),
        ("one, two", "one; two", [("same", "one"), ("gone", ","), ("new", ";"), ("same", " two")]),
        ("", "new", [("new", "new")]),
        ("old", "", [("gone", "old")]),
        ("", "", []),
    ],
)
def test_words_and_marks_change_as_a_whole(before: str, after: str, pieces: list[tuple[Kind, str]]) -> None:
    assert [(piece.kind, piece.text) for piece in word_diff(before, after)] == pieces
