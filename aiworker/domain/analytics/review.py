"""Reads a model's sentences and keeps those that say nothing but what the facts say.

Every rule looks at a sentence as it was written, with its placeholders; what code fills in is never looked at again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiworker.domain import untrusted
from aiworker.domain.analytics.changes import PREFIX
from aiworker.domain.analytics.directions import contradicts
from aiworker.domain.analytics.fact import Direction
from aiworker.domain.analytics.facts import Published
from aiworker.domain.analytics.seasons import COUNTS
from aiworker.domain.analytics.slots import SLOT, has_stray_brace, slots
from aiworker.domain.analytics.words import BELONGS_TO, COUNTED_AS, NAMED_BY, NEGATIONS, OPENERS, RULES
from aiworker.domain.resume.language import counts

MOST_SENTENCES = 7
MOST_CHARACTERS = 400
"""Of one sentence, before its placeholders are filled."""
TOO_FEW: Final = "too-few"
FEW_WORDS = 5
"""A sentence of no more may do without any of the words by which a language is known."""

_BREAK: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z{])")
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z\u00c0-\u024f ,.;:()'’–—-]")
_WORD: Final = re.compile(r"[^\W_]+")
_OPENING: Final = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_COUNTED: Final = re.compile(rf"{SLOT.pattern} ([a-z]+)")
_ACRONYMS: Final = frozenset({"PPO", "PPOs", "CTC"})
_NEGATIVE: Final = "never_shortlisted"


@dataclass(frozen=True, slots=True)
class Review:
    """The sentences that may stay, with their placeholders, and the rules that others broke."""

    kept: tuple[str, ...]
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and what it may refer to."""

    text: str
    slots: tuple[str, ...]
    own: str
    """The sentence's own words, a mark in place of every placeholder."""
    directions: Mapping[str, Direction | None]
    names: tuple[re.Pattern[str], ...]


def review(text: str, published: Published) -> Review:
    """Check each sentence of a summary; those beyond the seventh good one break a rule too."""
    names = tuple(_spelled(name) for name in published.names if len(name) > 1)
    kept: list[str] = []
    broken: list[str] = []
    for each in sentences(text):
        sentence = Sentence(each, tuple(slots(each)), SLOT.sub("#", each), published.directions, names)
        if rule := next((name for name, breaks in CHECKS.items() if breaks(sentence)), None):
            broken.append(rule)
        elif len(kept) == MOST_SENTENCES:
            broken.append("length")
        else:
            kept.append(each)
    return Review(tuple(kept), tuple(broken))


def sentences(text: str) -> list[str]:
    """Return a text's sentences without what nobody sees, every character in its plain form."""
    plain = " ".join(unicodedata.normalize("NFKC", untrusted.clean(text).text).split())
    return [sentence for sentence in _BREAK.split(plain) if sentence]


def _is_misshapen(sentence: Sentence) -> bool:
    first = next(iter(_WORD.findall(sentence.own)), "")
    begins = sentence.own.startswith("#") or (sentence.own.startswith(first) and first[:1].isupper())
    return not (begins and sentence.own.endswith(".") and len(sentence.own) <= MOST_CHARACTERS)


def _has_wrong_slots(sentence: Sentence) -> bool:
    known = sentence.directions.keys() >= set(sentence.slots)
    return not (sentence.slots and known) or has_stray_brace(sentence.text)


def _has_digits(sentence: Sentence) -> bool:
    return any(character.isnumeric() for character in sentence.own)


def _has_marks(sentence: Sentence) -> bool:
    return _NOT_PLAIN.search(SLOT.sub("", sentence.text)) is not None


def _is_not_english(sentence: Sentence) -> bool:
    found = counts(sentence.own)
    english = found["en"]
    return english < max(found.values()) or (not english and len(_WORD.findall(sentence.own)) > FEW_WORDS)


def _is_negative(sentence: Sentence) -> bool:
    return len(NEGATIONS.findall(sentence.own)) > (_NEGATIVE in sentence.slots)


def _is_misnamed(sentence: Sentence) -> bool:
    """Say whether a figure's own word is missing, or a word stands there that belongs to another figure."""
    counted = ((found[1], found[2]) for found in _COUNTED.finditer(sentence.text) if found[1] in COUNTS)
    if any(words.fullmatch(noun) and slot not in own for slot, noun in counted for words, own in COUNTED_AS.items()):
        return True
    named = (NAMED_BY.get(slot.removeprefix(PREFIX)) for slot in sentence.slots)
    if any(naming and not naming.taken.search(sentence.own) for naming in named):
        return True
    foreign = (part for words, part in BELONGS_TO.items() if words.search(sentence.own))
    return any(all(part not in slot for slot in sentence.slots) for part in foreign)


def _has_names(sentence: Sentence) -> bool:
    """Say whether a sentence spells a name: of a branch or skill, or anything that is written like one."""
    if any(name.search(sentence.own) for name in sentence.names):
        return True
    if (opening := _OPENING.match(sentence.own)) and opening[0].lower() not in OPENERS:
        return True
    words = _WORD.finditer(sentence.own)
    return not all(word[0] in _ACRONYMS or word[0][word.start() == 0 :].islower() or word[0] == "A" for word in words)


def _contradicts(sentence: Sentence) -> bool:
    told: dict[str, Direction] = {slot: way for slot, way in sentence.directions.items() if way is not None}
    return contradicts(sentence.text, told)


CHECKS: Final[Mapping[str, Callable[[Sentence], bool]]] = {
    "form": _is_misshapen,
    "placeholder": _has_wrong_slots,
    "digit": _has_digits,
    "character": _has_marks,
    "language": _is_not_english,
    **{name: lambda sentence, words=words: words.search(sentence.own) is not None for name, words in RULES.items()},
    "negation": _is_negative,
    "figure-name": _is_misnamed,
    "name": _has_names,
    "direction": _contradicts,
}
"""The rules in the order in which they are tried; the first one broken is told."""


HINTS: Final[Mapping[str, str]] = {
    "form": "Each sentence begins with a capital letter, ends with a period and is short.",
    "placeholder": "Each sentence holds at least one placeholder, and only those that were given.",
    "digit": "No digits: a figure is always a placeholder.",
    "character": "Plain text: letters, commas and periods, no signs and no markup.",
    "language": "Write in English.",
    "number-word": "No words for amounts, such as half, first, most or all.",
    "judgement": "No judgement and no ranking.",
    "cause": "No causes.",
    "forecast": "No forecasts and no advice.",
    "address": "No addresses.",
    "negation": "Nothing that says not, never or remaining.",
    "figure-name": "Name each figure with the word that its line asks for, and with no other figure's word.",
    "name": "No names, not at the beginning of a sentence either: branches, skills and seasons are placeholders.",
    "direction": "Say rose or fell as the line of the change says, and only beside its placeholder.",
    "length": "At most seven sentences.",
    TOO_FEW: "At least four sentences.",
}
"""What a model is told of a rule that it broke."""


def _spelled(name: str) -> re.Pattern[str]:
    # A single word may be an everyday one in another case: the branch IT, the skill Go.
    flags = re.IGNORECASE if " " in name else re.NOFLAG
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", flags)
