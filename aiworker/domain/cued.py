"""Regular expressions that are tried only on texts that hold a word which each of their matches holds.

Most rules have nothing to say of most texts, and the words of a text tell so in a fraction of the time that looking at
each of its places takes. After the prefilters of RE2 (Cox 2012, "Regular Expression Matching with a Trigram Index").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Final

from aiworker.domain.cues import Strings, cues_in, cues_of

_MAYBE_ASCII: Final = re.compile(r"[İıſ\u212a]|\\[uUN]")
"""Letters that `re.IGNORECASE` takes for one of ASCII, and how they may be written."""


def cued(pattern: str, flags: int = 0) -> Cued:
    """Compile a pattern like `re.compile`."""
    return Cued(re.compile(pattern, flags))


class Cued:
    """A compiled pattern, and the cues of which every text it matches in has one.

    Whoever looks only for matches that begin a word need not say so in the pattern.
    """

    def __init__(self, pattern: re.Pattern[str], *, begins_a_word: bool = False) -> None:
        self.pattern = pattern
        self.begins_a_word = begins_a_word
        self.match, self.fullmatch = pattern.match, pattern.fullmatch

    def of(self, text: str) -> re.Pattern[str]:
        """Return the pattern that is the fastest for a text, whatever its cues."""
        return self._ascii if text.isascii() else self.pattern

    @cached_property
    def _ascii(self) -> re.Pattern[str]:
        """The pattern for texts of ASCII, of which it says the same without asking the tables of Unicode."""
        if _MAYBE_ASCII.search(self.pattern.pattern):
            return self.pattern
        return re.compile(self.pattern.pattern, self.pattern.flags & ~re.UNICODE | re.ASCII)

    @cached_property
    def cues(self) -> Strings:
        """Found when they are first asked for: that takes longer than to compile the pattern."""
        return cues_of(self.pattern, begins_a_word=self.begins_a_word)

    def search(self, text: str) -> re.Match[str] | None:
        """Find the first match, as `re.Pattern.search` does."""
        return None if self.cues.isdisjoint(cues_in(text)) else self.of(text).search(text)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Find all matches, as `re.Pattern.finditer` does."""
        return iter(()) if self.cues.isdisjoint(cues_in(text)) else self.of(text).finditer(text)

    def sub(self, written: str | Callable[[re.Match[str]], str], text: str) -> str:
        """Write something else for every match, as `re.Pattern.sub` does."""
        return text if self.cues.isdisjoint(cues_in(text)) else self.of(text).sub(written, text)


class Index:
    """Patterns in order, and by each cue those that have it."""

    def __init__(self, patterns: Iterable[Cued]) -> None:
        self._patterns = tuple(patterns)

    @cached_property
    def _places(self) -> dict[str, int]:
        """By cue, a bit for the place of each pattern that has it."""
        found: dict[str, int] = {}
        for place, pattern in enumerate(self._patterns):
            for cue in pattern.cues:
                found[cue] = found.get(cue, 0) | 1 << place
        return found

    @cached_property
    def _cues(self) -> Strings:
        return frozenset(self._places)

    def places(self, text: str) -> Sequence[int]:
        """Return, in order, the places of the patterns that may match in a text."""
        places = 0
        for cue in self._cues & cues_in(text):
            places |= self._places[cue]
        return _set_in(places)


@lru_cache(maxsize=5_000)
def _set_in(bits: int) -> Sequence[int]:
    """Return, in order, the places of the bits that are set."""
    return [place for place in range(bits.bit_length()) if bits >> place & 1]


class AnyOf:
    """Several patterns that are searched like one: the first match, of those at its place that of the first pattern."""

    def __init__(self, *patterns: str, flags: int = 0) -> None:
        self.patterns = tuple(cued(pattern, flags) for pattern in patterns)
        self._index = Index(self.patterns)

    def search(self, text: str) -> re.Match[str] | None:
        """Find the first match, as `re.Pattern.search` does."""
        tried = (self.patterns[place].of(text).search(text) for place in self._index.places(text))
        return min((found for found in tried if found), key=lambda found: found.start(), default=None)
