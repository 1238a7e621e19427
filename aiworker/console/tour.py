"""The parts of the demo's story: what became of each job, what the first of each kind left, and the callback."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from aiworker.console.story import Story
from aiworker.domain.resume import locator
from aiworker.errors import JobFailed
from aiworker.protocol import Connection, JsonValue
from aiworker.queue.producer import JobStatus, NewJob, Producer
from aiworker.runtime.examples import Example
from aiworker.store import analytics, reference, suggestions, summaries
from aiworker.store.database import Database

WAIT_S = 30.0
Task = tuple[Example, Mapping[str, JsonValue]]
COLUMNS = ("job", "name", "state", "after", "result id", "callback")


class Callback(Protocol):
    """A request that the fake core-api received."""

    @property
    def path(self) -> str: ...
    @property
    def body(self) -> Mapping[str, JsonValue]: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Worked:
    """A job that was completed, and the payload it was made of."""

    job: str
    example: Example
    payload: Mapping[str, JsonValue]
    seconds: float
    result: str


def tasks(chosen: Sequence[Example], each: int) -> list[Task]:
    """Return the first payloads of these examples, `each` of them."""
    return [(example, payload) for example in chosen for payload in example.payloads[:each]]


async def work(producer: Producer, queue: str, tasks: Sequence[Task]) -> list[Worked]:
    """Enqueue all, wait until the last one ends, and return what became of them; raise JobFailed if one failed."""
    jobs = await producer.add_many(queue, [NewJob(example.job, dict(payload)) for example, payload in tasks])
    ends = await asyncio.gather(*(_end(producer, queue, job) for job in jobs))
    return [
        Worked(job, example, payload, end.seconds, _result(job, end))
        for job, (example, payload), end in zip(jobs, tasks, ends, strict=True)
    ]


async def called_back(wait_for: Callable[[int], Awaitable[Sequence[Callback]]], jobs: int) -> dict[str, Callback]:
    """Wait until a callback of each job is there, whichever came twice, and return them by job."""
    received: Sequence[Callback] = ()
    callbacks: dict[str, Callback] = {}
    while len(callbacks) < jobs:
        received = await wait_for(max(jobs, len(received) + 1))
        callbacks = {str(each.body["jobId"]): each for each in received}
    return callbacks


def show_jobs(story: Story, queue: str, worked: Sequence[Worked], callbacks: Mapping[str, Callback]) -> None:
    """Show what became of each job; raise JobFailed if its callback names another result."""
    rows: list[Sequence[str]] = []
    for one in worked:
        if callbacks[one.job].body["resultId"] != one.result:
            raise JobFailed(f"The callback of the demo's job {one.job} names another result.")
        seconds = f"{one.seconds:.2f} s"
        rows.append((f"{queue}:{one.job}", one.example.job, "completed", seconds, one.result, "received"))
    story.table(COLUMNS, rows)


async def show_results(story: Story, database: Database, worked: Sequence[Worked]) -> None:
    """Show a little of what the first job of each kind wrote."""
    first = {one.example.job: one for one in reversed(worked)}
    for name, show in _SHOWN.items():
        if name in first:
            async with database.transaction(first[name].example.tenant, readonly=True) as db:
                await show(story, db, first[name])


def show_callback(story: Story, callback: Callback, *, count: int) -> None:
    """Show one of the callbacks received, without its secret."""
    story.heading(f"The callback received ({count} in all)")
    headers = {"x-internal-secret": "****", "Idempotency-Key": callback.headers["idempotency-key"]}
    story.request(f"POST {callback.path}", headers, callback.body)


def runnable(commands: Mapping[str, str]) -> dict[str, str]:
    """Write commands as they can be typed here: after `make demo` the program is not on the path."""
    program = "aiworker" if shutil.which("aiworker") else ".venv/bin/aiworker"
    return {f"{program} {command}": what for command, what in commands.items()}


async def _end(producer: Producer, queue: str, job: str) -> JobStatus:
    return [status async for status in producer.watch(queue, job, WAIT_S)][-1]


def _result(job: str, end: JobStatus) -> str:
    if end.state != "completed" or not isinstance(end.result, dict):
        raise JobFailed(f"Job {job} of the demo failed: {end.failed_reason}")
    return str(end.result["resultId"])


async def _rewrite(story: Story, db: Connection, one: Worked) -> None:
    tenant = one.example.tenant
    row = await reference.resume_row(db, tenant, one.result)
    story.written("resumes", f"is_ai_variant {row['is_ai_variant']}, base_resume_id {row['base_resume_id']}")
    before = locator.read(await reference.resume_body(db, tenant, str(row["base_resume_id"])))
    after = locator.read(await reference.resume_body(db, tenant, one.result))
    changed = [(old, new) for old, new in zip(before.bullets, after.bullets, strict=True) if old.text != new.text]
    for old, new in changed[:1]:
        story.change(old.path, old.text, new.text)


async def _suggestion(story: Story, db: Connection, one: Worked) -> None:
    row = await suggestions.last_of_run(db, one.example.tenant, one.result)
    story.written("aiworker.resume_suggestions", f'reason "{row["reason"]}"')
    story.change(row["section"], row["original"], row["suggested"])


async def _student(story: Story, db: Connection, one: Worked) -> None:
    story.written("aiworker.student_ai_summaries", f"student_id {one.payload['student_id']}")
    story.quote(await summaries.text(db, one.example.tenant, one.result))


async def _season(story: Story, db: Connection, one: Worked) -> None:
    story.written("aiworker.analytics_summaries", f"season {one.payload['season']}")
    story.quote(await analytics.text(db, one.example.tenant, one.result))


_SHOWN: Mapping[str, Callable[[Story, Connection, Worked], Awaitable[None]]] = {
    "rewrite-resume": _rewrite,
    "suggest-improvements": _suggestion,
    "generate-student-summary": _student,
    "generate-analytics-summary": _season,
}
