"""How soon a job runs elsewhere: after its worker was killed, and after its worker was told to stop.

Two processes of the real runtime with production clocks; the job's model answers after minutes.
"""

from __future__ import annotations

import asyncio
import json
import signal
import time
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from aiworker.queue.connection import short_client
from aiworker.queue.producer import Producer
from bench.children import Child, python, running
from bench.figures import Options, Report, Row, ours_at_most
from bench.ground import Ground, ground
from bench.pipeline import QUEUE, Load, given, new_job
from bench.rounds import forget

SLOW = Load("slow", 1, 0, model_ms=600_000)
GRACE_MS = 100
_Events = Sequence[tuple[str, Mapping[str, str]]]
LONGEST_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two workers and the queue both work."""

    workers: tuple[Child, Child]
    producer: Producer
    prefix: str

    async def start_job(self) -> tuple[str, Child, Child]:
        """Add a job; return its id, the worker that has started it and the other one."""
        lines = [asyncio.create_task(worker.line(LONGEST_SECONDS)) for worker in self.workers]
        job = await self.producer.add(QUEUE, new_job(SLOW))
        done, pending = await asyncio.wait(lines, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        is_first = lines[0] in done
        return job, self.workers[not is_first], self.workers[is_first]


async def run(report: Report, options: Options) -> None:
    """Measure hand-backs, then kills: how long those take depends on where the sweeps stand at that moment."""
    async with ground() as here:
        told = [await _hand_back(here) for _ in range(2 if options.quick else 5)]
        report.raw["handBackSeconds"] = told
        report.add(
            Row("hand-back to start elsewhere, worst", "s", max(after for after, _ in told), target=ours_at_most(1)),
            Row("SIGTERM (0.1 s grace) to start elsewhere, worst", "s", max(whole for _, whole in told)),
        )
        kills = [await _kill(here) for _ in range(1 if options.quick else 3)]
        report.raw["killSeconds"] = kills
        report.add(Row(f"SIGKILL to start elsewhere, worst of {len(kills)}", "s", max(kills), target=ours_at_most(45)))


async def _hand_back(here: Ground) -> tuple[float, float]:
    async with _pair(here) as pair:
        job, holder, other = await pair.start_job()
        told_at = time.time()
        holder.process.send_signal(signal.SIGTERM)
        started_at = await _started(other, job)
        returned_at = await _returned_at(here, pair.prefix, job)
        return started_at - returned_at, started_at - told_at


async def _kill(here: Ground) -> float:
    async with _pair(here) as pair:
        job, holder, other = await pair.start_job()
        killed_at = time.time()
        holder.process.kill()
        return await _started(other, job) - killed_at


async def _started(worker: Child, job: str) -> float:
    said: Mapping[str, Any] = json.loads(await worker.line(LONGEST_SECONDS))
    assert said["job"] == job, f"job {said['job']} was started instead of {job}"
    return said["at"]


async def _returned_at(here: Ground, prefix: str, job: str) -> float:
    """Return when the job went back, by the server's clock: the stream of events has its milliseconds in the ids."""
    async with short_client(here.url) as client:
        events = cast("_Events", await client.xrange(f"{prefix}:{QUEUE}:events"))
    told = [at for at, event in events if event.get("jobId") == job and event["event"] == "delayed"]
    return int(told[0].partition("-")[0]) / 1000


@asynccontextmanager
async def _pair(here: Ground) -> AsyncGenerator[Pair]:
    prefix = f"r{uuid.uuid4().hex[:8]}"
    word = {**given(SLOW, here, prefix), "grace_ms": GRACE_MS}
    command = python("pipeline_worker")
    async with (
        Producer(here.url, prefix=prefix) as producer,
        running(command, word) as one,
        running(command, word) as two,
    ):
        await one.ready()
        await two.ready()
        yield Pair((one, two), producer, prefix)
        for child in (one, two):
            if child.process.returncode is None:
                child.process.kill()
    await forget(here.url)
