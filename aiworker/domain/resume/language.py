"""Tells the language of a resume's joined bullets by the share of stop words.

French, Portuguese, Italian and German are listed only so that their texts are not taken for Spanish or English.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from aiworker.domain.cues import cue_of_word, cues_in

Language = Literal["en", "es", "other"]

_WORD = re.compile(r"[^\W\d_]+")
_OF_ASCII = re.compile(r"[a-z]+")
"""The same in less time."""
_SHOUTED = re.compile(r"[A-Z]{2}")
"""What every word of ASCII has that is in capitals, and more than one letter."""
_JOINED = re.compile(r"\b\w-(?=\w)|\.(?:com|net|org|es|de|it|pt|in)\b")
"""What is part of a word and no word of its own: e-mail, Booking.com."""
_ENOUGH = 0.06
_NEAR = 6
_FEWEST = 2
"""So many words of another language are no chance."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def letters(low: str) -> list[str]:
    """Return the runs of letters in a text in lower case."""
    return (_OF_ASCII if low.isascii() else _WORD).findall(low)


@lru_cache(maxsize=500)
def _words_of(text: str) -> Sequence[str]:
    """Return the words without acronyms: MIT is no "mit"."""
    shouts = text.isupper()
    if "-" in text or "." in text[:-1]:
        text = _JOINED.sub(" ", text)
    if text.isascii() and not _SHOUTED.search(text):
        return letters(text.lower())
    return [word.lower() for word in _WORD.findall(text) if shouts or len(word) == 1 or not word.isupper()]


_STOP_WORDS: Mapping[str, frozenset[str]] = {
    "en": _words(
        "the a an of to and in for with on at by from as was were is are been i my our we it its that this which"
        " into using used over per between during after before their them than through while also all each"
        " do does did no not or but so if has have had more most up down out off plus come am me on"
    ),
    "es": _words(
        "el la los las un una de del al y e en con para por que se su sus como más lo mi mis fue fui era estuve"
        " entre sobre desde hasta durante también cada sin muy este esta todo toda todos yo nos según tras"
    ),
    "fr": _words(
        "le la les un une des de du au aux et en avec pour par que qui se sa son ses dans sur est été ont ce cette"
        " plus ne pas nous je mes leur leurs entre depuis pendant sans chaque afin"
    ),
    "pt": _words(
        "o a os as um uma de do da dos das ao à e em no na nos nas com para por que se seu sua como mais foi fui"
        " não entre sobre desde até durante também cada sem pelo pela eu este esta todos"
    ),
    "it": _words(
        "il lo la i gli le un una di del della dei delle al alla e in nel nella con per da dal che si come più ho"
        " sono è tra fra su sul durante anche ogni senza mio questo non"
    ),
    "hi": _words(
        "hai hain ka ki ke ko se mein aur kiya kiye kar karke karne karta karti tha thi liye par bhi ne ek yeh woh jo"
        " apne sath saath wala wale hum maine banaya banayi hua hui gaya raha diya"
    ),
    "nl": _words(
        "de het een en van op met voor die dat niet aan te zou hebben door uit naar bij zijn werd werden heb ik wij"
        " tussen tijdens onder ook elke"
    ),
    "pl": _words("na od przez dla oraz się jest było za po przy który które ich co raz tym lub nad pod"),
    "ro": _words("și în cu pentru din pe care fost prin unei unui sau după fiecare"),
    "sv": _words("och att det som på av för den ett har från varje inom mellan vid"),
    "da": _words("og det som på af til fra hver mellem ved inden jeg"),
    "de": _words(
        "der die das den dem des ein eine einer einen und in im mit für von zu zur zum auf an am bei als ist war"
        " nicht durch über nach aus wurde wurden sich ich wir unser oder sowie"
    ),
}


_ANY = frozenset[str]().union(*_STOP_WORDS.values())
_FOREIGN = {name: _ANY - stops for name, stops in _STOP_WORDS.items()}
_CUES = {name: frozenset(map(cue_of_word, stops)) for name, stops in _FOREIGN.items()}
_NAMES = {word: tuple(name for name, stops in _STOP_WORDS.items() if word in stops) for word in _ANY}
"""By word, which of the languages it is a stop word of."""


@lru_cache(maxsize=500)
def counts(text: str) -> Mapping[str, int]:
    """Return how many stop words of each language a text holds."""
    found = dict.fromkeys(_STOP_WORDS, 0)
    for word in _words_of(text):
        for name in _NAMES.get(word, ()):
            found[name] += 1
    return found


@lru_cache(maxsize=500)
def foreign_words(text: str, own: str) -> int:
    """Return how many stop words of other languages a text holds that are none of its own, in capitals or not."""
    # Most texts have none, which their cues tell without reading them again.
    if _CUES[own].isdisjoint(cues_in(text)):
        return 0
    foreign = _FOREIGN[own]
    return sum([word in foreign for word in letters(text.lower())])


def inserted(text: str, own: str, known: Collection[str]) -> str | None:
    """Return the language of a part that is not in a text's own: two of its stop words near each other.

    `known` are words that may stand there, as those of names do.
    """
    if foreign_words(text, own) < _FEWEST:
        return None
    foreign = _FOREIGN[own]
    found = [(at, word) for at, word in enumerate(_words_of(text)) if word in foreign and word not in known]
    for name, stops in _STOP_WORDS.items() if len(found) >= _FEWEST else ():
        theirs = [(at, word) for at, word in found if word in stops]
        if any(b - a < _NEAR and one != other for (a, one), (b, other) in pairwise(theirs)):
            return name
    return None


def detect(text: str) -> Language:
    """Return `en` or `es` when its stop words clearly prevail, else `other`."""
    found = counts(text)
    best = max(found.values())
    leaders = [name for name, count in found.items() if count == best]
    if best < max(1, _ENOUGH * len(_words_of(text))) or len(leaders) > 1:
        return "other"
    match leaders[0]:
        case "en" | "es" as language:
            return language
        case _:
            return "other"
