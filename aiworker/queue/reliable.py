"""BullMQ's worker with the faults of its Python edition taken out.

Touches the library's internals; the stubs in `typings/bullmq` list all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from weakref import WeakKeyDictionary

from bullmq import Job, Worker
from bullmq.abort_controller import AbortSignal
from bullmq.redis_connection import RedisConnection

from aiworker.envelope import Envelope
from aiworker.policies import LOCK_DURATION, MAX_STALLED_COUNT, STALLED_INTERVAL, QueuePolicy
from aiworker.queue.connection import blocking_client, client_name, command_client
from aiworker.queue.delivery import (
    Retention,
    apply_policy,
    backoff_strategy,
    milliseconds,
    readable_remains,
    to_envelope,
)
from aiworker.queue.events import Contained

METRICS_MINUTES: Final = 7 * 24 * 60
CLOSE_SECONDS: Final = 5.0
UNREADABLE: Final = (ValueError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading a job's hash raises when its producer wrote something else than BullMQ does."""

JobProcessor = Callable[[Envelope, Job, str, AbortSignal], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Timing:
    """The clockwork of one worker; tests make it small, nobody else changes it."""

    lock: timedelta = LOCK_DURATION
    stalled_sweep: timedelta = STALLED_INTERVAL
    longest_wait: timedelta = timedelta(seconds=5)
    """How long one wait for a job lasts when nothing is due."""
    fetch_retry: timedelta = timedelta(seconds=1)
    abort_grace: timedelta = timedelta(seconds=1)
    """Between telling a handler to stop and cancelling it, and again until it is left behind."""
    restart_base: timedelta = timedelta(seconds=1)
    restart_cap: timedelta = timedelta(seconds=30)
    quiet: timedelta = timedelta(minutes=5)
    """A worker that lived this long starts the restart waits anew."""


class ReliableWorker(Worker):
    """One consumer with two clients of its own; closing it closes them."""

    def __init__(
        self,
        policy: QueuePolicy,
        process: JobProcessor,
        *,
        redis_url: str,
        prefix: str,
        worker_name: str,
        timing: Timing,
        retention: Retention,
        on_fetch: Callable[[], None],
    ) -> None:
        commands = command_client(redis_url)
        options = _options(policy, prefix=prefix, timing=timing) | retention.options
        super().__init__(policy.queue, self._process, options | {"connection": commands, "autorun": False})
        self.policy = policy
        self._process_job = process
        self.is_draining = False
        self._retention = retention
        self._prefix = prefix
        self._on_fetch = on_fetch
        self._envelopes: WeakKeyDictionary[Job, Envelope] = WeakKeyDictionary()
        waiting = blocking_client(redis_url, queue=policy.queue, worker_name=worker_name, prefix=prefix)
        self._take_blocking_connection(RedisConnection(waiting))
        self.clientName = client_name(policy.queue, worker_name, prefix=prefix)

    def _take_blocking_connection(self, blocking: RedisConnection) -> None:
        self.backend.blocking_connection = blocking
        self.blockingRedisConnection = blocking
        self.bclient = blocking.conn

    async def consume(self) -> None:
        """Fetch and process until closed; returning or raising before that is a fault the caller must see."""
        # Unless it knows the server's version BullMQ rounds every delay up to whole seconds.
        await self.blockingRedisConnection.getRedisVersion()
        await self.run()

    async def _process(self, job: Job, token: str, signal: AbortSignal) -> object:
        # BullMQ counts the parameters: with three of them it hands over the signal.
        return await self._process_job(self._envelopes[job], job, token, signal)

    def envelope_of(self, job: Job) -> Envelope:
        """Return the envelope made when the job was fetched."""
        return self._envelopes[job]

    def stop_fetching(self) -> None:
        """Take no more jobs; those in hand go on and keep their locks."""
        self.is_draining = True
        self.opts["concurrency"] = 0
        if self.waiting is not None:
            self.waiting.cancel()

    async def wait_until_idle(self) -> None:
        """Wait until nothing is in hand and no fetch is under way; `shut` must follow at once (BullMQ's loop spins)."""
        while self.processing:
            await asyncio.wait(self.processing, return_when=asyncio.FIRST_COMPLETED)

    async def shut(self, *, force: bool = False) -> None:
        """Close worker and clients; never takes longer than some seconds."""
        with Contained("worker_close_failed", queue=self.policy.queue):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.close(force=force)

    def emit(self, event_name: str, *args: object) -> None:
        """Call every listener; one that raises would change a job's state or end the sweep for stalled jobs."""
        for listener in tuple(self._callbacks.get(event_name, ())):
            with Contained("listener-failed", queue=self.policy.queue, listens_to=event_name):
                listener(*args)

    async def getNextJob(self, token: str) -> Job | None:
        if self.is_draining:
            return None
        try:
            job = await super().getNextJob(token)
        except asyncio.CancelledError:
            # Cancelling the idle wait is how draining wakes it; anything else must go on.
            if self.is_draining:
                return None
            raise
        self._on_fetch()
        return job

    async def nextJobFromJobData(
        self,
        job_data: dict[str, str] | None = None,
        job_id: str | None = None,
        limit_until: int = 0,
        delay_until: int = 0,
        token: str | None = None,
    ) -> Job | None:
        try:
            job = await super().nextJobFromJobData(job_data, job_id, limit_until, delay_until, token)
            if job is not None and job_data is not None:
                self._admit(job, job_data)
        except UNREADABLE:
            if not job_data or not job_id or not token:
                raise
            return self._unreadable(job_data, job_id, token)
        return job

    def _admit(self, job: Job, raw: dict[str, str]) -> None:
        apply_policy(job, self.policy, self._retention)
        self._envelopes[job] = to_envelope(job, raw, prefix=self._prefix, queue=self.policy.queue)

    def _unreadable(self, raw: dict[str, str], job_id: str, token: str) -> Job:
        """Hand on what can be read: left alone the job would be fetched, stall and be fetched again."""
        job = Job.fromJSON(self, readable_remains(raw), job_id)
        job.token = token
        apply_policy(job, self.policy, self._retention)
        envelope = to_envelope(job, raw, prefix=self._prefix, queue=self.policy.queue)
        self._envelopes[job] = replace(envelope, is_readable=False)
        return job

    async def _ensure_client_names(self) -> None:
        # The blocking client names itself on connecting. Stock BullMQ names every pooled connection, and Node
        # then counts each of them as a worker.
        self._client_name_set = True


def _options(policy: QueuePolicy, *, prefix: str, timing: Timing) -> dict[str, object]:
    return {
        "prefix": prefix,
        "concurrency": policy.concurrency,
        "lockDuration": milliseconds(timing.lock),
        "stalledInterval": milliseconds(timing.stalled_sweep),
        "maxStalledCount": MAX_STALLED_COUNT,
        "drainDelay": timing.longest_wait.total_seconds(),
        "runRetryDelay": milliseconds(timing.fetch_retry),
        "metrics": {"maxDataPoints": METRICS_MINUTES},
        "settings": {"backoffStrategy": backoff_strategy(policy)},
    }
