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
        self._ones = {phrase[0]: known for phrase, known in listed.items() if len(phrase) == 1}
        several = [phrase for phrase in listed if len(phrase) > 1]
        self._firsts = frozenset(phrase[0] for phrase in several)
        sizes: dict[Phrase, set[int]] = {}
        for phrase in several:
            if len(phrase) > PAIR:
                sizes.setdefault(phrase[:PAIR], set()).add(len(phrase))
        self._sizes = {pair: tuple(sorted(found, reverse=True)) for pair, found in sizes.items()}
        """By the first two words how many there may be, if more; most first."""

    def found(self, words: Sequence[str], ends: Sequence[str] | None = None) -> Iterator[tuple[int, Phrase, T]]:
        """Yield where each phrase begins that words hold, also within another one, the longest at each place first.

        `ends` are the words as they are listed where they are the last of a phrase, if that is otherwise.
        """
        ends = words if ends is None else ends
        for at, word in enumerate(words):
            if word in self._firsts and at + 1 < len(words):
                for size in self._sizes.get((word, words[at + 1]), ()):
                    last = at + size - 1
                    phrase = (*words[at:last], ends[last]) if last < len(words) else ()
                    if phrase in self.listed:
                        yield at, phrase, self.listed[phrase]
                pair = (word, ends[at + 1])
                if pair in self.listed:
                    yield at, pair, self.listed[pair]
            if ends[at] in self._ones:
                yield at, (ends[at],), self._ones[ends[at]]
