"""Cues: the words of which a text has one wherever a pattern matches in it, read off the pattern as `re` reads it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

_parse: Final[Callable[[str, int], Iterable[tuple[Any, Any]]]] = import_module("re._parser").parse
"""How `re` itself reads a pattern."""

MOST: Final = 300
"""Strings that one part of a pattern may stand for, for all of them to be looked at."""
BEGINNINGS: Final = (2, 3, 4)
"""Letters of a word of which a pattern may name only the first."""
REPEATED: Final = 4
"""So many times are repetitions looked at."""
_WIDEST: Final = 16
"""Letters of a class that are told one by one."""
_EDGE: Final = "\0"
"""Stands where a word begins or ends."""
_WORD: Final = re.compile(r"[^\W_]+")
_DIGIT: Final = re.compile(r"\d")
_OF_ASCII: Final = re.compile(r"[a-z0]+")
_SIGN_OF_ASCII: Final = re.compile(r"[^a-z0\s\0]")
"""The same of a folded text of ASCII, in less time."""
_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")
_EDGED: Final = re.compile(r"\0[^\W_\0]+\0?")
_SIGN: Final = re.compile(r"[^\w\s\0]")
_LETTER: Final = re.compile(r"[a-z\s\0]")
_WITHIN: Final = re.compile(r"(?<=[^\W_])(?=[\W_])(?!\0)|(?<=[\W_])(?<!\0)(?=[^\W_])")
"""Where words begin and end without saying so."""
_EDGES: Final = ("AT_BOUNDARY", "AT_BEGINNING", "AT_BEGINNING_STRING")
_BULLETS: Final = (
    "and the a in of to with for from on at by per that up two every an which day week about as each them s month out"
    " days team year one hours minutes over time within wrote three through new after took weeks it helped months built"
    " first before shift down under weekly average kept page their cut data students four i was into brought daily set"
    " around hour together part five using manager test made so monthly hand senior line run all six used were rate is"
)
"""Words of a fiftieth and more of the bullets, from the most frequent on."""
_FREQUENT: Final = {word: place for place, word in enumerate(_BULLETS.split())}
_SIGNS: Final = {".": 0.2, "0": 0.25, ",": 0.7, "-": 1.8, "%": 3.4, "'": 4}
"""Signs that many have."""

Strings = frozenset[str]
_NOTHING: Final[Strings] = frozenset({""})


def cues_of(pattern: re.Pattern[str], *, begins_a_word: bool = False) -> Strings:
    """Return words, beginnings of words and signs of which every text a pattern matches in has one.

    Whoever looks only for matches that begin a word need not say so in the pattern.
    """
    before = frozenset({_EDGE}) if begins_a_word else _NOTHING
    found = _Needed(_parse(pattern.pattern, pattern.flags), before).needed
    cues = frozenset(_cue(string)[1] for string in found)
    return _NOTHING if "" in cues else cues


@lru_cache(maxsize=500)
def cues_in(text: str) -> Strings:
    """Return the words of a text with their beginnings, and its signs; "" is in every text."""
    return _cues_in(folded(text))


def cue_of_word(word: str) -> str:
    """Return the cue of a text that has a word."""
    return folded(word) + _EDGE


@lru_cache(maxsize=500)
def _cues_in(low: str) -> Strings:
    if low.isascii():
        words, signs = _OF_ASCII.findall(low), _SIGN_OF_ASCII.findall(low)
    else:
        words, signs = _WORD.findall(low), low
    return _NOTHING.union(signs, "0" if "0" in low else (), *map(_cues_of_word, words))


@lru_cache(maxsize=20_000)
def _cues_of_word(word: str) -> Sequence[str]:
    return [*(word[:most] for most in BEGINNINGS), word + _EDGE]


def folded(text: str) -> str:
    """Return a text in which what `re.IGNORECASE` takes for the same is the same, and so are all digits.

    Letter by letter: the case folding of Unicode makes letters of signs, and words of two.
    """
    if text.isascii():
        # By its bytes, which takes a tenth of the time.
        return text.lower().encode().translate(_ZEROS).decode()
    return _DIGIT.sub("0", text.translate({ord(letter): _small(letter) for letter in set(text)}))


@lru_cache(maxsize=1_000)
def _small(letter: str) -> str:
    low = letter.casefold()
    if len(low) != 1 or low.isalnum() != letter.isalnum():
        low = letter
    return {"ı": "i", "İ": "i"}.get(letter, low)


_ALSO_A_MARK: Final = "ι"
"""The only letter that `re.IGNORECASE` takes for a mark that is no letter."""


@lru_cache(maxsize=1_000)
def _letter(code: int) -> Strings | None:
    """Return a letter of a pattern, if all that it matches is folded like it."""
    letter = chr(code)
    is_sure = len(letter.casefold()) == 1 or letter == "İ"
    return frozenset({folded(letter)}) if is_sure and folded(letter) != _ALSO_A_MARK else None


@lru_cache(maxsize=10_000)
def _cue(string: str) -> tuple[float, str]:
    """Return what of a string the fewest texts have, by guess: a word, its beginning, a sign; and how few."""
    edged = _WITHIN.sub(_EDGE, string)
    words = [word[1:] if word[-1] == _EDGE else word[1 : max(BEGINNINGS) + 1] for word in _EDGED.findall(edged)]
    cues = [word for word in words if word[-1] == _EDGE or len(word) in BEGINNINGS]
    # A space stands for any, and most texts have most letters of ASCII; they are no cues.
    cues += _SIGN.findall(edged) if cues else _LETTER.sub("", edged)
    return max(((_rarity(cue), cue) for cue in cues), default=(0, ""))


@lru_cache(maxsize=10_000)
def _rarity(cue: str) -> float:
    """Guess the binary logarithm of how many bullets there are to one that has a cue."""
    if cue in _SIGNS:
        return _SIGNS[cue]
    word = cue.removesuffix(_EDGE)
    if not word.strip("0"):
        return len(word) ** 2 / 4
    if not cue[0].isalnum():
        return 5
    if cue[-1] == _EDGE:
        return 1 + math.log(1 + _FREQUENT[word]) if word in _FREQUENT else 6 + len(word) / 10
    begun = next((place for frequent, place in _FREQUENT.items() if frequent.startswith(cue)), len(_FREQUENT))
    return min(1 + math.log(1 + begun), 1.5 * len(cue) - 0.5)


class _Needed:
    """What the parts of a pattern need of a text, part after part."""

    def __init__(self, parts: Iterable[tuple[Any, Any]], before: Strings = _NOTHING) -> None:
        self.needed: Strings = _NOTHING
        """Strings of which every text that the parts match in has one."""
        self._worth: tuple[float, int] = (0, -1)
        self._heads, self._tail = before, ""
        self.is_exact = True
        for name, value in parts:
            self._add(str(name), value)
        self._offer(self.run)

    @property
    def run(self) -> Strings:
        """All that the last parts may stand for, if they can be told one by one."""
        return frozenset(head + self._tail for head in self._heads) if self._tail else self._heads

    @run.setter
    def run(self, strings: Strings) -> None:
        self._heads, self._tail = strings, ""

    def _add(self, name: str, value: Any) -> None:
        match name:
            case "AT":
                self._append(frozenset({_EDGE}) if str(value) in _EDGES else _NOTHING)
            case "ASSERT":
                # What stands around a match is in the text as well.
                self._offer(_Needed(value[1], self.run if value[0] > 0 else _NOTHING).needed)
            case "ASSERT_NOT":
                return
            case "LITERAL":
                self._append(_letter(value))
            case "IN":
                self._append(_class(value))
            case "SUBPATTERN":
                self._branch([value[-1]])
            case "ATOMIC_GROUP":
                self._branch([value])
            case "BRANCH":
                self._branch(value[1])
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                self._repeat(*value)
            case _:
                self._append(None)

    def _append(self, strings: Strings | None) -> None:
        if strings is not None and len(strings) == 1:
            self._tail += next(iter(strings))
            return
        if strings is not None and len(self._heads) * len(strings) <= MOST:
            self.run = frozenset(start + end for start in self.run for end in strings)
            return
        self._offer(self.run)
        self.is_exact = False
        self.run = strings if strings is not None and len(strings) <= MOST else _NOTHING

    def _branch(self, branches: Iterable[Iterable[tuple[Any, Any]]]) -> None:
        found = [_Needed(branch, self.run) for branch in branches]
        runs = frozenset[str]().union(*(branch.run for branch in found))
        if all(branch.is_exact for branch in found) and len(runs) <= MOST:
            self.run = runs
            return
        self._offer(self.run)
        self._offer(frozenset[str]().union(*(branch.needed for branch in found)))
        self.is_exact = False
        self.run = runs if len(runs) <= MOST else _NOTHING

    def _repeat(self, least: int, most: Any, body: Iterable[tuple[Any, Any]]) -> None:
        if least == 0 and most == 1:
            self._branch([body, ()])
            return
        for _ in range(min(least, REPEATED)):
            self._branch([body])
        if least != most or least > REPEATED:
            # Words with a space after each end where the next begins, however many there are.
            ends, is_apart = _Needed(body).run, _is_apart(body)
            is_kept = all(map(_is_at_edge, self.run)) and (is_apart or all(map(_is_at_edge, ends)))
            self._end(is_apart=is_kept or (least > 0 and is_apart))

    def _end(self, *, is_apart: bool) -> None:
        """Go on after what can't be told, where a word begins if that is no part of one."""
        self._append(None)
        if is_apart:
            self.run = frozenset({_EDGE})

    def _offer(self, strings: Strings) -> None:
        """Keep what says more: what fewer texts have, or else fewer strings."""
        least = math.inf
        for string in strings:
            least = min(least, _cue(string)[0])
            if least < self._worth[0]:
                return
        if (least, -len(strings)) > self._worth:
            self.needed, self._worth = strings, (least, -len(strings))


