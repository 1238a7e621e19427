"""Other names of the same thing: "purchase orders" for POs, "PostgreSQL" for Postgres."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from typing import Final

from aiworker.domain.resume.guard.lookup import Lookup, Phrase
from aiworker.domain.resume.guard.words import STOP_WORDS, WORD, listed, of_line, words

_JOINED: Final = re.compile(r"[\s./&+:'’-]{0,3}")
"""What may stand between the words of one name."""
_JOINTS: Final = (".", "@", "_")
"""By what a word grows together with the one before it to a name of its own: Moment.js."""
_CAPITALS: Final = re.compile(r"[A-Z]{2}\w*")
"""Words of ASCII that begin with two capitals."""
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
    told = [(at, run, phrase, _other(things, known)) for at, run, phrase, things in _told(text)]
    if all(other is None or _phrase(other) == phrase for _, _, phrase, other in told):
        return text
    parts: list[str] = []
    reached = passed = 0
    for start, end, phrase, things in _named(text):
        # A name within one that is known says something else there.
        other = _other(things, known) if start >= passed else None
        if other is None:
            continue
        passed = end
        if _phrase(other) != phrase:
            parts += [text[reached:start], other]
            reached = end
    return "".join([*parts, text[reached:]])


def _other(things: tuple[int, ...], known: Mapping[int, str]) -> str | None:
    return next((known[thing] for thing in things if thing in known), None)


def _named(text: str) -> Iterator[tuple[int, int, Phrase, tuple[int, ...]]]:
    """Find every listed name, also within another one, the longest at each place first."""
    told = _told(text)
    found = list(WORD.finditer(_lowerable(text))) if told else []
    for at, run, phrase, things in told:
        of_it = found[at : at + len(run)]
        if _is_name(text, of_it):
            yield of_it[0].start(), of_it[-1].end(), phrase, things


def _told(text: str) -> list[tuple[int, Phrase, Phrase, tuple[int, ...]]]:
    """Return the words that make a listed name, wherever they stand."""
    low, _ = of_line(_lowerable(text))
    told = [(at, run, phrase, things) for at, run, (phrase, things) in _things().found(low)]
    if not text.isascii():
        return told
    capitals = {word.lower() for word in _CAPITALS.findall(text)}
    return [name for name in told if len(name[1]) > 1 or low[name[0]] in capitals or not _needs_capitals(low[name[0]])]


def _lowerable(text: str) -> str:
    # In lower case Python makes a letter and a mark of it, and of its word two.
    return text.replace("İ", "I")


def _is_name(text: str, found: list[re.Match[str]]) -> bool:
    """Say whether words that make a name stand as one: not grown together with more, acronyms in capitals."""
    start, end = found[0].start(), found[-1].end()
    is_grown = text[start - 1 : start] in _JOINTS and text[start - 2 : start - 1].isalnum()
    if is_grown or text[end : end + 1] in _SIGNS:
        return False
    if len(found) == 1:
        word = found[0][0]
        return word[:2].isupper() or not _needs_capitals(word.lower())
    return all(_JOINED.fullmatch(text, one.end(), other.start()) for one, other in pairwise(found))


@lru_cache(maxsize=20_000)
def _needs_capitals(word: str) -> bool:
    """Say whether a word names something only if it is written with capitals."""
    return word in _HOMOGRAPHS or _one(word) in _HOMOGRAPHS or (len(word) <= _SHORT and word in _plain())


@lru_cache(maxsize=20_000)
def _phrase(name: str) -> Phrase:
    said = words(name)
    return (*said[:-1], _one(said[-1] if said else ""))


def _one(word: str) -> str:
    """Return one of several: a SKU of SKUs; a bus and a status are one."""
    if not word.endswith("s") or word.endswith(("ss", "is")) or (word.endswith("us") and len(word) != len("gpus")):
        return word
    return word[:-1] if len(word) > len("css") - 1 else word


@lru_cache(maxsize=1)
def _things() -> Lookup[tuple[Phrase, tuple[int, ...]]]:
    """Return, by the words of one or several, a name and the numbers of the things that go by it.

    An acronym may stand for several; SKUs are some of a SKU.
    """
    found: dict[Phrase, tuple[int, ...]] = {}
    listed = (resources.files("aiworker.domain.resume.guard") / "aliases.txt").read_text("utf-8").splitlines()
    for number, line in enumerate(listed):
        for name in line.split(" = "):
            # "C#" would be one with C.
            if name.endswith(("+", "#")):
                continue
            found[_phrase(name)] = (*found.get(_phrase(name), ()), number)
    return Lookup({run: (phrase, things) for phrase, things in found.items() for run in _runs(phrase)})


def _runs(phrase: Phrase) -> Iterator[Phrase]:
    """Return how a name is told of one and of several."""
    return ((*phrase[:-1], last) for last in (phrase[-1], f"{phrase[-1]}s") if _one(last) == phrase[-1])


@lru_cache(maxsize=1)
def _plain() -> frozenset[str]:
    """Return short everyday words, of which some are acronyms as well."""
    listed = (resources.files("aiworker.domain.resume.guard") / "everyday.txt").read_text("utf-8").split()
    return frozenset(word for word in listed if len(word) <= _SHORT)
