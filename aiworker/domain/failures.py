"""Groups of failures and what a replay can do for them: pure, for the command and for a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Verdict = Literal["retryable", "permanent"]

PERMANENT = frozenset(
    {
        "invalid_payload",
        "unknown_job",
        "bad_envelope",
        "bad_result",
        "not_found",
        "invalid_answer",
        "invalid_resume",
        "structure_changed",
        "no_safe_change",
        "context_too_long",
        "output_cut",
        "refused",
        "too_many_calls",
        "too_many_rounds",
        "model_not_found",
        "provider_refused",
        "poisoned",
        "configuration",
    }
)
"""Codes after which the same job fails the same way again."""

LONGEST = 120
EXAMPLES = 3

_CODE = re.compile(r"([a-z][a-z0-9_]*): ")
# A status code names the fault; any other number is one of many.
_DIGITS = re.compile(r"(?<![\w.])(?!(?:4\d\d|5\d\d)(?![\w.]))\d+(?:[.,]\d+)*|(?<=[a-z])\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed job, as far as grouping needs it."""

    queue: str
    job_id: str
    name: str
    reason: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Group:
    """Failures with the same error; `oldest` is when the first of them failed."""

    error: str
    code: str
    verdict: Verdict
    count: int
    oldest: datetime | None
    examples: tuple[str, ...]


def code_of(reason: str) -> str:
    """Return the error code in front of a `failedReason`; empty for reasons that are not ours."""
    found = _CODE.match(reason)
    return found[1] if found else ""


def verdict_of(reason: str) -> Verdict:
    """Say whether another run can end differently; what is not known to be permanent may be tried."""
    return "permanent" if code_of(reason) in PERMANENT else "retryable"


def pattern_of(reason: str) -> str:
    """Return the reason with its numbers replaced, so that one cause is one group."""
    text = " ".join(_DIGITS.sub("N", reason).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def group(failures: Iterable[Failure]) -> list[Group]:
    """Group failures by error, the largest group first."""
    found: dict[str, list[Failure]] = {}
    for failure in failures:
        found.setdefault(pattern_of(failure.reason), []).append(failure)
    return sorted((_group(error, members) for error, members in found.items()), key=lambda g: (-g.count, g.error))


def mean_cost(costs: Mapping[str, float], names: Iterable[str]) -> float:
    """Estimate in dollars what running jobs of these names costs, from the mean of completed runs per name."""
    return sum(costs.get(name, 0.0) for name in names)


def _group(error: str, members: list[Failure]) -> Group:
    times = [member.at for member in members if member.at is not None]
    reason = members[0].reason
    return Group(
        error=error,
        code=code_of(reason),
        verdict=verdict_of(reason),
        count=len(members),
        oldest=min(times, default=None),
        examples=tuple(f"{member.queue}:{member.job_id}" for member in members[:EXAMPLES]),
    )
