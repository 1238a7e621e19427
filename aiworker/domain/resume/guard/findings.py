"""What the guard has to say of a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["violation", "note", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that fired, and the words it fired at; only a violation keeps a text out."""

    rule: str
    token: str
    severity: Severity = "violation"

    @property
    def is_violation(self) -> bool:
        return self.severity == "violation"
