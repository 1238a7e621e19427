"""`python -m bench [SECTION ...] [--quick | --long]`: measures, prints the table, writes bench/results/<date>.json."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import bench
from bench import answers, enqueue, latency, memory, peers, pipeline, recovery, worker
from bench.figures import HEADER, Options, Report, summary
from bench.ground import valkey

RESULTS = Path(__file__).parent / "results"

WithServer = Callable[[Report, Options, str], Awaitable[None]]
BARE: Mapping[str, WithServer] = {
    "worker": worker.run,
    "peers": peers.run,
    "latency": latency.run,
    "enqueue": enqueue.run,
    "memory": memory.run,
}
"""Sections that need one Redis."""
WHOLE: Mapping[str, Callable[[Report, Options], Awaitable[None]]] = {
    "pipeline": pipeline.run,
    "recovery": recovery.run,
    "answers": answers.run,
}
"""Sections that start for themselves what servers they need."""
SECTIONS = ("worker", "peers", "pipeline", "latency", "enqueue", "recovery", "memory", "answers")


def main() -> None:
    """Run the sections asked for, or all."""
    asked = _arguments()
    options = _options(asked)
    began, load = datetime.now(UTC), os.getloadavg()
    print(f"load average {load[0]:.2f} {load[1]:.2f} {load[2]:.2f} on {os.cpu_count()} cores")
    if options.quick:
        print("quick: says whether all of it works; the figures are no measurement")
    print(HEADER, flush=True)
    reports = [_measured(section, options) for section in asked.sections or SECTIONS]
    print(summary(reports))
    document = {
        "at": began.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - began).total_seconds()),
        "load": {"before": load, "after": os.getloadavg()},
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "options": {"quick": options.quick, "long": options.long, "rounds": options.rounds, "jobs": options.jobs},
        "sections": {report.section: report.document for report in reports},
    }
    target = asked.json or RESULTS / f"{began:%Y-%m-%d-%H%M%S}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document, indent=2) + "\n")
    print(f"written: {os.path.relpath(target)}")
    if any("broke off" in what for report in reports for what in report.not_run):
        sys.exit(1)


def _measured(section: str, options: Options) -> Report:
    report = Report(section)
    try:
        if section in WHOLE:
            asyncio.run(_whole(report, options))
        else:
            with valkey() as url:
                asyncio.run(_bare(report, options, url))
    except Exception as error:  # noqa: BLE001 - one section that breaks must not cost the others their figures
        traceback.print_exc()
        report.omit("the rest", f"it broke off with {type(error).__name__}")
    return report


async def _whole(report: Report, options: Options) -> None:
    await WHOLE[report.section](report, options)


async def _bare(report: Report, options: Options, url: str) -> None:
    await BARE[report.section](report, options, url)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=bench.__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="see in some minutes whether all of it works")
    parser.add_argument("--long", action="store_true", help="idle pick-up over 100 jobs 6-20 s apart (20 minutes)")
    parser.add_argument("--rounds", type=int, help="rounds of each side; their median counts")
    parser.add_argument("--jobs", type=int, help="no-op jobs a round")
    parser.add_argument("--json", type=Path, help="where to write, instead of bench/results")
    asked = parser.parse_args()
    if unknown := set(asked.sections) - set(SECTIONS):
        parser.error(f"there is no section {', '.join(sorted(unknown))}; there are: {', '.join(SECTIONS)}")
    return asked


def _options(asked: argparse.Namespace) -> Options:
    rounds, jobs = (1, 2000) if asked.quick else (3, 10_000)
    return Options(asked.quick, asked.long, asked.rounds or rounds, asked.jobs or jobs)


if __name__ == "__main__":
    main()
