"""Holds a summary against the profile it was written from: what is wrong with it, and where.

The rules are those of English texts, so that a summary in another language is a fault of its own. Whatever the
profile does not state is a fault too, true or not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from aiworker.domain.resume import language, locator
from aiworker.domain.resume.guard import Finding, Guard
from aiworker.domain.resume.guard.grounding import ungrounded
from aiworker.domain.students import private
from aiworker.domain.students.praise import praise, words_of_praise
from aiworker.domain.students.profile import Profile, sound
from aiworker.domain.students.sentences import sentences, word_count

FEWEST_SENTENCES: Final = 3
MOST_SENTENCES: Final = 4
FEWEST_WORDS: Final = 40
MOST_WORDS: Final = 120
_FOREIGN_WORDS: Final = 3
"""Stop words of another language that a sentence must hold to be taken for it."""

REASONS: Final[Mapping[str, str]] = {
    "sentences": f"it did not have {FEWEST_SENTENCES} to {MOST_SENTENCES} sentences",
    "words": f"it did not have {FEWEST_WORDS} to {MOST_WORDS} words",
    "language": "it was not in English",
    "person": "it was not written in the third person",
    "number": "it held a figure that the profile does not state",
    "unit": "it changed the unit of a figure",
    "term": "it held a name that the profile does not state",
    "skill": "it held a skill that the profile does not state",
    "year": "it told the year of study wrongly",
    "leadership": "it claimed a leading role that the profile does not state",
    "award": "it claimed an award that the profile does not state",
    "scope": "it claimed a scale that the profile does not state",
    "praise": "it judged or praised instead of stating",
    "contact": "it held contact data",
    "private": "it told something personal, if only by a pronoun",
    "noise": "it held something that is not part of a summary",
}
"""What a model is told of each rule that fired."""
QUOTES: Final = frozenset({"number", "unit", "term", "skill", "year", "leadership", "award", "scope", "praise"})
"""The rules whose findings quote words that must not come back."""

_PERSON: Final = re.compile(
    r"\b(?:[Mm]y|[Mm]e|[Mm]ine|[Mm]yself|[Ww]e|[Oo]ur|[Oo]urs|[Yy]ou|[Yy]ours?|[Yy]ourself|us|[Ww]e['’](?:ve|re|ll))\b"
    r"|(?:^|[^\w\s]\s*|\b[^\WA-Z]\w*\s)I(?:['’](?:m|ve|d|ll))?(?=\s|$)"
)
_YEAR: Final = re.compile(
    r"\b(first|second|third|fourth|fifth|sixth|\d+(?:st|nd|rd|th)|pre-?final|penultimate|final|last)[- ]year\b", re.I
)
_SAME_YEAR: Final[Mapping[str, str]] = {
    "1st": "first",
    "2nd": "second",
    "3rd": "third",
    "4th": "fourth",
    "5th": "fifth",
    "6th": "sixth",
    "last": "final",
}
_MARKUP: Final = re.compile(r"\*\*|__|`|(?:^|\s)[#>*•▪◦·]+\s|^\s*(?:[-–—]|\d+[.)])\s|[{}<>\[\]|]")
_OPENINGS: Final = re.compile(
    r"\W*(?:here (?:is|are)|here['’]s|sure\b|certainly|of course|note:|(?:professional |student )?summary ?[:—–]"
    r"|in summary|based on (?:the|this)|i (?:cannot|can['’]t|am unable)|i['’]m sorry|please |let me |unfortunately)",
    re.IGNORECASE,
)
_ABOUT_ITSELF: Final = re.compile(r"\b(?:as an ai|language model|this summary was)\b", re.IGNORECASE)
_QUOTED: Final = re.compile(r"\A[\"“«'].*[\"”»']\Z", re.DOTALL)
_LEANS: Final = re.compile(
    r"^(?:that|those|then|later|also|additionally|furthermore|moreover|both|another|within|afterwards"
    r"|the (?!student\b))|\b(?:this|these|there|its?|such|same|latter|former|here)\b",
    re.IGNORECASE,
)
"""How a sentence speaks of the one before it."""
_BEYOND: Final = frozenset({"unit", "skill", "leadership", "award", "scope"})
"""The guard's rules for one bullet that hold for a sentence about all of them as well."""
_WHOLE: Final = "b0"


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that fired, at which words, in which sentence; None if it is about the whole text."""

    rule: str
    token: str
    sentence: int | None


@dataclass(frozen=True, slots=True)
class Ground:
    """A profile, read once for all that is held against it."""

    text: str
    names: tuple[str, ...]
    years: tuple[str, ...]
    praise: frozenset[str]
    guard: Guard

    @classmethod
    def of(cls, profile: Profile) -> Ground:
        """Read a profile."""
        profile = sound(profile)
        text = profile.evidence()
        # To the guard all of it is one bullet, so that a sentence may draw on any of it.
        entry = {"title": "; ".join(sorted(profile.names)), "bullets": [text]}
        document = locator.read(json.dumps({"experience": [entry]}))
        return cls(
            text=text,
            names=tuple(sorted(profile.names, key=lambda name: (-len(name), name))),
            years=profile.years,
            praise=frozenset(words_of_praise(text)),
            guard=Guard.of(document),
        )


def check(text: str, ground: Ground) -> tuple[Fault, ...]:
    """Return everything that is wrong with a summary, whole text first."""
    found = sentences(text)
    # Holding a text against the profile is what takes time: an honest one is held against it once.
    is_founded = not (found and any(_unfounded(" ".join(found), ground)))
    faults = [Fault(finding.rule, finding.token, None) for finding in _of_text(text, found)]
    for number, sentence in enumerate(found):
        findings = _of_sentence(sentence, ground, is_founded=is_founded)
        faults += [Fault(finding.rule, finding.token, number) for finding in findings]
    return tuple(faults)


def trimmed(text: str, faults: tuple[Fault, ...], ground: Ground) -> str | None:
    """Return the text without its faulty sentences if what is left is a summary without fault, else None.

    A sentence that leans on a dropped one goes with it: "There it ..." would speak of another place.
    """
    found = sentences(text)
    dropped = {fault.sentence for fault in faults if fault.sentence is not None}
    for number in range(1, len(found)):
        if number - 1 in dropped and _LEANS.search(found[number]):
            dropped.add(number)
    kept = [sentence for number, sentence in enumerate(found) if number not in dropped][:MOST_SENTENCES]
    if len(kept) > FEWEST_SENTENCES and word_count(" ".join(kept)) > MOST_WORDS:
        kept = kept[:FEWEST_SENTENCES]
    left = " ".join(kept)
    return left if not check(left, ground) else None


def _of_text(text: str, found: tuple[str, ...]) -> Iterator[Finding]:
    if not FEWEST_SENTENCES <= len(found) <= MOST_SENTENCES:
        yield Finding("sentences", str(len(found)))
    if not FEWEST_WORDS <= (words := word_count(text)) <= MOST_WORDS:
        yield Finding("words", str(words))
    if (spoken := language.detect(text)) != "en":
        yield Finding("language", spoken)
    if _QUOTED.match(text.strip()):
        yield Finding("noise", "quotes")


def _of_sentence(sentence: str, ground: Ground, *, is_founded: bool) -> list[Finding]:
    # Findings are stored: of what is personal only the kind is, so nothing else is looked for in such a sentence.
    if personal := [*_personal(sentence)]:
        return personal
    return [*_form(sentence, ground), *(() if is_founded else _unfounded(sentence, ground))]


def _form(sentence: str, ground: Ground) -> Iterator[Finding]:
    own = _without_names(sentence, ground)
    if person := _PERSON.search(own):
        yield Finding("person", person[0].strip())
    if foreign := _foreign(sentence):
        yield Finding("language", foreign)
    if markup := _MARKUP.search(own):
        yield Finding("noise", markup[0].strip())
    if _OPENINGS.match(sentence) or _ABOUT_ITSELF.search(own):
        yield Finding("noise", "announcement")
    if sentence.rstrip("\"'”’)")[-1:] not in (".", "!", "?"):
        yield Finding("noise", "unfinished")
    yield from (Finding("praise", word) for word in praise(sentence, ground.praise))
    years = (year.lower() for year in _YEAR.findall(sentence))
    yield from (Finding("year", year) for year in years if _SAME_YEAR.get(year, year) not in ground.years)


def _personal(sentence: str) -> Iterator[Finding]:
    yield from (Finding("contact", kind) for kind in private.contacts(sentence))
    yield from (Finding("private", kind) for kind in private.stated(sentence))


def _unfounded(text: str, ground: Ground) -> Iterator[Finding]:
    """Find figures, names, skills and claims that the profile does not state."""
    said = _YEAR.sub("year", text)
    yield from ungrounded(said, ground.text)
    yield from (finding for finding in ground.guard.check(_WHOLE, said) if finding.rule in _BEYOND)


def _without_names(sentence: str, ground: Ground) -> str:
    """Take the profile's names out: "My Mess Menu" may be a project."""
    for name in ground.names:
        sentence = sentence.replace(name, "X")
    return sentence


def _foreign(sentence: str) -> str:
    counts = dict(language.counts(sentence))
    english = counts.pop("en")
    name = max(counts, key=lambda each: counts[each])
    return name if counts[name] >= _FOREIGN_WORDS and counts[name] > 2 * english else ""
