"""How a worker with nothing to do waits for a job: for the queue's marker, or until a delayed job is due."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

from aiworker.queue.events import Contained
from aiworker.queue.leftovers import wake_others

if TYPE_CHECKING:
    from aiworker.queue.reliable import ReliableWorker

WAKE_SECONDS: Final = 1.0
DUE_SLACK_SECONDS: Final = 0.001
"""A millisecond is the grain of BullMQ's due times."""


class Idle:
    """One worker's idle wait, `worker.waiting`.

    The server ends a wait up to a tenth of a second late. So a delayed job is asked for when our clock says it is due,
    while the wait goes on; it is the next one, if that comes soon enough.
    """

    def __init__(self, worker: ReliableWorker) -> None:
        self._worker = worker
        self._handing_on: set[asyncio.Future[None]] = set()

    @property
    def under_way(self) -> set[asyncio.Future[Any]]:
        """A wait that has not ended, and wake-ups on their way to the other workers."""
        wait = self._worker.waiting
        return set(self._handing_on) if wait is None else {wait, *self._handing_on}

    async def is_work_due(self) -> bool:
        """Wait, and say whether there may be a job."""
        worker = self._worker
        worker.waiting = wait = worker.waiting or asyncio.ensure_future(worker.waitForJob())
        wait.remove_done_callback(self._on_late_end)
        try:
            await asyncio.wait({wait}, timeout=self._until_due())
            if not wait.done():
                worker.blockUntil = 0
                wait.add_done_callback(self._on_late_end)
                return True
            worker.waiting = None
            worker.blockUntil = wait.result()
        except asyncio.CancelledError:
            worker.waiting = None
            wait.cancel()
            # Cancelling the idle wait is how draining wakes it; anything else must go on.
            if worker.takes_more or worker.forceClosing:
                raise
        if not worker.takes_more:
            await self._hand_on()
            return False
        worker.on_fetch()
        return worker.blockUntil <= time.time() * 1000

    def _until_due(self) -> float | None:
        """Return the seconds until the next delayed job is due, if one is known of."""
        due = self._worker.blockUntil
        return max(due / 1000 - time.time(), 0) + DUE_SLACK_SECONDS if due else None

    def _on_late_end(self, wait: asyncio.Future[int]) -> None:
        self._worker.waiting = None
        if not wait.cancelled():
            wait.exception()
        # It may have taken the queue's marker with it, and all our slots may be busy for long.
        task = asyncio.create_task(self._hand_on(), name=f"wake-up {self._worker.policy.queue}")
        self._handing_on.add(task)
        task.add_done_callback(self._handing_on.discard)

    async def _hand_on(self) -> None:
        worker = self._worker
        with Contained("wake-up-failed", queue=worker.policy.queue):
            async with asyncio.timeout(WAKE_SECONDS):
                await wake_others(worker.line, worker.backend.keys)
