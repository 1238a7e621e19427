"""A text as the rules read it; everything is found once."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from aiworker.domain.resume.guard.acronyms import acronyms, explanations
from aiworker.domain.resume.guard.number import Key, Number
from aiworker.domain.resume.guard.numbers import numbers
from aiworker.domain.resume.guard.rates import rates
from aiworker.domain.resume.guard.terms import Named, Term, terms
from aiworker.domain.resume.guard.words import content, ngrams, stem, words

LAST_LATIN: Final = 0x24F
ROOT: Final = 4


@dataclass(frozen=True)
class Reading:
    """One text with its figures, named terms, rates and stems."""

    text: str

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        return numbers(self.text)

    @cached_property
    def figures(self) -> frozenset[Key]:
        """Everything its figures may mean."""
        shares = (number.share for number in self.numbers if number.share)
        return frozenset(meaning for number in self.numbers for meaning in number.meanings).union(shares)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        return terms(self.text, self.numbers)

    @cached_property
    def named(self) -> Named:
        return Named(self.text)

    @cached_property
    def acronyms(self) -> frozenset[str]:
        return acronyms(self.text)

    @cached_property
    def shorts(self) -> frozenset[str]:
        """Its acronyms in small letters."""
        return frozenset(short.lower() for short in self.acronyms)

    @cached_property
    def rates(self) -> frozenset[str]:
        return rates(self.text)

    @cached_property
    def words(self) -> list[str]:
        return words(self.text)

    @cached_property
    def content(self) -> list[str]:
        return content(self.text)

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(stem(word) for word in self.words)

    @cached_property
    def roots(self) -> frozenset[str]:
        """The first letters of its stems, by which words of one kind are told."""
        return frozenset(word[:ROOT] for word in self.stems)

    @cached_property
    def _runs(self) -> dict[int, dict[tuple[str, ...], str]]:
        return {}

    def runs(self, size: int) -> dict[tuple[str, ...], str]:
        """Return each run of so many stems with the words it was made of."""
        if size not in self._runs:
            self._runs[size] = ngrams(self.text, size)
        return self._runs[size]

    @cached_property
    def letters(self) -> frozenset[str]:
        return frozenset(self.text.lower())

    @cached_property
    def scripts(self) -> frozenset[str]:
        """The scripts of its letters beyond the Latin ones, by their Unicode names."""
        return frozenset(
            unicodedata.name(letter, "?").split()[0]
            for letter in self.letters
            if letter.isalpha() and ord(letter) > LAST_LATIN
        )

    @cached_property
    def spoken(self) -> list[str]:
        """The words as they stand between spaces, in order."""
        return [token.strip(".,;:!?()[]\"'“”‘’") for token in self.text.lower().split()]

    @cached_property
    def tokens(self) -> frozenset[str]:
        return frozenset(self.spoken)

    @cached_property
    def hyphenated(self) -> frozenset[str]:
        """The words, and those joined by hyphens whole and in parts."""
        return self.tokens.union(self.words)


@dataclass(frozen=True)
class Source:
    """A bullet, the entry it belongs to, and the resume that belongs to."""

    bullet: Reading
    entry: Reading
    frame: Reading
    """The entry without its bullets: titles, names, dates, technologies."""
    resume: Reading
    language: str = "en"
    """The one most of the resume's bullets are in."""


@dataclass(frozen=True)
class Rewording(Reading):
    """A bullet's new text."""

    source: Source

    @cached_property
    def explained(self) -> frozenset[str]:
        """Its words that spell out an acronym of the entry."""
        return explanations(self.source.entry.acronyms, self.text, self.words)
