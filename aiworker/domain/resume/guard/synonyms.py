"""Words an editor may exchange for one another: "inspect" for "check", "look after" for "care for"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources

from aiworker.domain.resume.guard.words import stem, words

Phrase = tuple[str, ...]


def senses(stems: Sequence[str]) -> Mapping[int, Sequence[str]]:
    """Return the groups of synonyms that stems in their order belong to, each with those it was found by."""
    found: dict[int, list[str]] = {}
    singles, groups, sizes = _singles(), _groups(), _sizes()
    for at, first in enumerate(stems):
        for group in singles.get(first, ()):
            found.setdefault(group, []).append(first)
        for size in sizes.get(first, ()):
            phrase = tuple(stems[at : at + size])
            for group in groups.get(phrase, ()):
                found.setdefault(group, []).extend(phrase)
    return found


def senses_of(word: str) -> frozenset[int]:
    """Return the groups of synonyms that one word belongs to."""
    return frozenset(_groups().get((stem(word),), ()))


@lru_cache(maxsize=1)
def _groups() -> Mapping[Phrase, tuple[int, ...]]:
    """Return the groups a word or phrase is listed in, by its stems."""
    found: dict[Phrase, tuple[int, ...]] = {}
    listed = (resources.files("aiworker.domain.resume.guard") / "synonyms.txt").read_text("utf-8").splitlines()
    for number, line in enumerate(listed):
        for member in line.split():
            phrase = tuple(map(stem, words(member)))
            found[phrase] = (*found.get(phrase, ()), number)
    return found


@lru_cache(maxsize=1)
def _singles() -> Mapping[str, tuple[int, ...]]:
    """Return the groups of one word, by its stem."""
    return {phrase[0]: groups for phrase, groups in _groups().items() if len(phrase) == 1}


@lru_cache(maxsize=1)
def _sizes() -> Mapping[str, frozenset[int]]:
    """Return by its first stem how many words a phrase of several may have."""
    found: dict[str, frozenset[int]] = {}
    for first, *more in _groups():
        if more:
            found[first] = found.get(first, frozenset()) | {1 + len(more)}
    return found
