"""Other names of the same thing: "purchase orders" for POs, "PostgreSQL" for Postgres."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from typing import Final

from aiworker.domain.resume.guard.lookup import Lookup, Phrase
from aiworker.domain.resume.guard.words import STOP_WORDS, WORD, listed, words

_JOINED: Final = re.compile(r"[\s./&+:'’-]{0,3}")
"""What may stand between the words of one name."""
_GROWN: Final = re.compile(r"\w[.@_]\Z")
"""What a word grows together with is a name of its own: Moment.js."""
_SIGNS: Final = ("+", "#", "@", "_")
_SHORT: Final = 4
"""Letters of acronyms that may be words."""
_HOMOGRAPHS: Final = STOP_WORDS | listed(
    "ac act ad aid air am app arm art ass bar bat bid bus cab can cap car cat cv dash dim dot dr ear era fat fit gap"
    " gas go has hat hit hot ice ill"
    " ran rans met mets got hid hrs hr cm cf prop props overall overalls does doe jet kit"
    " lab lap led lot map mat max min mob mom net nut oil or pad pan par pat pay pep"
    " pet pin pit pm pod pop pot ram rap rat raw rep rig rip rum sad sat saw see set sip sit sob spa spot star sum tap"
    " tea tip ton top tub us van vat vet who win"
)
"""Acronyms that are names only when they are written with capitals."""


def names(text: str) -> Mapping[int, str]:
    """Return the things a text names, by their number in the list, as it first writes them; line by line."""
    found: dict[int, str] = {}
    for line in text.split("\n"):
        for thing, name in _of_line(line).items():
            found.setdefault(thing, name)
    return found


@lru_cache(maxsize=500)
def _of_line(line: str) -> Mapping[int, str]:
    found: dict[int, str] = {}
    for start, end, _, things in _named(line):
        for thing in things:
            # The first is the longest at its place.
            found.setdefault(thing, line[start:end])
    return found


def retold(text: str, known: Mapping[int, str]) -> str:
    """Write each thing of a text that is known by another name as it is known."""
    parts: list[str] = []
    reached = passed = 0
    for start, end, phrase, things in _named(text):
        # A name within one that is known says something else there.
        if start < passed:
            continue
        other = next((known[thing] for thing in things if thing in known), None)
        if other is None:
            continue
        passed = end
        if _phrase(other) != phrase:
            parts += [text[reached:start], other]
            reached = end
    return "".join([*parts, text[reached:]])


def _named(text: str) -> Iterator[tuple[int, int, Phrase, tuple[int, ...]]]:
    """Find every listed name, also within another one, the longest at each place first."""
    found = list(WORD.finditer(text))
    low = [match[0].lower().removesuffix("'s").removesuffix("’s") for match in found]
    # SKUs are some of a SKU.
    for at, phrase, things in _things().found(low, [_one(word) if word.endswith("s") else word for word in low]):
        of_it = found[at : at + len(phrase)]
        if _is_name(text, of_it):
            yield of_it[0].start(), of_it[-1].end(), phrase, things


def _is_name(text: str, found: list[re.Match[str]]) -> bool:
    """Say whether words that make a name stand as one: not grown together with more, acronyms in capitals."""
    start, end = found[0].start(), found[-1].end()
    if text[end : end + 1] in _SIGNS or _GROWN.search(text[max(0, start - 2) : start]):
        return False
    if len(found) == 1:
        word = found[0][0]
        low = word.lower()
        return word[:2].isupper() or not (
            low in _HOMOGRAPHS or _one(low) in _HOMOGRAPHS or (len(low) <= _SHORT and low in _plain())
        )
    return all(_JOINED.fullmatch(text, one.end(), other.start()) for one, other in pairwise(found))


def _phrase(name: str) -> Phrase:
    said = words(name)
    return (*said[:-1], _one(said[-1] if said else ""))


def _one(word: str) -> str:
    """Return one of several: a SKU of SKUs; a bus and a status are one."""
    if not word.endswith("s") or word.endswith(("ss", "is")) or (word.endswith("us") and len(word) != len("gpus")):
        return word
    return word[:-1] if len(word) > len("css") - 1 else word


@lru_cache(maxsize=1)
def _things() -> Lookup[tuple[int, ...]]:
    """Return the numbers of the things that go by a name; an acronym may stand for several."""
    found: dict[Phrase, tuple[int, ...]] = {}
    listed = (resources.files("aiworker.domain.resume.guard") / "aliases.txt").read_text("utf-8").splitlines()
    for number, line in enumerate(listed):
        for name in line.split(" = "):
            # "C#" would be one with C.
            if name.endswith(("+", "#")):
                continue
            found[_phrase(name)] = (*found.get(_phrase(name), ()), number)
    return Lookup(found)


@lru_cache(maxsize=1)
def _plain() -> frozenset[str]:
    """Return short everyday words, of which some are acronyms as well."""
    listed = (resources.files("aiworker.domain.resume.guard") / "everyday.txt").read_text("utf-8").split()
    return frozenset(word for word in listed if len(word) <= _SHORT)
