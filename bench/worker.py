"""The bare worker against Node's bullmq: one server, rounds in turns, medians."""

from __future__ import annotations

from dataclasses import asdict

from bench.children import missing_node
from bench.figures import Options, Report, Row, Target, at_least, at_most, ours_at_most
from bench.rounds import Case, Figures, in_turns, median

CONCURRENCIES = (1, 10, 50)
THROUGHPUT: dict[int, Target] = {1: at_least(0.9, "note"), 10: at_least(0.9), 50: at_least(0.85)}
SLEEPING: dict[int, Target] = {10: at_least(0.98, "note"), 50: at_least(0.95, "note")}


async def run(report: Report, options: Options, url: str) -> None:
    """Measure no-op jobs, 20 ms jobs and lone jobs at each concurrency."""
    if why := missing_node():
        report.omit("Node's side", why)
    sides = ("ours",) if why else ("node", "ours")
    for case in _cases(options):
        measured = await in_turns(case, sides, options.rounds, url)
        report.raw[case.name] = {side: [asdict(one) for one in rounds] for side, rounds in measured.items()}
        ours, node = median(measured["ours"]), median(measured["node"]) if "node" in measured else None
        report.add(*_rows(case, ours, node))


def _cases(options: Options) -> list[Case]:
    jobs = options.jobs
    warm = min(jobs // 4, 2000)
    return [
        *(Case(f"no-op c={c}", c, jobs, warm) for c in CONCURRENCIES),
        *(Case(f"20 ms c={c}", c, max(c * 40, 50), warm=c, handler_ms=20) for c in CONCURRENCIES),
        Case("20 lone jobs c=50", 50, 20, spaced_ms=(50, 50)),
    ]


def _rows(case: Case, ours: Figures, node: Figures | None) -> list[Row]:
    def row(measure: str, unit: str, field: str, target: Target | None = None) -> Row:
        beside = getattr(node, field) if node else None
        return Row(f"{case.name}, {measure}", unit, getattr(ours, field), beside, target)

    if case.name.startswith("20 lone"):
        return [row("Lua calls", "calls", "lua_calls", at_most(2))]
    if case.handler_ms:
        return [row("throughput", "jobs/s", "jobs_per_s", SLEEPING.get(case.concurrency))]
    # 1.0 to one decimal: besides the jobs' own there are the calls of start and sweep.
    return [
        row("throughput", "jobs/s", "jobs_per_s", THROUGHPUT[case.concurrency]),
        row("Lua calls a job", "calls", "lua_per_job", ours_at_most(1.05)),
        row("RSS", "MiB", "rss_mib", at_most(0.5)),
        row("worker CPU a job", "us", "cpu_us"),
        row("server CPU a job", "us", "server_us"),
    ]
