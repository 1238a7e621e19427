"""`python -m tests.torture --seconds 60 --jobs 1200 --seed N --json FILE`: torture servers of its own.

Exit code 1 if a job was lost, done twice, not told of or told of in two ways, or if the jobs did not come to an end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from aiworker import embedded
from tests.support import databases
from tests.torture.rig import opened_rig
from tests.torture.run import Plan, Verdict, show, torture

LARGEST_SEED = 999_999


async def _run(plan: Plan, admin_url: str, logs: Path | None) -> Verdict:
    template = await databases.build_template(admin_url)
    async with databases.copy_of(template, admin_url) as url, opened_rig(url) as rig:
        try:
            return await torture(rig, plan)
        finally:
            if logs:
                _keep(rig.directory, logs)


def _keep(directory: Path, logs: Path) -> None:
    logs.mkdir(parents=True, exist_ok=True)
    for file in (*directory.glob("*.log"), *directory.glob("*.err")):
        shutil.copy(file, logs)


def main() -> int:
    """Read the flags, run, and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the blows fall")
    parser.add_argument("--jobs", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randint(1, LARGEST_SEED))
    parser.add_argument("--clocks", choices=("short", "production"), default="short")
    parser.add_argument("--quiet", type=float, default=120.0, help="how long the rest may take afterwards")
    parser.add_argument("--json", type=Path, help="where the report goes")
    parser.add_argument("--logs", type=Path, help="where the daemons' logs are kept")
    given = parser.parse_args()
    plan = Plan(given.seed, given.seconds, given.jobs, given.clocks, given.quiet)
    console = Console()
    console.print(f"seed {plan.seed}")
    directory = Path(tempfile.mkdtemp(prefix="torture-servers-"))
    try:
        with embedded.start(directory, linger=0.3, durable=False) as lease:
            verdict = asyncio.run(_run(plan, lease.servers.database_url, given.logs))
        embedded.stop(directory, force=True)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    show(verdict, console)
    if given.json:
        given.json.write_text(json.dumps(verdict.document(), indent=2) + "\n", "utf-8")
    return 0 if verdict.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
