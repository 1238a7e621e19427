"""Workers that share limits, and what they do over and over in these tests."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, Protocol, cast

from aiworker.domain.pacing import Rules, Standing
from aiworker.queue.connection import short_client
from aiworker.queue.limits import Admission, SharedLimits
from tests.support.jobs import Clock

KEY = "openai:gpt-4o"
LEASE = timedelta(seconds=60)


class _Commands(Protocol):
    """redis-py leaves this one's parameters untyped."""

    def execute_command(self, *words: object) -> Awaitable[Any]: ...


class Workers:
    """Several workers on one server, under one clock."""

    def __init__(self, redis_url: str) -> None:
        self._redis_url, self._prefix = redis_url, f"t{uuid.uuid4().hex}"
        self.clock = Clock()
        self.started: list[SharedLimits] = []

    def start(self, rules: Rules | None = None, *, own_clock: bool = True) -> SharedLimits:
        clock = self.clock if own_clock else None
        worker = SharedLimits(short_client(self._redis_url), rules or Rules(), self._prefix, clock)
        self.started.append(worker)
        return worker

    async def ask(self, *words: object) -> Any:
        return await cast("_Commands", self.started[0].client).execute_command(*words)

    async def ttls(self) -> dict[str, int]:
        """Return for how many milliseconds each part of what is known of a key lives on."""
        keys = await self.ask("KEYS", f"{self._prefix}:*")
        return {key.partition("}")[2]: await self.ask("PTTL", key) for key in keys}


async def passes(worker: SharedLimits, tokens: int = 10) -> Admission:
    admission = await worker.admit(KEY, tokens=tokens, lease=LEASE)
    assert admission.is_allowed
    return admission


async def standing_of(worker: SharedLimits) -> Standing:
    standing = await worker.standing(KEY)
    assert standing
    return standing
