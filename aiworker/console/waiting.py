"""Shows what becomes of jobs that were enqueued."""

from __future__ import annotations

from aiworker.console.output import Output
from aiworker.errors import DeadlineExceeded
from aiworker.queue.producer import JobStatus, Producer


def show_enqueued(output: Output, queue: str, ids: list[str], faults: list[str], ended: list[JobStatus]) -> None:
    """Print the ids of the jobs, and the results of those that were waited for."""
    results = [status.result for status in ended]
    shown = [output.json_text({"result": result}) for result in results if result is not None]
    fields = {"queue": queue, "ids": ids, "invalid": faults, "results": results}
    output.show("aiworker.enqueue/1", fields, lambda: output.lines(*ids, *shown))


async def all_ended(
    output: Output, producer: Producer, queue: str, ids: list[str], seconds: float
) -> tuple[list[JobStatus], DeadlineExceeded | None]:
    """Show the states of jobs until each has ended; stop at the first that takes longer than `seconds`."""
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
