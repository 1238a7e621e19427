"""What a command works on: a payload given, a job in the queue, or an example."""

from __future__ import annotations

import uuid
from typing import TextIO

from aiworker.envelope import Envelope
from aiworker.errors import UsageError
from aiworker.processors import PROCESSORS
from aiworker.queue.inspection import Inspector
from aiworker.runtime import examples, payloads
from aiworker.runtime.admit import CLI_QUEUE, find
from aiworker.runtime.examples import Example
from aiworker.runtime.servers import located
from aiworker.runtime.wiring import utc_now
from aiworker.settings import Settings


async def chosen(
    settings: Settings, name: str | None, payload: str | None, from_job: str | None, stdin: TextIO
) -> tuple[Envelope, Example | None]:
    """Return the envelope of a payload or of a job in Redis; of the example, with it, if neither is given."""
    if name is None:
        raise UsageError("Give the job's name, for example rewrite-resume.")
    if from_job is not None:
        return await of_job(settings, from_job, name), None
    if payload is not None:
        return of_payload(settings, name, payload, stdin), None
    return of_example(settings, name)


def of_payload(settings: Settings, name: str, argument: str, stdin: TextIO) -> Envelope:
    """Return an envelope for inline JSON, a file or standard input; raises InvalidPayload."""
    data = payloads.read(argument, stdin)
    payloads.check(find(name, PROCESSORS), settings.policies(), data)
    return one_shot(settings, name, data)


def of_example(settings: Settings, name: str) -> tuple[Envelope, Example]:
    """Return an envelope for a job's example, and the example."""
    example = examples.load(find(name, PROCESSORS).name)
    return one_shot(settings, name, example.text), example


async def of_job(settings: Settings, address: str, name: str) -> Envelope:
    """Return the envelope of a job in Redis, `QUEUE:ID`, as its next delivery would have it."""
    queue, colon, job_id = address.partition(":")
    if not colon or not job_id:
        raise UsageError(f"{address!r} is no job; write QUEUE:ID, for example ai-jobs:7.")
    async with (
        located(settings, need_database=False, need_redis=True) as servers,
        Inspector(servers.redis, prefix=settings.queue_prefix) as inspector,
    ):
        job = await inspector.job(queue, job_id)
    if job.name != name:
        raise UsageError(f"Job {address} is a {job.name}, not a {name}.")
    return Envelope(
        prefix=settings.queue_prefix,
        queue=queue,
        name=job.name,
        job_id=job.job_id,
        added_at=job.added_at,
        data=job.data,
        attempts_made=job.attempts_made,
        attempts_started=job.attempts_started,
    )


def one_shot(settings: Settings, name: str, data: str) -> Envelope:
    """Return an envelope with an identity of its own, for a run outside every queue."""
    return Envelope(settings.queue_prefix, CLI_QUEUE, name, str(uuid.uuid4()), utc_now(), data)
