"""Adds jobs as Node's BullMQ would, with our policy where the caller says nothing, and watches what becomes of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Final, NoReturn, cast

from bullmq import Job, Queue
from bullmq.scripts import Scripts

from aiworker.errors import BadEnvelope, DeadlineExceeded, NotFound, UsageError
from aiworker.policies import POLICIES, QueuePolicy, policy_for
from aiworker.protocol import JsonValue
from aiworker.queue.connection import reaching, short_client
from aiworker.queue.delivery import Retention, exponential, milliseconds

BULK: Final = 500
POLL_SECONDS: Final = 0.1
MAX_PRIORITY: Final = 2_097_152
ENDED: Final = ("completed", "failed")
OWN_KEYS: Final = frozenset(
    {
        "active",
        "wait",
        "waiting-children",
        "paused",
        "completed",
        "failed",
        "delayed",
        "repeat",
        "stalled",
        "limiter",
        "prioritized",
        "id",
        "stalled-check",
        "meta",
        "pc",
        "events",
        "marker",
        "de",
    }
)
"""Names BullMQ keeps its own keys under; a job with such an id would overwrite one of them."""


@dataclass(frozen=True, slots=True)
class JobOptions:
    """How a job is to be run; what is None follows the queue's policy. `backoff` is the first of doubling waits."""

    priority: int | None = None
    delay: timedelta | None = None
    attempts: int | None = None
    backoff: timedelta | None = None
    job_id: str | None = None


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be added; `data` as a text is JSON and reaches the worker unchanged, to the digit."""

    name: str
    data: str | JsonValue
    options: JobOptions = field(default_factory=JobOptions)


@dataclass(frozen=True, slots=True)
class JobStatus:
    """Where a job stands, `seconds` after we began to look."""

    state: str
    seconds: float
    result: JsonValue = None
    failed_reason: str | None = None
    progress: JsonValue = None

    @property
    def is_ended(self) -> bool:
        return self.state in ENDED


class JsonText(str):
    """JSON that is already written."""

    __slots__ = ()


class VerbatimScripts(Scripts):
    """BullMQ's scripts, but a JsonText is stored as it is instead of being parsed and written again."""

    def addJobArgs(self, job: Job) -> list[bytes | str]:
        text = job.data
        arguments = super().addJobArgs(job)
        return [arguments[0], str(text), *arguments[2:]] if isinstance(text, JsonText) else arguments


