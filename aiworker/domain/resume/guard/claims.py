"""Rules 3 and 7: what a text names and copies must be the entry's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aiworker.domain.resume import language
from aiworker.domain.resume.guard.acronyms import stands_for
from aiworker.domain.resume.guard.currencies import CURRENCIES
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.lexicon import (
    AMBIGUOUS,
)
from aiworker.domain.resume.guard.notations import months
from aiworker.domain.resume.guard.numerals import MAGNITUDES, NUMBER_WORDS
from aiworker.domain.resume.guard.reading import Reading, Rewording, Source
from aiworker.domain.resume.guard.skills import UNTELLING
from aiworker.domain.resume.guard.words import STOP_WORDS, plain, stem, words

COPIED_WORDS: Final = 4
RECITED_WORDS: Final = 3
_FEWEST_COPIED: Final = 2
"""Words with content that a run of copied words must hold."""
_UNDER: Final = re.compile(r"U(\d{1,2})")
"""A class of age."""
_MEASURED: Final = frozenset(map(stem, (*MAGNITUDES, *CURRENCIES)))


def named_terms(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find names that neither the bullet nor its entry holds."""
    for term in text.terms:
        is_known = (
            source.entry.named.names(term)
            or term.text.lower() in text.explained | text.glossed
            or (term.text[:2].isupper() and stands_for(term.text, text.text, source.bullet.words))
            or _abbreviates(term.text, source)
            or _is_lettered(term.text, source, text)
        )
        is_defined = f"({term.text})" in text.text and term.text.lower().removesuffix("s") in text.named.initials
        if not (is_known or is_defined or (not term.is_marked and _is_german(source.bullet.text))):
            yield Finding("term", term.text)
    for month in sorted(months(text.text)):
        if not source.entry.named.has(month):
            yield Finding("term", month)


def _is_german(text: str) -> bool:
    """Say whether a text is in a language that writes every noun with a capital."""
    spoken = language.counts(text)
    return spoken["de"] > max(1, spoken["en"])


def copied(source: Source, text: Rewording, vacancy: Reading) -> Iterator[Finding]:
    """Find a run of the vacancy's words that is nowhere in the resume, or two of which one word is not."""
    known = source.resume.stems
    for run, shown in text.shared(COPIED_WORDS, vacancy):
        if not source.resume.holds_run(run) and _is_telling(shown, source, text):
            yield Finding("copied", shown)
            return
    if known.issuperset(text.stems):
        return
    for pair, shown in text.shared(2, vacancy):
        if known.issuperset(pair):
            continue
        said = words(shown)
        initials = plain("".join(word[0] for word in pair))
        is_short = text.explained.issuperset(said) or initials in source.entry.shorts
        if not is_short and not any(word.isdigit() or word in UNTELLING for word in said):
            yield Finding("copied", shown)
            return
    for run, shown in text.shared(3, vacancy):
        if known.issuperset(run):
            continue
        unknown = [word for word in words(shown) if stem(word) not in known and word not in STOP_WORDS]
        new = [word for word in unknown if stem(word) not in _MEASURED]
        if len(new) > 1 and not text.explained.issuperset(new):
            yield Finding("copied", shown)
            return


def _is_telling(shown: str, source: Source, text: Rewording) -> bool:
    """Say whether a run of words holds enough that is new and not in everybody's mouth, and no acronym spelt out."""
    said = [word for word in words(shown) if not (word in STOP_WORDS or word in NUMBER_WORDS or word.isdigit())]
    is_own = source.bullet.stems.union(source.frame.stems).issuperset(map(stem, said))
    return len(said) >= _FEWEST_COPIED and not is_own and not text.explained.issuperset(said)


def recited(source: Source, text: Reading, instructions: Reading) -> Iterator[Finding]:
    """Find words of content that stand in a row in what the model was told, and nowhere in the resume."""
    for run, shown in text.shared(RECITED_WORDS, instructions):
        if not source.resume.holds_run(run) and STOP_WORDS.isdisjoint(words(shown)):
            yield Finding("copied", shown)
            return


def _is_lettered(term: str, source: Source, text: Rewording) -> bool:
    """Say whether a text has "Section 138" for the bullet's "S. 138", "Schedule 8" for its "S8"."""
    found = re.search(rf"\b{re.escape(term)} (\d+[A-Z]?|[IVX]+)\b", text.text)
    return bool(found) and bool(re.search(rf"\b{re.escape(term[0])}[.\s-]{{0,2}}{found[1]}\b", source.bullet.text))


def _abbreviates(term: str, source: Source) -> bool:
    """Say whether a short term stands for words of the bullet, or a level for its figure: RN, N1."""
    term = term.removesuffix("s")
    if (ages := _UNDER.fullmatch(term)) and re.search(rf"\bunder[- ]{ages[1]}\b", source.entry.low):
        return True
    if (part := re.fullmatch(r"[pP](\d\d)", term)) and f"{part[1]}th" in source.entry.low:
        return True
    if re.fullmatch(r"[A-Z]\d", term):
        return any(number.value == int(term[1]) for number in source.bullet.numbers)
    is_short = len(term) == 2 and term.isupper() and term.lower() not in AMBIGUOUS
    return is_short and term.lower() in source.bullet.named.initials
