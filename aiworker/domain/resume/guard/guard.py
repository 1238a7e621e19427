"""Holds each new bullet text against its source, the entry and the resume; pure, and the same every time.

A similarity score would not do: a lie is a small edit, a good rewrite a large one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiworker.domain.resume import language, locator
from aiworker.domain.resume.guard import claims, figures, form
from aiworker.domain.resume.guard.findings import Finding
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

    @classmethod
    def of(cls, document: locator.Document, *, vacancy: str = "", tone: Tone | None = None) -> Guard:
        """Read a resume once for all its bullets."""
        resume = Reading(locator.flat(document.tree))
        entries = {bullet.entry: Reading(locator.entry_text(document, bullet.entry)) for bullet in document.bullets}
        frames = {bullet.entry: Reading(locator.frame_text(document, bullet.entry)) for bullet in document.bullets}
        sources = {
            bullet.id: Source(Reading(bullet.text), entries[bullet.entry], frames[bullet.entry], resume)
            for bullet in document.bullets
        }
        spoken = language.detect(" ".join(bullet.text for bullet in document.bullets))
        return cls(sources, Reading(vacancy), tone, spoken != "en")

    def check(self, bullet_id: str, text: str) -> tuple[Finding, ...]:
        """Return what speaks against a bullet's new text; nothing does against its own."""
        source = self.sources[bullet_id]
        if text.strip() == source.bullet.text.strip():
            return ()
        return tuple(dict.fromkeys(self._found(source, Reading(text))))

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
