"""One round of one bare worker on one load: ours or Node's, on the same server, with the same options."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
import uuid
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Protocol, cast

from aiworker.policies import MIB, QueuePolicy
from aiworker.queue.connection import short_client
from aiworker.queue.delivery import Retention, milliseconds
from aiworker.queue.producer import JobOptions, NewJob, Producer
from aiworker.queue.reliable import METRICS_MINUTES, Timing
from bench.children import node, python, running
from bench.figures import at

QUEUE = "bench"
POLICIES = (QueuePolicy(QUEUE, 1, 3, timedelta(seconds=1), MIB),)
OPTIONS = {
    **Retention().options,
    "lockDuration": milliseconds(Timing().lock),
    "stalledInterval": milliseconds(Timing().stalled_sweep),
    "metrics": {"maxDataPoints": METRICS_MINUTES},
}
"""What our worker does for each job, Node is to do too."""
SIDES: Mapping[str, Sequence[str]] = {"node": node("node_worker.mjs"), "ours": python("python_worker")}


class _Commands(Protocol):
    """redis-py leaves parameters of its own methods untyped."""

    def execute_command(self, *words: object) -> Awaitable[Any]: ...


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of load. `spaced_ms` is the shortest and longest pause between jobs; (0, 0) is a backlog."""

    name: str
    concurrency: int
    jobs: int
    warm: int = 0
    handler_ms: int = 0
    spaced_ms: tuple[int, int] = (0, 0)
    delay_ms: int = 0
    commits: int = 0
    """So many bare commits a job, in the database of the round."""
    statements: bool = False
    """The statements alone that the store makes for a job that asks once."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one round of one side came to."""

    jobs_per_s: float
    cpu_us: float
    rss_mib: float
    server_us: float
    lua_calls: float
    lua_per_job: float
    wait_p50_ms: float
    wait_p95_ms: float
    wait_p99_ms: float


async def measure(case: Case, side: str, url: str, *, database: str = "") -> Figures:
    """Run one round."""
    prefix = f"b{uuid.uuid4().hex[:8]}"
    given = {"url": url, "prefix": prefix, "queue": QUEUE, "options": OPTIONS, "database": database, **asdict(case)}
    is_spaced = case.spaced_ms[1] > 0
    async with Producer(url, prefix=prefix, policies=POLICIES) as producer:
        if not is_spaced:
            await producer.add_many(QUEUE, [job()] * (case.jobs + case.warm))
        before = await server(url)
        async with running(SIDES[side], {**given, "keep_waits": is_spaced}) as child:
            await child.ready()
            if is_spaced:
                await _add_spaced(producer, case)
            said = await child.result()
    after = await server(url)
    await forget(url)
    return _figures(case, said, {key: after[key] - before[key] for key in after})


async def in_turns(case: Case, sides: Sequence[str], rounds: int, url: str) -> dict[str, list[Figures]]:
    """Run rounds of all sides, one after the other."""
    measured: dict[str, list[Figures]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            measured[side].append(await measure(case, side, url))
    return measured


def median(rounds: Sequence[Figures]) -> Figures:
    """Return each figure's median."""
    columns = zip(*(asdict(figures).values() for figures in rounds), strict=True)
    return Figures(*(statistics.median(column) for column in columns))


def job(delay_ms: int = 0, filling: str = "") -> NewJob:
    """Return a job that knows when it is due."""
    due = time.time() * 1000 + delay_ms
    delay = timedelta(milliseconds=delay_ms) if delay_ms else None
    return NewJob("no-op", {"due": due, "filling": filling}, JobOptions(delay=delay))


async def forget(url: str) -> None:
    """Empty the server."""
    async with short_client(url) as client:
        await cast("_Commands", client).execute_command("FLUSHALL")


async def server(url: str) -> dict[str, float]:
    """Return the server's count of Lua calls and its CPU seconds."""
    async with short_client(url) as client:
        stats: Mapping[str, Any] = await cast("_Commands", client).execute_command("INFO", "all")
    calls = sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("evalsha", "eval"))
    return {"lua": calls, "cpu": stats["used_cpu_user"] + stats["used_cpu_sys"]}


async def _add_spaced(producer: Producer, case: Case) -> None:
    shortest, longest = case.spaced_ms
    # As many short pauses as long ones, by their length's logarithm; the same pauses in each round.
    chance = random.Random(case.jobs)
    for _ in range(case.jobs):
        await asyncio.sleep(shortest * (longest / shortest) ** chance.random() / 1000)
        await producer.add(QUEUE, job(case.delay_ms))


async def feed(producer: Producer, case: Case, filling: str, *, ahead: int = 300) -> None:
    """Add a case's jobs as they are worked, never more than `ahead` of them waiting: all at once are too big."""
    left = case.jobs + case.warm
    while left:
        waiting = (await producer.counts(QUEUE))["waiting"]
        count = min(left, ahead - waiting)
        if count > ahead // 3 or count == left:
            await producer.add_many(QUEUE, [job(filling=filling)] * count)
            left -= count
        else:
            await asyncio.sleep(0.01)


def _figures(case: Case, said: Mapping[str, Any], spent: Mapping[str, float]) -> Figures:
    waits = cast("list[float]", said["waits"])
    everything = case.jobs + case.warm
    return Figures(
        jobs_per_s=case.jobs / said["seconds"],
        cpu_us=said["cpu"] / case.jobs * 1e6,
        rss_mib=said["rss"],
        server_us=spent["cpu"] / everything * 1e6,
        lua_calls=spent["lua"],
        lua_per_job=spent["lua"] / everything,
        wait_p50_ms=at(waits, 0.5),
        wait_p95_ms=at(waits, 0.95),
        wait_p99_ms=at(waits, 0.99),
    )
