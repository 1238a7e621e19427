"""Holds each new bullet text against its source, the entry and the resume; pure, and the same every time.

A similarity score would not do: a lie is a small edit, a good rewrite a large one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiworker.domain import untrusted
from aiworker.domain.characters import storable
from aiworker.domain.resume import language, locator
from aiworker.domain.resume.guard import additions, boasts, claims, figures, form, roles, skills
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.grounding import ungrounded
from aiworker.domain.resume.guard.reading import Reading, Rewording, Source
from aiworker.domain.resume.phrases import Tone


@dataclass(frozen=True, slots=True)
class Guard:
    """The rules for one resume, one vacancy and one tone."""

    sources: Mapping[str, Source]
    vacancy: Reading
    instructions: Reading
    """What the model was told by us."""
    tone: Tone | None
    is_partial: bool
    """Whether the resume is not English, so that lists of English words say nothing of it."""
    flagged: frozenset[str] = frozenset()
    """Bullets that speak to a model: their own order would be the evidence for what it asks for."""

    @classmethod
    def of(
        cls, document: locator.Document, *, vacancy: str = "", instructions: str = "", tone: Tone | None = None
    ) -> Guard:
        """Read a resume once for all its bullets."""
        lines = locator.flat(document.tree).split("\n")
        orders = frozenset(lines[at] for at in untrusted.flagged(lines)) - {""}
        resume = Reading(_without("\n".join(lines), orders))
        paths = {bullet.entry for bullet in document.bullets}
        entries = {path: Reading(_without(locator.entry_text(document, path), orders)) for path in paths}
        frames = {path: Reading(_without(locator.frame_text(document, path), orders)) for path in paths}
        joined = " ".join(bullet.text for bullet in document.bullets)
        heard = language.counts(joined)
        mostly = max(heard, key=lambda name: heard[name])
        listed = skills.listed_skills(locator.skills(document))
        sources = {
            bullet.id: Source(Reading(bullet.text), entries[bullet.entry], frames[bullet.entry], resume, mostly, listed)
            for bullet in document.bullets
        }
        spoken = language.detect(joined)
        flagged = frozenset(
            bullet.id for bullet in document.bullets if not orders.isdisjoint(storable(bullet.text).split("\n"))
        )
        # As a model was shown it: hidden letters would part the words that are copied.
        theirs = Reading(untrusted.clean(vacancy).text)
        return cls(sources, theirs, Reading(instructions), tone, spoken != "en", flagged)

    def check(self, bullet_id: str, text: str) -> tuple[Finding, ...]:
        """Return what speaks against a bullet's new text; nothing does against its own."""
        source = self.sources[bullet_id]
        if text.strip() == source.bullet.text.strip():
            return ()
        if bullet_id in self.flagged:
            return (Finding("instruction", "the bullet speaks to a model"),)
        return tuple(dict.fromkeys(self._found(source, Rewording.of(text, source))))

    @staticmethod
    def entities(text: str) -> int:
        """Count the figures and named terms of a text, of which the rules `number` and `term` name those not grounded.

        Their grounded share is the entity precision of Nan et al. 2021.
        """
        reading = Reading(text)
        return sum(not number.is_soft for number in reading.numbers) + len(reading.terms)

    def grounds(self, text: str) -> bool:
        """Say whether every figure and name of a text about this resume stands in it."""
        return not ungrounded(text, next((source.resume.text for source in self.sources.values()), ""))

    def _found(self, source: Source, text: Rewording) -> Iterator[Finding]:
        yield from figures.check(source, text)
        yield from claims.named_terms(source, text)
        yield from skills.skill_phrases(source, text)
        yield from skills.elsewhere(source, text)
        yield from skills.listed_elsewhere(source, text)
        yield from skills.means(source, text)
        yield from skills.instruments(source, text)
        yield from roles.leadership(source, text)
        yield from roles.helped(source, text)
        yield from boasts.awards(source, text)
        yield from boasts.scope(source, text)
        yield from boasts.outcomes(source, text)
        yield from claims.copied(source, text, self.vacancy)
        yield from claims.recited(source, text, self.instructions)
        yield from additions.added(source, text)
        yield from form.length(source, text, self.tone)
        yield from form.kept(source, text)
        yield from form.spoken(source, text)
        yield from form.noise(source, text)
        yield from form.style(source, text)


def _without(text: str, orders: frozenset[str]) -> str:
    """Return the lines that are evidence: those that speak to a model are none."""
    return "\n".join(line for line in text.split("\n") if line not in orders)
