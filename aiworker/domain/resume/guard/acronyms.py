"""Acronyms and the words that spell them out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from aiworker.domain.resume.guard.lexicon import AWARDS, LEADERSHIP, SCOPE
from aiworker.domain.resume.guard.words import STOP_WORDS, words

_ACRONYM: Final = re.compile(r"\b[A-Za-z]{0,3}[A-Z][A-Za-z&]{0,5}[A-Z]\w{0,3}\b")
_NAMED_TOO: Final = re.compile(r"(?<![\w-])((?:[\w-]{1,30} ){1,4})\(([A-Z][A-Za-z]*[A-Z]s?)\)")
"""What a text calls by its name and by its acronym."""
_CLAIMS: Final = AWARDS | SCOPE | LEADERSHIP
"""What no bracket explains."""
_APART: Final = re.compile(r"(?<![\w-])((?:[\w-]{1,30},? (?:and )?){1,5})\(([\w&-]{3,20})\)")


def acronyms(text: str) -> frozenset[str]:
    """Return a text's acronyms, without plurals, levels and joining signs: S&OP, GA4, CoC."""
    found = (match[0].replace("&", "").removesuffix("s").rstrip("0123456789") for match in _ACRONYM.finditer(text))
    return frozenset(short for short in found if short.isalpha() and sum(letter.isupper() for letter in short) > 1)


def explanations(shorts: Iterable[str], text: str, spoken: Sequence[str], bullet: str = "") -> frozenset[str]:
    """Return the words of a text that spell an acronym out: "Total Productive Maintenance" for TPM.

    So do those before new brackets around a word of the bullet: "a plant-based (vegan) bowl".
    """
    found: set[str] = set()
    for said in (spoken, [word for word in spoken if word not in STOP_WORDS]):
        letters = "".join(word[0] for word in said)
        for short in shorts:
            at = letters.find(short.lower())
            while at >= 0:
                run = said[at : at + len(short)]
                # AP is no "and Photoshop".
                if not STOP_WORDS.intersection((run[0], run[-1])):
                    found.update(run)
                at = letters.find(short.lower(), at + 1)
    for match in _NAMED_TOO.finditer(text):
        if match[2].removesuffix("s") in shorts:
            found.update(words(match[1]))
    for match in _APART.finditer(text):
        if f"({match[2]})" not in bullet and re.search(rf"\b{re.escape(match[2])}\b", bullet):
            found.update(word for word in words(match[1]) if word not in _CLAIMS)
    return frozenset(found)
