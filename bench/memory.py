"""Whether memory grows with the jobs done: RSS in the last third of a long run beside that of the middle third."""

from __future__ import annotations

import asyncio
import statistics
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from aiworker.queue.producer import Producer
from bench.children import running
from bench.figures import Options, Report, Row, at_most
from bench.ground import ground
from bench.pipeline import Load, serve
from bench.rounds import OPTIONS, POLICIES, QUEUE, SIDES, Case, feed, forget

SAMPLES = 300
BIG = "x" * (100 * 1024)


async def run(report: Report, options: Options, url: str) -> None:
    """Measure bare no-op jobs, bare failures with a 100 KB payload, and whole runs that fail with a 100 KB prompt."""
    jobs = options.memory_jobs
    report.add(_row(report, f"{jobs} no-op jobs", await _bare(jobs, url)))
    report.add(_row(report, f"{jobs} failures, 100 KB payload", await _bare(jobs, url, filling=BIG)))
    # The whole path takes milliseconds a job: a quick run looks at fewer.
    whole = 2_000 if options.quick else jobs
    load = Load("fails", 10, whole, whole // 20, "bench-asks-much", fails=True, samples=SAMPLES)
    async with ground() as here:
        report.add(_row(report, f"{whole} failed runs, 100 KB prompt", await serve(load, here)))


async def _bare(jobs: int, url: str, filling: str = "") -> Mapping[str, Any]:
    case = Case("memory", 10, jobs, warm=jobs // 20)
    prefix = f"m{uuid.uuid4().hex[:8]}"
    given = {"url": url, "prefix": prefix, "queue": QUEUE, "options": OPTIONS, **asdict(case)}
    given |= {"keep_waits": False, "samples": SAMPLES, "fails": bool(filling), "database": ""}
    async with Producer(url, prefix=prefix, policies=POLICIES) as producer, running(SIDES["ours"], given) as child:
        await child.ready()
        feeding = asyncio.create_task(feed(producer, case, filling))
        try:
            said = await child.result()
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
    await forget(url)
    return said


def _row(report: Report, name: str, said: Mapping[str, Any]) -> Row:
    memory: Sequence[float] = said["memory"]
    report.raw[name] = said
    third = len(memory) // 3
    middle, last = statistics.mean(memory[third : 2 * third]), statistics.mean(memory[2 * third :])
    return Row(f"{name}: last/middle third", "MiB", last, middle, at_most(1.05))
