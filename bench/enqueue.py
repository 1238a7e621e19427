"""How fast jobs are added: our Producer beside Node's Queue, one by one and in blocks."""

from __future__ import annotations

import statistics
import uuid

from aiworker.queue.delivery import Retention, exponential
from bench.children import missing_node, node, python, running
from bench.figures import Options, Report, Row, at_least
from bench.rounds import POLICIES, QUEUE, forget

SIZES = {1: at_least(0.9, "note"), 100: at_least(0.65, "note"), 1000: at_least(0.6, "note")}
SIDES = {"node": node("node_enqueue.mjs"), "ours": python("python_enqueue")}

OPTIONS = {"attempts": POLICIES[0].attempts, "backoff": exponential(POLICIES[0].backoff), **Retention().options}
"""What our producer writes into each job by its policy, Node is to write too."""


async def run(report: Report, options: Options, url: str) -> None:
    """Measure jobs added a second, by the size of the block."""
    why = missing_node()
    if why:
        report.omit("Node's side", why)
    sides = ("ours",) if why else ("node", "ours")
    for size, target in SIZES.items():
        rates: dict[str, list[float]] = {side: [] for side in sides}
        for _ in range(options.rounds):
            for side, measured in rates.items():
                measured.append(await _rate(side, size, options.jobs * (1 if size == 1 else 2), url))
        name = "serial" if size == 1 else f"addBulk of {size}"
        report.raw[name] = rates
        middle = {side: statistics.median(measured) for side, measured in rates.items()}
        report.add(Row(name, "jobs/s", middle["ours"], middle.get("node"), target))


async def _rate(side: str, size: int, jobs: int, url: str) -> float:
    prefix = f"e{uuid.uuid4().hex[:8]}"
    given = {"url": url, "prefix": prefix, "queue": QUEUE, "size": size, "jobs": jobs, "options": OPTIONS}
    async with running(SIDES[side], given) as child:
        await child.ready()
        said = await child.result(120.0)
    await forget(url)
    return jobs / said["seconds"]
