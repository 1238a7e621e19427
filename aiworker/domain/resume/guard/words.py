"""Words as the rules compare them: folded to a stem, without the words that carry no content."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final


def listed(text: str) -> frozenset[str]:
    """Return the words of a list written as one text."""
    return frozenset(text.split())


WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*")
_OF_ASCII: Final = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")
"""The same for small letters of ASCII, in half the time."""
_SHORTEST_STEM: Final = 3
_SUFFIXES: Final = (
    ("ization", "iz"),
    ("isation", "iz"),
    ("ational", "at"),
    ("ations", "at"),
    ("ation", "at"),
    ("ments", ""),
    ("ment", ""),
    ("ising", "iz"),
    ("izing", "iz"),
    ("ised", "iz"),
    ("ized", "iz"),
    ("ises", "iz"),
    ("izes", "iz"),
    ("ise", "iz"),
    ("ize", "iz"),
    ("ating", "at"),
    ("ated", "at"),
    ("ates", "at"),
    ("ators", "at"),
    ("ator", "at"),
    ("ate", "at"),
    ("ions", ""),
    ("ion", ""),
    ("ances", ""),
    ("ance", ""),
    ("ences", ""),
    ("ence", ""),
    ("ingly", ""),
    ("ings", ""),
    ("ing", ""),
    ("iest", "y"),
    ("ies", "y"),
    ("ied", "y"),
    ("ers", ""),
    ("er", ""),
    ("ors", ""),
    ("or", ""),
    ("ely", ""),
    ("ly", ""),
    ("ed", ""),
    ("es", ""),
    ("s", ""),
    ("e", ""),
    ("y", ""),
)
_IRREGULAR: Final = {
    "built": "build",
    "wrote": "writ",
    "written": "writ",
    "ran": "run",
    "led": "lead",
    "made": "mak",
    "taught": "teach",
    "held": "hold",
    "kept": "keep",
    "gave": "giv",
    "given": "giv",
    "took": "tak",
    "taken": "tak",
    "grew": "grow",
    "grown": "grow",
    "cut": "cut",
    "drew": "draw",
    "drawn": "draw",
    "spoke": "speak",
    "sold": "sell",
    "upsold": "upsell",
    "bought": "buy",
    "found": "find",
    "oversaw": "overse",
    "overseen": "overse",
    "brought": "bring",
    "fell": "fall",
    "fallen": "fall",
    "rose": "riz",
    "risen": "riz",
    "came": "com",
    "chose": "choos",
    "chosen": "choos",
    "broke": "break",
    "broken": "break",
    "drove": "driv",
    "driven": "driv",
    "flew": "fly",
    "flown": "fly",
    "knew": "know",
    "known": "know",
    "lost": "los",
    "met": "meet",
    "rode": "rid",
    "ridden": "rid",
    "sent": "send",
    "shot": "shoot",
    "shook": "shak",
    "shaken": "shak",
    "slept": "sleep",
    "spent": "spend",
    "stood": "stand",
    "stuck": "stick",
    "swept": "sweep",
    "threw": "throw",
    "thrown": "throw",
    "told": "tell",
    "understood": "understand",
    "won": "win",
    "fed": "feed",
    "dealt": "deal",
    "bent": "bend",
    "hung": "hang",
    "lent": "lend",
    "sought": "seek",
    "swung": "swing",
    "caught": "catch",
    "fought": "fight",
    "froze": "freez",
    "frozen": "freez",
    "hid": "hid",
    "hidden": "hid",
    "began": "begin",
    "begun": "begin",
    "became": "becom",
    "withdrew": "withdraw",
    "withdrawn": "withdraw",
    "rewrote": "rewrit",
    "rewritten": "rewrit",
    "redrew": "redraw",
    "redrawn": "redraw",
    "rebuilt": "rebuild",
    "undertook": "undertak",
    "undertaken": "undertak",
    "shown": "show",
    "sewn": "sew",
    "sown": "sow",
    "dyed": "dye",
    "dyeing": "dye",
    "dyes": "dye",
    "children": "child",
    "people": "person",
    "data": "data",
    "analysis": "analys",
    "analyses": "analys",
    "analyst": "analys",
    "analysts": "analys",
    "analytics": "analys",
    "analytical": "analys",
    "analysed": "analys",
    "analyzed": "analys",
    "analyzing": "analys",
    "analysing": "analys",
    "analyze": "analys",
    "analyse": "analys",
}
STOP_WORDS: Final = listed(
    "a an the and or but nor of to in on at by for from with without into onto over under per via as than then"
    " that this these those which who whom whose it its is are was were be been being am do does did done has have"
    " had having will would can could may might must shall should i my me we our us you your he his him she her"
    " they their them there here so such not no both each every all any some other another own same while when"
    " where during after before between among through across about against within around up down out off again"
    " also very more most less least much many few too just only even still how what if because since until unless"
    " etc el la los las un una unos unas de del al y e o u en con sin por para que se su sus como más lo mi mis"
    " fue fui era es son entre sobre desde hasta durante también cada muy este esta estos estas"
)
"""English and Spanish."""


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, without possessive endings."""
    low = text.lower()
    found = (_OF_ASCII if low.isascii() else WORD).findall(low)
    if "'" in text or "’" in text:
        return [word.removesuffix("'s").removesuffix("’s") for word in found]
    return found


@lru_cache(maxsize=500)
def of_line(line: str) -> tuple[Sequence[str], Sequence[str]]:
    """Return the words of a line and their stems; a line of a resume is one of an entry and often a bullet as well."""
    found = words(line)
    return found, list(map(stem, found))


def plain(text: str) -> str:
    """Return a text without accents."""
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Fold a lower-case word to what its forms have in common; "tests" and "tested" become "test"."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for suffix, ending in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) + len(ending) >= _SHORTEST_STEM:
            return _undoubled(word.removesuffix(suffix) + ending)
    return word


def content(text: str) -> list[str]:
    """Return the stems of the words that carry content, in order."""
    said = zip(*of_line(text), strict=True)
    return [root for word, root in said if word not in STOP_WORDS and not word.isdigit()]


def _undoubled(stemmed: str) -> str:
    # "running" and "run", "planned" and "plan"; "call" and "process" keep theirs.
    if len(stemmed) > _SHORTEST_STEM and stemmed[-1] == stemmed[-2] and stemmed[-1] not in "aeiouls":
        return stemmed[:-1]
    return stemmed
