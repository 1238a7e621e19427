"""Finds out that a worker's connection or loop hangs although nothing has raised.

A ping that is not answered says little: Redis may be away, and then holding on to what is in hand is right. Only when
Redis answers a connection of its own at the same time is ours at fault; it is cut, and the worker replaced when that
does not help.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from redis.exceptions import RedisError

from aiworker.errors import AiworkerError
from aiworker.queue.connection import check
from aiworker.queue.line import Line

LAGS_KEPT: Final = 20


class Watched(Protocol):
    """The consumer being watched."""

    line: Line

    @property
    def since_fetch(self) -> timedelta: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How often the watchdog looks, and what it lets pass."""

    ping_every: timedelta
    ping_limit: timedelta
    fetch_limit: timedelta
    misses: int
    lag_every: timedelta


class Watchdog:
    """Watches one consumer; `give_up` is called when cutting its connection did not help."""

    def __init__(
        self, limits: Limits, *, redis_url: str, now: Callable[[], datetime], give_up: Callable[[], None]
    ) -> None:
        self._limits = limits
        self._redis_url = redis_url
        self._now = now
        self._give_up = give_up
        self._lags: deque[float] = deque(maxlen=LAGS_KEPT)
        self._misses = 0
        self.last_ping_at: datetime | None = None

    @property
    def loop_lag(self) -> timedelta:
        """The longest the loop kept a timer waiting of late: some seconds mean a handler that blocks."""
        return timedelta(seconds=max(self._lags, default=0.0))

    async def watch(self, consumer: Watched) -> None:
        """Look after this consumer until cancelled."""
        self._misses = 0
        async with asyncio.TaskGroup() as group:
            group.create_task(self._measure_lag())
            group.create_task(self._ping(consumer))

    async def _measure_lag(self) -> None:
        pause = self._limits.lag_every.total_seconds()
        while True:
            due = time.monotonic() + pause
            await asyncio.sleep(pause)
            self._lags.append(max(time.monotonic() - due, 0.0))

    async def _ping(self, consumer: Watched) -> None:
        while True:
            await asyncio.sleep(self._limits.ping_every.total_seconds())
            if await self._is_responsive(consumer):
                self._misses = 0
            elif await self._does_redis_answer():
                self._misses += 1
                if self._misses >= self._limits.misses:
                    self._give_up()
                    return
                consumer.line.cut()

    async def _is_responsive(self, consumer: Watched) -> bool:
        try:
            async with asyncio.timeout(self._limits.ping_limit.total_seconds()):
                await consumer.line.call("PING")
        except (RedisError, TimeoutError):
            return False
        self.last_ping_at = self._now()
        return consumer.since_fetch <= self._limits.fetch_limit

    async def _does_redis_answer(self) -> bool:
        try:
            await check(self._redis_url, timeout=self._limits.ping_limit.total_seconds())
        except AiworkerError:
            return False
        return True
