"""What a cut connection or an ended wait would leave lying in Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from aiworker.queue.events import Contained
from aiworker.queue.line import Line

if TYPE_CHECKING:
    from aiworker.queue.reliable import ReliableWorker

SETTLE_SECONDS: Final = 0.5
FAREWELL_SECONDS: Final = 2.0
DELAYED_SCORE: Final = 0x1000
"""BullMQ's factor between a due time and its score in `delayed`."""


async def wake_others(line: Line, keys: Mapping[str, str]) -> None:
    """Put the wake-up marker back if there is work.

    The server may have given it to the wait that was just cut, and other idle workers would sleep on.
    """
    # Two round trips: the first lets our end of the cut connection close, the second lets the server notice.
    for _ in range(2):
        await line.call("PING")
    waiting, prioritized, delayed = await asyncio.gather(
        line.call("LLEN", keys["wait"]),
        line.call("ZCARD", keys["prioritized"]),
        line.call("ZRANGE", keys["delayed"], 0, 0),
    )
    if waiting or prioritized:
        await line.call("ZADD", keys["marker"], 0, "0")
    for job_id in cast("list[str]", delayed):
        score = await line.call("ZSCORE", keys["delayed"], job_id)
        if score is not None:
            await line.call("ZADD", keys["marker"], int(float(cast("str", score))) // DELAYED_SCORE, "1")


class Search:
    """Gives back a worker's leftovers in the background: once, and again for what is lost meanwhile."""

    def __init__(self, worker: ReliableWorker) -> None:
        self._worker = worker
        self._is_due = False
        self._task: asyncio.Task[None] | None = None

    @property
    def under_way(self) -> set[asyncio.Future[None]]:
        """The search's task while it lasts."""
        return set() if self._task is None or self._task.done() else {self._task}

    def start(self) -> None:
        self._is_due = True
        if not self.under_way:
            self._task = asyncio.create_task(self._run(), name=f"search {self._worker.policy.queue}")

    def stop(self) -> None:
        for task in self.under_way:
            task.cancel()

    async def _run(self) -> None:
        while self._is_due:
            self._is_due = False
            with Contained("search-failed", queue=self._worker.policy.queue):
                await give_back_unheld(self._worker)


async def bid_farewell(worker: ReliableWorker) -> None:
    """Give back what a consumer that has ended was just being handed; without it those jobs wait for their locks."""
    with Contained("search-failed", queue=worker.policy.queue):
        async with asyncio.timeout(FAREWELL_SECONDS):
            await give_back_unheld(worker)


async def give_back_unheld(worker: ReliableWorker) -> None:
    """Hand back the jobs that were fetched for this worker by a script whose answer got lost."""
    found = await _unheld(worker)
    if not found:
        return
    # What is on its way from an answer to its slot is no leftover.
    await asyncio.sleep(SETTLE_SECONDS)
    for job_id, token in found & await _unheld(worker):
        with Contained("give-back-failed", queue=worker.policy.queue, jobId=job_id):
            now_ms = round(time.time() * 1000)
            await worker.backend.moveToDelayed(job_id, now_ms, 0, token, {"skipAttempt": True})


async def _unheld(worker: ReliableWorker) -> set[tuple[str, str]]:
    keys = worker.backend.keys
    active = cast("list[str]", await worker.line.call("LRANGE", keys["active"], 0, -1))
    if not active:
        return set()
    locks = await worker.line.call("MGET", *(f"{keys['']}{job_id}:lock" for job_id in active))
    held = zip(active, cast("Sequence[str | None]", locks), strict=True)
    return {
        (job_id, token)
        for job_id, token in held
        if token is not None and token.startswith(f"{worker.id}:") and not worker.locks.holds(job_id, token)
    }
