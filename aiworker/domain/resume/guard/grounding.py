"""What a free text says that its source does not: figures and named terms; for summaries."""

from __future__ import annotations

from aiworker.domain.resume.guard import aliases
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.reading import Reading


def ungrounded(text: str, source: str) -> tuple[Finding, ...]:
    """Return the figures (rule `number`) and named terms (rule `term`) of a text that the source does not hold."""
    known = Reading(source)
    said = Reading(aliases.retold(text, known.things))
    numbers = [
        Finding("number", said.shown(number))
        for number in said.numbers
        if not number.is_soft and not number.meanings & known.figures
    ]
    named = [Finding("term", term.text) for term in said.terms if not known.named.names(term)]
    return tuple(dict.fromkeys([*numbers, *named]))
