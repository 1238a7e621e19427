"""The processes a round starts: each reads one JSON argument, says `ready`, and ends on a line of JSON."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BESIDE = ROOT / ".venv-bench" / "bin" / "python"
"""The environment of the other queues."""
START_SECONDS = 30.0
LONGEST_LINE = 2**24


class Child:
    """A started process and its lines."""

    def __init__(self, process: Process) -> None:
        self.process = process

    async def line(self, within: float) -> str:
        """Return the next line; fails if the process ends instead."""
        assert self.process.stdout is not None
        async with asyncio.timeout(within):
            text = await self.process.stdout.readline()
        assert text, f"the process ended with exit code {await self.process.wait()}"
        return text.decode().strip()

    async def ready(self) -> None:
        said = await self.line(START_SECONDS)
        assert said == "ready", f"the process began with {said[:80]!r}"

    async def result(self, within: float = 3600.0) -> dict[str, Any]:
        return json.loads(await self.line(within))


@asynccontextmanager
async def running(command: Sequence[str], given: Mapping[str, object]) -> AsyncGenerator[Child]:
    """Run a process for the block; afterwards it is ended by its own id."""
    process = await asyncio.create_subprocess_exec(
        *command, json.dumps(given), stdout=PIPE, cwd=ROOT, limit=LONGEST_LINE
    )
    try:
        yield Child(process)
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def python(module: str) -> Sequence[str]:
    """Return the command of one of our processes."""
    return (sys.executable, "-m", f"bench.{module}")


def node(script: str) -> Sequence[str]:
    """Return the command of a Node process."""
    return ("node", str(ROOT / "bench" / script))


def missing_node() -> str | None:
    """Say why Node's side cannot run."""
    if shutil.which("node") is None:
        return "Node.js is not installed"
    if not (ROOT / "node_modules" / "bullmq").is_dir():
        return "its packages are not installed (make node)"
    return None
