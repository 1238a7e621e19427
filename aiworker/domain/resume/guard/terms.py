"""Named terms of a text (tools, companies, acronyms) and whether another text names them too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from typing import Final, NamedTuple

from aiworker.domain.resume.guard.lexicon import ALIASES, BRANDS, EXEMPT, HOMOGRAPHS, MAKERS, SYMBOLS, TECHNOLOGIES
from aiworker.domain.resume.guard.notations import months
from aiworker.domain.resume.guard.number import Number
from aiworker.domain.resume.guard.once import once
from aiworker.domain.resume.guard.words import STOP_WORDS, WORD, listed, plain, stem

_OUTER: Final = " ,;:!?()[]{}\"“”'‘’—–…*•·|<>=~`"
_BESIDE: Final = re.compile(r"[,;:()]|\.(?=\s|\Z)")
"""What stands beside a name and is no part of it."""
_PARTS: Final = re.compile(r"[-/&–—_]")
_CAMEL: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ENDS_SENTENCE: Final = re.compile(r"[.!?:;]['\"”’)]*\Z")
_ABBREVIATION: Final = re.compile(
    r"(?:\b[A-Za-z]|e\.g|i\.e|vs|etc|approx|no|dept|govt|mgmt|pvt|ltd|inc|co)\.\Z", re.IGNORECASE
)
_NO_CAMEL: Final = frozenset({"javascript"})
"""Its pieces are names of other things."""
_TIMES: Final = re.compile(r"\d+[x×]\d*")
_ORDINAL: Final = re.compile(r"\d+(?:st|nd|rd|th)")
_VERSION: Final = re.compile(r"^v(?=\d)")
_PLURAL: Final = re.compile(r"[A-Z]{2,}s")
_SITE: Final = re.compile(r"([\w-]+)\.(?:com|org|net|in|co|io|co\.uk|co\.in|de|es|eu)")
"""A web site: naukri.com for Naukri."""
_VERSIONED: Final = re.compile(r"([A-Za-z]{2,})\d{1,2}")
_SHOUTED: Final = re.compile(r"[A-Z0-9']{4}")
"""What every long word of ASCII in capitals has."""
_NAMES: Final = HOMOGRAPHS | TECHNOLOGIES
"""What may be a name in small letters."""
_LONG: Final = 9
_FEWEST_INITIALS: Final = 3
_FEWEST_LETTERS: Final = 4
_MOST_LETTERS: Final = 6
_MICROSOFT: Final = listed("excel word powerpoint office outlook access project teams azure sql")


@dataclass(frozen=True, slots=True)
class Term:
    """One named term as the text writes it."""

    text: str
    is_homograph: bool = False
    is_marked: bool = True
    """Whether it is a name by its looks; else only its capital says so, and German writes every noun with one."""

    @property
    def key(self) -> str:
        return folded(self.text)


@dataclass(frozen=True)
class Named:
    """What a text names, in the forms a term is compared by."""

    text: str
    words: list[str]

    @once
    def _tokens(self) -> list[str]:
        # An entry's lines are its bullets, of which the tokens are at hand.
        return [token.text for line in self.text.split("\n") for token, _ in _tokens(line)]

    @once
    def _keys(self) -> frozenset[str]:
        return frozenset(form for token in self._tokens for form in _forms(token)) | months(self.text)

    @once
    def _joined(self) -> str:
        return "".join(self.words)

    @once
    def _grown(self) -> frozenset[str]:
        """Two and three words grown together."""
        threes = zip(self.words, self.words[1:], self.words[2:], strict=False)
        return frozenset(map("".join, chain(pairwise(self.words), threes)))

    def has(self, key: str) -> bool:
        """Say whether this text names what goes by a key, in one word or as words grown together."""
        return key in self._keys or (key in self._joined and key in self._grown)

    def _shows(self, name: str) -> bool:
        """Say whether this text has a name as it is written, between spaces."""
        return f" {name} " in self._spaced

    @once
    def _spaced(self) -> str:
        return f" {' '.join(_BESIDE.sub(' ', self.text).split())} "

    @once
    def capitals(self) -> frozenset[str]:
        marked = (token for token in self._tokens if not token.islower())
        return frozenset(part for token in marked for part in _pieces(token) if part[:1].isupper())

    @once
    def initials(self) -> str:
        long = [word[0] for word in self.words if word not in STOP_WORDS]
        return plain(f"{''.join([word[0] for word in self.words])} {''.join(long)}")

    def names(self, term: Term) -> bool:
        """Say whether this text names the term, in whatever form."""
        if term.is_homograph:
            return term.text in self.capitals or (term.text.lower() in ALIASES and self.has(term.key))
        if self._shows(term.text) or self.has(term.key) or self.has(stem(term.text.lower())):
            return True
        if term.text[-1] in "+#":
            return False
        if (version := _VERSIONED.fullmatch(term.text)) and self.has(folded(version[1])):
            return True
        if (site := _SITE.fullmatch(term.text)) and self.has(folded(site[1])):
            return True
        joined = "".join(WORD.findall(term.text.lower()))
        if self.has(joined) or self.has(ALIASES.get(joined, joined)):
            return True
        return (
            self._bends(term.text.lower()) or self.spells(term.text) or self._extends(term.text) or self._shortens(term)
        )

    def _shortens(self, term: Term) -> bool:
        """Say whether this text holds the beginning of a plain name: Agri for Agriculture."""
        name = term.text.lower()
        return not term.is_marked and any(
            _FEWEST_LETTERS <= len(word) <= _MOST_LETTERS and name != word.lower() and name.startswith(word.lower())
            for word in self.capitals
        )

    def _bends(self, name: str) -> bool:
        """Say whether this text holds a long word of the same beginning: spectrophotometer for spectrophotometry."""
        if len(name) <= _LONG:
            return False
        keys = chain(self._keys, self._grown if name[:_LONG] in self._joined else ())
        return any(key.startswith(name[:_LONG]) for key in keys)

    def _extends(self, acronym: str) -> bool:
        """Say whether an acronym begins another of this text: GST that of GSTR."""
        is_long = acronym.isupper() and len(acronym) >= _FEWEST_INITIALS
        return is_long and any(name.startswith(acronym) and name.isupper() for name in self.capitals)

    def spells(self, acronym: str) -> bool:
        """Say whether the words of this text spell an acronym out."""
        letters = acronym.removesuffix("s")
        is_acronym = letters.isalpha() and sum(letter.isupper() for letter in letters) > 1
        return is_acronym and len(letters) >= _FEWEST_INITIALS and letters.lower() in self.initials


def terms(text: str, figures: Iterable[Number] = ()) -> tuple[Term, ...]:
    """Return the named terms of a text in order; what is part of a figure is none."""
    spans = [number.span for number in figures if not number.is_soft]
    found: list[Term] = []
    shouting = _is_shouting(text)
    tokens = _tokens(text)
    for place, (token, start) in enumerate(tokens):
        if token.is_plain:
            continue
        previous = tokens[place - 1][0] if place else None
        named = _terms_of(token.text, starts=not previous or previous.ends_sentence, shouting=shouting)
        if not named:
            continue
        end = start + len(token.text)
        follower = tokens[place + 1][0].text if place + 1 < len(tokens) else ""
        is_unit = previous and previous.text[-1].isdigit() and set(token.text.lower().split("/")) <= SYMBOLS
        is_taken = any(first < end and start < last for first, last in spans)
        if not (is_unit or is_taken or _is_maker(token.text, follower)):
            found += named
    return tuple(dict.fromkeys(found))


def _is_maker(token: str, follower: str) -> bool:
    """Say whether a token only says who made what follows: Microsoft Excel."""
    low = token.lower()
    is_maker = low in MAKERS and (follower[:1].isupper() or follower.lower() in _MICROSOFT)
    return is_maker or (low in BRANDS and follower.istitle() and follower.lower() not in _NAMES)


@lru_cache(maxsize=20_000)
def _forms(token: str) -> tuple[str, ...]:
    """Return what a token is compared by: folded, its stem, its parts and those of its parts."""
    if token.isalpha() and token.islower():
        return token if token in HOMOGRAPHS else folded(token), stem(token)
    found: list[str] = []
    for part in _pieces(token):
        found += part if part in HOMOGRAPHS else folded(part), stem(part.lower())
        found += () if part.lower() in _NO_CAMEL else (piece.lower() for piece in _CAMEL.findall(part))
    return tuple(found)


def folded(term: str) -> str:
    """Return the one name of a term and its aliases, in lower case."""
    if _PLURAL.fullmatch(term):
        term = term[:-1]
    low = _VERSION.sub("", term.lower())
    if low in ALIASES:
        return ALIASES[low]
    if low.endswith("s") and len(low) > _FEWEST_INITIALS:
        return ALIASES.get(low[:-1], low[:-1])
    return low


class _Token(NamedTuple):
    """What stands between two spaces, without the signs around it."""

    text: str
    within: int
    """Where it begins."""
    is_plain: bool
    """Whether it is a word in small letters, which names nothing."""
    ends_sentence: bool


@lru_cache(maxsize=500)
def _tokens(text: str) -> tuple[tuple[_Token, int], ...]:
    """Return the tokens of a text and where each begins."""
    found: list[tuple[_Token, int]] = []
    at = 0
    for written in text.split():
        token, at = _token(written), text.index(written, at)
        if token.text:
            found.append((token, at + token.within))
        at += len(written)
    return tuple(found)


@lru_cache(maxsize=20_000)
def _token(written: str) -> _Token:
    text = written.strip(_OUTER)
    if text.endswith(".") and not text.endswith("..") and text.count(".") == 1:
        text = text[:-1].strip(_OUTER)
    text = text.removesuffix("'s").removesuffix("’s")
    within = written.find(text)
    ending = written[within:]
    is_plain = text.isalpha() and text.islower() and not (text in _NAMES or text in ALIASES)
    ends = not ending[-1:].isalnum() and bool(_ENDS_SENTENCE.search(ending)) and not _ABBREVIATION.search(ending)
    return _Token(text, within, is_plain, ends)


def _pieces(token: str) -> list[str]:
    """Return a token and the parts it is joined of."""
    parts = [part for part in _PARTS.split(token) if part]
    return [token] if parts == [token] else [token, *parts]


@lru_cache(maxsize=20_000)
def _terms_of(token: str, *, starts: bool, shouting: bool) -> tuple[Term, ...]:
    if token.lower() in TECHNOLOGIES or (token.lower() in ALIASES and token.lower() not in HOMOGRAPHS):
        return (Term(token),)
    parts = [part for part in _PARTS.split(token) if part]
    found = (_term(part, starts=starts and place == 0, shouting=shouting) for place, part in enumerate(parts))
    return tuple(term for term in found if term)


def _term(part: str, *, starts: bool, shouting: bool) -> Term | None:
    low = part.lower()
    if part == low and part.isalpha() and low not in _NAMES:
        return None
    is_letter = len(part) == 1 and low not in HOMOGRAPHS
    if (
        is_letter
        or part[-1] in "²³"
        or _TIMES.fullmatch(low)
        or _ORDINAL.fullmatch(low)
        or not any(letter.isalpha() for letter in part)
        or part.upper() in EXEMPT
    ):
        return None
    if low in HOMOGRAPHS:
        is_name = part[0].isupper() and not starts and not shouting
        return Term(part, is_homograph=True) if is_name else None
    if low in TECHNOLOGIES:
        return Term(part)
    if shouting:
        return None
    is_marked = _is_marked(part)
    return Term(part, is_marked=is_marked) if is_marked or (part[0].isupper() and not starts) else None


def _is_marked(part: str) -> bool:
    """Say whether a word is a name by its looks alone, wherever it stands."""
    letters = [letter for letter in part if letter.isalpha()]
    if part[-1] in "+#" or any(digit.isdigit() for digit in part):
        return len(letters) > 0
    if "." in part.strip("."):
        return part[0].isupper() or (part.count(".") == 1 and len(part.split(".")[0]) > 2)
    capitals = sum(letter.isupper() for letter in letters)
    return capitals >= 2 or (capitals == 1 and not part[0].isupper())


def _is_shouting(text: str) -> bool:
    if text.isascii() and not _SHOUTED.search(text):
        return False
    found = [word for word in WORD.findall(text) if len(word) > 3]
    return len(found) > 3 and sum(word.isupper() for word in found) > len(found) / 2
