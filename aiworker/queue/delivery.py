"""From BullMQ's job to our envelope, with the queue's policy applied where the producer said nothing.

BullMQ's Python Job fills in `attempts` 0 and no backoff: a job from a producer without options would fail for good
at its first fault. Options BullMQ could not compute with (an attempt count that is a text, an exponential backoff
without a delay, a retention without numbers) count as not set, because they leave a job in `active` until it stalls.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Final, TypeGuard

from bullmq import Job

from aiworker.envelope import Envelope, from_milliseconds
from aiworker.policies import KEEP_COMPLETED, KEEP_COMPLETED_FOR, KEEP_FAILED, QueuePolicy
from aiworker.queue.faults import STACK_TRACE_LIMIT, last_failed_start

BUILT_IN_BACKOFFS: Final = ("fixed", "exponential")
JITTERED: Final = "aiworker-jittered"
"""The kind a built-in backoff with jitter goes under: BullMQ's Python edition would compute it without."""
MAX_BACKOFF: Final = timedelta(hours=1)
MAX_DIGITS: Final = 14
"""Of a readable counter; milliseconds of the year 5138 still fit."""
MAX_COUNT: Final = 2**53
"""The largest number that Node, Lua and the packing of options all take."""
RETENTION_LIMITS: Final = ("count", "age", "limit")
TRACE_OPTIONS: Final = ("tm", "traceparent")


@dataclass(frozen=True, slots=True)
class Retention:
    """How many finished jobs a queue keeps, and completed ones for how long.

    As in BullMQ, True removes a job as soon as it ends and False keeps it for ever.
    """

    failed: int | bool = KEEP_FAILED
    completed: int | bool = KEEP_COMPLETED
    completed_for: timedelta = KEEP_COMPLETED_FOR

    @property
    def options(self) -> dict[str, object]:
        """Return BullMQ's options; ages are in seconds."""
        age = {"age": round(self.completed_for.total_seconds())}
        return {"removeOnComplete": _kept(self.completed, age), "removeOnFail": _kept(self.failed, {})}


def milliseconds(duration: timedelta) -> int:
    """Return a duration as BullMQ counts it."""
    return round(duration.total_seconds() * 1000)


def exponential(base: timedelta) -> dict[str, object]:
    """Return BullMQ's option for waits of 1, 2, 4 ... times `base`."""
    return {"type": "exponential", "delay": milliseconds(base)}


def backoff_strategy(
    policy: QueuePolicy, chance: Callable[[], float] = random.random
) -> Callable[[int, str, Exception, Job], int]:
    """Return the strategy for backoff types BullMQ does not know: without one such a job stays in `active`."""

    def strategy(attempts_made: int, kind: str, error: Exception, job: Job) -> int:
        backoff = job.opts.get("backoff")
        if isinstance(backoff, Jittered):
            return backoff.wait(attempts_made, chance())
        doublings = min(max(attempts_made - 1, 0), 30)
        return min(milliseconds(policy.backoff) * 2**doublings, milliseconds(MAX_BACKOFF))

    return strategy


class Jittered(dict[str, object]):
    """A built-in backoff whose producer asked for jitter, as a mapping BullMQ takes for a type of its own."""

    def __init__(self, *, is_exponential: bool, delay: float, jitter: float) -> None:
        super().__init__(type=JITTERED)
        self._is_exponential = is_exponential
        self._delay = delay
        self._jitter = jitter

    def wait(self, attempts_made: int, chance: float) -> int:
        """Return the milliseconds Node's BullMQ would wait: the full delay less at most its share of jitter."""
        doublings = min(max(attempts_made - 1, 0), 30) if self._is_exponential else 0
        longest = self._delay * 2**doublings
        return int(longest * (1 - self._jitter) + chance * longest * self._jitter)


def apply_policy(job: Job, policy: QueuePolicy, retention: Mapping[str, object]) -> None:
    """Fill in what the producer left open; `retention` holds BullMQ's own options."""
    attempts = job.opts.get("attempts")
    job.attempts = attempts if _is_count(attempts) else policy.attempts
    job.opts["attempts"] = job.attempts
    job.opts["backoff"] = _usable(job.opts.get("backoff")) or exponential(policy.backoff)
    for option, value in retention.items():
        if not _is_retention(job.opts.get(option)):
            job.opts[option] = value
    if job.deferredFailure:
        job.deferredFailure = f"{_why(job.deferredFailure)}: {job.deferredFailure}"
    job.opts["stackTraceLimit"] = STACK_TRACE_LIMIT


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
        failed_start=last_failed_start(job),
        trace={option: value for option, value in traced.items() if isinstance(value, str)},
    )


def readable_remains(raw: Mapping[str, str]) -> dict[str, str]:
    """Return so much of an unreadable job's hash that BullMQ can still move it to `failed`."""
    counters = ("timestamp", "priority", "ats", "atm", "attemptsMade", "stc")
    kept = {field: raw[field] for field in counters if raw.get(field, "").isdecimal() and len(raw[field]) <= MAX_DIGITS}
    return {"name": raw.get("name", ""), "data": "{}", "opts": "{}", **kept}


def _why(text: str) -> str:
    # BullMQ leaves this note for two reasons and tells them apart by their text alone.
    return "failed_children" if text.startswith("child ") else "stalled"


def _kept(count: int | bool, age: Mapping[str, object]) -> object:
    return count if isinstance(count, bool) else {"count": count, **age}


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_COUNT


def _is_retention(value: object) -> bool:
    if value is None:
        return False
    if not _is_mapping(value):
        return isinstance(value, bool) or (isinstance(value, int) and _is_limit(value))
    limits = {name: value[name] for name in RETENTION_LIMITS if name in value}
    return bool(limits) and all(_is_limit(limit) and _is_whole(name, limit) for name, limit in limits.items())


def _is_limit(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -1 <= value <= MAX_COUNT


def _is_whole(name: str, limit: object) -> bool:
    # Redis refuses half a job in the middle of the script that ends one; half a second it takes.
    return name == "age" or isinstance(limit, int)


def _usable(backoff: object) -> Mapping[str, object] | None:
    if not _is_mapping(backoff):
        return None
    kind = backoff.get("type")
    if kind not in BUILT_IN_BACKOFFS:
        return backoff if isinstance(kind, str) else None
    delay, jitter = backoff.get("delay"), backoff.get("jitter")
    if not _is_amount(delay) or delay > MAX_COUNT:
        return None
    if not _is_amount(jitter) or not jitter:
        return backoff
    return Jittered(is_exponential=kind == "exponential", delay=delay, jitter=min(jitter, 1))


def _is_amount(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf


def _is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    # What JSON holds; asking for a Mapping costs ten times as much, for each job.
    return isinstance(value, dict)
