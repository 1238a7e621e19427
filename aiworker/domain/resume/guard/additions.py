"""What is put into a bullet that is otherwise as it was: a tool, a client, a result."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import lru_cache
from importlib import resources
from typing import Final

from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.lexicon import FILLERS, MAKERS, REWORDED, VAGUE
from aiworker.domain.resume.guard.numerals import NUMBER_WORDS
from aiworker.domain.resume.guard.reading import Rewording, Source
from aiworker.domain.resume.guard.units import UNITS
from aiworker.domain.resume.guard.unstated import ROOT
from aiworker.domain.resume.guard.words import STOP_WORDS, stem

ALIKE: Final = 0.8
"""Share of equal words from which on a text is the bullet with something put in (Ratcliff and Obershelp 1988)."""
LONGEST: Final = 250
"""Words of a bullet that are compared; the time taken grows with their square."""
FEW: Final = 2
"""More new words in a row say something, however plain they are."""
_VERBAL: Final = ("ing", "ed", "ly")


def added(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find words in a row that the entry has none of, between words that are the bullet's own."""
    if not text.new or source.language != "en" or len(source.bullet.words) > LONGEST or len(text.words) > LONGEST:
        return
    ours = [
        root for word, root in zip(source.bullet.words, source.bullet.rooted, strict=True) if word not in STOP_WORDS
    ]
    told = [(word, root) for word, root in zip(text.words, text.rooted, strict=True) if word not in STOP_WORDS]
    # Whatever is put in, a text that has fewer of the bullet's words is not ALIKE.
    known = set(ours)
    if ALIKE * len(ours) > (2 - ALIKE) * sum(root in known for _, root in told):
        return
    new = {word for word, root in told if root in text.new and root not in known and _is_new(word, root, source, text)}
    # A few everyday words tell nothing, wherever they have been put.
    if not new or (sum(word in new for word, _ in told) <= FEW and everyday().issuperset(map(stem, new))):
        return
    said, theirs = [word for word, _ in told], [root for _, root in told]
    match = SequenceMatcher(None, ours, theirs, autojunk=False)
    kept = sum(block.size for block in match.get_matching_blocks())
    for change, _, _, start, end in match.get_opcodes():
        rest = len(ours) + len(said) - (end - start)
        if change != "insert" or 2 * kept < ALIKE * rest:
            continue
        put = [word for word in said[start:end] if word in new]
        is_telling = len(put) > 1 or (start and any(not word.endswith(_VERBAL) for word in put))
        if is_telling and (len(put) > FEW or any(stem(word) not in everyday() for word in put)):
            yield Finding("added", " ".join(said[start:end]))
            return


def _is_new(word: str, root: str, source: Source, text: Rewording) -> bool:
    return not (
        any(letter.isdigit() for letter in word)
        or word in MAKERS
        or word in text.named_words
        or root in _untelling()
        or root[:ROOT] in source.entry.beginnings
        or word in text.explained
        or word in text.glossed
    )


@lru_cache(maxsize=1)
def everyday() -> frozenset[str]:
    """Return the stems of what honest rewrites say in words of their own."""
    listed = (resources.files("aiworker.domain.resume.guard") / "everyday.txt").read_text("utf-8").split()
    return frozenset(map(stem, listed))


@lru_cache(maxsize=1)
def _untelling() -> frozenset[str]:
    return frozenset(map(stem, NUMBER_WORDS | REWORDED | FILLERS | STOP_WORDS | VAGUE | UNITS.keys()))
