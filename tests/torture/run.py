"""One torture from the first job to the audit."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from tests.torture.audit import PROMISES, Report, audit
from tests.torture.canaries import VACANCY, plant
from tests.torture.chaos import Chaos, core_answers, model, schedule
from tests.torture.meter import Play
from tests.torture.rig import Rig

WORDS: Mapping[str, str] = {
    "lost": "jobs lost",
    "duplicates": "duplicate results",
    "untold_results": "results without a delivered callback",
    "failures_without_row": "failures without an error row",
    "told_both": "jobs told both",
    "leaks": "planted secrets and names found",
}
DAEMONS = 3
BAD_PAYLOADS = 0.02
AT_ONCE = 1 / 3
"""How many of the jobs are there at the beginning; the others come one batch a second."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of one torture; `quiet` is how long it may take afterwards until everything has ended."""

    seed: int
    seconds: float = 60.0
    jobs: int = 1200
    clocks: str = "short"
    quiet: float = 120.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it."""

    plan: Plan
    report: Report
    is_quiet: bool
    dealt: Mapping[str, int]
    log: tuple[str, ...]
    settled_after: float

    def document(self) -> dict[str, object]:
        """Return the JSON report."""
        plan = {name: getattr(self.plan, name) for name in ("seed", "seconds", "jobs", "clocks")}
        return {
            "schema": "aiworker.torture/1",
            **plan,
            "faults": dict(self.dealt),
            "quiet": self.is_quiet,
            "settledAfterSeconds": round(self.settled_after, 1),
            **self.report.document(),
            "chaos": list(self.log),
        }

    @property
    def is_good(self) -> bool:
        return self.is_quiet and self.report.is_kept


async def torture(rig: Rig, plan: Plan) -> Verdict:
    """Feed the daemons, beat them, let them come to rest, and audit."""
    rng = random.Random(plan.seed)  # the blows must be repeatable, nothing here is a secret
    chaos = Chaos(rig, schedule(rng, plan.seconds))
    await plant(rig)
    rig.meter.script = model(random.Random(plan.seed + 1))
    rig.core_api.script(None, core_answers(random.Random(plan.seed + 2), plan.jobs))
    bad = {number for number in range(plan.jobs) if rng.random() < BAD_PAYLOADS}
    first = int(plan.jobs * AT_ONCE)
    await _feed(rig, range(first), bad)
    for _ in range(DAEMONS):
        rig.start(clocks=plan.clocks)
    async with asyncio.TaskGroup() as both:
        both.create_task(_trickle(rig, range(first, plan.jobs), bad, plan.seconds))
        both.create_task(chaos.run())
    rig.meter.script = lambda job, before: Play(seconds=0.02)
    loop = asyncio.get_running_loop()
    calm = loop.time()
    is_quiet = await rig.settles(plan.quiet)
    settled_after = loop.time() - calm
    await rig.end()
    return Verdict(plan, await audit(rig), is_quiet, dict(chaos.dealt), tuple(chaos.log), settled_after)


async def _trickle(rig: Rig, numbers: range, bad: set[int], seconds: float) -> None:
    batches = max(1, int(seconds) - 1)
    for at in range(batches):
        await _feed(rig, numbers[at * len(numbers) // batches : (at + 1) * len(numbers) // batches], bad)
        await asyncio.sleep(1.0)


async def _feed(rig: Rig, numbers: range, bad: set[int]) -> None:
    if good := [number for number in numbers if number not in bad]:
        await rig.add(*good, job_description=VACANCY)
    if wrong := [number for number in numbers if number in bad]:
        await rig.add(*wrong, tone=VACANCY)


def show(verdict: Verdict, console: Console) -> None:
    """Print the table, and the chaos log if a promise was broken."""
    plan, report = verdict.plan, verdict.report
    title = f"torture, seed {plan.seed}: {plan.jobs} jobs, {plan.seconds:g} s, {plan.clocks} clocks"
    table = Table("what", "figure", title=title)
    for promise in PROMISES:
        table.add_row(WORDS[promise], str(report.count(promise)))
    table.add_row("extra paid calls", str(report.extra_paid))
    table.add_row("  answers that died with their worker", str(report.killed_in_pay_window))
    table.add_row("  answers of a copy that was overtaken", str(report.overlapped))
    table.add_row("  jobs paid for twice without such a reason", str(len(report.unexcused)))
    table.add_row("callback keys with two results", str(len(report.keys_with_two_results)))
    table.add_row("ended otherwise in BullMQ than in their run", str(len(report.misreported)))
    table.add_section()
    table.add_row("completed / failed", f"{report.completed} / {report.failed}")
    table.add_row("failed by code", _pairs(report.failed_by_code))
    table.add_row("callbacks, of them again", f"{report.callbacks}, {report.callbacks_again}")
    table.add_row("enqueue to callback, s", _pairs(report.seconds_to_callback))
    table.add_row("faults", _pairs(verdict.dealt))
    table.add_row(
        "exit codes but SIGKILL (4: no Redis), how often",
        _pairs({f"{code}:": often for code, often in report.unexpected_exits.items()}) or "none",
    )
    table.add_row("job-crashed lines, lines that are not JSON", f"{report.crashes}, {report.lines_not_json}")
    quiet = f"after {verdict.settled_after:.1f} s" if verdict.is_quiet else f"NOT within {plan.quiet:g} s"
    table.add_row("quiet after the last blow", quiet)
    console.print(table)
    if not verdict.is_good:
        for promise, jobs in report.broken.items():
            if jobs:
                console.print(f"{WORDS[promise]}: {', '.join(jobs[:20])}")
        console.print(*verdict.log, sep="\n")


def _pairs(figures: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {figure}" for name, figure in figures.items())
