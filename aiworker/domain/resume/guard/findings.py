"""What the guard has to say of a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["violation", "note", "warning"]

REASONS: Final[Mapping[str, str]] = {
    "number": "a figure the bullet does not have",
    "number-dropped": "a figure of the bullet is missing",
    "unit": "a figure has another unit",
    "rate": "a rate was changed",
    "swap": "two figures were exchanged",
    "term": "a name or tool its entry does not have",
    "skill": "a skill its entry does not have",
    "leadership": "a leading role it does not state",
    "award": "an award it does not state",
    "scope": "a scale it does not state",
    "outcome": "another result than the bullet's",
    "added": "something the entry does not say",
    "copied": "words of the position or of the instructions instead of the resume's",
    "too-long": "too long",
    "too-short": "too short",
    "content-lost": "too much was left out",
    "terms-lost": "a name or tool is missing",
    "language": "another language",
    "noise": "quotes or markup or remarks around the text",
    "contact": "contact data the bullet does not have",
    "instruction": "a bullet that speaks to a model stays as it is",
}
"""What a model is told of each rule that keeps a text out."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that fired, and the words it fired at; only a violation keeps a text out."""

    rule: str
    token: str
    severity: Severity = "violation"

    @property
    def is_violation(self) -> bool:
        return self.severity == "violation"
