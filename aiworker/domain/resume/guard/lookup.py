"""Finds listed names of one word or several in a row of words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Generic, TypeVar

Phrase = tuple[str, ...]
T = TypeVar("T")

PAIR: Final = 2


class Lookup(Generic[T]):
    """A list of phrases, each with what is known of it."""

    def __init__(self, listed: Mapping[Phrase, T]) -> None:
        self.listed = listed
        self._ones = {phrase[0]: (phrase, known) for phrase, known in listed.items() if len(phrase) == 1}
        sizes: dict[Phrase, set[int]] = {}
        for phrase in listed:
            if len(phrase) > 1:
                sizes.setdefault(phrase[:PAIR], set()).add(len(phrase))
        self._firsts = frozenset(pair[0] for pair in sizes)
        self._sizes = {pair: tuple(sorted(found, reverse=True)) for pair, found in sizes.items()}
        """By the first two words how many there may be, most first."""

    def found(self, words: Sequence[str]) -> Iterator[tuple[int, Phrase, T]]:
        """Yield where each phrase begins that words hold, also within another one, the longest at each place first."""
        for at, word in enumerate(words):
            if word in self._firsts:
                for size in self._sizes.get(tuple(words[at : at + PAIR]), ()):
                    phrase = tuple(words[at : at + size])
                    if len(phrase) == size and phrase in self.listed:
                        yield at, phrase, self.listed[phrase]
            if word in self._ones:
                yield at, *self._ones[word]
