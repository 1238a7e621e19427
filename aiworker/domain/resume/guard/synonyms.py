"""Words an editor may exchange for one another: "inspect" for "check", "look after" for "care for"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources

from aiworker.domain.resume.guard.words import stem, words

Phrase = tuple[str, ...]


def senses(stems: Sequence[str]) -> Mapping[int, frozenset[str]]:
    """Return the groups of synonyms that stems in their order belong to, each with those it was found by."""
    found: dict[int, frozenset[str]] = {}
    for at in range(len(stems)):
        for phrase in _phrases_at(stems, at):
            for group in _groups()[phrase]:
                found[group] = found.get(group, frozenset()).union(phrase)
    return found


def senses_of(word: str) -> frozenset[int]:
    """Return the groups of synonyms that one word belongs to."""
    return frozenset(_groups().get((stem(word),), ()))


def _phrases_at(stems: Sequence[str], at: int) -> Iterator[Phrase]:
    for size in _sizes().get(stems[at], ()):
        phrase = tuple(stems[at : at + size])
        if phrase in _groups():
            yield phrase


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
def _sizes() -> Mapping[str, frozenset[int]]:
    found: dict[str, frozenset[int]] = {}
    for first, *more in _groups():
        found[first] = found.get(first, frozenset()) | {1 + len(more)}
    return found
