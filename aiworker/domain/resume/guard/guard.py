"""Holds each new bullet text against its source, the entry and the resume; pure, and the same every time.

A similarity score would not do: a lie is a small edit, a good rewrite a large one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from aiworker.domain import untrusted
from aiworker.domain.resume import language, locator
from aiworker.domain.resume.guard import claims, figures, form
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.grounding import ungrounded
from aiworker.domain.resume.guard.reading import Reading, Source
from aiworker.domain.resume.phrases import Tone


@dataclass(frozen=True, slots=True)
class Guard:
    """The rules for one resume, one vacancy and one tone."""

    sources: Mapping[str, Source]
    vacancy: Reading
    tone: Tone | None
    is_partial: bool
    """Whether the resume is not English, so that lists of English words say nothing of it."""
    flagged: frozenset[str] = frozenset()
    """Bullets that speak to a model: their own order would be the evidence for what it asks for."""

    @classmethod
    def of(cls, document: locator.Document, *, vacancy: str = "", tone: Tone | None = None) -> Guard:
        """Read a resume once for all its bullets."""
        resume = Reading(_sound(locator.flat(document.tree)))
        paths = {bullet.entry for bullet in document.bullets}
        entries = {path: Reading(_sound(locator.entry_text(document, path))) for path in paths}
        frames = {path: Reading(_sound(locator.frame_text(document, path))) for path in paths}
        sources = {
            bullet.id: Source(Reading(bullet.text), entries[bullet.entry], frames[bullet.entry], resume)
            for bullet in document.bullets
        }
        spoken = language.detect(" ".join(bullet.text for bullet in document.bullets))
        flagged = frozenset(bullet.id for bullet in document.bullets if _is_flagged(bullet.text))
        # As a model was shown it: hidden letters would part the words that are copied.
        return cls(sources, Reading(untrusted.clean(vacancy).text), tone, spoken != "en", flagged)

    def check(self, bullet_id: str, text: str) -> tuple[Finding, ...]:
        """Return what speaks against a bullet's new text; nothing does against its own."""
        source = self.sources[bullet_id]
        if text.strip() == source.bullet.text.strip():
            return ()
        if bullet_id in self.flagged:
            return (Finding("instruction", "the bullet speaks to a model"),)
        return tuple(dict.fromkeys(self._found(source, Reading(text))))

    def grounds(self, text: str) -> bool:
        """Say whether every figure and name of a text about this resume stands in it."""
        return not ungrounded(text, next((source.resume.text for source in self.sources.values()), ""))

    def _found(self, source: Source, text: Reading) -> Iterator[Finding]:
        yield from figures.check(source, text)
        yield from claims.named_terms(source, text)
        yield from claims.skill_phrases(source, text)
        yield from claims.leadership(source, text)
        yield from claims.awards(source, text)
        yield from claims.scope(source, text)
        yield from claims.copied(source, text, self.vacancy)
        yield from form.length(source, text, self.tone)
        yield from form.kept(source, text)
        yield from form.spoken(source, text)
        yield from form.noise(source, text)
        yield from form.style(source, text)


def _sound(text: str) -> str:
    """Return the lines that are evidence: those that speak to a model are none."""
    return "\n".join(line for line in text.split("\n") if not _is_flagged(line))


@lru_cache(maxsize=2_000)
def _is_flagged(text: str) -> bool:
    return bool(untrusted.scan(untrusted.clean(text).text))