def _is_at_edge(string: str) -> bool:
    return string != "" and not string[-1].isalnum()


def _is_apart(parts: Iterable[tuple[Any, Any]]) -> bool:
    """Say whether parts of a pattern match only signs and spaces."""
    return all(
        (str(name) == "IN" and all(_is_sign(*each) for each in value)) or _is_sign(name, value) for name, value in parts
    )


def _is_sign(name: Any, value: Any) -> bool:
    is_space = str(name) == "CATEGORY" and str(value) in ("CATEGORY_SPACE", "CATEGORY_NOT_WORD")
    return is_space or (str(name) == "LITERAL" and _is_at_edge(chr(value)))


def _class(parts: Iterable[tuple[Any, Any]]) -> Strings | None:
    """Return the letters of a class, if they are few and all can be told."""
    found: list[Strings | None] = []
    for name, value in parts:
        match str(name), str(value):
            case "LITERAL", _:
                found.append(_letter(value))
            case "CATEGORY", "CATEGORY_DIGIT":
                found.append(frozenset("0"))
            case "CATEGORY", "CATEGORY_SPACE":
                found.append(frozenset(" "))
            case "RANGE", _ if value[1] - value[0] <= _WIDEST:
                found += map(_letter, range(value[0], value[1] + 1))
            case _:
                return None
    told = [letters for letters in found if letters is not None]
    return frozenset[str]().union(*told) if len(told) == len(found) else None
