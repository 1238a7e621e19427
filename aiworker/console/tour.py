"""The parts of the demo's story: a job's way, the resume before and after, the row and the callback."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from aiworker.console.story import Story
from aiworker.domain.resume import locator
from aiworker.errors import JobFailed
from aiworker.protocol import JsonValue
from aiworker.queue.producer import JobStatus, Producer
from aiworker.store import reference
from aiworker.store.database import Database

WAIT_S = 30.0


async def show_way(story: Story, producer: Producer, queue: str, job: str) -> dict[str, str]:
    """Show the states a job goes through; return its receipt, or raise JobFailed."""
    states: list[JobStatus] = [status async for status in producer.watch(queue, job, WAIT_S)]
    last = states[-1]
    story.fact(f"{queue}:{job}  {' -> '.join(status.state for status in states)}  {last.seconds:.2f} s")
    if last.state != "completed" or not isinstance(last.result, dict):
        raise JobFailed(f"Job {job} of the demo failed: {last.failed_reason}")
    return {name: str(value) for name, value in last.result.items()}


async def show_rewrite(story: Story, database: Database, tenant: str, base: str, result: str) -> None:
    """Show what a rewrite changed, bullet by bullet, and the row it wrote."""
    async with database.transaction(tenant, readonly=True) as db:
        before = locator.read(await reference.resume_body(db, tenant, base))
        after = locator.read(await reference.resume_body(db, tenant, result))
        row = await reference.resume_row(db, tenant, result)
    story.heading("Before and after, word by word (nothing else in the document changed)")
    for old, new in zip(before.bullets, after.bullets, strict=True):
        if old.text != new.text:
            story.change(old.path, old.text, new.text)
    story.heading("The row written")
    story.row("resumes", row)


def show_callback(story: Story, path: str, key: str, body: Mapping[str, JsonValue], *, count: int) -> None:
    """Show one of the callbacks received, without its secret."""
    story.heading(f"The callback received ({count} in all)")
    story.request(f"POST {path}", {"x-internal-secret": "****", "Idempotency-Key": key}, body)


def runnable(commands: Mapping[str, str]) -> dict[str, str]:
    """Write commands as they can be typed here: after `make demo` the program is not on the path."""
    program = "aiworker" if shutil.which("aiworker") else ".venv/bin/aiworker"
    return {f"{program} {command}": what for command, what in commands.items()}
