"""Finds listed names of one word or several in a row of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, Generic, TypeVar

Phrase = tuple[str, ...]
T = TypeVar("T")

PAIR: Final = 2


class Lookup(Generic[T]):
    """A list of phrases, each with what is known of it."""

    def __init__(self, listed: Mapping[Phrase, T]) -> None:
        self.listed = listed
        self.ones = {phrase[0]: (phrase, known) for phrase, known in listed.items() if len(phrase) == 1}
        sizes: dict[Phrase, set[int]] = {}
        for phrase in listed:
            if len(phrase) > 1:
                sizes.setdefault(phrase[:PAIR], set()).add(len(phrase))
        self._sizes = {pair: tuple(sorted(found, reverse=True)) for pair, found in sizes.items()}
        """By the first two words how many there may be, most first."""

    def found(self, words: Sequence[str]) -> list[tuple[int, Phrase, T]]:
        """Return where each phrase begins that words hold, also within another one, the longest at each place first."""
        found = [(at, *self.ones[word]) for at, word in enumerate(words) if word in self.ones]
        if several := self.several(words):
            found = sorted([*several, *found], key=lambda name: (name[0], -len(name[1])))
        return found

    def several(self, words: Sequence[str]) -> list[tuple[int, Phrase, T]]:
        """Return those of several words."""
        return [
            (at, run, self.listed[run])
            for at, pair in enumerate(pairwise(words))
            if pair in self._sizes
            for size in self._sizes[pair]
            if at + size <= len(words) and (run := tuple(words[at : at + size])) in self.listed
        ]
