"""Builders with defaults: envelopes, payloads, rows, and processors for tests."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aiworker.envelope import Envelope, Scope
from aiworker.llm.offline import OfflineModel
from aiworker.policies import POLICIES
from aiworker.processors import PROCESSORS, AnyProcessor
from aiworker.protocol import (
    Call,
    Connection,
    Context,
    JobPayload,
    JsonValue,
    Limits,
    LLMReply,
    LLMRequest,
    Replies,
    Saved,
    Tx,
)
from aiworker.runtime import examples
from aiworker.runtime.examples import Example
from aiworker.runtime.execute import Runtime
from aiworker.store.database import Database

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
EXAMPLE = examples.load("rewrite-resume")
TENANT = EXAMPLE.tenant
HONEST = "Maintained the settlement report scripts and updated the runbook weekly"
"""A rewrite of the example's first bullet that says nothing else."""
REWRITTEN = json.dumps({"b0": HONEST})
"""An answer of a model that rewrites it."""


def payload(**changes: JsonValue) -> dict[str, JsonValue]:
    """Return the example's payload with changes."""
    return {**EXAMPLE.payload, **changes}


def envelope(
    data: object = None,
    *,
    name: str = "rewrite-resume",
    queue: str = "ai-jobs",
    job_id: str | None = None,
    added_at: datetime = NOW,
    made: int = 0,
    started: int = 1,
    allowed: int = 3,
) -> Envelope:
    """Return one delivery."""
    return Envelope(
        prefix="bull",
        queue=queue,
        name=name,
        job_id=job_id or uuid.uuid4().hex,
        added_at=added_at,
        data=data if isinstance(data, str) else json.dumps(payload() if data is None else data),
        attempts_made=made,
        attempts_started=started,
        attempts_allowed=allowed,
    )


def again(delivery: Envelope, *, made: int | None = None, stalled: bool = False) -> Envelope:
    """Return the next delivery of the same job, which `stalled` if its worker died."""
    return replace(
        delivery,
        attempts_started=delivery.attempts_started + 1,
        attempts_made=delivery.attempts_made if made is None else made,
        stalled_count=delivery.stalled_count + stalled,
    )


@dataclass(slots=True)
class Clock:
    """A clock that stands until it is moved."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def move(self, span: timedelta) -> None:
        self.at += span


@dataclass(slots=True)
class ScriptedModel:
    """A model whose answers are given; an exception among them is raised. Counts what it was asked."""

    script: list[str | BaseException | Callable[[LLMRequest], str]] = field(
        default_factory=list[str | BaseException | Callable[[LLMRequest], str]]
    )
    asked: list[LLMRequest] = field(default_factory=list[LLMRequest])
    provider: str = "scripted"
    model: str = "scripted-1"
    limits: Limits = field(default_factory=lambda: Limits(100_000, 10_000))

    def warm(self) -> None:
        """Have nothing to import."""

    async def aclose(self) -> None:
        """Have nothing to close."""

    async def answer(self, request: LLMRequest) -> LLMReply:
        self.asked.append(request)
        step = self.script.pop(0) if self.script else "{}"
        if isinstance(step, BaseException):
            raise step
        return LLMReply(step(request) if callable(step) else step, self.provider, self.model, self.model, "end")


class AnyPayload(JobPayload):
    """The payload of a test's own processor."""

    tenant_id: str = TENANT

    def scope(self) -> Scope:
        return Scope(self.tenant_id)


def processor(
    *,
    name: str = "test-job",
    ask: Callable[[Any, Any, Context], tuple[Call, ...]] = lambda p, f, c: (question(),),
    settle: Callable[[Any, Any, Replies, Context], Any] = lambda p, f, r, c: "settled",
    save: Callable[[Any, Any, Any, Tx], Any] | None = None,
    asks: bool = True,
) -> AnyProcessor:
    """Return a processor made of the given steps."""

    async def gather(payload: Any, ctx: Context, db: Connection) -> object:
        return None

    async def save_nothing(payload: Any, facts: Any, result: Any, tx: Tx) -> Saved:
        return Saved("result-1")

    return AnyProcessor("ai-jobs", name, AnyPayload, gather, ask, settle, save or save_nothing, asks)


def question(step: str = "q", *, required: bool = True, **inputs: JsonValue) -> LLMRequest:
    """Return a request to a model."""
    return LLMRequest(step, "test", inputs, {}, 100, required=required)


async def deliver_nothing(run_id: str) -> None:
    """Leave every message to the relay."""


def runtime(
    database: Database,
    *,
    llm: Any = None,
    processors: Sequence[AnyProcessor] = PROCESSORS,
    now: Callable[[], datetime] | None = None,
    deliver: Any = deliver_nothing,
) -> Runtime:
    """Wire a runtime on a test's database."""
    return Runtime(
        database=database,
        processors=processors,
        policies=POLICIES,
        models=dict.fromkeys(queues_of(processors), llm or OfflineModel()),
        deliver=deliver,
        now=now or Clock(),
        worker="test-worker",
    )


def honest(text: str) -> str:
    """Return a rewrite of a bullet that says nothing else, whatever it says: its words, with a period."""
    return f"{' '.join(text.split())}."


def processor_of(job: str) -> AnyProcessor:
    """Return the processor of a job."""
    (found,) = (each for each in PROCESSORS if each.name == job)
    return found


def queues_of(processors: Sequence[AnyProcessor]) -> list[str]:
    """Return the queues that processors serve."""
    return [each.queue for each in processors]


async def insert_example(database: Database, example: Example = EXAMPLE) -> None:
    """Insert the rows that the payloads of an example need."""
    async with database.transaction(example.tenant) as db:
        await examples.put(db, example)
