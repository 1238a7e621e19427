"""What several rules ask of a text: does it match where the bullet does not, hold a listed word it has not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aiworker.domain.cued import AnyOf, Cued
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.reading import Reading, Source

ROOT: Final = 5
"""So many first letters two words of one kind share."""


def matched(rule: str, pattern: Cued | AnyOf, source: Source, text: Reading) -> Iterator[Finding]:
    """Find a turn of phrase that neither the bullet nor, word for word, its entry holds."""
    found = pattern.search(text.text)
    if found and not pattern.search(source.bullet.text) and found[0].lower() not in source.entry.low:
        yield Finding(rule, found[0])


def unstated(rule: str, listed: frozenset[str], source: Source, text: Reading) -> Iterator[Finding]:
    """Find listed words of which the bullet has not even the root."""
    for word in sorted(text.hyphenated & listed):
        is_told = any(known[:ROOT] == word[:ROOT] or _is_short(known, word) for known in source.bullet.hyphenated)
        # A hospital may be called regional, an examination board Awards.
        is_name = word in source.frame.hyphenated and (word.capitalize() in text.text or _is_titled(word, source, text))
        if not (is_told or is_name):
            yield Finding(rule, word)


def _is_titled(word: str, source: Source, text: Reading) -> bool:
    """Say whether a word stands beside another as it does in the entry's title: a patent paralegal."""
    return any(word in shown.split() for _, shown in text.shared(2, source.frame))


def _is_short(known: str, word: str) -> bool:
    root = known.removesuffix("s")
    return len(root) == ROOT - 1 and word.startswith(root)
