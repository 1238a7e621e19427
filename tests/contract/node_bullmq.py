"""Runs Node's bullmq and reads its JSON lines."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from tests.integration.queue.room import QUEUE, Room

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("node") / "queue.mjs"
SECONDS = 20.0

Line = Mapping[str, object]


def require_node() -> str:
    """Return the Node binary, or skip and say what was not run."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("not run: Node.js is not installed")
    if not (ROOT / "node_modules" / "bullmq").is_dir():
        pytest.skip("not run: node_modules/bullmq is missing (npm install --no-save --ignore-scripts)")
    return node


async def node(room: Room, command: str, **given: object) -> list[Line]:
    """Run one command of the script on the room's queue and return the lines it said."""
    arguments = {"url": room.url, "prefix": room.prefix, "queue": QUEUE, **given}
    process = await asyncio.create_subprocess_exec(
        require_node(),
        str(SCRIPT),
        command,
        json.dumps(arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            said, complained = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, complained.decode()
    return [cast("Line", json.loads(line)) for line in said.decode().splitlines()]
