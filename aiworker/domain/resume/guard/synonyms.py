"""Words an editor may exchange for one another: "inspect" for "check", "look after" for "care for"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from functools import lru_cache
from importlib import resources

from aiworker.domain.resume.guard.lookup import Lookup, Phrase
from aiworker.domain.resume.guard.words import stem, words


def phrases(stems: Sequence[str]) -> Sequence[Phrase]:
    """Return the words and phrases among stems in their order that have synonyms."""
    return [phrase for _, phrase, _ in _groups().found(stems)]


def senses(phrases: Iterable[Phrase]) -> frozenset[int]:
    """Return the groups of synonyms that phrases belong to."""
    groups = _groups().listed
    return frozenset(group for phrase in phrases for group in groups[phrase])


def told(phrases: Iterable[Phrase], senses: Set[int]) -> frozenset[str]:
    """Return the stems of those phrases that belong to one of some groups."""
    groups = _groups().listed
    return frozenset(word for phrase in phrases if not senses.isdisjoint(groups[phrase]) for word in phrase)


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
