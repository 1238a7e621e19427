"""Words an editor may exchange for one another: "inspect" for "check", "look after" for "care for"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from functools import lru_cache
from importlib import resources
from itertools import chain

from aiworker.domain.resume.guard.lookup import Lookup, Phrase
from aiworker.domain.resume.guard.words import stem, words


def several(stems: Sequence[str]) -> Sequence[Phrase]:
    """Return the phrases of several words among stems in their order that have synonyms."""
    return [phrase for _, phrase, _ in _groups().several(stems)]


def senses(stems: Iterable[str], several: Iterable[Phrase]) -> frozenset[int]:
    """Return the groups of synonyms that stems belong to, and phrases of several."""
    groups = _groups()
    ones = (groups.ones[stem][1] for stem in stems if stem in groups.ones)
    return frozenset(chain(*ones, *(groups.listed[phrase] for phrase in several)))


def told(stems: Set[str], several: Iterable[Phrase], senses: Set[int]) -> Set[str]:
    """Return those of some stems that belong to one of some groups, and the others of the phrases they do so in."""
    groups = _groups()
    found = {stem for stem in stems if stem in groups.ones and not senses.isdisjoint(groups.ones[stem][1])}
    phrases = (phrase for phrase in several if not stems.isdisjoint(phrase))
    return found.union(*(phrase for phrase in phrases if not senses.isdisjoint(groups.listed[phrase])))


def senses_of(word: str) -> frozenset[int]:
    """Return the groups of synonyms that one word belongs to."""
    return frozenset(_groups().listed.get((stem(word),), ()))


@lru_cache(maxsize=1)
def _groups() -> Lookup[tuple[int, ...]]:
    """Return the groups a word or phrase is listed in, by its stems."""
    found: dict[Phrase, tuple[int, ...]] = {}
    listed = (resources.files("aiworker.domain.resume.guard") / "synonyms.txt").read_text("utf-8").splitlines()
    for number, line in enumerate(listed):
        for member in line.split():
            phrase = tuple(map(stem, words(member)))
            found[phrase] = (*found.get(phrase, ()), number)
    return Lookup(found)
