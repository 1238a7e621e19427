"""The bare worker against other Python queues: no-op jobs at concurrency 10 on one server, rounds in turns."""

from __future__ import annotations

import statistics
from asyncio import create_subprocess_exec
from asyncio.subprocess import DEVNULL

from bench.children import BESIDE, ROOT, running
from bench.figures import Options, Report, Row, at_least
from bench.rounds import Case, forget, measure

CONCURRENCY = 10
PEERS = ("arq", "saq", "taskiq")


async def run(report: Report, options: Options, url: str) -> None:
    """Measure ours and every peer that is installed."""
    installed = [peer for peer in PEERS if await _is_installed(peer)]
    for peer in PEERS:
        if peer not in installed:
            report.omit(peer, "not installed (make .venv-bench/bench.stamp)")
    rates: dict[str, list[float]] = {side: [] for side in ("ours", *installed)}
    jobs = min(options.jobs, 5000)
    case = Case("no-op", CONCURRENCY, jobs, jobs // 4)
    for _ in range(options.rounds):
        for side, measured in rates.items():
            measured.append(await _rate(side, case, url))
    report.raw["jobsPerSecond"] = rates
    middle = {side: statistics.median(measured) for side, measured in rates.items()}
    ours = middle.pop("ours")
    for peer, rate in middle.items():
        report.add(Row(f"no-op c={CONCURRENCY}, beside {peer}", "jobs/s", ours, rate))
    if middle:
        best = max(middle, key=lambda peer: middle[peer])
        report.add(Row(f"no-op c={CONCURRENCY}, beside the best ({best})", "jobs/s", ours, middle[best], at_least(4)))


async def _rate(side: str, case: Case, url: str) -> float:
    if side == "ours":
        return (await measure(case, side, url)).jobs_per_s
    given = {"peer": side, "url": url, "concurrency": case.concurrency, "jobs": case.jobs, "warm": case.warm}
    async with running((str(BESIDE), "-m", "bench.peer_worker"), given) as child:
        said = await child.result(300.0)
    await forget(url)
    return case.jobs / said["seconds"]


async def _is_installed(peer: str) -> bool:
    if not BESIDE.exists():
        return False
    looking = await create_subprocess_exec(
        str(BESIDE), "-c", f"import {peer}", stdout=DEVNULL, stderr=DEVNULL, cwd=ROOT
    )
    return await looking.wait() == 0
