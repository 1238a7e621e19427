"""Rules 8 to 11: length, content kept, language, a model's noise, and style."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from functools import lru_cache
from itertools import pairwise, takewhile
from typing import Final

from aiworker.domain.cued import cued
from aiworker.domain.resume import language
from aiworker.domain.resume.guard import synonyms
from aiworker.domain.resume.guard.additions import everyday
from aiworker.domain.resume.guard.currencies import CURRENCIES
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.lexicon import FILLERS, NOISE_OPENINGS, REWORDED, STYLE, VAGUE
from aiworker.domain.resume.guard.numbers import numbers
from aiworker.domain.resume.guard.numerals import MAGNITUDES, ORDINALS, TIMES, WORDS
from aiworker.domain.resume.guard.rates import ADVERBS, HOLIDAY, WEEKDAY
from aiworker.domain.resume.guard.reading import Reading, Rewording, Source
from aiworker.domain.resume.guard.terms import terms
from aiworker.domain.resume.guard.units import UNITS
from aiworker.domain.resume.guard.words import STOP_WORDS, WORD, content, listed, stem
from aiworker.domain.resume.phrases import Tone
from aiworker.domain.resume.verbs_en import PAST

LONGEST: Final = 1.9
LONGER_BY: Final = 80
SHORTEST: Final = 0.4
LONGEST_OF_TONE: Final[Mapping[Tone, float]] = {"concise": 1.0, "professional": 1.5, "detailed": 1.9}
CONTENT_KEPT: Final = 0.2
LOSSES: Final = ((0.6, 0.75), (0.5, 0.8), (0.45, 0.9))
CUTS: Final = ((0.6, 0.7), (0.5, 0.8))
"""Shares of the words kept and of the length, below which both something is left out and nothing said for it.

