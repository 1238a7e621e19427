"""`aiworker demo`: real jobs all the way, on the bundled servers, with nothing to configure."""

from __future__ import annotations

import uuid
from contextlib import AsyncExitStack

import typer

from aiworker.console.invocation import asynchronous, invocation

QUEUE = "ai-jobs"
JOBS = ("rewrite-resume", "suggest-improvements", "generate-student-summary", "generate-analytics-summary")
OF_EACH = 2
"""Payloads of each example: all of them would fill more than a screen."""
NEXT = {
    "run-job rewrite-resume --example": "a payload, to play with",
    "run-job rewrite-resume --example --dry-run --embedded --provider offline": "such a job again, rolled back",
    "serve --embedded": "a worker that stays (with LLM_PROVIDER=offline, or a provider's key)",
    "enqueue rewrite-resume job.json --wait": "a job for that worker",
}


def register(root: typer.Typer) -> None:
    """Add the command to the command line."""
    root.command(rich_help_panel="Start here")(demo)


@asynchronous
async def demo(ctx: typer.Context) -> None:
    """Watch the four AI jobs being worked: queue, worker, database rows and callbacks, all of them real."""
    from aiworker.console import tour
    from aiworker.console.story import Story
    from aiworker.queue.producer import Producer
    from aiworker.runtime import daemon, examples
    from aiworker.runtime.servers import bundled
    from aiworker.runtime.wiring import consumable, prepare
    from aiworker.store.database import opened
    from aiworker.testing.core_api import FakeCoreApi

    call, chosen, secret = invocation(ctx), [examples.load(job) for job in JOBS], uuid.uuid4().hex
    story = Story(call.output)
    story.title(
        "Four AI jobs, from the queue to the callback", "The offline rule engine answers: no model, no key, no cost."
    )
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
            for example in chosen:
                async with database.transaction(example.tenant) as db:
                    await examples.put(db, example)
        with story.step(f"worker consuming the BullMQ queue {QUEUE}, fake core-api listening"):
            supervisor = await stack.enter_async_context(
                daemon.serving(settings, servers, consumable(settings, [QUEUE]))
            )
            await supervisor.start()
            producer = await stack.enter_async_context(Producer(servers.redis, prefix=settings.queue_prefix))
        tasks = tour.tasks(chosen, OF_EACH)
        story.heading(f"{len(tasks)} jobs enqueued")
        worked = await tour.work(producer, QUEUE, tasks)
        callbacks = await tour.called_back(core_api.wait_for, len(worked))
        tour.show_jobs(story, QUEUE, worked, callbacks)
        story.heading("What the first of each left")
        await tour.show_results(story, database, worked)
        tour.show_callback(story, callbacks[worked[0].job], count=len(callbacks))
        what = f"{len(worked)} jobs worked by offline rules, start of the servers included,"
        story.closing(what, tour.runnable(NEXT))
