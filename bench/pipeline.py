"""The full path of a job, claim to callback, against its floor; and how near many slow jobs come to the ideal rate.

The floor is what cannot be saved: three bare commits (claim, reply, result) and one no-op job, at the same
concurrency on the same servers. A processor that asks nothing needs one commit. `store` is a no-op job with the
statements of one that asks, and no runtime: nearer than that to the floor the runtime cannot come.
"""

from __future__ import annotations

import asyncio
import statistics
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from aiworker.protocol import JsonValue
from aiworker.queue.producer import JobOptions, NewJob, Producer
from aiworker.testing.core_api import FakeCoreApi
from bench.children import python, running
from bench.figures import Options, Report, Row, Target, at_most, ours_at_least
from bench.ground import Ground, ground
from bench.rounds import Case, forget, measure
from tests.support.jobs import TENANT, payload

QUEUE = "ai-jobs"
SECRET = "bench-secret-0417"
LATENCY_MS = 800
TRANSACTIONS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
SLOTS = 10

CLEAN = "TRUNCATE aiworker.runs CASCADE"
"""Messages that an earlier round left would be sent in the next one."""
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class Load:
    """One kind of job, as many at once, and what its model does."""

    name: str
    concurrency: int
    jobs: int
    warm: int = 0
    job: str = "bench-asks"
    model_ms: int = 0
    fails: bool = False
    calls_back: bool = False
    samples: int = 0

    @property
    def is_offline(self) -> bool:
        return self.job == "rewrite-resume"


async def run(report: Report, options: Options) -> None:
    """Measure every load and its floor in turns, then the slow jobs."""
    async with ground() as here:
        for concurrency in (1, SLOTS):
            await _against_floor(report, options, here, concurrency)
        await _slow(report, options, here)


async def _against_floor(report: Report, options: Options, here: Ground, concurrency: int) -> None:
    jobs = max(options.jobs // (25 if concurrency == 1 else 10), 100)
    warm = jobs // 4
    floors = [Case(f"{commits} commits", concurrency, jobs, warm, commits=commits) for commits in (1, 3)]
    floors.append(Case("store", concurrency, jobs, warm, statements=True))
    loads = [
        Load("asks", concurrency, jobs, warm),
        Load("asks nothing", concurrency, jobs, warm, "bench-asks-nothing"),
        Load("asks, callback", concurrency, jobs, warm, calls_back=True),
        Load("rewrite-resume offline", concurrency, jobs, warm, "rewrite-resume"),
    ]
    spent: dict[str, list[float]] = {}
    transactions: dict[str, float] = {}
    for _ in range(options.rounds):
        for floor in floors:
            rate = (await measure(floor, "ours", here.url, database=here.database)).jobs_per_s
            spent.setdefault(floor.name, []).append(1000 / rate)
        for load in loads:
            said = await serve(load, here)
            spent.setdefault(load.name, []).append(said["seconds"] * 1000 / jobs)
            transactions[load.name] = said["transactions"]
    report.raw[f"millisecondsAJob c={concurrency}"] = spent
    middle = {name: statistics.median(rounds) for name, rounds in spent.items()}

    def row(name: str, commits: int, target: Target | None = None) -> Row:
        beside = middle["1 commits" if commits == 1 else "3 commits"]
        plural = "s" if commits > 1 else ""
        return Row(f"{name}, {commits} commit{plural} c={concurrency}", "ms/job", middle[name], beside, target)

    report.add(
        row("asks", 3, at_most(1.5)),
        row("asks nothing", 3, at_most(1.5)),
        row("store", 3),
        row("asks nothing", 1),
        row("asks, callback", 3),
        row("rewrite-resume offline", 3),
    )
    if concurrency > 1:
        report.add(*(Row(f"{name}, transactions", "a job", count) for name, count in transactions.items()))


async def _slow(report: Report, options: Options, here: Ground) -> None:
    jobs = 100 if options.quick else 1000
    load = Load("slow", SLOTS, jobs, SLOTS, model_ms=LATENCY_MS)
    ideal = SLOTS / LATENCY_MS * 1000
    said = await serve(load, here)
    report.raw["slow"] = said
    report.add(
        Row(
            f"{jobs} jobs of 800 ms c=10, ideal rate", "%", jobs / said["seconds"] / ideal * 100, 100, ours_at_least(98)
        )
    )


async def serve(load: Load, here: Ground, *, within: float = 3600.0) -> dict[str, float]:
    """Have the real runtime work a backlog of the load and return what its process measured."""
    prefix = f"p{uuid.uuid4().hex[:8]}"
    async with FakeCoreApi(secret=SECRET) as core_api, Producer(here.url, prefix=prefix) as producer:
        await producer.add_many(QUEUE, [new_job(load)] * (load.jobs + load.warm))
        told = {"core_api": core_api.url, "secret": SECRET} if load.calls_back else {}
        before = await _transactions(here, CLEAN)
        async with running(python("pipeline_worker"), {**given(load, here, prefix), **told}) as child:
            await child.ready()
            said = await child.result(within)
        spent = await _transactions(here) - before
    await forget(here.url)
    return {**said, "transactions": spent / (load.jobs + load.warm)}


async def _transactions(here: Ground, first: str = "") -> int:
    connection = await asyncpg.connect(here.database)
    try:
        if first:
            await connection.execute(first)
        # A session's count is added when it has ended.
        for _ in range(100):
            if not await connection.fetchval(OTHERS):
                break
            await asyncio.sleep(0.05)
        return await connection.fetchval(TRANSACTIONS)
    finally:
        await connection.close()


def given(load: Load, here: Ground, prefix: str) -> Mapping[str, object]:
    """Return what a process of the real runtime is told."""
    return {
        "database": here.database,
        "url": here.url,
        "prefix": prefix,
        "concurrency": load.concurrency,
        "jobs": load.jobs,
        "warm": load.warm,
        "offline": load.is_offline,
        "model_ms": load.model_ms,
        "fails": load.fails,
        "samples": load.samples,
    }


def new_job(load: Load) -> NewJob:
    """Return one job of a load."""
    data: JsonValue = {**payload()} if load.is_offline else {"tenant_id": TENANT}
    return NewJob(load.job, data, JobOptions(attempts=1))
