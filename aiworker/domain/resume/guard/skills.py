"""Rule 4: a skill, method or tool that a text names must be the entry's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from itertools import pairwise, takewhile
from typing import Final

from aiworker.domain.resume.guard import synonyms, turns
from aiworker.domain.resume.guard.additions import everyday
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.lexicon import (
    BRANDS,
    EVERYDAY_MEANS,
    FILLERS,
    GENERIC,
    MAKERS,
    REWORDED,
    SKILL_PHRASES,
    VAGUE,
)
from aiworker.domain.resume.guard.lookup import Lookup
from aiworker.domain.resume.guard.numerals import NUMBER_WORDS
from aiworker.domain.resume.guard.reading import ROOT, Rewording, Source
from aiworker.domain.resume.guard.words import STOP_WORDS, stem, words
from aiworker.domain.resume.verbs_en import PAST

UNTELLING: Final = NUMBER_WORDS | REWORDED | FILLERS | STOP_WORDS
"""What anybody writes."""
_PAIR: Final = 2
_MOST_SKILL: Final = 3
"""Words of a skill in the resume's list."""
_LEVEL: Final = re.compile(r"\([^()]*\)|\b\d+\s*(?:wpm|years?|yrs?)\b", re.IGNORECASE)
"""How well somebody has a skill."""
_INSTRUMENT: Final = re.compile(
    r"(?!(?:dia|para|peri|centi|milli|kilo|nano|micro)meters?)\w{2,}(?:meter|scope|graph|gauge|analy[sz]er)s?|gauges?"
)


def skill_phrases(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find skills, methods and tools of everyday words that the entry does not hold.

    Those every trade speaks of must be there whole; of the others one word is enough, for it names what was done.
    """
    for at, run, phrase in _phrases().found(text.rooted) if text.new else ():
        if text.new.isdisjoint(run):
            continue
        roots = source.entry.roots
        said, is_common = text.words[at : at + len(run)], run in _common()
        there = [stem(word)[:ROOT] in roots for word in said if is_common or word not in GENERIC]
        fewest = len(there) if is_common else (len(there) + 1) // 2
        is_near = sum(there) >= max(1, fewest) and (not is_common or len(min(said, key=len)) > 1)
        is_word = len(run) > 1 or (phrase in text.words and phrase not in text.named_words)
        is_word = is_word and not (
            phrase.endswith(("ed", "ing")) and re.search(rf"\b{re.escape(phrase)} {turns.PARTICLE}", text.low)
        )
        is_short = source.entry.named.has("".join(word[0] for word in said))
        is_short = is_short or (len(run) == 1 and not synonyms.senses_of(phrase).isdisjoint(source.entry.senses))
        new = [word for word in said if stem(word) not in source.entry.stems]
        if is_word and not (is_near or is_short or text.explained.issuperset(new)):
            yield Finding("skill", phrase)


def elsewhere(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find two words in a row of another entry or of the skills, neither of which this entry has."""
    roots, rooted = source.entry.roots, text.rooted
    for at, pair in enumerate(pairwise(rooted) if len(text.new) > 1 else ()):
        if not (text.new.issuperset(pair) and source.resume.holds_run(pair)):
            continue
        if not any(
            word.isdigit() or word in UNTELLING or word in text.explained or root[:ROOT] in roots
            for word, root in zip(text.words[at:], pair, strict=False)
        ):
            yield Finding("skill", " ".join(text.words[at : at + _PAIR]))


def listed_skills(skills: str) -> frozenset[tuple[str, ...]]:
    """Return the stems of each skill of a list in a few words, unless everybody says it."""
    named = (words(skill) for skill in re.split(r"[,;:]", _LEVEL.sub("", skills)))
    found = {tuple(map(stem, skill)) for skill in named if 0 < len(skill) <= _MOST_SKILL}
    # "Chocolate tempering" is what tempers chocolate.
    found |= {skill[::-1] for skill in found if len(skill) == _PAIR}
    return frozenset(skill for skill in found if len(skill) > 1 or not everyday().issuperset(skill))


def listed_elsewhere(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find a skill that only the resume's list of skills has: welded, of "Welding"; order picker."""
    for size in () if text.new.isdisjoint(source.skill_stems) else source.skill_sizes:
        for run, shown in text.runs(size).items():
            is_new = run in source.skills and not text.new.isdisjoint(run)
            if is_new and any(_is_telling_of(word, source, text) for word in words(shown)):
                yield Finding("skill", shown)


def _is_telling_of(word: str, source: Source, text: Rewording) -> bool:
    """Say whether the entry has no word of one that not everybody says."""
    root = stem(word)[:ROOT]
    is_plain = word in UNTELLING or word in VAGUE or word in MAKERS or word in BRANDS
    return not (is_plain or word in text.explained or root in source.entry.roots or root in source.bullet.low)


def means(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find a tool or method that something is said to be done with, of which the entry has no word."""
    known, roots = source.entry.stems, source.entry.roots
    for match in turns.MEANS.finditer(text.text):
        named = [
            word
            for word in takewhile(lambda word: word != "to" and word not in PAST, words(match[1]))
            if word.isalpha()
        ]
        named = [word for word in named if word not in STOP_WORDS]
        hard = (number.span for number in text.numbers if not number.is_soft)
        if any(start < match.end() and match.start() < end for start, end in hard):
            continue
        is_new = [
            not (stem(word) in known or stem(word)[:ROOT] in roots or word in text.explained or word in EVERYDAY_MEANS)
            for word in named
        ]
        if named and all(is_new):
            yield Finding("skill", " ".join(named))


def instruments(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find what measures or shows by its name, of which the entry has no word: a photometer, a tension gauge."""
    for word, root in zip(text.words, text.rooted, strict=True):
        if root not in text.new or not _INSTRUMENT.fullmatch(word):
            continue
        if not (root[:ROOT] in source.entry.roots or word in text.explained or root in everyday()):
            yield Finding("skill", word)


@lru_cache(maxsize=1)
def _phrases() -> Lookup[str]:
    """Return every listed skill by the stems of its words."""
    listed = (resources.files("aiworker.domain.resume.guard") / "skills.txt").read_text("utf-8").splitlines()
    return Lookup({_stems(phrase): phrase for phrase in (*listed, *sorted(SKILL_PHRASES))})


@lru_cache(maxsize=1)
def _common() -> frozenset[tuple[str, ...]]:
    """Return the stems of the skills that every trade speaks of."""
    return frozenset(map(_stems, SKILL_PHRASES))


def _stems(phrase: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in words(phrase))
