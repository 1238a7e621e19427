"""Acronyms and the words that spell them out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from aiworker.domain.resume.guard.words import STOP_WORDS, words

_ACRONYM: Final = re.compile(r"\b[A-Za-z]{0,3}[A-Z][A-Za-z&]{0,5}[A-Z]\w{0,3}\b")
_NAMED_TOO: Final = re.compile(r"(?<![\w-])((?:[\w-]{1,30} ){1,4})\(([A-Z][A-Za-z]*[A-Z]s?)\)")
"""What a text calls by its name and by its acronym."""


def acronyms(text: str) -> frozenset[str]:
    """Return a text's acronyms, without plurals, levels and joining signs: S&OP, GA4, CoC."""
    found = (match[0].replace("&", "").removesuffix("s").rstrip("0123456789") for match in _ACRONYM.finditer(text))
    return frozenset(short for short in found if short.isalpha() and sum(letter.isupper() for letter in short) > 1)


def explanations(shorts: Iterable[str], text: str, spoken: Sequence[str]) -> frozenset[str]:
    """Return the words of a text that spell an acronym out: "Total Productive Maintenance" for TPM."""
    found: set[str] = set()
    for said in (spoken, [word for word in spoken if word not in STOP_WORDS]):
        letters = "".join(word[0] for word in said)
        for short in shorts:
            at = letters.find(short.lower())
            while at >= 0:
                found.update(said[at : at + len(short)])
                at = letters.find(short.lower(), at + 1)
    for match in _NAMED_TOO.finditer(text):
        if match[2].removesuffix("s") in shorts:
            found.update(words(match[1]))
    return frozenset(found)
