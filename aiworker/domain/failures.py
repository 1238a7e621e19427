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
        *("error", "usage", "job_failed", "unknown_queue"),
        *("invalid_payload", "unknown_job", "bad_envelope", "bad_result", "not_found"),
        *("invalid_answer", "invalid_resume", "structure_changed", "no_safe_change"),
        *("context_too_long", "output_cut", "refused", "too_many_calls", "too_many_rounds"),
        *("model_not_found", "retired_model", "provider_refused", "poisoned", "job_budget"),
        "not_answered",
        *("configuration", "redis_auth", "redis_too_old", "redis_url"),
    }
)
"""Codes after which the same job, unchanged, fails the same way again: those whose outcome is Cancel."""

LONGEST = 120
READ = 1_000
"""Characters of a reason that are looked at: other people's workers may write novels."""
EXAMPLES = 3

_CODE = re.compile(r"([a-z][a-z0-9_]*): ")
_ID = re.compile(r"\b(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=[a-f]*[0-9])[0-9a-f]{12,})\b", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?P<before>\b[a-z]{2,10} )?(?<![\w.])(?P<number>\d+(?:[.,]\d+)*)"
    r"(?P<unit> ?(?:ms|s|m|h|d|kb|mb|seconds|minutes|hours|bytes|tokens|characters|times|calls|rounds))?(?!\w)",
    re.IGNORECASE,
)
_STATUS = re.compile(r"[45]\d\d")
_PLACES = frozenset({"line", "column", "char", "position", "row", "id", "job"})


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed job, as far as choosing and grouping need it."""

    queue: str
    job_id: str
    name: str
    reason: str
    at: datetime | None

    @property
    def address(self) -> str:
        """Name the job as `QUEUE:ID`, which commands take."""
        return f"{self.queue}:{self.job_id}"

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.reason)


@dataclass(frozen=True, slots=True)
class Group:
    """Failures with the same error; `oldest` is when the first of them failed."""

    error: str
    code: str
    verdict: Verdict
    count: int
    oldest: datetime | None
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What running jobs would cost; `unknown` of them have a name of which no run has completed yet."""

    usd: float
    unknown: int


def code_of(reason: str) -> str:
    """Return the error code in front of a `failedReason`; empty for reasons that are not ours."""
    found = _CODE.match(reason)
    return found[1] if found else ""


def verdict_of(reason: str) -> Verdict:
    """Say whether another run can end differently; what is not known to be permanent may be tried."""
    return "permanent" if code_of(reason) in PERMANENT else "retryable"


def pattern_of(reason: str) -> str:
    """Return the reason with its numbers and ids replaced, so that one cause is one group."""
    text = _NUMBER.sub(_masked, _ID.sub("N", " ".join(reason[:READ].split())))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def group(failures: Iterable[Failure]) -> list[Group]:
    """Group failures by error, the largest group first."""
    found: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        found.setdefault((pattern_of(failure.reason), code_of(failure.reason)), []).append(failure)
    groups = [_group(error, code, members) for (error, code), members in found.items()]
    return sorted(groups, key=lambda each: (-each.count, each.error))


def estimate(costs: Mapping[str, float], names: Iterable[str]) -> Estimate:
    """Estimate what running jobs of these names costs, from the mean of completed runs per name."""
    known = [costs.get(name) for name in names]
    return Estimate(sum(cost for cost in known if cost is not None), known.count(None))


def _group(error: str, code: str, members: list[Failure]) -> Group:
    times = [member.at for member in members if member.at is not None]
    return Group(
        error=error,
        code=code,
        verdict=members[0].verdict,
        count=len(members),
        oldest=min(times, default=None),
        examples=tuple(member.address for member in members[:EXAMPLES]),
    )


def _masked(found: re.Match[str]) -> str:
    before, number, unit = found["before"] or "", found["number"], found["unit"] or ""
    # A status names the fault; any other number is one of many.
    is_status = _STATUS.fullmatch(number) and not unit and before.strip().casefold() not in _PLACES
    return f"{before}{number if is_status else 'N'}{unit}"
