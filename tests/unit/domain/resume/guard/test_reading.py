"""A text as the rules read it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.resume.guard.once import once
from aiworker.domain.resume.guard.reading import Reading

_texts = st.lists(st.sampled_from(["oven", "baked", "rye", "loaves"]), max_size=7).map(" ".join)


class _Counted:
    asked = 0

    @once
    def answer(self) -> int:
        """What is asked for."""
        self.asked += 1
        return self.asked


def test_what_is_found_once_is_kept_by_each_of_its_kind() -> None:
    one, other = _Counted(), _Counted()
    assert (one.answer, one.answer, one.asked, other.asked) == (1, 1, 1, 0)
    assert (_Counted.answer.__doc__, isinstance(_Counted.answer, once)) == ("What is asked for.", True)


def test_runs_of_stems_keep_the_words_they_were_made_of() -> None:
    packed = Reading("Packed two boxes")
    assert packed.runs(2) == {("pack", "two"): "packed two", ("two", "box"): "two boxes"}
    assert (packed.runs(2, [1]), packed.runs(4)) == ({("two", "box"): "two boxes"}, {})


@pytest.mark.parametrize(
    ("run", "is_held"),
    [
        (["bak", "rye"], True),
        (["bak"], True),
        (["ba"], False),
        (["rye", "bak"], False),
        (["rye", "loav", "oven"], False),
    ],
)
def test_stems_in_a_row_are_held_whole(run: Sequence[str], is_held: bool) -> None:
    assert Reading("Baked rye loaves").holds_run(run) is is_held


@given(_texts, _texts, st.integers(2, 4))
def test_shared_runs_are_those_of_both_texts(text: str, other: str, size: int) -> None:
    ours, theirs = Reading(text).runs(size), Reading(other).runs(size)
    assert Reading(text).shared(size, Reading(other)) == [(run, shown) for run, shown in ours.items() if run in theirs]


@pytest.mark.parametrize(
    ("text", "verbs", "is_said"),
    [
        ("Led a team", {"led"}, True),
        ("Teach a class", {"taught"}, True),
        ("Mentor trainees", {"mentored"}, True),
        ("Kept the books, led by nobody", {"led"}, False),
        ("Was led", {"led"}, False),
        ("", {"led"}, False),
    ],
)
def test_what_a_text_does_is_told_of_its_subject(text: str, verbs: set[str], is_said: bool) -> None:
    assert Reading(text).does(verbs) is is_said
