"""Words an editor may exchange for one another: "inspect" for "check", "look after" for "care for"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources

from aiworker.domain.resume.guard.lookup import Lookup, Phrase
from aiworker.domain.resume.guard.words import stem, words


def senses(stems: Sequence[str]) -> Mapping[int, Sequence[str]]:
    """Return the groups of synonyms that stems in their order belong to, each with those it was found by."""
    found: dict[int, list[str]] = {}
    for _, phrase, groups in _groups().found(stems):
        for group in groups:
            found.setdefault(group, []).extend(phrase)
    return found


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
