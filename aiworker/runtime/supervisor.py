"""Keeps `serve` going: one worker per queue, relay and reconciler, the answers to health, and the drain at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiworker.envelope import Envelope
from aiworker.errors import AiworkerError
from aiworker.policies import QueuePolicy
from aiworker.protocol import Abort, JsonValue
from aiworker.queue.delivery import Retention
from aiworker.queue.whereabouts import Whereabouts
from aiworker.queue.worker import DrainReport, QueueWorker
from aiworker.runtime.execute import execute
from aiworker.runtime.reconcile import Reconciler
from aiworker.runtime.wiring import Wired
from aiworker.telemetry.logs import job_context

READY_WITHIN = timedelta(seconds=10)
WORKER_OF_QUEUE: Mapping[str, str] = {
    "ai-jobs": "ai-worker",
    "interview": "interview-agent",
    "evaluation": "evaluation-agent",
    "notification": "notification-worker",
}

log = logging.getLogger("aiworker.serve")


@dataclass(slots=True)
class Supervisor:
    """Runs the workers of one process. Start it with `start`, end it with `drain`."""

    wired: Wired
    policies: Sequence[QueuePolicy]
    redis_url: str
    prefix: str
    provider: str
    now: Callable[[], datetime]
    workers: dict[str, QueueWorker] = field(default_factory=dict[str, QueueWorker])
    draining: bool = False
    _tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])
    _background: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])
    """What serves all queues: relay and reconciler."""
    _whereabouts: Whereabouts | None = None

    async def start(self) -> None:
        """Start every worker and wait until each has asked Redis for work; ServiceUnreachable if one could not."""
        for policy in self.policies:
            await asyncio.to_thread(self.wired.runtime.model_of(policy.queue).warm)
        self._whereabouts = Whereabouts(self.redis_url, prefix=self.prefix)
        reconciler = self._reconciler(self._whereabouts)
        for policy in self.policies:
            worker = QueueWorker(
                policy,
                self._handle,
                redis_url=self.redis_url,
                prefix=self.prefix,
                name=self.wired.runtime.worker,
                now=self.now,
                on_event=reconciler.heard,
                retention=Retention(policy.remove_on_fail, policy.remove_on_complete),
            )
            self.workers[policy.queue] = worker
            self._tasks.append(asyncio.create_task(worker.run(), name=f"worker:{policy.queue}"))
        self._background.append(asyncio.create_task(self.wired.relay.run(), name="relay"))
        self._background.append(asyncio.create_task(reconciler.run(), name="reconciler"))
        for worker in self.workers.values():
            await worker.wait_until_ready(READY_WITHIN.total_seconds())

    async def drain(self, grace: timedelta) -> list[DrainReport]:
        """Stop fetching, finish what is in hand within `grace`, hand back the rest, stop what served all queues."""
        self.draining = True
        reports = await asyncio.gather(*(worker.drain(grace) for worker in self.workers.values()))
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        if self._whereabouts:
            await self._whereabouts.aclose()
        return reports

    @property
    def is_broken(self) -> bool:
        """Whether a task that should never end has ended by itself."""
        return not self.draining and any(task.done() for task in (*self._tasks, *self._background))

    @property
    def jobs_in_hand(self) -> int:
        return sum(worker.jobs_in_hand for worker in self.workers.values())

    def _reconciler(self, lookup: Whereabouts) -> Reconciler:
        runtime = self.wired.runtime
        return Reconciler(
            runtime.database,
            lookup,
            self.prefix,
            [policy.queue for policy in self.policies],
            runtime.processors,
            runtime.policies,
            self.now,
            runtime.worker,
        )

    async def _handle(self, envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        fields = {
            "worker": WORKER_OF_QUEUE.get(envelope.queue, "aiworker"),
            "queue": envelope.queue,
            "jobId": envelope.job_id,
            "jobName": envelope.name,
            "attempt": envelope.attempts_made + 1,
        }
        with job_context(**fields):
            began = asyncio.get_running_loop().time()
            log.info("job-started")
            try:
                receipt = await execute(envelope, self.wired.runtime, abort)
            except AiworkerError as error:
                outcome = type(error.outcome(self.now())).__name__.lower()
                self._tell(logging.WARNING, "job-ended", began, {"errorCode": error.code, "outcome": outcome})
                raise
            except BaseException as error:
                self._tell(logging.WARNING, "job-ended", began, {"error": type(error).__name__, "outcome": "cut-off"})
                raise
            told = {"outcome": "done", **{k: receipt[k] for k in ("runId", "resultId", "provider", "model", "epoch")}}
            self._tell(logging.INFO, "job-ended", began, told)
            return receipt

    def _tell(self, level: int, event: str, began: float, fields: Mapping[str, object]) -> None:
        spent_ms = round((asyncio.get_running_loop().time() - began) * 1000)
        log.log(level, event, extra={"fields": {"durationMs": spent_ms, **fields}})