class Producer(AbstractAsyncContextManager["Producer"]):
    """Adds to and looks into queues over one short-lived connection; a command that cannot reach Redis ends soon."""

    def __init__(
        self,
        redis_url: str,
        *,
        prefix: str = "bull",
        policies: tuple[QueuePolicy, ...] = POLICIES,
        retention: Retention | None = None,
    ) -> None:
        self._redis_url = redis_url
        self._prefix = prefix
        self._policies = policies
        self._retention = retention or Retention()
        self._client = short_client(redis_url)
        self._queues: dict[str, Queue] = {}

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def add(self, queue: str, job: NewJob) -> str:
        """Add one job and return its id; an id that is already there is returned and nothing is added."""
        return (await self.add_many(queue, [job]))[0]

    async def add_many(self, queue: str, jobs: Sequence[NewJob]) -> list[str]:
        """Add jobs in blocks, each all or nothing, and return their ids in order."""
        policy = self._policy(queue)
        entries = [self._entry(job, policy) for job in jobs]
        target = self._queue(queue)
        ids: list[str] = []
        for start in range(0, len(entries), BULK):
            with reaching(self._redis_url):
                added = await target.addBulk(entries[start : start + BULK])
            ids += [str(job.id) for job in added]
        return ids

    def watch(self, queue: str, job_id: str, timeout: float) -> AsyncIterator[JobStatus]:
        """Yield the job's status whenever it changes, and at last as completed or failed.

        Raises NotFound if there is no such job, DeadlineExceeded after `timeout` seconds.
        """
        return self._watch(queue, job_id, timeout)

    async def counts(self, queue: str) -> dict[str, int]:
        """Return how many jobs each state of the queue holds."""
        with reaching(self._redis_url):
            return await self._queue(queue).getJobCounts()

    async def _watch(self, queue: str, job_id: str, seconds: float) -> AsyncIterator[JobStatus]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        last: tuple[str, JsonValue] | None = None
        while True:
            status = await self._status(queue, job_id, loop.time() - started)
            if last != (status.state, status.progress):
                last = (status.state, status.progress)
                yield status
            if status.is_ended:
                return
            if loop.time() - started >= seconds:
                raise DeadlineExceeded(
                    f"Job {job_id} of {queue} did not end within {seconds:g} s; it is {status.state}.",
                    remedy="Is a worker running for this queue? The job stays where it is.",
                )
            await asyncio.sleep(POLL_SECONDS)

    async def _status(self, queue: str, job_id: str, seconds: float) -> JobStatus:
        target = self._queue(queue)
        with reaching(self._redis_url):
            state = await target.getJobState(job_id)
            fields = await self._fields(target.toKey(job_id), "returnvalue", "failedReason", "progress")
        if state == "unknown":
            raise NotFound(f"Queue {queue} holds no job {job_id}; finished jobs are kept for a limited time.")
        result, reason, progress = fields
        return JobStatus(
            state=state,
            seconds=seconds,
            result=_parsed(result) if state == "completed" else None,
            failed_reason=reason if state == "failed" else None,
            progress=_parsed(progress),
        )

    async def _fields(self, key: str, *names: str) -> list[str | None]:
        values = await self._client.hmget(key, list(names))
        return [value if value is None or isinstance(value, str) else value.decode() for value in values]

    def _queue(self, name: str) -> Queue:
        if name not in self._queues:
            queue = Queue(name, {"connection": self._client, "prefix": self._prefix})
            queue.backend.scripts = VerbatimScripts(self._prefix, name, queue.backend.connection)
            self._queues[name] = queue
        return self._queues[name]

    def _policy(self, queue: str) -> QueuePolicy:
        try:
            return policy_for(queue, self._policies)
        except KeyError:
            known = ", ".join(policy.queue for policy in self._policies)
            raise UsageError(f"There is no queue {queue}. Known: {known}.", code="unknown_queue") from None

    def _entry(self, job: NewJob, policy: QueuePolicy) -> Mapping[str, object]:
        return {"name": job.name, "data": as_json(job.data), "opts": self._options(job.options, policy)}

    def _options(self, wanted: JobOptions, policy: QueuePolicy) -> Mapping[str, object]:
        options: dict[str, object] = {
            "attempts": wanted.attempts if wanted.attempts is not None else policy.attempts,
            "backoff": exponential(wanted.backoff if wanted.backoff is not None else policy.backoff),
            **self._retention.options,
        }
        priority = wanted.priority if wanted.priority is not None else policy.priority
        if priority:
            options["priority"] = priority
        if wanted.delay:
            options["delay"] = milliseconds(wanted.delay)
        if wanted.job_id is not None:
            options["jobId"] = wanted.job_id
        check_options(wanted)
        return options


def check_options(options: JobOptions) -> None:
    """Raise UsageError for options BullMQ refuses or would misread."""
    if options.job_id is not None:
        _check_id(options.job_id)
    if options.priority is not None and not 0 <= options.priority <= MAX_PRIORITY:
        raise UsageError(f"Priority {options.priority} is outside 0 to {MAX_PRIORITY}; 1 is first, 0 means none.")
    if options.attempts is not None and options.attempts < 1:
        raise UsageError("A job needs at least one attempt.")
    if options.delay is not None and options.delay < timedelta(0):
        raise UsageError("A delay cannot be negative.")
    if options.backoff is not None and options.backoff < timedelta(0):
        raise UsageError("A backoff cannot be negative.")


def as_json(data: str | JsonValue) -> JsonText:
    """Return a job's data as JSON text; BadEnvelope if a text is not JSON or a value cannot become it."""
    try:
        if isinstance(data, str):
            json.loads(data, parse_constant=_refuse_constant)
            text = data
        else:
            text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except RecursionError:
        raise BadEnvelope("The job's data is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise BadEnvelope(f"The job's data is not JSON (line {error.lineno}, column {error.colno}).") from None
    except (TypeError, ValueError):
        raise BadEnvelope("The job's data holds what JSON cannot (NaN, a date, half a character).") from None
    return JsonText(text)


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError


def _check_id(job_id: str) -> None:
    if not job_id or job_id != job_id.strip():
        raise UsageError("A job id cannot be empty or begin or end with a space.")
    if job_id.isdecimal():
        raise UsageError("A job id cannot be a whole number: BullMQ numbers its own jobs so.")
    if ":" in job_id:
        raise UsageError("A job id cannot contain ':': BullMQ separates its keys with it.")
    if job_id in OWN_KEYS:
        raise UsageError(f"A job id cannot be {job_id!r}: BullMQ keeps a key of its own there.")


def _parsed(text: str | None) -> JsonValue:
    if text is None:
        return None
    try:
        return cast("JsonValue", json.loads(text))
    except ValueError:
        return text
