"""Tells Redis how a job ended, and takes the next job from the same answer.

An answer may be lost and the script sent again; it then says that the lock is missing, although the first try did all.
So a refusal is no failure of the work: what became of the job is read back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bullmq import Job, UnrecoverableError
from redis.exceptions import RedisError, ResponseError

from aiworker.queue.faults import FinalJobFault, JobFault, as_ours, keep_safe_trace, safe_trace

if TYPE_CHECKING:
    from aiworker.queue.reliable import ReliableWorker

REMOVED: Final = "unknown"
"""BullMQ's word for a job that is not there: a locked one goes only by its end, when its retention keeps none."""
AFTER_SUCCESS: Final = ("completed", REMOVED)
AFTER_FAILURE: Final = ("failed", "delayed", "waiting", "prioritized", REMOVED)
"""Where a job is once BullMQ has noted a failed attempt."""


class Ending:
    """The ends of one worker's jobs; both return the next job, if one came."""

    def __init__(self, worker: ReliableWorker) -> None:
        self._worker = worker

    async def complete(self, job: Job, result: object, token: str) -> Job | None:
        """Confirm the result."""
        worker = self._worker
        worker.locks.end(job.id, token)
        fetch_next = worker.takes_more
        kept = job.opts.get("removeOnComplete", False)
        try:
            told = await worker.backend.moveToCompleted(job, result, kept, token, fetch_next=fetch_next)
        except UnrecoverableError as error:
            fault = FinalJobFault("failed_children: The job has failed children.", safe_trace(error))
            return await self.fail(job, fault, token)
        except ResponseError as error:
            reason = f"redis_refused: Redis refused the job's result ({type(error).__name__})."
            return await self.fail(job, JobFault(reason, safe_trace(error)), token)
        except (RedisError, TypeError) as error:
            if await self._state_after(error, job, token) in AFTER_SUCCESS:
                self._note_completed(job, result)
            else:
                worker.emit("error", error, job)
            return None
        self._note_completed(job, result)
        return await worker.next_job(told["result"], token) if fetch_next else None

    async def fail(self, job: Job, error: Exception, token: str) -> Job | None:
        """Note a failed attempt: the job is tried again, or failed for good."""
        worker = self._worker
        worker.locks.end(job.id, token)
        fetch_next = worker.takes_more
        if not isinstance(error, JobFault) and not job.deferredFailure:
            error = JobFault(as_ours(error).reason, safe_trace(error))
        keep_safe_trace(job, error)
        try:
            answer = await job.moveToFailed(error, token, fetch_next)
        except (RedisError, TypeError) as refusal:
            if await self._state_after(refusal, job, token) in AFTER_FAILURE:
                job.attemptsMade += 1
                worker.emit("failed", job, error)
            else:
                worker.emit("error", refusal, job)
            return None
        worker.emit("failed", job, error)
        # A retry without delay brings no next job.
        return await worker.next_job(answer, token) if fetch_next and answer is not None else None

    def _note_completed(self, job: Job, result: object) -> None:
        job.returnvalue = result
        job.attemptsMade += 1
        self._worker.emit("completed", job, result)

    async def _state_after(self, error: Exception, job: Job, token: str) -> str | None:
        # Of a lock known to be lost the refusal is true: what became of the job is another copy's doing.
        if not isinstance(error, TypeError) or not self._worker.locks.holds(job.id, token):
            return None
        try:
            return await self._worker.backend.getState(job.id)
        except RedisError:
            return None
