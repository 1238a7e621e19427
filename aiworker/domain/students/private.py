"""What of a person is nobody's business here: taken out of what is sent, and found in what is said.

A text that states something personal is left out as a whole, even where it may only be its topic: a line less makes a
summary poorer, a line too many makes it unfair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final


def _any_of(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})\b", re.IGNORECASE)


_CONTACT: Final[Mapping[str, re.Pattern[str]]] = {
    "e-mail": re.compile(r"[\w.+%-]+\s?@\s?[\w-]+(?:\.[\w-]+)*"),
    # A bare host in small letters is an address; Booking.com is a company, Socket.io and ASP.NET are tools.
    "link": re.compile(
        r"\b[Hh][Tt][Tt][Pp][Ss]?://\S+|\b[Ww][Ww][Ww]\.\S+"
        r"|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|in|edu|dev|me|co|xyz|site|page|app|tech|info)\b(?:/\S*)?"
        r"|\b[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+/[\w~@-]\S*"
    ),
    "phone": re.compile(r"(?<![\w.,])(?:\+\d[\d ()-]{6,}\d|\(?\d(?:[ ()-]{0,2}\d){9,})(?![\w,]|\.\d)"),
}

_STATED: Final[Mapping[str, re.Pattern[str]]] = {
    "birth": _any_of(
        r"date of birth|d\.?o\.?b|birth ?dates?|birth ?days?|born(?: (?:on|in))?|years?[- ]old|aged? \d+|age: ?\d+"
    ),
    "gender": _any_of(
        r"gender|male|female|females|woman|women|women['’]s|girls?|boys?|lady|ladies|transgender|non-binary"
        r"|(?:son|daughter) of|[sd]/o|father['’]?s?|mother['’]?s?|sex"
    ),
    "religion": _any_of(
        r"religions?|religious|hindus?|hinduism|muslims?|islam|islamic|christians?|christianity|catholic|sikhs?|sikhism"
        r"|jains?|jainism|buddhists?|buddhism|parsis?|jewish|judaism|atheist"
    ),
    "caste": _any_of(
        r"castes?|scheduled (?:castes?|tribes?)|sc/st|st/sc|obcs?|ews|dalits?|brahmins?|kshatriyas?|vaishyas?|adivasis?"
        r"|(?:reserved|general|open|minority) category|backward class(?:es)?|minority (?:community|quota)"
    ),
    "marital status": _any_of(
        r"marital status|married|unmarried|divorced|widow(?:er)?|husband|wife|spouse|fianc[ée]e?"
    ),
    "address": _any_of(
        r"(?:home|postal|permanent|present|residential) address|address(?= ?[:=])|resid(?:es|ing) (?:in|at)|home ?town"
        r"|native (?:of|place)|pin ?code"
    ),
    "roll number": _any_of(
        r"(?:roll|registration|enrol?lment|reg\.?|admission|aadhaar|passport) ?(?:no\b\.?|numbers?)|prn|usn|aadhaar"
    ),
}
_PRONOUNS: Final = re.compile(r"\b(?:[Hh]e|[Ss]he|[Hh]is|[Hh]ers?|[Hh]im|[Hh]imself|[Hh]erself|Mr|Mrs|Ms)\b")
_LEFT_OVER: Final = re.compile(r"\(\s*\)|\[\s*\]")


def public(text: str) -> str:
    """Return a text without contact data, in one line; nothing if it states something personal."""
    if any(pattern.search(text) for pattern in _STATED.values()):
        return ""
    left = text
    for pattern in (*_CONTACT.values(), _LEFT_OVER):
        left = pattern.sub(" ", left)
    left = " ".join(left.split())
    # What stood around an address may be a number once it is gone.
    return left if left == text else public(left)


def contacts(text: str) -> Iterator[str]:
    """Yield the kinds of contact data in a text."""
    yield from (kind for kind, pattern in _CONTACT.items() if pattern.search(text))


def stated(text: str) -> Iterator[str]:
    """Yield the kinds of personal data that a text states, a pronoun's gender included."""
    found = [kind for kind, pattern in _STATED.items() if pattern.search(text)]
    if "gender" not in found and _PRONOUNS.search(text):
        found.append("gender")
    yield from found
