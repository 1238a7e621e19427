"""Rules 3 to 7: what a text names, claims and copies must be the entry's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from aiworker.domain.resume import language
from aiworker.domain.resume.guard import turns
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.lexicon import (
    AMBIGUOUS,
    AWARDS,
    IN_CHARGE,
    LEADERSHIP,
    LED_EVENTS,
    ROLES,
    SCOPE,
    SKILL_PHRASES,
    WON,
)
from aiworker.domain.resume.guard.reading import Reading, Source
from aiworker.domain.resume.guard.words import STOP_WORDS, plain, stem, words

COPIED_WORDS: Final = 4
_FEWEST_COPIED: Final = 2
"""Words with content that a run of copied words must hold."""
_EVENT_WITHIN: Final = 5
_ROOT: Final = 5
"""So many first letters two words of one kind share."""


def named_terms(source: Source, text: Reading) -> Iterator[Finding]:
    """Find names that neither the bullet nor its entry holds."""
    explained, spoken = _explained(source, text), language.counts(source.bullet.text)
    for term in text.terms:
        is_known = source.entry.named.names(term) or term.text.lower() in explained or _abbreviates(term.text, source)
        is_noun = not term.is_marked and spoken["de"] > max(1, spoken["en"])
        if not is_known and not is_noun:
            yield Finding("term", term.text)


def skill_phrases(source: Source, text: Reading) -> Iterator[Finding]:
    """Find skills of several words that the entry does not hold."""
    said, known = _stemmed(text.text), _stemmed(source.entry.text)
    for phrase, stems in _phrases():
        is_short = "".join(word[0] for word in words(phrase)) in source.entry.named.keys
        if f" {stems} " in said and f" {stems} " not in known and not is_short:
            yield Finding("skill", phrase)


def leadership(source: Source, text: Reading) -> Iterator[Finding]:
    """Find a leading role that the bullet does not state."""
    # "self-managed" leads nobody.
    if (LEADERSHIP - ROLES) & source.bullet.tokens:
        return
    allowed = IN_CHARGE if turns.IN_CHARGE.search(source.bullet.text) else frozenset[str]()
    for at, word in enumerate(text.spoken):
        is_told = word in allowed or (word in ROLES and word in source.bullet.hyphenated)
        is_led = text.spoken[at + 1 : at + 2] in (["by"], ["por"])
        if word in LEADERSHIP and not (is_told or is_led or _leads_event(text.spoken, at)):
            yield Finding("leadership", word)
    yield from _matched("leadership", turns.ROLE, source, text)
    for match in turns.PEOPLE.finditer(text.text):
        if stem(match[1].lower()) not in source.bullet.stems:
            yield Finding("leadership", match[0])


def awards(source: Source, text: Reading) -> Iterator[Finding]:
    """Find awards and credentials that the bullet does not state; a prize it states may be won."""
    is_stated = bool(AWARDS & source.bullet.hyphenated) or bool(turns.RANK.search(source.bullet.text))
    yield from _unstated("award", AWARDS - WON if is_stated else AWARDS, source, text)
    yield from _matched("award", turns.HONOUR, source, text)


def scope(source: Source, text: Reading) -> Iterator[Finding]:
    """Find words of scale that the bullet does not state."""
    yield from _unstated("scope", SCOPE, source, text)
    for match in turns.ACROSS.finditer(text.text):
        if stem(match[1].lower()) not in source.bullet.stems:
            yield Finding("scope", match[0])
    yield from _matched("scope", turns.REACH, source, text)


def copied(source: Source, text: Reading, vacancy: Reading) -> Iterator[Finding]:
    """Find a run of the vacancy's words that is nowhere in the resume, or two of which one word is not."""
    theirs = vacancy.runs(COPIED_WORDS).keys() - source.resume.runs(COPIED_WORDS).keys()
    for run, shown in text.runs(COPIED_WORDS).items():
        if run in theirs and sum(word not in STOP_WORDS for word in words(shown)) >= _FEWEST_COPIED:
            yield Finding("copied", shown)
            return
    pairs = vacancy.runs(2).keys() - source.resume.runs(2).keys()
    known = source.resume.stems
    acronyms = {term.key for term in source.entry.terms}
    for pair, shown in text.runs(2).items():
        if plain("".join(word[0] for word in pair)) in acronyms:
            continue
        if pair in pairs and not STOP_WORDS & set(words(shown)) and not known.issuperset(pair):
            yield Finding("copied", shown)
            return


def _explained(source: Source, text: Reading) -> frozenset[str]:
    """Return the words of a text that spell out an acronym of the entry: "Total Productive Maintenance" for TPM."""
    found: set[str] = set()
    for spoken in (text.words, [word for word in text.words if word not in STOP_WORDS]):
        letters = "".join(word[0] for word in spoken)
        for term in source.entry.terms:
            short = term.text.removesuffix("s").lower()
            at = letters.find(short) if term.text.removesuffix("s").isupper() and len(short) > 1 else -1
            while at >= 0:
                found.update(spoken[at : at + len(short)])
                at = letters.find(short, at + 1)
    return frozenset(found)


def _abbreviates(term: str, source: Source) -> bool:
    """Say whether a short term stands for words of the bullet, or a level for its figure: RN, N1."""
    if re.fullmatch(r"[A-Z]\d", term):
        return any(number.value == int(term[1]) for number in source.bullet.numbers)
    is_short = len(term) == 2 and term.isupper() and term.lower() not in AMBIGUOUS
    return is_short and term.lower() in source.bullet.named.initials


def _matched(rule: str, pattern: re.Pattern[str], source: Source, text: Reading) -> Iterator[Finding]:
    found = pattern.search(text.text)
    if found and not pattern.search(source.bullet.text) and found[0].lower() not in source.entry.text.lower():
        yield Finding(rule, found[0])


def _unstated(rule: str, listed: frozenset[str], source: Source, text: Reading) -> Iterator[Finding]:
    for word in sorted(text.hyphenated & listed):
        if not any(known[:_ROOT] == word[:_ROOT] or _is_short(known, word) for known in source.bullet.hyphenated):
            yield Finding(rule, word)


def _is_short(known: str, word: str) -> bool:
    root = known.removesuffix("s")
    return len(root) == _ROOT - 1 and word.startswith(root)


def _leads_event(found: list[str], at: int) -> bool:
    return found[at] in ("led", "leading", "lead") and bool(LED_EVENTS & set(found[at + 1 : at + 1 + _EVENT_WITHIN]))


def _stemmed(text: str) -> str:
    return f" {' '.join(stem(word) for word in words(text))} "


@lru_cache(maxsize=1)
def _phrases() -> tuple[tuple[str, str], ...]:
    return tuple((phrase, " ".join(stem(word) for word in words(phrase))) for phrase in SKILL_PHRASES)
