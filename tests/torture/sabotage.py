"""Starts aiworker as `python -m aiworker` does, but with short clocks or with a safeguard switched off.

For tests only: `TORTURE_CLOCKS=short` makes locks and passes expire within seconds, `TORTURE_CLOCKS=patient` lets a job
take as long as a busy machine needs, and `TORTURE_OFF=fence,outbox` takes the named safeguards out. Without any of them
it is the command as it is shipped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from aiworker import policies
from aiworker.envelope import Envelope, Scope
from aiworker.protocol import Connection, JsonValue, LLMReply, LLMRequest

CLOCKS = "TORTURE_CLOCKS"
OFF = "TORTURE_OFF"
SHORT_LOCK = timedelta(seconds=3)
SHORT_DEADLINE = timedelta(seconds=4)
LONG_DEADLINE = timedelta(minutes=10)


def shorten_clocks() -> None:
    """Let a dead worker's job, a failed job and an unsent message come back within seconds."""
    # Before the queue is imported: its defaults are read then.
    policies.LOCK_DURATION = SHORT_LOCK
    policies.STALLED_INTERVAL = timedelta(seconds=1)
    policies.POLICIES = tuple(replace(policy, deadline=SHORT_DEADLINE) for policy in policies.POLICIES)
    from aiworker.runtime import gate, reconcile, relay

    # What a dead worker holds of a provider's concurrency is free again after deadline and slack.
    gate.SLACK = gate.SLOT_SLACK = timedelta(seconds=1)

    reconcile.PERIOD = timedelta(seconds=2)
    reconcile.FAILED_AFTER = timedelta(seconds=10)
    relay.LEASE = timedelta(seconds=8)
    relay.IDLE = (timedelta(milliseconds=500), timedelta(seconds=2))


def lengthen_clocks() -> None:
    """Let no job end for the time that it stood still, and no lock be looked after in that time."""
    policies.LOCK_DURATION = LONG_DEADLINE
    policies.POLICIES = tuple(replace(policy, deadline=LONG_DEADLINE) for policy in policies.POLICIES)


def without_fence() -> None:
    """Let every copy of a job finish, whoever has claimed the run since."""
    from aiworker.store import runs

    async def hold(db: Connection, claim: runs.Claim) -> None:
        return None

    runs.hold = hold


def without_outbox() -> None:
    """Announce nothing in the transaction of the result."""
    from aiworker.store import runs

    succeed = runs.succeed

    async def silently(
        db: Connection,
        claim: runs.Claim,
        receipt: Mapping[str, JsonValue],
        messages: Sequence[runs.Announcement],
        *,
        now: datetime,
    ) -> None:
        await succeed(db, claim, receipt, (), now=now)

    runs.succeed = silently


def without_checkpoint() -> None:
    """Store no reply before it is used."""
    from aiworker.store import calls

    async def checkpoint(
        db: Connection,
        run_id: str,
        tenant: str,
        request: LLMRequest,
        reply: LLMReply,
        *,
        now: object,
        keep: timedelta,
    ) -> LLMReply:
        return reply

    calls.checkpoint = checkpoint


def without_error_row() -> None:
    """Fail a run without saying so to anybody."""
    from aiworker.store import job_errors

    async def record(
        db: Connection, run_id: str, envelope: Envelope, scope: Scope | None, *, code: str, message: str, detail: str
    ) -> None:
        return None

    job_errors.record = record


def without_safe_errors() -> None:
    """Tell BullMQ what exceptions say, whoever wrote it."""
    from aiworker.errors import AiworkerError, TransientFault
    from aiworker.queue import hands

    def as_ours(error: BaseException) -> AiworkerError:
        texts: list[str] = []
        cause: BaseException | None = error
        while cause is not None:
            texts.append(str(cause))
            cause = cause.__cause__ or cause.__context__
        return TransientFault("; ".join(texts), code="internal")

    hands.as_ours = as_ours


SAFEGUARDS: Mapping[str, Callable[[], None]] = {
    "fence": without_fence,
    "outbox": without_outbox,
    "checkpoint": without_checkpoint,
    "error-row": without_error_row,
    "safe-errors": without_safe_errors,
}


def main() -> None:
    """Take away what is named, then be aiworker."""
    match os.environ.get(CLOCKS):
        case "short":
            shorten_clocks()
        case "patient":
            lengthen_clocks()
        case _:
            pass
    for name in filter(None, os.environ.get(OFF, "").split(",")):
        SAFEGUARDS[name]()
    from aiworker.cli import main as aiworker

    aiworker()


if __name__ == "__main__":
    main()
