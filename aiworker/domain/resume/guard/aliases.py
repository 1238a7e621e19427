"""Other names of the same thing: "purchase orders" for POs, "PostgreSQL" for Postgres."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from itertools import pairwise, product
from typing import Final

from aiworker.domain.resume.guard.words import STOP_WORDS, WORD, listed, words

Phrase = tuple[str, ...]

_JOINED: Final = re.compile(r"[\s./&+:'’-]{0,3}")
"""What may stand between the words of one name."""
_GROWN: Final = re.compile(r"\w[.@_]\Z")
"""What a word grows together with is a name of its own: Moment.js."""
_SIGNS: Final = ("+", "#", "@", "_")
_END: Final = "\0"
"""Comes after the last word."""
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


def names(text: str) -> dict[int, str]:
    """Return the things a text names, by their number in the list, as the text writes them."""
    found: dict[int, str] = {}
    for start, end, phrase in _named(text):
        for thing in _things()[phrase]:
            # The first is the longest at its place.
            found.setdefault(thing, text[start:end])
    return found


def retold(text: str, known: Mapping[int, str]) -> str:
    """Write each thing of a text that is known by another name as it is known."""
    parts: list[str] = []
    reached = passed = 0
    for start, end, phrase in _named(text):
        # A name within one that is known says something else there.
        if start < passed:
            continue
        other = next((known[thing] for thing in _things()[phrase] if thing in known), None)
        if other is None:
            continue
        passed = end
        if _phrase(other) != phrase:
            parts += [text[reached:start], other]
            reached = end
    return "".join([*parts, text[reached:]])


def _named(text: str) -> Iterator[tuple[int, int, Phrase]]:
    """Find every listed name, also within another one, the longest at each place first."""
    found = list(WORD.finditer(text))
    low = [match[0].lower().removesuffix("'s").removesuffix("’s") for match in found]
    things, sizes = _things(), _sizes()
    for at, (word, follower) in enumerate(zip(low, [*low[1:], _END], strict=False)):
        followers = sizes.get(word)
        if followers is None:
            continue
        for size in (*followers.get(follower, ()), *followers.get("", ())):
            phrase = (*low[at : at + size - 1], _one(low[at + size - 1])) if at + size <= len(low) else ()
            if phrase in things and _is_name(text, found[at : at + size]):
                yield found[at].start(), found[at + size - 1].end(), phrase


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
def _things() -> Mapping[Phrase, tuple[int, ...]]:
    """Return the numbers of the things that go by a name; an acronym may stand for several."""
    found: dict[Phrase, tuple[int, ...]] = {}
    listed = (resources.files("aiworker.domain.resume.guard") / "aliases.txt").read_text("utf-8").splitlines()
    for number, line in enumerate(listed):
        for name in line.split(" = "):
            # "C#" would be one with C.
            if name.endswith(("+", "#")):
                continue
            found[_phrase(name)] = (*found.get(_phrase(name), ()), number)
    return found


@lru_cache(maxsize=1)
def _plain() -> frozenset[str]:
    """Return short everyday words, of which some are acronyms as well."""
    listed = (resources.files("aiworker.domain.resume.guard") / "everyday.txt").read_text("utf-8").split()
    return frozenset(word for word in listed if len(word) <= _SHORT)


@lru_cache(maxsize=1)
def _sizes() -> Mapping[str, Mapping[str, tuple[int, ...]]]:
    """Return by its first word and the next how many words a name may have, most first; a name of one has no next."""
    found: dict[str, dict[str, set[int]]] = {}
    for first, *more in _things():
        size, follower = 1 + len(more), more[0] if more else ""
        # The last word may stand in the plural.
        firsts = (first,) if more else (first, f"{first}s")
        followers = (follower, f"{follower}s") if len(more) == 1 else (follower,)
        for one, next_one in product(firsts, followers):
            found.setdefault(one, {}).setdefault(next_one, set()).add(size)
    return {
        first: {follower: tuple(sorted(sizes, reverse=True)) for follower, sizes in followers.items()}
        for first, followers in found.items()
    }
