"""What changed between two texts, word by word: pure, so that terminal and page can show the same."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["same", "gone", "new"]

_WORD = re.compile(r"\s+|[.,;:]|[^\s.,;:]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that is in both versions, only in the old one, or only in the new one."""

    kind: Kind
    text: str


def word_diff(before: str, after: str) -> Iterator[Piece]:
    """Yield the pieces of a word diff, in reading order; together the non-new ones are `before`."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(old[i1:i2]))
            continue
        if i2 > i1:
            yield Piece("gone", "".join(old[i1:i2]))
        if j2 > j1:
            yield Piece("new", "".join(new[j1:j2]))
