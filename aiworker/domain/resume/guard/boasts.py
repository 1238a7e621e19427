"""Rule 6, and results: awards, scale and outcomes that the bullet does not state."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from aiworker.domain.resume.guard import synonyms, turns
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.lexicon import (
    AMOUNTS,
    AWARDS,
    CREDENTIALS,
    DOCTORAL,
    FEW,
    GAINING,
    RANKED,
    SCOPE,
    SMALL,
    SPANISH_AMOUNTS,
    WHOLE,
    WIDE,
    WON,
)
from aiworker.domain.resume.guard.number import MONEY
from aiworker.domain.resume.guard.numerals import NUMBER_WORDS
from aiworker.domain.resume.guard.outcomes import CLAIMED, OUTCOMES
from aiworker.domain.resume.guard.reading import Reading, Rewording, Source
from aiworker.domain.resume.guard.unstated import ROOT, matched, unstated
from aiworker.domain.resume.guard.words import STOP_WORDS, listed, stem, words

_ENDING: Final = listed("with in into on at by from for to via using that who which and or de en con para")
"""What ends the name of a group."""
_PRIZES: Final = AWARDS - CREDENTIALS


def awards(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find awards and credentials that the bullet does not state; a prize it states may be won."""
    if said := text.hyphenated & AWARDS:
        plain = frozenset(match[match.lastindex or 0].lower() for match in turns.NO_AWARD.finditer(text.text))
        yield from unstated("award", said - _stated(source) - text.explained - plain, source, text)
    for finding in matched("award", turns.HONOUR, source, text):
        roots = {word[:ROOT] for word in source.bullet.words}
        appeared = "appea" in roots
        said = [word for word in words(finding.token) if word not in STOP_WORDS]
        is_told = bool(said) and all(word[:ROOT] in roots or (appeared and word == "published") for word in said)
        if not is_told:
            yield finding
    yield from matched("award", turns.PATENT, source, text)
    if turns.FIRST.search(text.text) and not turns.RANK.search(source.bullet.text):
        yield from matched("award", turns.FIRST, source, text)
    yield from (
        Finding("award", found[0])
        for found in turns.MEDAL.finditer(text.text)
        if found[0].lower() not in source.bullet.low
    )


def _stated(source: Source) -> frozenset[str]:
    """Return the words for awards that say no more than a bullet that states one, or what was gained."""
    none = frozenset[str]()
    won = none if _PRIZES.isdisjoint(source.bullet.hyphenated) else WON
    ranked = RANKED if not won and turns.RANK.search(source.bullet.text) else none
    doctoral = none if DOCTORAL.isdisjoint(source.bullet.hyphenated) else DOCTORAL
    return won | ranked | doctoral | (GAINING if turns.GAINED.search(source.bullet.text) else none)


def scope(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find words of scale that the bullet does not state."""
    if said := text.hyphenated & SCOPE:
        yield from unstated("scope", said - _told(source, text, said), source, text)
    wide = {word for word in text.tokens if word.endswith(WIDE) and not word.startswith(SMALL)}
    yield from (Finding("scope", word) for word in sorted(wide - source.bullet.hyphenated))
    for match in turns.ACROSS.finditer(text.text):
        if stem(match[1].lower()) not in source.bullet.stems:
            yield Finding("scope", match[0])
    for match in turns.SEVERAL.finditer(text.text):
        if source.bullet.hyphenated.isdisjoint((match[1].lower(), f"{match[1].lower()}s")):
            yield Finding("scope", match[0])
    yield from matched("scope", turns.CLOCK, source, text)
    for finding in matched("scope", turns.REACH, source, text):
        roots = {stem(word) for word in words(finding.token) if word not in STOP_WORDS}
        telling = [word for word in words(finding.token) if word not in STOP_WORDS]
        if telling and text.explained.issuperset(telling):
            continue
        if not roots or "other" in finding.token.lower().split() or not roots <= source.bullet.stems:
            yield finding
    if (found := turns.ALONE.search(text.text)) and not (
        turns.ALONE.search(source.bullet.text) or turns.UNHELPED.search(source.bullet.text)
    ):
        yield Finding("scope", found[0])
    yield from _reaching(source, text)


def _told(source: Source, text: Rewording, said: frozenset[str]) -> frozenset[str]:
    """Return the words of scale that say no more than the bullet does."""
    spans = (text.text[slice(*number.span)] for number in text.numbers if number.magnitude > 1)
    figured = {word for span in spans for word in words(span)}
    alike = {word for word in said if not synonyms.senses_of(word).isdisjoint(source.bullet.senses)}
    whole = frozenset[str]() if WHOLE.isdisjoint(source.bullet.hyphenated) else WHOLE
    amounts = SPANISH_AMOUNTS if source.language == "en" else frozenset[str]()
    return text.explained.union(alike, AMOUNTS & figured, whole, amounts)


def _reaching(source: Source, text: Reading) -> Iterator[Finding]:
    """Find "every depot" or "across the province" of which the bullet has no word."""
    for pattern in (turns.OVER, turns.UNIVERSAL):
        for match in pattern.finditer(text.text):
            noun = takewhile(lambda word: word not in _ENDING, words(match[1]))
            said = [word for word in noun if word not in STOP_WORDS]
            is_entry = " ".join(match[0].lower().split()[:3]) in source.entry.low
            if is_entry or not said or said[0] in NUMBER_WORDS or FEW & set(said):
                continue
            known = {*map(stem, said), *(word + ending for word in said for ending in ("s", "es"))}
            there = [word for word in source.bullet.words if stem(word) in known or word in known]
            # "All branches" says more than "the branch"; "all notes" of notes does not.
            # "All waste" is the waste; only what can be counted becomes more.
            is_mass = match[0].lower().startswith("all ") and " of " not in match[0]
            is_mass = is_mass and not any(word.endswith("s") for word in said)
            is_one = (
                pattern is turns.UNIVERSAL
                and not is_mass
                and not match[0].lower().startswith("whole")
                and not turns.ALL.search(source.bullet.text)
                and not any(word.endswith("s") and not word.endswith("ss") for word in there)
            )
            stated, said_now = (len(turns.EACH.findall(one.text)) for one in (source.bullet, text))
            is_each = stated >= said_now and (stated > 0 or pattern is turns.UNIVERSAL)
            is_none = bool(there) and bool(turns.NEVER.search(source.bullet.text))
            if not is_each and (not there or (is_one and not is_none)):
                yield Finding("scope", match[0].strip())


def _is_named(word: str, source: Source, text: Reading) -> bool:
    """Say whether a word stands beside another as it does in the entry: "loyalty desk", "personal injury"."""
    return any(word in shown.split() for _, shown in text.shared(2, source.entry))


def outcomes(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find a result that is another one than the bullet's: revenue for coverage, downtime for rejects."""
    said = text.hyphenated & CLAIMED
    is_money = any(number.kind in MONEY for number in source.bullet.numbers) if said else False
    for claimed, same in OUTCOMES if said else ():
        new = {word for word in said & claimed if not _is_named(word, source, text)}
        if not new:
            continue
        is_told = any(
            not (claimed.isdisjoint(known) and same.isdisjoint(known))
            for known in (source.bullet.hyphenated, source.frame.hyphenated, text.explained)
        )
        if not (is_told or (is_money and "cost" in claimed)):
            yield Finding("outcome", min(new))
