"""`aiworker enqueue`: put jobs on a queue, after checking what the worker will check."""

from __future__ import annotations

from typing import Annotated

import typer

from aiworker.console.invocation import asynchronous, invocation
from aiworker.console.options import JsonFlag
from aiworker.errors import ExitCode, JobFailed, UsageError


def register(root: typer.Typer) -> None:
    """Add the command to the command line."""
    root.command(rich_help_panel="Run jobs")(enqueue)


@asynchronous
async def enqueue(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The job's name, for example rewrite-resume.")],
    payload: Annotated[str | None, typer.Argument(help="A file, - for standard input, or inline JSON.")] = None,
    jsonl: Annotated[str | None, typer.Option(metavar="FILE", help="One payload a line; - for standard input.")] = None,
    skip_invalid: Annotated[bool, typer.Option("--skip-invalid", help="Enqueue the valid lines; exit 6.")] = False,
    priority: Annotated[int | None, typer.Option(help="1 is first; without one a job goes before all.")] = None,
    delay: Annotated[str | None, typer.Option(help="Not before this time has passed: 30s, 10m.")] = None,
    attempts: Annotated[int | None, typer.Option(help="Tries in all (the queue's policy).")] = None,
    job_id: Annotated[str | None, typer.Option(help="An id of your own; a second job with it is not added.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the jobs have ended.")] = False,
    patience: Annotated[str, typer.Option("--timeout", help="How long --wait may take for each job.")] = "60s",
    json: JsonFlag = False,
) -> None:
    """Check payloads and put them on the job's queue; nothing is added unless all are valid."""
    from aiworker.console import waiting
    from aiworker.processors import PROCESSORS
    from aiworker.queue.producer import JobOptions, NewJob, Producer
    from aiworker.runtime import admit, payloads
    from aiworker.runtime.servers import located
    from aiworker.settings.values import duration_option

    call = invocation(ctx, json=json)
    settings, output = call.settings(), call.output
    processor = admit.find(name, PROCESSORS)
    seconds = duration_option("--timeout", patience).total_seconds()
    options = JobOptions(priority, duration_option("--delay", delay) if delay else None, attempts, job_id=job_id)
    if (payload is None) == (jsonl is None):
        raise UsageError(
            "Give either a payload or --jsonl FILE.", remedy=f"aiworker run-job {name} --example > job.json"
        )
    data, faults = payloads.payloads_of(
        processor,
        settings.policies(),
        payloads.read(str(jsonl or payload), output.stdin),
        lines=jsonl is not None,
        skip_invalid=skip_invalid,
    )
    if job_id is not None and len(data) > 1:
        raise UsageError("--job-id names one job; BullMQ would keep the first line alone.", remedy="leave it out")
    async with (
        located(settings, need_database=False, need_redis=True, say=output.note) as servers,
        Producer(servers.redis, prefix=settings.queue_prefix, policies=settings.policies()) as producer,
    ):
        queue = processor.queue
        ids = await producer.add_many(queue, [NewJob(name, each, options) for each in data])
        output.note(f"{len(ids)} on {queue}, {len(faults)} invalid")
        ended, late = await waiting.all_ended(output, producer, queue, ids if wait else [], seconds)
    waiting.show_enqueued(output, queue, ids, faults, ended)
    if late:
        raise late
    failed = [status for status in ended if status.state == "failed"]
    if failed:
        raise JobFailed(f"{len(failed)} of {len(ended)} jobs failed: {failed[0].failed_reason}")
    if faults:
        raise typer.Exit(ExitCode.PARTIAL)
