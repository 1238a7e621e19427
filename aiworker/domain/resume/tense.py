"""Turns the verbs that follow a weak opening into past forms, or declines.

"Responsible for testing the app and fixing bugs" is a list of duties; in "for collecting data for cleaning and
merging" the second pair belongs elsewhere. When in doubt the source's words stay.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

_OBJECT = re.compile(r" (?!and\b|or\b|y\b|e\b|o\b)[\w\ue000#₹$€£]")


@dataclass(frozen=True, slots=True)
class Forms:
    """What a language knows about its verbs; `shape` and `link` are regular expressions."""

    past: Mapping[str, str]
    shape: str
    link: str
    attributive: Collection[str] = frozenset()
    determiner: str = ""


@dataclass(frozen=True, slots=True)
class _Verb:
    word: str
    start: int
    end: int
    is_linked: bool
    is_listed: bool


def in_past(duties: str, forms: Forms) -> str | None:
    """Return the duties with their verbs in the past, or None when that is not safe."""
    run = re.match(rf"{forms.shape}(?:(?:, |{forms.link}){forms.shape})*\b", duties)
    if run is None or not _OBJECT.match(duties, run.end()):
        return None
    verbs = _verbs(duties, forms)
    last = max([run.end(), *(verb.end for verb in verbs if verb.is_linked)])
    wanted = [verb for verb in verbs if verb.end <= last]
    if not all(_is_verb(verb, duties, forms, verb.end < run.end()) for verb in wanted):
        return None
    return _replaced(duties, wanted, forms)


def _verbs(duties: str, forms: Forms) -> list[_Verb]:
    pattern = re.compile(rf"(?P<link>^|{forms.link})?(?P<list>, )?\b(?P<verb>{forms.shape})\b")
    return [
        _Verb(found["verb"], found.start("verb"), found.end("verb"), bool(found["link"]), found["list"] is not None)
        for found in pattern.finditer(duties)
    ]


def _is_verb(verb: _Verb, duties: str, forms: Forms, is_in_run: bool) -> bool:
    if verb.word not in forms.past or not (verb.start == 0 or verb.is_linked or verb.is_listed):
        return False
    if verb.word not in forms.attributive or is_in_run:
        return True
    return re.compile(forms.determiner).match(duties, verb.end) is not None


def _replaced(duties: str, verbs: list[_Verb], forms: Forms) -> str:
    pieces: list[str] = []
    done = 0
    for verb in verbs:
        pieces += (duties[done : verb.start], forms.past[verb.word])
        # "designing of the board" needs no "of" once it is "designed".
        done = verb.end + (3 if duties.startswith(" of ", verb.end) else 0)
    return "".join((*pieces, duties[done:]))
