"""A text as the rules read it; everything is found once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final

from aiworker.domain.resume.guard import aliases, synonyms
from aiworker.domain.resume.guard.acronyms import acronyms, explanations, glosses
from aiworker.domain.resume.guard.lexicon import BEEN
from aiworker.domain.resume.guard.lookup import PAIR, Phrase
from aiworker.domain.resume.guard.number import Key, Number
from aiworker.domain.resume.guard.numbers import numbers
from aiworker.domain.resume.guard.once import once
from aiworker.domain.resume.guard.rates import rates, rates_of
from aiworker.domain.resume.guard.terms import Named, Term, terms
from aiworker.domain.resume.guard.words import STOP_WORDS, of_line
from aiworker.domain.resume.verbs_en import PAST_OF_BASE

_GREEK_SIGN: Final = re.compile(r"(?<![\u0370-\u03ff])[\u0370-\u03ff](?![\u0370-\u03ff])")
_SHARP: Final = re.compile(r"\b([CF])[ -][Ss]harp\b")
_MARKS: Final = ".,;:!?()[]\"'“”‘’"
LAST_LATIN: Final = 0x24F
ROOT: Final = 4
NEAR: Final = 20
"""Characters before a figure that may say how it is meant."""
FEW_PLACES: Final = 4
"""Of one figure so many places are looked at; a text may repeat it without end."""


@dataclass(frozen=True)
class Reading:
    """One text with its figures, named terms, rates and stems."""

    text: str

    @once
    def numbers(self) -> tuple[Number, ...]:
        return numbers(self.text)

    @once
    def figures(self) -> frozenset[Key]:
        """Everything its figures may mean."""
        shares = (number.share for number in self.numbers if number.share)
        return frozenset(shares).union(*(number.meanings for number in self.numbers))

    def holds(self, number: Number) -> bool:
        """Say whether it has a figure in any form."""
        return not number.meanings.isdisjoint(self.figures) or (
            number.share is not None and number.share in self.figures
        )

    def shown(self, number: Number) -> str:
        """Return one of its figures as it writes it."""
        return self.text[slice(*number.span)].strip()

    def before(self, number: Number) -> str:
        """Return the few characters that stand before one of its figures."""
        return self.text[max(0, number.span[0] - NEAR) : number.span[0]]

    @once
    def told(self) -> Mapping[str, frozenset[Key]]:
        """All that the figures of each thing it counts may mean."""
        found: dict[str, set[Key]] = {}
        for number in self.numbers:
            if not number.is_soft:
                found.setdefault(number.noun, set()).update(number.meanings)
        return {noun: frozenset(keys) for noun, keys in found.items()}

    @once
    def places(self) -> Mapping[Key, tuple[Number, ...]]:
        """By what they may mean: its figures, a few of each."""
        found: dict[Key, tuple[Number, ...]] = {}
        for number in self.numbers:
            for meaning in number.meanings:
                if len(found.get(meaning, ())) < FEW_PLACES:
                    found[meaning] = (*found.get(meaning, ()), number)
        return found

    @once
    def terms(self) -> tuple[Term, ...]:
        return terms(self.text, self.numbers)

    @once
    def named(self) -> Named:
        return Named(self.text, self.words)

    @once
    def named_words(self) -> frozenset[str]:
        """Its named terms in small letters."""
        return frozenset(term.text.lower() for term in self.terms)

    @once
    def acronyms(self) -> frozenset[str]:
        return acronyms(self.text)

    @once
    def shorts(self) -> frozenset[str]:
        """Its acronyms in small letters."""
        return frozenset(short.lower() for short in self.acronyms)

    @once
    def things(self) -> Mapping[int, str]:
        """What it names that has other names too."""
        return aliases.names(self.text)

    @once
    def rates(self) -> frozenset[str]:
        return rates(self.text)

    @once
    def timed(self) -> Mapping[Number, str]:
        """Its figures that are counted by time, and by what span."""
        return rates_of(self.text, self.numbers)

    @once
    def low(self) -> str:
        return self.text.lower()

    @once
    def words(self) -> list[str]:
        return [word for found, _ in map(of_line, self.text.split("\n")) for word in found]

    @once
    def content(self) -> list[str]:
        return [
            root
            for word, root in zip(self.words, self.rooted, strict=True)
            if word not in STOP_WORDS and not word.isdigit()
        ]

    @once
    def rooted(self) -> list[str]:
        """The stems of its words, in order."""
        return [root for _, roots in map(of_line, self.text.split("\n")) for root in roots]

    @once
    def stems(self) -> frozenset[str]:
        return frozenset(self.rooted)

    @once
    def roots(self) -> frozenset[str]:
        """The first letters of its stems, by which words of one kind are told."""
        return frozenset(word[:ROOT] for word in self.stems)

    @once
    def beginnings(self) -> frozenset[str]:
        """A letter more of each: closer kin."""
        return frozenset(word[: ROOT + 1] for word in self.stems)

    def runs(self, size: int, places: Iterable[int] | None = None) -> dict[tuple[str, ...], str]:
        """Return each run of so many stems, or those that begin at some places, with the words it was made of."""
        places = range(len(self.rooted)) if places is None else places
        ends = [(at, at + size) for at in places if at + size <= len(self.rooted)]
        return {tuple(self.rooted[at:end]): " ".join(self.words[at:end]) for at, end in ends}

    @once
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Any two stems in a row."""
        return frozenset(pairwise(self.rooted))

    @once
    def _joined(self) -> str:
        return f" {' '.join(self.rooted)} "

    def holds_run(self, run: Iterable[str]) -> bool:
        """Say whether it has stems in a row."""
        return f" {' '.join(run)} " in self._joined

    def shared(self, size: int, other: Reading) -> list[tuple[tuple[str, ...], str]]:
        """Return, in order, those of its runs of two or more stems that another text has, with their words."""
        # Every run begins and ends with a pair, and of most texts none is there.
        common = self.pairs & other.pairs
        if not common:
            return []
        runs = self.runs(size, [at for at, pair in enumerate(pairwise(self.rooted)) if pair in common])
        return [
            (run, shown)
            for run, shown in runs.items()
            if size == PAIR or (run[-PAIR:] in common and other.holds_run(run))
        ]

    @once
    def _several(self) -> Sequence[Phrase]:
        return synonyms.several(self.rooted)

    @once
    def senses(self) -> frozenset[int]:
        """The groups of synonyms it has words of."""
        return synonyms.senses(self.stems, self._several)

    def told_by(self, other: Reading) -> Set[str]:
        """Return the stems of its words that another text has not, but has a synonym for."""
        missing = self.stems - other.stems
        return synonyms.told(missing, self._several, other.senses) if missing else missing

    @once
    def letters(self) -> frozenset[str]:
        return frozenset(self.low)

    @once
    def scripts(self) -> frozenset[str]:
        """The scripts of its letters beyond the Latin ones, by their Unicode names; a Greek letter is a sign."""
        if self.text.isascii():
            return frozenset()
        letters = _GREEK_SIGN.sub("", self.text)
        return frozenset(
            unicodedata.name(letter, "?").split()[0]
            for letter in set(letters)
            if letter.isalpha() and ord(letter) > LAST_LATIN
        )

    @once
    def spoken(self) -> list[str]:
        """The words as they stand between spaces, in order."""
        return [token if token.isalnum() else token.strip(_MARKS) for token in self.low.split()]

    @once
    def tokens(self) -> frozenset[str]:
        return frozenset(self.spoken)

    def does(self, verbs: Set[str]) -> bool:
        """Say whether it is the subject of one of some verbs, also where it begins with one in the present tense."""
        spoken = self.spoken
        first = spoken[0] if spoken else ""
        forms = {f"{first}ed", PAST_OF_BASE.get(first, "")}
        if verbs.isdisjoint(forms) and verbs.isdisjoint(self.tokens):
            return False
        return any(
            word in verbs or (at == 0 and not verbs.isdisjoint(forms))
            for at, word in enumerate(spoken)
            if spoken[at + 1 : at + 2] not in (["by"], ["por"]) and spoken[max(0, at - 1) : at] not in BEEN
        )

    @once
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
    skills: frozenset[tuple[str, ...]] = frozenset()
    """The stems of each skill of the resume's list."""

    @once
    def skill_sizes(self) -> list[int]:
        """How many words they have."""
        return sorted({len(skill) for skill in self.skills})

    @once
    def skill_stems(self) -> frozenset[str]:
        return frozenset(chain(*self.skills))

    @once
    def framed(self) -> frozenset[str]:
        """The words that only the entry's frame has, not the bullet."""
        return frozenset(self.frame.words).difference(self.bullet.words)

    @once
    def things(self) -> Mapping[int, str]:
        """What entry and bullet name that has other names too, as they write it."""
        return {**self.entry.things, **self.bullet.things}


@dataclass(frozen=True)
class Rewording(Reading):
    """A bullet's new text, in which things go by the names the entry has for them."""

    source: Source
    written: str
    """The text itself."""

    @classmethod
    def of(cls, text: str, source: Source) -> Rewording:
        """Read a new text of a bullet."""
        told = _SHARP.sub(r"\1#", text) if "#" in source.entry.text else text
        return cls(aliases.retold(told, source.things), source, text)

    @once
    def new(self) -> frozenset[str]:
        """The stems of its words that the entry has not."""
        return self.stems - self.source.entry.stems

    @once
    def explained(self) -> frozenset[str]:
        """Its words that spell out an acronym of the entry."""
        return explanations(self.source.entry.acronyms, self.written, self.words, self.source.bullet.text)

    @once
    def glossed(self) -> frozenset[str]:
        """Its words in brackets that only say once more what stands before them."""
        return glosses(self.text, self.source.bullet.text)
