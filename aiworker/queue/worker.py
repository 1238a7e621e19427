"""One queue, one worker, one set of clients; nothing above this module knows BullMQ.

`run` lasts until `drain` has ended: a consumer that dies in between is replaced by a new one with new clients.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bullmq import Job, UnrecoverableError

from aiworker.envelope import Envelope
from aiworker.errors import ServiceUnreachable
from aiworker.policies import QueuePolicy
from aiworker.queue.connection import REMEDY, address_of
from aiworker.queue.delivery import Retention
from aiworker.queue.events import Contained, EventKind, Field, QueueEvent, is_told, tell, tell_event
from aiworker.queue.faults import JobFault, as_ours
from aiworker.queue.hands import HAND_BACK_SECONDS, Hands
from aiworker.queue.isolation import Handler
from aiworker.queue.leftovers import bid_farewell
from aiworker.queue.locks import LOCK_LOST
from aiworker.queue.reliable import ReliableWorker, Timing
from aiworker.queue.watchdog import Limits, Watchdog

CONSUMER_END_SECONDS = 1.0
FETCH_SECONDS = 2.0
"""How long a drain waits for a fetch that Redis does not answer."""


class WorkerState(StrEnum):
    """Where a queue worker stands."""

    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    DRAINING = "draining"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class DrainReport:
    """How a drain ended.

    `handed_back` went to the queue again without spending an attempt. `abandoned` could not be given back (Redis
    away, or a handler that would not stop): they stay locked until another worker's sweep finds them.
    """

    finished: int = 0
    handed_back: tuple[str, ...] = ()
    abandoned: tuple[str, ...] = ()
    took: timedelta = timedelta(0)

    @property
    def is_clean(self) -> bool:
        return not self.abandoned


class QueueWorker:
    """Consumes one queue and turns each job into one call of `handle`."""

    def __init__(
        self,
        policy: QueuePolicy,
        handle: Handler,
        *,
        redis_url: str,
        prefix: str = "bull",
        name: str,
        now: Callable[[], datetime],
        on_event: Callable[[QueueEvent], None] | None = None,
        timing: Timing | None = None,
        retention: Retention | None = None,
    ) -> None:
        self.policy = policy
        self._redis_url = redis_url
        self._prefix = prefix
        self._name = name
        self._now = now
        self._on_event = on_event
        self._timing = timing or Timing()
        self._retention = retention or Retention()
        self._hands = Hands(handle, now=now, abort_grace=self._timing.abort_grace, report=self._report_job)
        self._state = WorkerState.STARTING
        self._last_fetch_at: datetime | None = None
        self._worker: ReliableWorker | None = None
        self._consumer: asyncio.Task[None] | None = None
        self._parting: tuple[ReliableWorker, asyncio.Task[None]] | None = None
        self._restarts = 0
        self._is_unresponsive = False
        self._watchdog = self._new_watchdog()
        self._draining: asyncio.Task[DrainReport] | None = None
        self._is_ready = asyncio.Event()
        self._must_stop = asyncio.Event()
        self._grace_is_over = asyncio.Event()

    @property
    def state(self) -> WorkerState:
        return self._state

    @property
    def is_consuming(self) -> bool:
        """Whether a consumer is alive and takes jobs; a busy one fetches nothing, see `last_fetch_at`."""
        is_alive = self._consumer is not None and not self._consumer.done()
        return self._state is WorkerState.RUNNING and is_alive

    @property
    def last_fetch_at(self) -> datetime | None:
        """When Redis last answered a fetch, also with "nothing there"; it stands still while all slots are taken."""
        return self._last_fetch_at

    @property
    def last_ping_at(self) -> datetime | None:
        """When Redis last answered a ping on the connection results go through, also while all slots are taken."""
        return self._watchdog.last_ping_at

    @property
    def loop_lag(self) -> timedelta:
        """The longest this process kept a timer waiting in the last seconds."""
        return self._watchdog.loop_lag

    @property
    def jobs_in_hand(self) -> int:
        return len(self._hands)

    async def run(self) -> None:
        """Consume until drained; a cancelled run hands back what is in hand before it ends."""
        try:
            while not self._must_stop.is_set():
                await self._consume_once()
            if self._draining is not None:
                await asyncio.shield(self._draining)
        except asyncio.CancelledError:
            await self.drain(timedelta(0))
            raise

    def wait_until_ready(self, timeout: float) -> Coroutine[None, None, None]:
        """Wait until Redis answered the first fetch; ServiceUnreachable after `timeout` seconds."""
        return self._ready_within(timeout)

    async def drain(self, grace: timedelta) -> DrainReport:
        """Stop fetching, let jobs in hand finish within `grace`, hand back the rest unpunished, close.

        Calling it again can shorten the grace of the first call, never lengthen it.
        """
        asyncio.get_running_loop().call_later(max(grace.total_seconds(), 0), self._grace_is_over.set)
        if self._draining is None:
            self._state = WorkerState.DRAINING
            self._must_stop.set()
            self._draining = asyncio.create_task(self._drain_worker())
        return await asyncio.shield(self._draining)

    async def _ready_within(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._is_ready.wait()
        except TimeoutError:
            where = address_of(self._redis_url)
            raise ServiceUnreachable(f"Redis at {where} did not answer within {seconds:g} s.", remedy=REMEDY) from None

    async def _consume_once(self) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        self._worker = worker = self._new_worker()
        self._consumer = asyncio.create_task(worker.consume(), name=f"consumer {self.policy.queue}")
        watching = asyncio.create_task(self._watchdog.watch(worker), name=f"watchdog {self.policy.queue}")
        try:
            await asyncio.wait({self._consumer})
        finally:
            watching.cancel()
        if self._must_stop.is_set():
            return
        self._state = WorkerState.RESTARTING
        lived = timedelta(seconds=loop.time() - started)
        wait = self._next_wait(lived)
        wait_ms = round(wait.total_seconds() * 1000)
        reason = "unresponsive" if self._is_unresponsive else _end_of(self._consumer)
        self._is_unresponsive = False
        self._report(EventKind.WORKER_RESTARTING, reason=reason, waitMs=wait_ms)
        await asyncio.wait({self._farewell(worker)})
        await worker.shut(force=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait.total_seconds()):
                await self._must_stop.wait()

    def _farewell(self, worker: ReliableWorker) -> asyncio.Task[None]:
        """Return the search for what a dead consumer was just being handed; there is one, whoever asks for it."""
        if self._parting is None or self._parting[0] is not worker:
            self._parting = worker, asyncio.create_task(bid_farewell(worker), name=f"farewell {self.policy.queue}")
        return self._parting[1]

    def _new_watchdog(self) -> Watchdog:
        timing = self._timing
        return Watchdog(
            Limits(timing.ping_every, timing.ping_limit, timing.fetch_limit, timing.misses, timing.lag_every),
            redis_url=self._redis_url,
            now=self._now,
            give_up=self._replace_worker,
        )

    def _replace_worker(self) -> None:
        self._is_unresponsive = True
        if self._consumer is not None:
            self._consumer.cancel()

    def _next_wait(self, lived: timedelta) -> timedelta:
        if lived >= self._timing.quiet:
            self._restarts = 0
        wait = min(self._timing.restart_base * 2 ** min(self._restarts, 16), self._timing.restart_cap)
        self._restarts += 1
        return wait

    def _new_worker(self) -> ReliableWorker:
        worker = ReliableWorker(
            self.policy,
            self._hands.process,
            redis_url=self._redis_url,
            prefix=self._prefix,
            worker_name=self._name,
            timing=self._timing,
            retention=self._retention,
            on_fetch=self._on_fetch,
        )
        worker.on("active", self._on_active)
        worker.on("completed", self._on_completed)
        worker.on("failed", self._on_failed)
        worker.on("stalled", self._on_stalled)
        worker.on(LOCK_LOST, self._on_lock_lost)
        worker.on("error", self._on_error)
        return worker

    async def _drain_worker(self) -> DrainReport:
        loop = asyncio.get_running_loop()
        began = loop.time()
        hands = self._hands
        finished, given, lost = hands.finished, len(hands.handed_back), len(hands.abandoned)
        stuck = await self._stop(self._worker) if self._worker is not None else ()
        self._state = WorkerState.STOPPED
        handed_back = tuple(hands.handed_back[given:])
        left = (*hands.abandoned[lost:], *stuck)
        report = DrainReport(
            finished=hands.finished - finished,
            handed_back=handed_back,
            abandoned=tuple(job for job in dict.fromkeys(left) if job not in handed_back),
            took=timedelta(seconds=loop.time() - began),
        )
        self._tell_drained(report)
        return report

    async def _stop(self, worker: ReliableWorker) -> tuple[str, ...]:
        worker.stop_fetching()
        idle = asyncio.create_task(worker.wait_until_idle())
        await self._finish_jobs(worker, idle)
        if not idle.done():
            await self._hand_back(worker, idle)
        return await self._close(worker, idle)

    async def _finish_jobs(self, worker: ReliableWorker, idle: asyncio.Task[None]) -> None:
        over = asyncio.create_task(self._grace_is_over.wait())
        while not (idle.done() or over.done()):
            await asyncio.wait({idle, over}, timeout=FETCH_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not worker.jobs:
                # Nothing in hand, and what was being fetched when draining began is not coming: Redis is away.
                break
        over.cancel()

    async def _hand_back(self, worker: ReliableWorker, idle: asyncio.Task[None]) -> None:
        grace = self._timing.abort_grace.total_seconds()
        self._hands.start_handing_back()
        worker.cancelAllJobs("shutdown")
        await asyncio.wait({idle}, timeout=grace)
        self._hands.cancel()
        await asyncio.wait({idle}, timeout=grace + HAND_BACK_SECONDS)
        if not idle.done():
            await self._hands.leave_behind(tuple(worker.jobs))

    async def _close(self, worker: ReliableWorker, idle: asyncio.Task[None]) -> tuple[str, ...]:
        if self._consumer is not None and _has_died(self._consumer):
            await asyncio.wait({self._farewell(worker)})
        self._hands.shut()
        left = tuple(job.id for job, _ in worker.jobs)
        await worker.shut(force=not idle.done())
        idle.cancel()
        if self._consumer is not None:
            # A consumer still connecting does not notice that its clients were closed.
            await asyncio.wait({self._consumer}, timeout=CONSUMER_END_SECONDS)
            self._consumer.cancel()
        return left

    def _on_fetch(self) -> None:
        self._last_fetch_at = self._now()
        self._is_ready.set()
        if self._state in (WorkerState.STARTING, WorkerState.RESTARTING):
            self._state = WorkerState.RUNNING

    def _on_active(self, job: Job, _previous: str) -> None:
        self._report_job(EventKind.JOB_STARTED, self._envelope(job), None)

    def _on_completed(self, job: Job, _result: object) -> None:
        self._report_job(EventKind.JOB_COMPLETED, self._envelope(job), None)

    def _on_failed(self, job: Job, error: Exception) -> None:
        self._report(
            EventKind.JOB_FAILED,
            envelope=self._envelope(job),
            # BullMQ fails jobs by itself too, for instance when Redis refused the result; those texts are not ours.
            reason=job.failedReason if _is_ours(job, error) else as_ours(error).reason,
            is_final=isinstance(error, UnrecoverableError) or job.attemptsMade >= job.attempts,
            was_handled=job.deferredFailure is None,
        )

    def _on_stalled(self, job_id: str) -> None:
        self._report(EventKind.JOB_STALLED, job_id=job_id)

    def _on_lock_lost(self, job_id: str, token: str) -> None:
        if self._hands.lose(job_id, token):
            self._report(EventKind.LOCK_LOST, job_id=job_id)

    def _on_error(self, error: Exception, job: Job | None = None) -> None:
        self._report(EventKind.WORKER_ERROR, job_id=job.id if job else None, reason=type(error).__name__)

    def _envelope(self, job: Job) -> Envelope | None:
        return self._worker.envelope_of(job) if self._worker is not None else None

    def _report_job(self, kind: EventKind, envelope: Envelope | None, reason: str | None) -> None:
        self._report(kind, envelope=envelope, reason=reason)

    def _report(
        self,
        kind: EventKind,
        *,
        envelope: Envelope | None = None,
        job_id: str | None = None,
        reason: str | None = None,
        is_final: bool = False,
        was_handled: bool = True,
        **fields: Field,
    ) -> None:
        if self._on_event is None and not is_told(kind):
            return
        job_id = envelope.job_id if envelope is not None else job_id
        event = QueueEvent(kind, self.policy.queue, self._now(), job_id, envelope, reason, is_final, was_handled)
        tell_event(event, **fields)
        if self._on_event is not None:
            with Contained("event-listener-failed", queue=self.policy.queue):
                self._on_event(event)

    def _tell_drained(self, report: DrainReport) -> None:
        level = logging.INFO if report.is_clean else logging.ERROR
        tell(
            level,
            "worker-drained",
            {
                "queue": self.policy.queue,
                "finished": report.finished,
                "handedBack": list(report.handed_back),
                "abandoned": list(report.abandoned),
                "durationMs": round(report.took.total_seconds() * 1000),
            },
        )


def _is_ours(job: Job, error: Exception) -> bool:
    return isinstance(error, JobFault) or job.deferredFailure is not None


def _has_died(consumer: asyncio.Task[None]) -> bool:
    return consumer.done() and (consumer.cancelled() or consumer.exception() is not None)


def _end_of(consumer: asyncio.Task[None]) -> str:
    if consumer.cancelled():
        return "cancelled"
    error = consumer.exception()
    return type(error).__name__ if error is not None else "returned"
