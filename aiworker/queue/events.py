"""What a queue worker tells the rest of the process: plain values, without payloads and without foreign texts."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import TracebackType

from aiworker.envelope import Envelope

log = logging.getLogger("aiworker.queue")

Field = str | int | float | bool | None | list[str]


class EventKind(StrEnum):
    """What happened; the value is also the log's event name."""

    JOB_STARTED = "job-started"
    JOB_COMPLETED = "job-completed"
    JOB_FAILED = "job-attempt-failed"
    JOB_SNOOZED = "job-snoozed"
    JOB_HANDED_BACK = "job-handed-back"
    JOB_STALLED = "job-stalled"
    LOCK_LOST = "lock-lost"
    WORKER_ERROR = "worker-error"
    WORKER_RESTARTING = "worker-restarting"


# Starts and ends of jobs are told by the runtime, which knows the tenant; here they are for the curious.
LEVELS: Mapping[EventKind, int] = {
    EventKind.JOB_HANDED_BACK: logging.INFO,
    EventKind.JOB_STALLED: logging.WARNING,
    EventKind.LOCK_LOST: logging.ERROR,
    EventKind.WORKER_ERROR: logging.ERROR,
    EventKind.WORKER_RESTARTING: logging.ERROR,
}


@dataclass(frozen=True, slots=True)
class QueueEvent:
    """One event of one queue.

    `is_final` tells a failure for good from one that is tried again. `was_handled` is False when the job failed
    without the handler being asked (stalled too often, unreadable data): then nobody has written its error row yet.
    """

    kind: EventKind
    queue: str
    at: datetime
    job_id: str | None = None
    envelope: Envelope | None = None
    reason: str | None = None
    is_final: bool = False
    was_handled: bool = True


class Contained(AbstractContextManager[None]):
    """Keeps an exception of somebody else's code from reaching BullMQ's loops; logs its class, never its text."""

    def __init__(self, event: str, **fields: Field) -> None:
        self._event = event
        self._fields = fields

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        tell(logging.ERROR, self._event, self._fields | {"error": type(error).__name__})
        return True


def tell(level: int, event: str, fields: Mapping[str, Field]) -> None:
    """Log one event name with its fields apart."""
    log.log(level, event, extra={"fields": dict(fields)})


def is_told(kind: EventKind) -> bool:
    """Say whether an event of that kind reaches the log."""
    return log.isEnabledFor(LEVELS.get(kind, logging.DEBUG))


def tell_event(event: QueueEvent, **fields: Field) -> None:
    """Log a queue event at the level it deserves."""
    if not is_told(event.kind):
        return
    facts: dict[str, Field] = {"queue": event.queue, "jobId": event.job_id, **fields}
    if event.envelope is not None:
        facts |= {"jobName": event.envelope.name, "attempt": event.envelope.attempts_made + 1}
    if event.reason is not None:
        facts["errorCode"] = event.reason.partition(":")[0]
    tell(LEVELS.get(event.kind, logging.DEBUG), event.kind.value, facts)
