"""Runs one handler as a task of its own, so that nothing it does ends the worker.

BullMQ's loop survives `Exception` and nothing else: a CancelledError out of a handler's cancelled sub-task would
silently stop the consumer and leave the job in `active`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from aiworker.envelope import Envelope
from aiworker.errors import Interrupted
from aiworker.protocol import Abort, JsonValue
from aiworker.queue.faults import BadResult, InternalFault

Handler = Callable[[Envelope, Abort], Awaitable[Mapping[str, JsonValue]]]


class Slot:
    """One job in hand: the task of its handler, and what became of it besides."""

    def __init__(self, handle: Handler, envelope: Envelope, abort: Abort) -> None:
        self.envelope = envelope
        self.is_cancelled_by_us = False
        self.has_lost_lock = False
        self.is_given_back = False
        self._ended: asyncio.Future[None] | None = None
        self._task = asyncio.create_task(_contained(handle, envelope, abort), name=f"job {envelope.job_id}")
        self._task.add_done_callback(self._on_end)

    @property
    def is_running(self) -> bool:
        return not self._task.done()

    def cancel(self) -> None:
        """End the handler; what it raises from here on is not the job's fault."""
        self.is_cancelled_by_us = True
        self._task.cancel()

    async def wait(self, limit: timedelta | None = None) -> bool:
        """Wait for the handler's end and say whether it came within `limit`; raises nothing of the handler's."""
        if limit is None:
            await self._end()
            return True
        done, _ = await asyncio.wait({self._task}, timeout=limit.total_seconds())
        return bool(done)

    async def _end(self) -> None:
        # asyncio.wait costs twice as much, and every job pays it.
        if not self._task.done():
            self._ended = asyncio.get_running_loop().create_future()
            await self._ended

    def _on_end(self, task: asyncio.Task[Mapping[str, JsonValue]]) -> None:
        # A handler that ends after we left it behind must not end in "exception was never retrieved".
        if not task.cancelled():
            task.exception()
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    def outcome(self) -> BaseException | dict[str, JsonValue]:
        """Return what the ended handler raised, or its result when JSON can hold it."""
        if self._task.cancelled():
            return Interrupted() if self.is_cancelled_by_us else InternalFault("CancelledError")
        error = self._task.exception()
        return error if error is not None else _checked(self._task.result())


async def _contained(handle: Handler, envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
    try:
        return await handle(envelope, abort)
    except SystemExit:
        # asyncio would end the whole loop with it.
        raise InternalFault("SystemExit") from None


def _checked(result: Mapping[str, JsonValue]) -> BaseException | dict[str, JsonValue]:
    try:
        plain = dict(result)
        json.dumps(plain, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        return BadResult(f"The handler's result cannot be written as JSON ({type(error).__name__}).")
    return plain
