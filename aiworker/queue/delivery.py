"""From BullMQ's job to our envelope, with the queue's policy applied where the producer said nothing.

BullMQ's Python Job fills in `attempts` 0 and no backoff: a job from a producer without options would fail for good
at its first fault. Options BullMQ could not compute with (an attempt count that is a text, an exponential backoff
without a delay) count as not set, because they leave a job in `active` until it stalls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeGuard

from bullmq import Job

from aiworker.envelope import Envelope, from_milliseconds
from aiworker.policies import KEEP_COMPLETED, KEEP_COMPLETED_FOR, KEEP_FAILED, QueuePolicy
from aiworker.queue.faults import STACK_TRACE_LIMIT, keep_safe_traces

BUILT_IN_BACKOFFS: Final = ("fixed", "exponential")
MAX_BACKOFF: Final = timedelta(hours=1)
MAX_DIGITS: Final = 14
"""Of a readable counter; milliseconds of the year 5138 still fit."""
TRACE_OPTIONS: Final = ("tm", "traceparent")


@dataclass(frozen=True, slots=True)
class Retention:
    """How many finished jobs a queue keeps, and completed ones for how long."""

    failed: int = KEEP_FAILED
    completed: int = KEEP_COMPLETED
    completed_for: timedelta = KEEP_COMPLETED_FOR

    @property
    def options(self) -> dict[str, object]:
        """Return BullMQ's options; ages are in seconds."""
        age = round(self.completed_for.total_seconds())
        return {
            "removeOnComplete": {"count": self.completed, "age": age},
            "removeOnFail": {"count": self.failed},
        }


def milliseconds(duration: timedelta) -> int:
    """Return a duration as BullMQ counts it."""
    return round(duration.total_seconds() * 1000)


def exponential(base: timedelta) -> dict[str, object]:
    """Return BullMQ's option for waits of 1, 2, 4 ... times `base`."""
    return {"type": "exponential", "delay": milliseconds(base)}


def backoff_strategy(policy: QueuePolicy) -> Callable[[int, str, Exception, Job], int]:
    """Return the strategy for backoff types BullMQ does not know: without one such a job stays in `active`."""

    def strategy(attempts_made: int, kind: str, error: Exception, job: Job) -> int:
        doublings = min(max(attempts_made - 1, 0), 30)
        return min(milliseconds(policy.backoff) * 2**doublings, milliseconds(MAX_BACKOFF))

    return strategy


def apply_policy(job: Job, policy: QueuePolicy, retention: Retention) -> None:
    """Fill in what the producer left open, and keep foreign texts out of what BullMQ will write."""
    attempts = job.opts.get("attempts")
    job.attempts = attempts if _is_count(attempts) else policy.attempts
    job.opts["attempts"] = job.attempts
    if not _is_backoff(job.opts.get("backoff")):
        job.opts["backoff"] = exponential(policy.backoff)
    for option, value in retention.options.items():
        job.opts.setdefault(option, value)
    if job.deferredFailure:
        job.deferredFailure = f"stalled: {job.deferredFailure}"
    job.opts["stackTraceLimit"] = STACK_TRACE_LIMIT
    keep_safe_traces(job)


def to_envelope(job: Job, raw: Mapping[str, str], *, prefix: str, queue: str) -> Envelope:
    """Return what the rest of aiworker sees of a job; its data is the text as it stands in Redis."""
    traced = {option: job.opts.get(option) for option in TRACE_OPTIONS}
    return Envelope(
        prefix=prefix,
        queue=queue,
        name=job.name,
        job_id=job.id,
        added_at=from_milliseconds(job.timestamp),
        data=raw.get("data", "{}"),
        attempts_made=job.attemptsMade,
        attempts_started=job.attemptsStarted,
        attempts_allowed=job.attempts,
        stalled_count=job.stalledCounter,
        priority=job.priority,
        has_failed=bool(job.stacktrace),
        trace={option: value for option, value in traced.items() if isinstance(value, str)},
    )


def readable_remains(raw: Mapping[str, str]) -> dict[str, str]:
    """Return so much of an unreadable job's hash that BullMQ can still move it to `failed`."""
    counters = ("timestamp", "priority", "ats", "atm", "attemptsMade", "stc")
    kept = {field: raw[field] for field in counters if raw.get(field, "").isdecimal() and len(raw[field]) <= MAX_DIGITS}
    return {"name": raw.get("name", ""), "data": "{}", "opts": "{}", **kept}


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_backoff(value: object) -> bool:
    if not _is_mapping(value):
        return False
    kind = value.get("type")
    if kind in BUILT_IN_BACKOFFS:
        delay = value.get("delay")
        return isinstance(delay, int | float) and not isinstance(delay, bool) and delay >= 0
    return isinstance(kind, str)


def _is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping)
