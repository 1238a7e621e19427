"""`aiworker enqueue`: put jobs on a queue, after checking what the worker will check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aiworker.console import JsonFlag, Output, asynchronous, invocation
from aiworker.errors import DeadlineExceeded, ExitCode, JobFailed, UsageError

if TYPE_CHECKING:
    from aiworker.queue.producer import JobStatus, Producer


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
        ended, late = await _all_ended(output, producer, queue, ids if wait else [], seconds)
    _tell(output, queue, ids, faults, ended)
    if late:
        raise late
    failed = [status for status in ended if status.state == "failed"]
    if failed:
        raise JobFailed(f"{len(failed)} of {len(ended)} jobs failed: {failed[0].failed_reason}")
    if faults:
        raise typer.Exit(ExitCode.PARTIAL)


def _tell(output: Output, queue: str, ids: list[str], faults: list[str], ended: list[JobStatus]) -> None:
    results = [status.result for status in ended]
    shown = [output.json_text({"result": result}) for result in results if result is not None]
    fields = {"queue": queue, "ids": ids, "invalid": faults, "results": results}
    output.show("aiworker.enqueue/1", fields, lambda: output.lines(*ids, *shown))


async def _all_ended(
    output: Output, producer: Producer, queue: str, ids: list[str], seconds: float
) -> tuple[list[JobStatus], DeadlineExceeded | None]:
    ended: list[JobStatus] = []
    for job in ids:
        try:
            ended.append(await _ended(output, producer, queue, job, seconds))
        except DeadlineExceeded as late:
            return ended, late
    return ended, None


async def _ended(output: Output, producer: Producer, queue: str, job: str, seconds: float) -> JobStatus:
    last: JobStatus | None = None
    async for status in producer.watch(queue, job, seconds):
        output.note(f"{queue}:{job} {status.state} {status.seconds:.1f} s")
        last = status
    assert last is not None
    return last
