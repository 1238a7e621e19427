"""Cuts a text into sentences; a period after an abbreviation, an initial or inside a name ends none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEVER: Final = _set("dr mr mrs ms prof st smt shri sr jr pvt no nos vs e.g i.e cf fig approx ca dept rs vol ed viz")
"""Abbreviations that something always follows."""
_SELDOM: Final = _set(
    "tech b.tech m.tech b.sc m.sc b.com m.com ph.d b.arch m.arch b.des m.des b.pharm m.pharm b.ed m.ed b.eng m.eng"
    " m.phil hons engg univ inst govt mgmt asst assoc mgr co bros intl natl al est min max avg incl excl yrs hrs mins"
    " jan feb mar apr jun jul aug sep sept oct nov dec"
)
"""Abbreviations that end a sentence only where the next word begins one."""
_OFTEN: Final = _set("ltd inc corp llc etc")
"""Abbreviations after which a capital begins a sentence."""

_OPENERS: Final = _set(
    "the they their this that these those it its he she his her in at on as by for from to with while during when"
    " through throughout over after before since beyond outside alongside among besides there here both another other"
    " most one two key core main notable relevant technical academic academically professional professionally student"
    " students currently previously recently additionally also further furthermore moreover overall no listed skills"
    " experience projects achievements work an a and"
)

_END: Final = re.compile(r"(?P<mark>[.!?…]+)[\"'”’)\]]*(?=\s+(?P<next>\S+))")
_INITIALS: Final = re.compile(r"[a-z](?:\.[a-z])*")
_LEFT: Final = "\"'“‘([{*_"
_WORD: Final = re.compile(r"[^\W_]")


def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text in order, white space made single; what comes last needs no mark to be one."""
    text = " ".join(text.split())
    ends = [*_ends(text), len(text)]
    pieces = [text[start:end].strip() for start, end in zip([0, *ends], ends, strict=False)]
    return tuple(piece for piece in pieces if _WORD.search(piece))


def word_count(text: str) -> int:
    """Count the words of a text; marks that stand alone are none."""
    return sum(_WORD.search(word) is not None for word in text.split())


def _ends(text: str) -> Iterator[int]:
    start = 0
    for found in _END.finditer(text):
        before = text[start : found.start("mark")].strip()
        if _is_end(before, found["mark"], found["next"]):
            start = found.end()
            yield found.end()


def _is_end(before: str, mark: str, following: str) -> bool:
    opening = following.lstrip(_LEFT)
    if opening[:1].islower():
        return False
    if mark != ".":
        return True
    if before.isdigit():
        # The number of a list item.
        return False
    word = re.split(r"[\s(/\[\"'“‘]", before)[-1].lower()
    if word in _NEVER:
        return False
    if word in _OFTEN:
        return following[:1].isupper()
    if word in _SELDOM or _INITIALS.fullmatch(word):
        return opening.lower().rstrip(",;:") in _OPENERS
    return True
