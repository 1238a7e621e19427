"""What the guard decided of a run's texts: kept with the run, whether anything of its answers could be taken or not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiworker.domain.resume.guard.findings import Severity
from aiworker.domain.resume.guard.guard import Guard
from aiworker.domain.resume.locator import Bullet
from aiworker.errors import NoSafeChange
from aiworker.protocol import Measured

ENTITY_RULES: Final = frozenset({"number", "term"})
"""The rules that name a figure or term of a text which its source does not hold."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One rule that fired at a proposed text; `bullet` is the bullet's number, `section` its path."""

    bullet: str
    section: str
    rule: str
    token: str
    severity: Severity
    original: str
    proposed: str

    @property
    def is_violation(self) -> bool:
        return self.severity == "violation"


@dataclass(frozen=True, slots=True)
class Evidence:
    """All decisions about the texts of a run, and what they come to."""

    resume: str
    decisions: tuple[Decision, ...]
    measured: Measured


class NothingLeft(NoSafeChange):
    """Nothing is left of an answer that the guard has held against the resume."""

    def __init__(self, message: str, evidence: Evidence) -> None:
        super().__init__(message)
        self.evidence = evidence


def judge(guard: Guard, bullets: Iterable[Bullet], texts: Mapping[str, str]) -> tuple[Decision, ...]:
    """Hold every new text against its bullet, the bullet's entry and the resume."""
    places = {bullet.id: bullet for bullet in bullets}
    return tuple(
        Decision(number, places[number].path, found.rule, found.token, found.severity, places[number].text, text)
        for number, text in texts.items()
        for found in guard.check(number, text)
    )


def refused(decisions: Iterable[Decision]) -> frozenset[str]:
    """Return the numbers of the bullets whose new texts may not be taken."""
    return frozenset(decision.bullet for decision in decisions if decision.is_violation)


def measure(
    guard: Guard, texts: Collection[str], decisions: Sequence[Decision], *, job: str, prompt: str, model: str
) -> Measured:
    """Count what the guard found in all texts of a run's answers."""
    violations = [decision for decision in decisions if decision.is_violation]
    entities = sum(guard.entities(text) for text in texts)
    # A term said twice in a text is one decision and one entity.
    missing = {(each.bullet, each.proposed, each.rule, each.token) for each in violations if each.rule in ENTITY_RULES}
    return Measured(
        job=job,
        prompt=prompt,
        model=model,
        texts=len(texts),
        refused=len({(each.bullet, each.proposed) for each in violations}),
        entities=entities,
        grounded=max(0, entities - len(missing)),
        is_partial=guard.is_partial,
    )