`CUTS` are those of a text that has no word of its own.
"""
ROOT: Final = 5
FEW_LOSSES: Final = ((0.34, 0.85),)
FEWEST_WORDS: Final = 4
"""Of fewer, one more or less says little."""
TERMS_KEPT: Final = 0.5
FEW_WORDS: Final = 6
FOREIGN_WORDS: Final = 3
"""Stop words of another language that a text must hold to be taken for it."""

_LETTERS: Final = frozenset("äöüßñãõ¿¡ąćęłńśźżčšžřěůőűășțåæøğı")
"""What English does without: a text has them from its resume, or is in another language."""
_ACCENTS: Final = frozenset("éèêëàâîïôûùçáíóúìò")
"""What a text without a common English word is not English with."""
_MEASURED: Final = (
    "n",
    "mm²",
    "cm²",
    "mm2",
    "cm2",
    *UNITS,
    *UNITS.values(),
    *MAGNITUDES,
    *TIMES,
    *CURRENCIES,
    *ADVERBS,
)
_FILLERS: Final = frozenset(
    stem(word)
    for word in (
        *FILLERS,
        *REWORDED,
        *_MEASURED,
        *ORDINALS,
        "avg",
        "average",
        "averaging",
        "rate",
        "percentage",
        *(word for spoken in WORDS.values() for word in spoken),
    )
)
"""Of no weight here; figures, their units and rates have rules of their own."""
_VAGUE: Final = frozenset(stem(word) for word in VAGUE)
_MADE: Final = frozenset(
    stem(word)
    for word in listed(
        "developed created designed prepared produced delivered implemented provided improved solved resolved handled"
        " processed answered completed built enabled earned generated"
    )
)
"""What may stand for another verb of the bullet."""
_ASIDE: Final = cued(
    r",? ?\b(?:so that|so as to|while|when|whenever|which|whom|who|that|usually|alongside|because|in order to|where"
    r"|often|until)\b[^,;.]*",
    re.IGNORECASE,
)
_CLAUSE: Final = re.compile(
    r"[,;\s](?:(?<=,)\s+(?:and\s+(?:then\s+|also\s+)?|then\s+)?|(?<=;)\s*|(?<=\s)\s*and\s+(?:then\s+|also\s+)?)"
    r"(?=(?!had\b)([a-z]+)\b(?! by\b))"
)
_CIRCUMSTANCE: Final = re.compile(
    r"(?:at|in|on|for|during|after|before|when|whenever|where|while|with|without|within|to|from|as|following|covering"
    r"|such as|including|mostly|usually|often|sometimes|even|next to|out of|because|despite|instead of|alongside"
    r"|near|under|over|ahead|like|along with|together with)\b",
    re.IGNORECASE,
)
"""How a phrase begins that only says when, where or beside what; "by" and "using" say how, which is the matter."""
_MOST_WITHIN: Final = 5
"""Words of a circumstance that may be left out from within a text."""
FEWEST_TOLD: Final = 2
FEWEST_PLAIN: Final = 5
STRANGE: Final = 0.5
"""Share of unknown words from which on a text is in some other language."""
_OPENING: Final = re.compile(rf"(?:{'|'.join(map(re.escape, NOISE_OPENINGS))})(?!\w)")
_AS_MODEL: Final = cued(r"\bas an ai\b|\blanguage model\b", re.IGNORECASE)
_ADDRESS: Final = cued(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.\w+|https?://\S+|\bwww\.\S+", re.IGNORECASE)
_PHONE: Final = cued(r"\d(?<![\w.]\d)(?!\d{3}-\d\d-\d\d\b)[\d ()-]{8,}\d(?![\w.])")
_MARKUP: Final = cued(r"\*\*|__|`|^#+ |\]\(|</?[a-z][^<>]*>|[{}]|\[\w[\w ]*\]|^\s*[-*•·–—]\s|[•·▪◦●]", re.IGNORECASE)
_QUOTED: Final = re.compile(r"\A\s*([\"“«']).*[\"”»']\s*\Z", re.DOTALL)


def length(source: Source, text: Rewording, tone: Tone | None) -> Iterator[Finding]:
    """Find a text that is far longer or shorter than its source."""
    added = source.framed.intersection(text.words)
    # Whom it was done for and when costs a line that the bullet does not have.
    before, after = len(source.bullet.text), len(text.written) - sum(len(word) + 1 for word in added)
    ratio = LONGEST_OF_TONE.get(tone, LONGEST) if tone else LONGEST
    if after > max(LONGEST * before, before + LONGER_BY):
        yield Finding("too-long", f"{after} characters for {before}")
    elif after > max(ratio * before, before + (0 if tone == "concise" else LONGER_BY)):
        yield Finding("too-long", f"{after} characters for {before}", "warning" if tone == "concise" else "violation")
    if after < SHORTEST * before:
        yield Finding("too-short", f"{after} characters for {before}")


def kept(source: Source, text: Reading) -> Iterator[Finding]:
    """Find a text that has lost what its source was about."""
    told = _told(source.bullet.text)
    now = set(text.content)
    was = {word for word in told if word not in _VAGUE or word in now}
    alike = source.bullet.told_by(text)
    kept = len(was & (now | alike))
    roots = {word[:ROOT] for word in now}
    shortened = _shortened(source.bullet, text)
    now |= was & {stem(word) for word in shortened}
    like = sum(word in now or word in alike or word[:ROOT] in roots for word in was)
    made = _MADE - was
    said = [word for word in text.content if (word not in _FILLERS or word in made) and not word[0].isdigit()]
    size = len([word for word in said if word in was or word not in _VAGUE])
    is_cut = all(word in source.bullet.stems for word in said)
    losses = (CUTS if is_cut else LOSSES) if len(was) >= FEWEST_WORDS else FEW_LOSSES
    is_lost = kept < CONTENT_KEPT * len(was) or any(
        like <= share * len(was) and size <= most * len(told) for share, most in losses
    )
    if was and is_lost and not _drops_aside(source.bullet, text):
        yield Finding("content-lost", f"{like} of {len(was)} words")
    if clause := _left_out(source.bullet, text, alike):
        yield Finding("content-lost", clause)
    named = [term for term in source.bullet.terms if not (WEEKDAY.fullmatch(term.text) or HOLIDAY.fullmatch(term.text))]
    starts = {word[:ROOT] for word in text.words} if named else set[str]()
    lost = [
        term
        for term in named
        if not (
            term in text.terms
            or text.named.names(term)
            or _spelled_out(term.text, text)
            or term.text.lower()[:ROOT] in starts
            or term.text.lower() in shortened
        )
    ]
    if named and len(named) - len(lost) < TERMS_KEPT * len(named):
        yield Finding("terms-lost", ", ".join(term.text for term in lost))


def _drops_aside(bullet: Reading, text: Reading) -> bool:
    """Say whether a text is its bullet without one circumstance that has neither figure nor name."""
    size = len(text.words)
    starts = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(bullet.words, text.words, strict=False)))
    ends = min(size - starts, len(bullet.words) - starts)
    told = zip(reversed(bullet.words), reversed(text.words), strict=False)
    ends = min(ends, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], told)))
    if starts + ends < size or 2 * len(text.text) < len(bullet.text):
        return False
    spans = [match.span() for match in WORD.finditer(bullet.text)][starts : len(bullet.words) - ends]
    is_long = starts < size and len(spans) > _MOST_WITHIN
    rest = bullet.text[spans[0][0] : spans[-1][1]] if spans else ""
    return bool(_CIRCUMSTANCE.match(rest)) and not is_long and not numbers(rest) and not terms(f"x {rest}")


def _left_out(bullet: Reading, text: Reading, alike: Set[str]) -> str:
    """Return what a bullet says was done of which a text has no word, nor other words for it, which are `alike`."""
    clauses = _clauses(bullet.text)
    if not clauses:
        return ""
    there = text.stems | alike
    roots = {word[:ROOT] for word in text.stems}
    known = bullet.stems | text.told_by(bullet)
    new = [word for word in _told(text.text) if word not in known]
    for clause in clauses:
        said = [word for word in content(clause) if word not in _FILLERS and not word[0].isdigit()]
        is_there = any(word in there or word[:ROOT] in roots for word in said)
        if len(said) >= FEWEST_TOLD and len(new) < len(said) and not (is_there or numbers(clause)):
            return clause.strip(" .,;")
    return ""


def _clauses(bullet: str) -> list[str]:
    """Return the parts of a bullet that each say with a verb of their own what was done; none if it has but one."""
    starts = [match.end() for match in _CLAUSE.finditer(bullet) if match[1] in PAST or match[1].endswith("ed")]
    cuts = [0, *starts, len(bullet)]
    return [bullet[start:end] for start, end in pairwise(cuts)] if starts else []


@lru_cache(maxsize=500)
def _told(bullet: str) -> tuple[str, ...]:
    """Return the stems of what a bullet says, without a clause that only says what for, or when."""
    short = _ASIDE.sub("", bullet)
    text = short if len(short) > SHORTEST * len(bullet) else bullet
    return tuple(word for word in content(text) if word not in _FILLERS and not word[0].isdigit())


def _prevailing(ours: Mapping[str, int], text: str) -> str | None:
    """Return the language that a text or one half of it is in, if it is not the bullet's."""
    own, middle = max(ours, key=ours.__getitem__), text.find(" ", len(text) // 2)
    # As many words as a half must have that the bullet's language has not.
    if language.foreign_words(text, own) < FOREIGN_WORDS - 1:
        return None
    for theirs in map(language.counts, (text, text[:middle], text[middle:])):
        foreign = max(theirs, key=theirs.__getitem__)
        fewest = FOREIGN_WORDS if theirs[own] or ours[foreign] else FOREIGN_WORDS - 1
        is_foreign = ours[foreign] * 2 < ours[own] and theirs[foreign] >= fewest
        if foreign != own and is_foreign and theirs[foreign] > 2 * theirs[own]:
            return foreign
    return None


def _shortened(bullet: Reading, text: Reading) -> frozenset[str]:
    """Return the words of a bullet that an acronym of the text stands for: FCM for Firebase Cloud Messaging."""
    found: set[str] = set()
    shorts = [short for term in text.terms if len(short := term.text.removesuffix("s")) > 1 and short.isupper()]
    for said in (bullet.words, [word for word in bullet.words if word not in STOP_WORDS]) if shorts else ():
        letters = "".join([word[0] for word in said])
        for short in shorts:
            if (at := letters.find(short.lower())) >= 0:
                found.update(said[at : at + len(short)])
    return frozenset(found)


def _spelled_out(acronym: str, text: Reading) -> bool:
    short = acronym.removesuffix("s")
    return short.isupper() and len(short) > 1 and short.lower() in text.named.initials


def spoken(source: Source, text: Reading) -> Iterator[Finding]:
    """Find a text in another language or script than its source."""
    accents = frozenset[str]()
    if not text.text.isascii():
        letters = text.letters - source.resume.letters
        if new := text.scripts - source.resume.scripts or _LETTERS & letters:
            yield Finding("language", min(new))
            return
        accents = _ACCENTS & letters
    ours = language.counts(source.bullet.text)
    if not any(ours.values()):
        ours = language.counts(source.resume.text)
    if foreign := _prevailing(ours, text.text):
        yield Finding("language", foreign)
        return
    if foreign := language.inserted(text.text, source.language, source.resume.tokens):
        yield Finding("language", foreign)
        return
    if source.language == "en" and _is_strange(source, text):
        yield Finding("language", "words of no known language")
        return
    if accents and source.language == "en" and language.counts(text.text)["en"] <= (len(text.words) > FEW_WORDS):
        yield Finding("language", min(accents))


def _is_strange(source: Source, text: Reading) -> bool:
    """Say whether most of a text is no English that anybody writes of work, and no word of the entry's."""
    if 2 * len(text.stems & source.bullet.stems) > len(text.stems):
        return False
    known = everyday() | source.entry.stems
    plain = [word for word in text.words if word.isalpha() and word not in text.named_words]
    new = [word for word in plain if not (word in STOP_WORDS or stem(word) in known or synonyms.senses_of(word))]
    return len(plain) >= FEWEST_PLAIN and len(new) > STRANGE * len(plain)


def noise(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find what models leave in their answers: announcements, markup, quotes, addresses."""
    low = text.written.strip().lower()
    opening = _OPENING.match(low)
    if opening and not source.bullet.text.strip().lower().startswith(opening[0]):
        yield Finding("noise", opening[0])
    if _AS_MODEL.search(text.written):
        yield Finding("noise", "as an ai")
    was = source.bullet.text
    for pattern in (_MARKUP, _QUOTED):
        if (found := pattern.search(text.written)) and not pattern.search(was):
            yield Finding("noise", found[0][:1] if pattern is _QUOTED else found[0].strip() or "list")
    if len(text.written.splitlines()) > 1 and len(was.splitlines()) == 1:
        yield Finding("noise", "line break")
    contacts = (*_ADDRESS.finditer(text.written), *_PHONE.finditer(text.written))
    yield from (Finding("contact", "address or number") for found in contacts if found[0] not in was)


def style(source: Source, text: Reading) -> Iterator[Finding]:
    """Warn of worn-out words."""
    yield from (
        Finding("style", word, "warning") for word in sorted((text.hyphenated & STYLE) - source.bullet.hyphenated)
    )
