"""What a serving process says of itself: names and states, never data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiworker.errors import AiworkerError
from aiworker.protocol import JsonValue
from aiworker.queue.reliable import Timing
from aiworker.queue.worker import QueueWorker, WorkerState
from aiworker.runtime.supervisor import Supervisor
from aiworker.store import migrations

STALE_AFTER = timedelta(seconds=20)
"""Twice the longest time one fetch may block."""
PINGS = 3
ANSWERS_WITHIN = PINGS * (Timing().ping_every + Timing().ping_limit)
"""Redis counts as away when so many pings in a row came to nothing, each as late as it may."""


@dataclass(frozen=True, slots=True)
class Report:
    """Whether all is well, and what each check says in a few words."""

    ok: bool
    checks: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Health:
    """Answers the three questions of operators and orchestrators."""

    supervisor: Supervisor

    def health(self) -> dict[str, JsonValue]:
        """Answer as the document has it."""
        supervisor = self.supervisor
        active = bool(supervisor.workers) and all(w.is_consuming for w in supervisor.workers.values())
        return {"status": "ok", "worker_active": active, "llm_provider": supervisor.provider}

    def live(self) -> Report:
        """Fail when a worker stopped consuming although nobody asked it to and Redis is there."""
        ok, checks = self._workers(lambda worker: not self._is_stuck(worker))
        if self.supervisor.is_broken:
            ok, checks["tasks"] = False, "a task that should never end has ended"
        return Report(ok, checks)

    async def ready(self) -> Report:
        """Need every queue's consumer, an answer of Redis and of PostgreSQL; not ready while draining."""
        ok, checks = self._workers(lambda worker: worker.is_consuming and self._trouble_of(worker) is None)
        if self.supervisor.draining:
            ok, checks["drain"] = False, "draining"
        ok = ok and bool(self.supervisor.workers)
        try:
            missing = await self.supervisor.wired.runtime.database.run(None, migrations.missing, readonly=True)
            checks["postgres"] = "ok"
            checks["schema"] = f"{len(missing)} migrations missing" if missing else "ok"
            ok = ok and not missing
        except AiworkerError as error:
            ok, checks["postgres"] = False, error.code
        return Report(ok, checks)

    def _workers(self, is_fine: Callable[[QueueWorker], bool]) -> tuple[bool, dict[str, str]]:
        workers = self.supervisor.workers
        checks = {f"queue {queue}": self._told(worker) for queue, worker in workers.items()}
        return all(is_fine(worker) for worker in workers.values()), checks

    def _is_stuck(self, worker: QueueWorker) -> bool:
        if self.supervisor.draining or worker.state in (WorkerState.STARTING, WorkerState.DRAINING):
            return False
        if worker.state is not WorkerState.RUNNING or not worker.is_consuming:
            return True
        fetched, pinged = worker.last_fetch_at, worker.last_ping_at
        if not self._is_stale(worker) or fetched is None or pinged is None:
            return False
        # While Redis is away both stand still. A restart would bring nothing back and cut off what is in hand.
        return pinged - fetched > STALE_AFTER and self._is_recent(pinged)

    def _told(self, worker: QueueWorker) -> str:
        trouble = self._trouble_of(worker) if worker.is_consuming else None
        return f"{worker.state}, {trouble}" if trouble else str(worker.state)

    def _trouble_of(self, worker: QueueWorker) -> str | None:
        # A fetch is an answer too: a new worker is pinged only after a while.
        answers = [at for at in (worker.last_ping_at, worker.last_fetch_at) if at is not None]
        if not any(self._is_recent(at) for at in answers):
            return "Redis does not answer"
        return "fetches nothing" if self._is_stale(worker) else None

    def _is_stale(self, worker: QueueWorker) -> bool:
        # With every slot taken there is nothing to fetch, and the last fetch may be old.
        if worker.jobs_in_hand >= worker.policy.concurrency or worker.last_fetch_at is None:
            return False
        return self.supervisor.now() - worker.last_fetch_at > STALE_AFTER

    def _is_recent(self, answer: datetime) -> bool:
        return self.supervisor.now() - answer <= ANSWERS_WITHIN
