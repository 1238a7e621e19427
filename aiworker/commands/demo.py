"""`aiworker demo`: real jobs all the way, on the bundled servers, with nothing to configure."""

from __future__ import annotations

import shutil
import uuid
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import typer

from aiworker.console import asynchronous, invocation
from aiworker.errors import JobFailed

if TYPE_CHECKING:
    from aiworker.console.story import Story
    from aiworker.queue.producer import JobStatus, Producer
    from aiworker.store.database import Database
    from aiworker.testing.core_api import Received

QUEUE = "ai-jobs"
JOB = "rewrite-resume"
WAIT_S = 30.0
NEXT = {
    f"run-job {JOB} --example": "the payload, to play with",
    f"run-job {JOB} --example --dry-run --embedded --provider offline": "all of it again, rolled back",
    "serve --embedded": "a worker that stays (with LLM_PROVIDER=offline, or a provider's key)",
    f"enqueue {JOB} job.json --wait": "a job for that worker",
}


def register(root: typer.Typer) -> None:
    """Add the command to the command line."""
    root.command(rich_help_panel="Start here")(demo)


@asynchronous
async def demo(ctx: typer.Context) -> None:
    """Watch resumes being rewritten: queue, worker, database row and callback, all of them real."""
    from aiworker.console.story import Story
    from aiworker.queue.producer import NewJob, Producer
    from aiworker.runtime import daemon, examples
    from aiworker.runtime.servers import bundled
    from aiworker.runtime.wiring import consumable, prepare
    from aiworker.store.database import opened
    from aiworker.testing.core_api import FakeCoreApi

    call, example, secret = invocation(ctx), examples.load(JOB), uuid.uuid4().hex
    story = Story(call.output)
    story.title("A resume is rewritten for a vacancy", "The offline rule engine answers: no model, no key, no cost.")
    async with AsyncExitStack() as stack:
        core_api = await stack.enter_async_context(FakeCoreApi(secret=secret))
        # A prefix of its own: no other worker takes the demo's jobs, and it takes nobody else's.
        settings = call.settings(
            llm_provider="offline",
            core_api_internal_url=core_api.url,
            core_api_internal_secret=secret,
            queue_prefix=f"demo-{uuid.uuid4().hex[:8]}",
        )
        with story.step("Valkey and PostgreSQL, the bundled ones"):
            servers = await stack.enter_async_context(bundled(settings))
        with story.step("schema and example rows"):
            await prepare(servers)
            database = await stack.enter_async_context(opened(servers.database))
            async with database.transaction(example.tenant) as db:
                await examples.insert(db, example)
        with story.step("worker consuming the BullMQ queue ai-jobs, fake core-api listening"):
            chosen = consumable(settings, [QUEUE])
            supervisor = await stack.enter_async_context(daemon.serving(settings, servers, chosen))
            await supervisor.start()
            producer = await stack.enter_async_context(Producer(servers.redis, prefix=settings.queue_prefix))
        story.heading(f"{len(example.payloads)} jobs enqueued")
        ids = await producer.add_many(QUEUE, [NewJob(JOB, dict(payload)) for payload in example.payloads])
        receipts = [await _ended(story, producer, job) for job in ids]
        callbacks = {str(r.body["jobId"]): r for r in await core_api.wait_for(len(ids))}
        await _show(story, database, example.tenant, str(example.payload["resume_id"]), receipts[0])
        _show_callback(story, callbacks[ids[0]], len(callbacks))
        story.closing(f"{len(ids)} resumes rewritten by offline rules, start of the servers included,", _runnable(NEXT))


def _runnable(commands: dict[str, str]) -> dict[str, str]:
    """Write commands as they can be typed here: after `make demo` the program is not on the path."""
    program = "aiworker" if shutil.which("aiworker") else ".venv/bin/aiworker"
    return {f"{program} {command}": what for command, what in commands.items()}


async def _ended(story: Story, producer: Producer, job: str) -> dict[str, str]:
    states: list[JobStatus] = [status async for status in producer.watch(QUEUE, job, WAIT_S)]
    last = states[-1]
    story.fact(f"{QUEUE}:{job}  {' -> '.join(status.state for status in states)}  {last.seconds:.2f} s")
    if last.state != "completed" or not isinstance(last.result, dict):
        raise JobFailed(f"Job {job} of the demo failed: {last.failed_reason}")
    return {name: str(value) for name, value in last.result.items()}


async def _show(story: Story, database: Database, tenant: str, base: str, receipt: dict[str, str]) -> None:
    from aiworker.domain.resume import locator
    from aiworker.store import reference

    async with database.transaction(tenant, readonly=True) as db:
        before = locator.read(await reference.resume_body(db, tenant, base))
        after = locator.read(await reference.resume_body(db, tenant, receipt["resultId"]))
        row = await reference.resume_row(db, tenant, receipt["resultId"])
    story.heading("Before and after, word by word (nothing else in the document changed)")
    for old, new in zip(before.bullets, after.bullets, strict=True):
        if old.text != new.text:
            story.change(old.path, old.text, new.text)
    story.heading("The row written")
    story.row("resumes", row)


def _show_callback(story: Story, received: Received, count: int) -> None:
    story.heading(f"The callback received ({count} in all)")
    headers = {"x-internal-secret": "****", "Idempotency-Key": received.headers["idempotency-key"]}
    story.request(f"POST {received.path}", headers, received.body)
