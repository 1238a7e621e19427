"""The jobs a worker has in hand: each runs isolated, and its end is said in BullMQ's terms here and nowhere else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, assert_never, cast

from bullmq import DelayedError, Job
from bullmq.abort_controller import AbortSignal
from redis.exceptions import RedisError

from aiworker.envelope import Envelope, to_milliseconds
from aiworker.errors import Cancel, Retry, Snooze
from aiworker.protocol import JsonValue
from aiworker.queue.events import EventKind, tell
from aiworker.queue.faults import FinalJobFault, JobFault, as_ours, safe_trace
from aiworker.queue.isolation import Handler, Slot

if TYPE_CHECKING:
    from aiworker.queue.reliable import ReliableWorker

HAND_BACK_SECONDS = 1.0


class Hands:
    """Runs the handler of each job, and gives jobs back to the queue when the worker must let go of them."""

    def __init__(
        self,
        handle: Handler,
        *,
        now: Callable[[], datetime],
        abort_grace: timedelta,
        report: Callable[[EventKind, Envelope, str | None], None],
    ) -> None:
        self._handle = handle
        self._now = now
        self._abort_grace = abort_grace
        self._report = report
        # Job id and lock token: BullMQ uses a token for several jobs, and a job whose lock was lost can come again
        # before its first handler has ended.
        self._slots: dict[tuple[str, str], Slot] = {}
        self._is_handing_back = False
        self._is_shut = False
        self.finished = 0
        self.handed_back: list[str] = []
        self.abandoned: list[str] = []

    def __len__(self) -> int:
        return len(self._slots)

    async def process(self, envelope: Envelope, job: Job, token: str, signal: AbortSignal) -> dict[str, JsonValue]:
        """Run one job to its end; returns its result, or raises what BullMQ understands."""
        if self._is_handing_back:
            await self._give_back(envelope, job, token)
            raise DelayedError
        slot = self._slots[job.id, token] = Slot(self._handle, envelope, signal)
        try:
            await slot.wait()
            return await self._conclude(slot, job, token)
        except asyncio.CancelledError:
            # The consumer that fetched this job is going away.
            await self._take_back(slot, job, token)
            raise
        finally:
            del self._slots[job.id, token]

    def lose(self, job_id: str, token: str) -> bool:
        """Note that another worker may have this job now and cancel its handler after a moment; False if known."""
        slot = self._slots.get((job_id, token))
        if slot is None or slot.has_lost_lock:
            return False
        slot.has_lost_lock = True
        asyncio.get_running_loop().call_later(self._abort_grace.total_seconds(), slot.cancel)
        return True

    def start_handing_back(self) -> None:
        """From now on only results and final failures are recorded; everything else goes back to the queue."""
        self._is_handing_back = True

    def cancel(self) -> None:
        """End all handlers."""
        for slot in self._slots.values():
            slot.cancel()

    async def leave_behind(self, jobs: Iterable[tuple[Job, str]]) -> None:
        """Give back the jobs whose handlers do not stop; what those still do is lost."""
        await asyncio.gather(*(self._leave(job, token) for job, token in jobs))

    async def _leave(self, job: Job, token: str) -> None:
        slot = self._slots.get((job.id, token))
        if slot is not None and slot.is_running and not slot.has_lost_lock:
            tell(logging.ERROR, "handler-ignores-cancel", {"jobId": job.id, "queue": slot.envelope.queue})
            slot.is_given_back = await self._give_back(slot.envelope, job, token)

    def shut(self) -> None:
        """Say that the clients are being closed: whatever ends now cannot be given back any more."""
        self._is_shut = True

    async def _conclude(self, slot: Slot, job: Job, token: str) -> dict[str, JsonValue]:
        if slot.has_lost_lock:
            raise DelayedError
        ended = slot.outcome()
        if not isinstance(ended, BaseException):
            self.finished += 1
            return ended
        error = as_ours(ended)
        outcome = error.outcome(self._now())
        if self._is_handing_back and isinstance(outcome, Retry):
            outcome = Snooze(self._now())
        match outcome:
            case Retry():
                raise JobFault(error.reason, safe_trace(ended)) from None
            case Cancel():
                raise FinalJobFault(error.reason, safe_trace(ended)) from None
            case Snooze(until) if self._is_handing_back and until <= self._now():
                slot.is_given_back = await self._give_back(slot.envelope, job, token)
                raise DelayedError from None
            case Snooze(until):
                if await self._put_off(job, token, until):
                    self._report(EventKind.JOB_SNOOZED, slot.envelope, error.reason)
                raise DelayedError from None
            case _:
                assert_never(outcome)

    async def _take_back(self, slot: Slot, job: Job, token: str) -> None:
        slot.cancel()
        if self._is_shut or slot.is_given_back:
            return
        await slot.wait(self._abort_grace)
        if not slot.has_lost_lock:
            slot.is_given_back = await self._give_back(slot.envelope, job, token)

    async def _give_back(self, envelope: Envelope, job: Job, token: str) -> bool:
        done = False
        try:
            async with asyncio.timeout(HAND_BACK_SECONDS):
                done = await self._put_off(job, token, self._now())
        except TimeoutError:
            tell(logging.ERROR, "put-off-failed", {"jobId": job.id, "error": "TimeoutError"})
        if done:
            self.handed_back.append(job.id)
            self._report(EventKind.JOB_HANDED_BACK, envelope, None)
        else:
            self.abandoned.append(job.id)
        return done

    async def _put_off(self, job: Job, token: str, until: datetime) -> bool:
        """Move the job to `delayed` without spending an attempt, and say whether Redis did so.

        If not it stays in `active` while its lock runs out: the sweep for stalled jobs finds it.
        """
        try:
            await job.moveToDelayed(to_milliseconds(until), token)
        except (RedisError, TypeError) as error:
            if await _is_let_go(error, job, token):
                return True
            tell(logging.ERROR, "put-off-failed", {"jobId": job.id, "error": type(error).__name__})
            return False
        return True


async def _is_let_go(error: Exception, job: Job, token: str) -> bool:
    # BullMQ raises TypeError when the lock is gone. The first try may have done all and its answer got lost; the job
    # is then delayed, or already another worker's.
    if not isinstance(error, TypeError):
        return False
    worker = cast("ReliableWorker", job.queue)
    try:
        return await job.getState() != "active" or await worker.holder_of(job.id) not in (None, token)
    except RedisError:
        return False
