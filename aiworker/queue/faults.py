"""What a failed job may show in Redis: `code: safe text` and a trace of places.

Dashboards read both, so no exception text of other people's code, no absolute path and no payload gets in.
"""

from __future__ import annotations

import re
import traceback
from pathlib import PurePath

from bullmq import Job, UnrecoverableError

from aiworker.errors import AiworkerError, Cancel, Outcome, TransientFault

STACK_TRACE_LIMIT = 5
MAX_FRAMES = 30
_START = re.compile(r"start (\d{1,15})$", re.MULTILINE)
PACKAGE_ROOTS = ("site-packages", "dist-packages")


class InternalFault(TransientFault):
    """A fault in our own code; its text stays in the process."""

    code = "internal"


class BadResult(AiworkerError):
    """The handler returned what JSON cannot hold."""

    code = "bad_result"


class JobFault(Exception):
    """What BullMQ gets to see of an error: its text is the job's `failedReason`."""

    def __init__(self, reason: str, trace: str) -> None:
        super().__init__(reason)
        self.trace = trace


class FinalJobFault(JobFault, UnrecoverableError):
    """A JobFault that BullMQ never retries."""


def as_ours(error: BaseException) -> AiworkerError:
    """Return the error itself if it is ours, else one that names its class and hides its text."""
    if isinstance(error, AiworkerError):
        return error
    return InternalFault(type(error).__name__)


def is_final(outcome: Outcome) -> bool:
    """Say whether the job never runs again."""
    return isinstance(outcome, Cancel)


def safe_trace(error: BaseException) -> str:
    """Return the places an error came through, without absolute paths and foreign texts."""
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        # traceback.extract_tb would read the source files, on the loop.
        walked = [(frame.f_code, line) for frame, line in traceback.walk_tb(current.__traceback__)]
        lines += [f"  {_place(code.co_filename)}:{line} in {code.co_name}" for code, line in walked[-MAX_FRAMES:]]
        lines.append(current.reason if isinstance(current, AiworkerError) else type(current).__name__)
        current = current.__cause__
        if current is not None:
            lines.append("caused by")
    return "\n".join(lines)


def keep_safe_trace(job: Job, error: Exception) -> None:
    """Replace the job's own trace keeping, which writes absolute paths and foreign texts."""

    def append() -> None:
        trace = error.trace if isinstance(error, JobFault) else _trace_without_handler(job, error)
        job.stacktrace = [*job.stacktrace, f"start {job.attemptsStarted}\n{trace}"][-STACK_TRACE_LIMIT:]

    job.updateStacktrace = append


def last_failed_start(job: Job) -> int:
    """Return which start of the job ended with the failure BullMQ noted last, 0 if none did.

    Nothing else tells it: a retry may reset both counters, and it clears the reason but never the traces.
    """
    found = _START.match(job.stacktrace[-1]) if job.stacktrace else None
    return int(found[1]) if found else 0


def _trace_without_handler(job: Job, error: Exception) -> str:
    return safe_trace(error) if error.__traceback__ is not None else job.failedReason or ""


def _place(filename: str) -> str:
    parts = PurePath(filename).parts
    for root in (*PACKAGE_ROOTS, "aiworker"):
        if root in parts:
            start = len(parts) - 1 - parts[::-1].index(root)
            return "/".join(parts[start + 1 :] if root in PACKAGE_ROOTS else parts[start:])
    return PurePath(filename).name
