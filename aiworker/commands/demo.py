"""`aiworker demo`: real jobs all the way, on the bundled servers, with nothing to configure."""

from __future__ import annotations

import uuid
from contextlib import AsyncExitStack

import typer

from aiworker.console.invocation import asynchronous, invocation

QUEUE = "ai-jobs"
JOB = "rewrite-resume"
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
    from aiworker.console import tour
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
        receipts = [await tour.show_way(story, producer, QUEUE, job) for job in ids]
        callbacks = {str(r.body["jobId"]): r for r in await core_api.wait_for(len(ids))}
        resume, first = str(example.payload["resume_id"]), callbacks[ids[0]]
        await tour.show_rewrite(story, database, example.tenant, resume, receipts[0]["resultId"])
        tour.show_callback(story, first.path, first.headers["idempotency-key"], first.body, count=len(callbacks))
        what = f"{len(ids)} resumes rewritten by offline rules, start of the servers included,"
        story.closing(what, tour.runnable(NEXT))
