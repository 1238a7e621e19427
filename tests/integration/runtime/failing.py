"""Jobs that failed for real: through a worker, the runtime and the database, each by an error of the test's choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from aiworker.envelope import Envelope
from aiworker.errors import DeadlineExceeded, Outcome, RateLimited, Retry
from aiworker.processors import PROCESSORS, AnyProcessor
from aiworker.protocol import Abort, JsonValue
from aiworker.queue.isolation import Handler
from aiworker.runtime.execute import execute
from aiworker.store.database import Database
from tests.integration.queue.room import Room, policy, utc_now
from tests.support.jobs import ScriptedModel, payload, runtime

JOB = "rewrite-resume"
NO_JSON = "I cannot answer that in JSON."


class Exhausted(RateLimited):
    """A rate limit whose snoozes are used up, so that it costs an attempt."""

    def outcome(self, now: object) -> Outcome:
        return Retry()


def rate_limited(number: int) -> Exhausted:
    return Exhausted(f"openai (gpt-4o) asked us to wait {number} s.", retry_after=timedelta(seconds=number))


def timed_out(number: int) -> DeadlineExceeded:
    return DeadlineExceeded(f"No answer within {number} s.")


def working(
    database: Database, model: ScriptedModel | None = None, processors: Sequence[AnyProcessor] = PROCESSORS
) -> Handler:
    """Return what `serve` does with a job, over a test's database and model."""
    wired = runtime(database, llm=model, processors=processors, now=utc_now)

    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        return await execute(envelope, wired, abort)

    return handle


async def failed_jobs(
    room: Room,
    database: Database,
    *faults: BaseException | str,
    data: object = None,
    attempts: int = 1,
    concurrency: int = 1,
) -> list[str]:
    """Add one job per fault, whose model raises it or gives that answer; several at once draw them in any order."""
    script = [fault for fault in faults for _ in range(attempts if isinstance(fault, BaseException) else 1)]
    running = await room.start(working(database, ScriptedModel([*script])), policy=policy(concurrency=concurrency))
    backoff = {"type": "fixed", "delay": 1}
    given = payload() if data is None else data
    options = {"attempts": attempts, "backoff": backoff}
    jobs = await room.queue.addBulk([{"name": JOB, "data": given, "opts": options}] * len(faults))
    for job in jobs:
        await room.reaches(job.id, "failed", within=15.0)
    await running.worker.drain(timedelta(seconds=5))
    return [job.id for job in jobs]
