"""Acronyms and the words that spell them out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from aiworker.domain.cued import cued
from aiworker.domain.resume.guard.lexicon import AWARDS, LEADERSHIP, SCOPE, TECHNOLOGIES
from aiworker.domain.resume.guard.words import STOP_WORDS, words

_ACRONYM: Final = re.compile(r"\b(?=[a-z]{0,3}[A-Z])[A-Za-z]{0,3}[A-Z][A-Za-z&]{0,5}[A-Z]\w{0,3}\b")
_NAMED_TOO: Final = cued(r"(?<![\w-])((?:[\w-]{1,30} ){1,4})\(([A-Z][A-Za-z]*[A-Z]s?)\)")
"""What a text calls by its name and by its acronym."""
_FEWEST: Final = 3
"""Letters of an acronym that are no chance."""
_CLAIMS: Final = AWARDS | SCOPE | LEADERSHIP
"""What no bracket explains."""
_APART: Final = cued(r"(?<![\w-])((?:[\w-]{1,30},? (?:and )?){1,5})\(([\w&-]{3,20})\)")


_GLOSS: Final = cued(
    r"([\w'’-]{3,30})(?:,? \w+){0,2} \(((?:[A-Z][a-z]+ (?=[a-z]))?[a-z][a-z'’-]*(?: [a-z][a-z'’-]*){0,2})\)"
)
"""A word, up to two more, and other words for them in brackets; a capital there names a species, or somebody."""


def acronyms(text: str) -> frozenset[str]:
    """Return a text's acronyms, without plurals, levels and joining signs: S&OP, GA4, CoC."""
    found = (match[0].replace("&", "").removesuffix("s").rstrip("0123456789") for match in _ACRONYM.finditer(text))
    return frozenset(short for short in found if short.isalpha() and sum(letter.isupper() for letter in short) > 1)


def explanations(shorts: Iterable[str], text: str, spoken: Sequence[str], bullet: str = "") -> frozenset[str]:
    """Return the words of a text that spell an acronym out: "Total Productive Maintenance" for TPM.

    So do those before new brackets around a word of the bullet: "a plant-based (vegan) bowl".
    """
    found: set[str] = set()
    shorts = tuple(shorts)
    for said in () if not shorts else (spoken, [word for word in spoken if word not in STOP_WORDS]):
        letters = "".join([word[0] for word in said])
        for short in shorts:
            at = letters.find(short.lower())
            while at >= 0:
                run = said[at : at + len(short)]
                # AP is no "and Photoshop".
                if not STOP_WORDS.intersection((run[0], run[-1])):
                    found.update(run)
                at = letters.find(short.lower(), at + 1)
    if "(" not in text:
        return frozenset(found)
    for match in _NAMED_TOO.finditer(text):
        if match[2].removesuffix("s") in shorts:
            found.update(words(match[1]))
    for match in _APART.finditer(text):
        if f"({match[2]})" not in bullet and re.search(rf"\b{re.escape(match[2])}\b", bullet):
            found.update(word for word in words(match[1]) if word not in _CLAIMS)
    return frozenset(found)


def glosses(text: str, bullet: str) -> frozenset[str]:
    """Return the words in a text's brackets that only say once more what a bullet without brackets says before them.

    "Sturgeon glue (isinglass)", "thornback rays (Raja clavata)"; no tool, and none of several things.
    """
    if "(" not in text or "(" in bullet:
        return frozenset()
    known = frozenset(words(bullet))
    found = [words(match[2]) for match in _GLOSS.finditer(text) if match[1].lower() in known]
    return frozenset(word for said in found for word in said if word not in _CLAIMS | TECHNOLOGIES)


def stands_for(acronym: str, text: str, known: Collection[str]) -> bool:
    """Say whether a text sets an acronym beside known words that it is of: "infrared reflectography (IRR)".

    It has the first letter of each, and the others within them.
    """
    letters = acronym.lower().removesuffix("s")
    if len(letters) < _FEWEST or letters in TECHNOLOGIES:
        return False
    short = re.escape(acronym)
    beside = re.search(rf"((?:[\w-]+ ){{1,4}})\({short}\)|\b{short} \(([\w -]+)\)", text)
    said = words(beside[1] or beside[2]) if beside else []
    return any(
        word[0] == letters[0]
        and set(said[at:]) <= set(known)
        and _holds_in_order("".join(said[at:]), letters)
        and _holds_in_order(letters, "".join(word[0] for word in said[at:] if word not in STOP_WORDS))
        for at, word in enumerate(said)
    )


def _holds_in_order(text: str, letters: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)
