"""How each queue is worked: one row per queue, overridable by settings, shown by `aiworker config show`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

KIB = 1024
MIB = 1024 * KIB

MAX_PAYLOAD_DEPTH = 64
POISON_LIMIT = 3
"""Starts without an orderly end before a job is given up; within BullMQ's stall limit, so that we write the row."""
MAX_STALLED_COUNT = 3
LOCK_DURATION = timedelta(seconds=30)
STALLED_INTERVAL = timedelta(seconds=10)
KEEP_FAILED = 5_000
KEEP_COMPLETED = 1_000
KEEP_COMPLETED_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """Concurrency, attempts, exponential backoff and payload limit (bytes) of one queue.

    `priority` is what our own producers set: BullMQ runs jobs without a priority first, so on a queue where
    producers mark urgent jobs with 1 ours must carry one too.
    """

    queue: str
    concurrency: int
    attempts: int
    backoff: timedelta
    max_payload: int
    deadline: timedelta = timedelta(seconds=30)
    priority: int = 0
    remove_on_complete: int | bool = KEEP_COMPLETED
    """How many completed jobs stay in Redis, for a day; as in BullMQ, true is none and false is all."""
    remove_on_fail: int | bool = KEEP_FAILED
    """The same of failed jobs, which stay for any time."""


POLICIES: tuple[QueuePolicy, ...] = (
    QueuePolicy("ai-jobs", 3, 3, timedelta(seconds=1), 256 * KIB),
    QueuePolicy("interview", 10, 3, timedelta(seconds=1), 4 * MIB),
    QueuePolicy("evaluation", 5, 5, timedelta(seconds=1), 4 * MIB, deadline=timedelta(seconds=120), priority=10),
    QueuePolicy("notification", 5, 5, timedelta(seconds=2), 256 * KIB),
)


def policy_for(queue: str, policies: tuple[QueuePolicy, ...] = POLICIES) -> QueuePolicy:
    """Return the policy of `queue`; KeyError if the queue is unknown."""
    for policy in policies:
        if policy.queue == queue:
            return policy
    raise KeyError(queue)
