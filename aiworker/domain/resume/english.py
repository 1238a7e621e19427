"""The English rules: weak openings, wordy phrases, fillers, abbreviations."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiworker.domain.resume.phrases import Phrase, Tone, phrases
from aiworker.domain.resume.tense import Forms, in_past
from aiworker.domain.resume.verbs_en import (
    ATTRIBUTIVE,
    PAST,
    PAST_OF_BASE,
    PAST_OF_GERUND,
    PAST_OF_NOUN,
    PAST_OF_PARTICIPLE,
)

_FORMS = Forms(
    past=PAST_OF_GERUND,
    shape=r"(?!during\b)[a-z]+ing",
    link=r",? (?:and|or) ",
    attributive=ATTRIBUTIVE,
    determiner=r" (?:the|an?|all|our|my|its|their|his|her|each|every|any|both|some|new|these|those|\d+)\b| of ",
)

_I = r"^(?:I (?:also )?)?"
_DUTY = re.compile(
    rf"{_I}(?:(?:was |have been |had been )?(?:responsible for|tasked with)"
    r"|(?:my )?(?:main )?(?:responsibilities|duties|tasks|role) (?:included|involved|was|were)) (?=\S)",
    re.IGNORECASE,
)
_NOUN = re.compile(rf"(?:the )?({'|'.join(PAST_OF_NOUN)}) of (?=\S)", re.IGNORECASE)
# A further duty that hangs on the opening: "and for the register", "and development of the app".
_HANGING = re.compile(
    r" (?:and|or|as well as) (?:also )?(?:for|of|to|on|in|with)\b"
    r"|(?:,| and| or) (?:the )?\w+(?:tion|ment|sis|ing|ance|ign) of\b"
)
_DONE = re.compile(rf"{_I}(?:did|performed|carried out|conducted|undertook) (?=\S)", re.IGNORECASE)
_SHARED = re.compile(
    rf"{_I}(?:worked on(?! (?:weekends|weekdays|\w+days|call|site|time|shifts?|contract|commission|(?:a|the) team)\b)"
    r"|(?:was |were )?involved in|helped (?:out )?(?:in|with)(?= \w+ing\b)) (?=\S)",
    re.IGNORECASE,
)
_MEANT = re.compile(rf"{_I}(?:was able to|had to|managed to) ([a-z]+) (?=\S)", re.IGNORECASE)
# "and resolve": the second verb would need its past too, and it may as well be a noun.
_SECOND_VERB = re.compile(r" (?:and|or|&) (?!(?:the|an?|all|our|my|its|their|his|her|to|by|of|for|in)\b)[a-z]")
_PRONOUN = re.compile(r"^I(?:['’]ve)? (?:also |have |had )*(?=([a-z]+) \S)")

CONTRACTIONS = phrases(
    [
        ("d(id|oes|o)n['’]t", r"d\1 not"),
        ("w(as|ere|ould)n['’]t", r"w\1 not"),
        ("h(as|ave|ad)n['’]t", r"h\1 not"),
        ("couldn['’]t", "could not"),
        ("isn['’]t", "is not"),
        ("aren['’]t", "are not"),
        ("can['’]t", "cannot"),
        ("won['’]t", "will not"),
    ]
)

ABBREVIATIONS = phrases(
    [
        (r"w/o (?=\w)", "without "),
        (r"w/ ?(?=\w)", "with "),
        ("b/w", "between"),
        (r"approx\.?", "approximately"),
        (r"dept\.?", "department"),
        (r"govt\.?", "government"),
        (r"mgmt\.?", "management"),
        ("info", "information"),
        (r"hrs\.?", "hours"),
        (r"mins\.?", "minutes"),
        (r"yrs\.?", "years"),
        (r"e\.g\.,?", "for example,"),
        (r"i\.e\.,?", "that is,"),
        (r"vs\.?", "versus"),
        ("thru", "through"),
    ]
)

PLAIN_WORDS = phrases(
    [
        ("utili[sz]ed", "used"),
        ("utili[sz]ing", "using"),
        ("utili[sz]e", "use"),
        ("made use of", "used"),
        ("making use of", "using"),
        ("took part in", "participated in"),
        ("helped to(?!.{0,200}\\b(?:and|or) to\\b)", "helped"),
        ("helped out with", "helped with"),
        ("made (?:some )?improvements to", "improved"),
        ("made (?:some )?changes to", "changed"),
        ("did research on", "researched"),
        ("carried out research on", "researched"),
        ("gave support to", "supported"),
        ("provided support to", "supported"),
    ]
)

TIGHTER = phrases(
    [
        ("in order to", "to"),
        ("so as to", "to"),
        ("due to the fact that", "because"),
        ("for the purpose of", "for"),
        ("with the aim of", "for"),
        ("on an? (daily|weekly|monthly|yearly) basis", r"\1"),
        ("a large number of", "many"),
    ]
)

FILLERS = phrases(
    [
        (rf"{filler} (?=[a-z])(?!(?:large|high|low)\b)", "")
        for filler in ("basically", "actually", "really", "literally", "very", "successfully")
    ]
)

BRIEF = phrases(
    [
        ("various (?=[a-z])(?!(?:kinds|types|sorts|forms|ways|sizes|others?|and|or|of)\b)", ""),
        ("a number of", "several"),
        (r"several different", "several"),
    ]
)


AMPERSAND = Phrase(re.compile(r"(?<![\w&/-])([a-z][\w-]*,?) & (?=[a-z])"), r"\1 and ")

PHRASES: Mapping[Tone, tuple[Phrase, ...]] = {
    "concise": (*PLAIN_WORDS, *TIGHTER, *FILLERS, *BRIEF),
    "professional": (*CONTRACTIONS, *ABBREVIATIONS, *PLAIN_WORDS, *TIGHTER, *FILLERS),
    "detailed": (*CONTRACTIONS, *ABBREVIATIONS, AMPERSAND, *PLAIN_WORDS),
}


def strengthen(text: str) -> str:
    """Replace a weak opening by the verb it hides, claiming no more than the source does."""
    if duty := _DUTY.match(text):
        return _as_verb(text[duty.end() :]) or text
    if done := _DONE.match(text):
        return _noun_as_verb(text[done.end() :]) or text
    if shared := _SHARED.match(text):
        return "Contributed to " + text[shared.end() :]
    if meant := _MEANT.match(text):
        past, rest = PAST_OF_BASE.get(meant[1]), text[meant.end() :]
        return f"{past} {rest}" if past and not _SECOND_VERB.search(rest) else text
    return _without_pronoun(text)


def _as_verb(duties: str) -> str | None:
    return _noun_as_verb(duties) or (None if _HANGING.search(duties) else in_past(duties, _FORMS))


def _noun_as_verb(duties: str) -> str | None:
    noun = _NOUN.match(duties)
    if noun is None or _HANGING.search(duties, noun.end()):
        return None
    return f"{PAST_OF_NOUN[noun[1].lower()]} {duties[noun.end() :]}"


def _without_pronoun(text: str) -> str:
    pronoun = _PRONOUN.match(text)
    if pronoun is None:
        return text
    rest = text[pronoun.end() :]
    if past := PAST_OF_PARTICIPLE.get(pronoun[1]):
        return past + rest.removeprefix(pronoun[1])
    return rest if pronoun[1] in PAST else text
