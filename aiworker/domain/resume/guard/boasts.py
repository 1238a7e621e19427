"""Rule 6, and results: awards, scale and outcomes that the bullet does not state."""

from __future__ import annotations

from collections.abc import Iterator

from aiworker.domain.resume.guard import turns
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.lexicon import (
    AMOUNTS,
    AWARDS,
    CREDENTIALS,
    DOCTORAL,
    FEW,
    RANKED,
    SCOPE,
    SMALL,
    WIDE,
    WON,
)
from aiworker.domain.resume.guard.number import MONEY
from aiworker.domain.resume.guard.numerals import NUMBER_WORDS
from aiworker.domain.resume.guard.outcomes import OUTCOMES
from aiworker.domain.resume.guard.reading import Reading, Rewording, Source
from aiworker.domain.resume.guard.unstated import matched, unstated
from aiworker.domain.resume.guard.words import STOP_WORDS, stem, words


def awards(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find awards and credentials that the bullet does not state; a prize it states may be won."""
    is_stated = bool((AWARDS - CREDENTIALS) & source.bullet.hyphenated)
    is_ranked = bool(turns.RANK.search(source.bullet.text))
    none = frozenset[str]()
    stated = (WON if is_stated else RANKED if is_ranked else none) | (
        DOCTORAL if DOCTORAL & source.bullet.hyphenated else none
    )
    yield from unstated("award", AWARDS - stated - text.explained, source, text)
    yield from matched("award", turns.HONOUR, source, text)
    known = source.bullet.text.lower()
    yield from (
        Finding("award", found[0]) for found in turns.MEDAL.finditer(text.text) if found[0].lower() not in known
    )


def scope(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find words of scale that the bullet does not state."""
    spans = (text.text[slice(*number.span)] for number in text.numbers if number.magnitude > 1)
    figured = {word for span in spans for word in words(span)}
    yield from unstated("scope", SCOPE - (AMOUNTS & figured) - text.explained, source, text)
    for word in sorted(text.tokens - source.bullet.hyphenated):
        if word.endswith(WIDE) and not word.startswith(SMALL):
            yield Finding("scope", word)
    for match in turns.ACROSS.finditer(text.text):
        if stem(match[1].lower()) not in source.bullet.stems:
            yield Finding("scope", match[0])
    for finding in matched("scope", turns.REACH, source, text):
        said = {stem(word) for word in words(finding.token) if word not in STOP_WORDS}
        if text.explained.issuperset(word for word in words(finding.token) if word not in STOP_WORDS):
            continue
        if not said or "other" in finding.token.lower().split() or not said <= source.bullet.stems:
            yield finding
    if (found := turns.ALONE.search(text.text)) and not turns.ALONE.search(source.bullet.text):
        yield Finding("scope", found[0])
    yield from _reaching(source, text)


def _reaching(source: Source, text: Reading) -> Iterator[Finding]:
    """Find "every depot" or "across the province" of which the bullet has no word."""
    for pattern in (turns.OVER, turns.UNIVERSAL):
        for match in pattern.finditer(text.text):
            said = [word for word in words(match[1]) if word not in STOP_WORDS]
            if not said or said[0] in NUMBER_WORDS or FEW & set(said):
                continue
            there = [word for word in source.bullet.words if stem(word) in set(map(stem, said))]
            # "All branches" says more than "the branch"; "all notes" of notes does not.
            is_one = (
                pattern is turns.UNIVERSAL
                and not match[0].lower().startswith("whole")
                and not turns.ALL.search(source.bullet.text)
                and not any(word.endswith("s") for word in there)
            )
            if not there or is_one:
                yield Finding("scope", match[0].strip())


def outcomes(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find a result that is another one than the bullet's: revenue for coverage, downtime for rejects."""
    known = source.bullet.hyphenated | source.frame.hyphenated | text.explained
    is_money = any(number.kind in MONEY for number in source.bullet.numbers)
    for claimed, same in OUTCOMES:
        new = text.hyphenated & claimed
        if new and not (claimed | same) & known and not (is_money and "cost" in claimed):
            yield Finding("outcome", min(new))
