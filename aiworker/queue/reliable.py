"""BullMQ's worker with the faults of its Python edition taken out.

Touches the library's internals; the stubs in `typings/bullmq` list all of them. One fetch is under way at a time; a
slot takes its next job with the answer that confirms the last one, and ends when nothing came.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final, cast
from weakref import WeakKeyDictionary

from bullmq import DelayedError, Job, UnrecoverableError, WaitingChildrenError, Worker
from bullmq.abort_controller import AbortSignal
from bullmq.redis_connection import RedisConnection
from bullmq.timer import Timer
from redis.exceptions import RedisError

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
from aiworker.queue.ending import Ending
from aiworker.queue.events import Contained, Field, tell
from aiworker.queue.idle import Idle
from aiworker.queue.leftovers import Search
from aiworker.queue.line import Line, Script
from aiworker.queue.locks import SlotLocks
from aiworker.queue.refusals import ENDINGS, Insistent

METRICS_MINUTES: Final = 7 * 24 * 60
CLOSE_SECONDS: Final = 5.0
LONGEST_BLOCK_SECONDS: Final = 10
"""BullMQ's own limit of one wait for a job."""
BLOCK_SLACK_SECONDS: Final = 5
UNREADABLE: Final = (ValueError, TypeError, AttributeError, OverflowError, OSError, RecursionError)
"""What reading a job's hash raises when its producer wrote something else than BullMQ does.

OSError is what the platform says of a moment beyond its calendar.
"""

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
    ping_every: timedelta = timedelta(seconds=10)
    ping_limit: timedelta = timedelta(seconds=5)
    fetch_limit: timedelta = timedelta(seconds=30)
    """A fetch that is not answered for so long although Redis answers others counts like a missed ping."""
    misses: int = 3
    """So many missed pings in a row, while Redis answers others, have the worker replaced."""
    lag_every: timedelta = timedelta(milliseconds=500)


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
        self._retention = retention.options
        self._prefix = prefix
        self.on_fetch = on_fetch
        self._sweep_seconds = timing.stalled_sweep.total_seconds()
        self._fetch_retry = timing.fetch_retry.total_seconds()
        self._envelopes: WeakKeyDictionary[Job, Envelope] = WeakKeyDictionary()
        self._stopping = asyncio.Event()
        self._slot_freed = asyncio.Event()
        self._tokens = 0
        self._fetching_since: float | None = None
        self._search = Search(self)
        self._idle = Idle(self)
        self.line = Line(commands, on_break=self._on_break)
        self._carry_scripts(cast("dict[str, Script]", self.backend.connection.commands))
        lock_ms = milliseconds(timing.lock)
        self.lockManager = self.locks = SlotLocks(self, lock_ms=lock_ms, renew_ms=lock_ms // 2)
        self._ending = Ending(self)
        waiting = blocking_client(redis_url, queue=policy.queue, worker_name=worker_name, prefix=prefix)
        self._take_blocking_connection(RedisConnection(waiting))
        self.clientName = client_name(policy.queue, worker_name, prefix=prefix)

    def _carry_scripts(self, scripts: dict[str, Script]) -> None:
        self.line.carry(scripts)
        for name in ENDINGS:
            scripts[name] = Insistent(scripts[name], wait=self._fetch_retry, tell=partial(self.emit, "error"))

    def _take_blocking_connection(self, blocking: RedisConnection) -> None:
        self.backend.blocking_connection = blocking
        self.blockingRedisConnection = blocking
        self.bclient = blocking.conn

    @property
    def takes_more(self) -> bool:
        """Whether another job may be fetched."""
        return not (self.is_draining or self.closing or self.paused)

    @property
    def since_fetch(self) -> timedelta:
        """How long Redis has not answered the fetch under way; nothing while every slot is taken."""
        since = self._fetching_since
        return timedelta(seconds=time.monotonic() - since) if since is not None else timedelta(0)

    async def consume(self) -> None:
        """Fetch and process until closed; returning or raising before that is a fault the caller must see."""
        # Counts as a fetch: a start that hangs must be noticed as well.
        self._fetching_since = time.monotonic()
        # Unless it knows the server's version BullMQ rounds every delay up to whole seconds.
        await self.blockingRedisConnection.getRedisVersion()
        await self.run()

    async def run(self) -> None:
        """Keep every slot busy until draining or closing; locks are renewed until the last slot is empty."""
        if self.running:
            raise RuntimeError("This worker is already running.")
        self.lockManager.start()
        self.stalledCheckTimer = Timer(self._sweep_seconds, self.runStalledJobsCheck, self.emit)
        self.running = True
        try:
            await self._fill_slots()
            await self.wait_until_idle()
        finally:
            self.running = False
            try:
                await self._end_slots()
            finally:
                await self._stop_clocks()

    async def _fill_slots(self) -> None:
        while not (self.is_draining or self.closing):
            if self.paused:
                await self.resume_event.wait()
            elif len(self.processing) >= self._number("concurrency"):
                self._slot_freed.clear()
                await self._slot_freed.wait()
            else:
                # One outstanding fetch: with one per free slot a lone job costs as many calls as there are slots.
                await self._occupy_slot()

    async def _occupy_slot(self) -> None:
        self._tokens += 1
        fetched = asyncio.Event()
        slot = asyncio.ensure_future(self._work(f"{self.id}:{self._tokens}", fetched))
        self.processing.add(slot)
        slot.add_done_callback(self._on_slot_end)
        slot.add_done_callback(lambda _: fetched.set())
        await fetched.wait()

    def _on_slot_end(self, slot: asyncio.Future[None]) -> None:
        self.processing.discard(slot)
        self._slot_freed.set()
        if not slot.cancelled() and (error := slot.exception()) is not None:
            self.emit("error", error)

    async def _end_slots(self) -> None:
        """Cancel the slots that are left because the loop was ended from outside."""
        while self.processing and not self.closing:
            self.cancelProcessing()
            await asyncio.wait(self.processing)

    async def _stop_clocks(self) -> None:
        self.stalledCheckTimer.stop()
        self._search.stop()
        await self.lockManager.close()

    async def _work(self, token: str, fetched: asyncio.Event) -> None:
        job = await self._fetch(token)
        fetched.set()
        while job is not None:
            job = await self.processJob(job, token)

    async def _fetch(self, token: str) -> Job | None:
        self._fetching_since = time.monotonic()
        try:
            return await self.getNextJob(token)
        except Exception as error:  # noqa: BLE001 - told, and asked again: a worker must outlive any bad fetch
            self.emit("error", error)
            # A wake-up may be lost with the connection it came through.
            self.drained = False
        finally:
            self._fetching_since = None
        with suppress(TimeoutError):
            async with asyncio.timeout(self._fetch_retry):
                await self._stopping.wait()
        return None

    async def getNextJob(self, token: str) -> Job | None:
        if not self.takes_more or (self.drained and not await self._idle.is_work_due()):
            return None
        job = await self.moveToActive(token)
        self.on_fetch()
        if job is not None:
            self.emit("active", job, "waiting")
        return job

    async def waitForJob(self) -> int:
        longest = max(cast("float", self.opts["drainDelay"]), LONGEST_BLOCK_SECONDS)
        # Without it a connection whose other end is gone without a word would wait for hours.
        async with asyncio.timeout(longest + BLOCK_SLACK_SECONDS):
            return await super().waitForJob()

    async def processJob(self, job: Job, token: str) -> Job | None:
        """Run one job to its end and return the one that came with the confirmation, if any."""
        entry = (job, token)
        self.jobs.add(entry)
        controller = self.locks.take(job.id, token, int(time.time() * 1000))
        try:
            if job.deferredFailure:
                return await self._ending.fail(job, UnrecoverableError(job.deferredFailure), token)
            try:
                result = await self._process(job, token, controller.signal)
            except (DelayedError, WaitingChildrenError):
                return None
            except Exception as error:  # noqa: BLE001 - whatever the processor raises is the job's failure
                return None if self.forceClosing else await self._ending.fail(job, error, token)
            return None if self.forceClosing else await self._ending.complete(job, result, token)
        finally:
            self.jobs.discard(entry)
            self.locks.let_go(job.id, token)

    async def next_job(self, answer: list[object] | None, token: str) -> Job | None:
        """Take the job that came with the confirmation of the last one."""
        raw, job_id, limit, delay = answer or (None, None, None, None)
        job = await self.nextJobFromJobData(
            cast("dict[str, str] | None", raw),
            cast("str | None", job_id),
            cast("int | None", limit) or 0,
            cast("int | None", delay) or 0,
            token,
        )
        self.on_fetch()
        if job is not None:
            self.emit("active", job, "waiting")
        return job

    async def _process(self, job: Job, token: str, signal: AbortSignal) -> object:
        return await self._process_job(self._envelopes[job], job, token, signal)

    def envelope_of(self, job: Job) -> Envelope:
        """Return the envelope made when the job was fetched."""
        return self._envelopes[job]

    async def holder_of(self, job_id: str) -> str | None:
        """Return the token that this job is locked with, None if with none."""
        return cast("str | None", await self.line.call("GET", f"{self.backend.keys['']}{job_id}:lock"))

    def stop_fetching(self) -> None:
        """Take no more jobs; those in hand go on and keep their locks."""
        self.is_draining = True
        self.opts["concurrency"] = 0
        self._stopping.set()
        self._slot_freed.set()
        self.resume_event.set()
        if self.waiting is not None:
            self.waiting.cancel()

    async def wait_until_idle(self) -> None:
        """Wait until nothing is in hand, no fetch is under way and nothing a lost answer left behind is looked for."""
        while unfinished := self.processing | self._search.under_way | self._idle.under_way:
            await asyncio.wait(unfinished, return_when=asyncio.FIRST_COMPLETED)

    async def shut(self, *, force: bool = False) -> None:
        """Close worker and clients; never takes longer than some seconds."""
        with Contained("worker_close_failed", queue=self.policy.queue):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.close(force=force)

    async def close(self, force: bool = False) -> None:
        self.closing = True
        self.stop_fetching()
        if not force:
            await self.wait_until_idle()
        # Before its pool is closed: the line would open a connection again.
        await self.line.close()
        await super().close(force)

    def _on_break(self, error: Exception) -> None:
        self.emit("error", error)
        if self.running:
            self._search.start()

    def emit(self, event_name: str, *args: object) -> None:
        """Call every listener; one that raises would change a job's state or end the sweep for stalled jobs."""
        for listener in self._callbacks.get(event_name, ()):
            try:
                listener(*args)
            except Exception as error:  # noqa: BLE001 - whatever a listener raises is its own fault
                fields: dict[str, Field] = {"queue": self.policy.queue, "listens_to": event_name}
                tell(logging.ERROR, "listener-failed", {**fields, "error": type(error).__name__})

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

    async def retryIfFailed(
        self, fn: Callable[[], Awaitable[object]], opts: Mapping[str, object] | None = None
    ) -> object:
        async def ask() -> object:
            try:
                return await fn()
            except (RedisError, OSError) as error:
                if self.closing:
                    # Stock BullMQ asks a closed line again without a pause, for ever, and nothing else runs any more.
                    raise RuntimeError("The worker is closing.") from error
                raise

        return await super().retryIfFailed(ask, opts)

    async def _ensure_client_names(self) -> None:
        # The blocking client names itself on connecting. Stock BullMQ names every pooled connection, and Node
        # then counts each of them as a worker.
        self._client_name_set = True

    def _number(self, option: str) -> int:
        return cast("int", self.opts[option])


def _options(policy: QueuePolicy, *, prefix: str, timing: Timing) -> dict[str, object]:
    return {
        "prefix": prefix,
        "concurrency": policy.concurrency,
        "lockDuration": milliseconds(timing.lock),
        # The mark that keeps others from sweeping at the same time must be gone when the next sweep is due.
        "stalledInterval": milliseconds(timing.stalled_sweep * 0.9),
        "maxStalledCount": MAX_STALLED_COUNT,
        "drainDelay": timing.longest_wait.total_seconds(),
        "runRetryDelay": milliseconds(timing.fetch_retry),
        "metrics": {"maxDataPoints": METRICS_MINUTES},
        "settings": {"backoffStrategy": backoff_strategy(policy)},
    }
