"""How soon an idle worker picks up a job, and how late a delayed job starts."""

from __future__ import annotations

from dataclasses import asdict

from bench.children import missing_node
from bench.figures import Options, Report, Row, ours_at_most
from bench.rounds import Case, Figures, in_turns, measure, median

LONG = Case("idle", 10, 100, spaced_ms=(6_000, 20_000))
IDLE = Case("idle", 10, 40, spaced_ms=(300, 3_000))
QUICK = Case("idle", 10, 20, spaced_ms=(300, 3_000))


async def run(report: Report, options: Options, url: str) -> None:
    """Measure the idle pick-up of ours, and delays and a trickle of jobs beside Node."""
    case = LONG if options.long else QUICK if options.quick else IDLE
    idle = await measure(case, "ours", url)
    report.raw["idle"] = asdict(idle)
    shortest, longest = (f"{pause / 1000:g}" for pause in case.spaced_ms)
    spaced = f"{case.jobs} jobs {shortest}-{longest} s apart"
    report.add(
        Row(f"idle pick-up p50, {spaced}", "ms", idle.wait_p50_ms),
        Row(f"idle pick-up p99, {spaced}", "ms", idle.wait_p99_ms, target=ours_at_most(20)),
    )
    why = missing_node()
    if why:
        report.omit("Node's side", why)
    sides = ("ours",) if why else ("node", "ours")
    for trickle in (
        Case("25 jobs/s", 10, 100, spaced_ms=(40, 40)),
        Case("700 ms delay", 10, 60, spaced_ms=(25, 25), delay_ms=700),
    ):
        measured = await in_turns(trickle, sides, options.rounds, url)
        report.raw[trickle.name] = {side: [asdict(one) for one in rounds] for side, rounds in measured.items()}
        ours, node = median(measured["ours"]), median(measured["node"]) if "node" in measured else None
        report.add(*_rows(trickle, ours, node))


def _rows(case: Case, ours: Figures, node: Figures | None) -> list[Row]:
    if case.delay_ms:
        target = ours_at_most(60)
        return [Row("700 ms delay, late by p95", "ms", ours.wait_p95_ms, node.wait_p95_ms if node else None, target)]
    return [
        Row(f"pick-up p50, {case.name}", "ms", ours.wait_p50_ms, node.wait_p50_ms if node else None),
        Row(f"pick-up p99, {case.name}", "ms", ours.wait_p99_ms, node.wait_p99_ms if node else None),
    ]
