"""Listed names of one word or several in a row of words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.resume.guard.lookup import Lookup, Phrase

_LISTED = Lookup({("gas",): 1, ("gas", "safety"): 2, ("gas", "safety", "check"): 3, ("check", "sheet"): 4})


def test_the_longest_at_a_place_comes_first_and_those_within_it_after_it() -> None:
    found = list(_LISTED.found(["a", "gas", "safety", "check", "sheet"]))
    assert found == [
        (1, ("gas", "safety", "check"), 3),
        (1, ("gas", "safety"), 2),
        (1, ("gas",), 1),
        (3, ("check", "sheet"), 4),
    ]


_phrases = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(tuple)


@given(st.dictionaries(_phrases, st.integers(), max_size=8), st.lists(st.sampled_from("abcd"), max_size=8))
def test_nothing_listed_is_missed(listed: dict[Phrase, int], words: list[str]) -> None:
    runs = ((at, tuple(words[at : at + size])) for at in range(len(words)) for size in range(len(words) - at, 0, -1))
    assert list(Lookup(listed).found(words)) == [(at, run, listed[run]) for at, run in runs if run in listed]
