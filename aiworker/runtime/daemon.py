"""The life of `serve`: checks at start, signals, the drain, and what is left for the exit code."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Self

from aiworker.errors import ExitCode
from aiworker.queue.connection import check
from aiworker.queue.producer import Producer
from aiworker.runtime import killpoints
from aiworker.runtime.servers import Servers
from aiworker.runtime.supervisor import Supervisor
from aiworker.runtime.wiring import Consumable, prepare, utc_now, wired
from aiworker.settings import Settings
from aiworker.store.database import opened

SIGNALS = (signal.SIGTERM, signal.SIGINT)

log = logging.getLogger("aiworker.serve")


@asynccontextmanager
async def serving(settings: Settings, servers: Servers, chosen: Consumable) -> AsyncGenerator[Supervisor]:
    """Wire a supervisor for the block, which starts it; raises if a server or the schema is not there."""
    killpoints.check()
    redis = await check(servers.redis)
    if not redis.keeps_jobs:
        log.warning(
            "redis-may-evict", extra={"fields": {"setting": "maxmemory-policy", "state": redis.maxmemory_policy}}
        )
    await prepare(servers)
    async with (
        opened(servers.database, size=settings.database_pool_size) as database,
        wired(settings, database, redis_url=servers.redis) as everything,
    ):
        supervisor = Supervisor(
            everything,
            chosen.policies,
            redis_url=servers.redis,
            prefix=settings.queue_prefix,
            provider=settings.llm_provider,
            now=utc_now,
        )
        try:
            yield supervisor
        finally:
            await supervisor.drain(timedelta(0))


class StopSignals:
    """SIGTERM and Ctrl-C, caught from before the first job to after the last: one asks to drain, two to hurry."""

    def __init__(self) -> None:
        self.first, self.second = asyncio.Event(), asyncio.Event()

    def __enter__(self) -> Self:
        for name in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(name, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        # What comes while the process ends must not turn its exit code into a kill.
        for name in SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(name)
            signal.signal(name, signal.SIG_IGN)

    def _stop(self) -> None:
        (self.second if self.first.is_set() else self.first).set()


async def until_stopped(
    supervisor: Supervisor, stop: StopSignals, grace: timedelta, *, say: Callable[[str], None]
) -> ExitCode:
    """Wait for the first signal, then drain within `grace`; the second ends the wait at once."""
    first, second = stop.first, stop.second
    await first.wait()
    say(f"stopping: {supervisor.jobs_in_hand} running jobs, {grace.total_seconds():g} s at most; again to abort")
    log.info("draining", extra={"fields": {"active": supervisor.jobs_in_hand}})
    drain = asyncio.create_task(supervisor.drain(grace))
    impatience = asyncio.create_task(second.wait())
    await asyncio.wait({drain, impatience}, return_when=asyncio.FIRST_COMPLETED)
    impatience.cancel()
    if not drain.done():
        await supervisor.drain(timedelta(0))
    reports = await drain
    handed_back = sum(len(report.handed_back) for report in reports)
    say(f"stopped: {sum(report.finished for report in reports)} finished, {handed_back} handed back")
    log.info("stopped", extra={"fields": {"count": handed_back}})
    return ExitCode.INTERRUPTED if second.is_set() else ExitCode.OK


async def queue_counts(settings: Settings, servers: Servers, chosen: Consumable) -> dict[str, dict[str, int]]:
    """Count each consumed queue's jobs by state, for the banner."""
    async with Producer(servers.redis, prefix=settings.queue_prefix) as producer:
        return {policy.queue: await producer.counts(policy.queue) for policy in chosen.policies}
