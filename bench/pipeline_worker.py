"""The real runtime as `serve` wires it, with a model of the measure's own: `python -m bench.pipeline_worker <json>`.

Without a count of jobs it works until SIGTERM and prints a line for each job it starts.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop

from aiworker.envelope import Envelope, Scope
from aiworker.errors import JobFailed
from aiworker.llm.client import LLM
from aiworker.llm.offline import OfflineModel
from aiworker.processors import PROCESSORS, AnyProcessor
from aiworker.protocol import (
    Abort,
    Block,
    Call,
    Connection,
    Context,
    JobPayload,
    JsonValue,
    Limits,
    LLMReply,
    LLMRequest,
    Prompt,
    Saved,
    Tx,
)
from aiworker.runtime import daemon
from aiworker.runtime.supervisor import Supervisor
from aiworker.runtime.wiring import Wired, consumable, utc_now, wired
from aiworker.settings import Settings, load
from aiworker.store.database import opened
from aiworker.telemetry import logs
from bench.meter import Meter

QUEUE = "ai-jobs"
PROMPT = "A resume of many words. " * (100 * 1024 // 24)
"""100 KB."""


@dataclass(frozen=True, slots=True)
class Model:
    """Answers after `seconds`, or fails."""

    seconds: float
    fails: bool
    provider: str = "bench"
    model: str = "bench-1"
    limits: Limits = field(default_factory=lambda: Limits(1_000_000, 10_000))

    def warm(self) -> None:
        """Have nothing to import."""

    async def aclose(self) -> None:
        """Have nothing to close."""

    async def answer(self, request: LLMRequest) -> LLMReply:
        """Answer an empty object."""
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if self.fails:
            raise JobFailed("The measure wants every job to fail.")
        return LLMReply("{}", self.provider, self.model, self.model, "end")


class Payload(JobPayload):
    """Whose job it is."""

    tenant_id: str

    def scope(self) -> Scope:
        return Scope(self.tenant_id)


def processor(name: str, ask: Callable[[Any, Any, Context], tuple[Call, ...]], *, asks: bool = True) -> AnyProcessor:
    """Return a processor that does nothing but ask."""

    async def gather(payload: Any, ctx: Context, db: Connection) -> object:
        return None

    def settle(payload: Any, facts: Any, replies: Any, ctx: Context) -> object:
        return "settled"

    async def save(payload: Any, facts: Any, result: Any, tx: Tx) -> Saved:
        return Saved("result-1")

    return AnyProcessor(QUEUE, name, Payload, gather, ask, settle, save, asks, is_light=True)


def request(text: str) -> tuple[Call, ...]:
    prompt = Prompt("bench", "bench-1", (Block("text", "user", text),))
    return (LLMRequest("q", "bench", {"text": text}, {}, 100, prompt=prompt),)


OURS: Sequence[AnyProcessor] = (
    processor("bench-asks", lambda payload, facts, ctx: request("short")),
    processor("bench-asks-much", lambda payload, facts, ctx: request(PROMPT)),
    processor("bench-asks-nothing", lambda payload, facts, ctx: (), asks=False),
)


class Metered(Supervisor):
    """A supervisor that tells of each job's start and end."""

    meter: Meter | None = None

    async def _handle(self, envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        if self.meter is None:
            print(json.dumps({"job": envelope.job_id, "at": time.time()}), flush=True)
        try:
            return await super()._handle(envelope, abort)
        finally:
            if self.meter is not None:
                self.meter.count()


async def work(given: Mapping[str, Any]) -> None:
    """Serve as `aiworker serve` does."""
    settings = load(overrides=_settings(given))
    llm: LLM = OfflineModel() if given["offline"] else Model(given["model_ms"] / 1000, given["fails"])
    processors = PROCESSORS if given["offline"] else OURS
    async with (
        opened(given["database"], size=settings.database_pool_size) as database,
        wired(settings, database, processors=processors, redis_url=given["url"]) as everything,
    ):
        runtime = replace(everything.runtime, models={QUEUE: llm})
        await _serve(settings, Wired(runtime, everything.relay), given)


async def _serve(settings: Settings, everything: Wired, given: Mapping[str, Any]) -> None:
    chosen = consumable(settings, [QUEUE])
    supervisor = Metered(
        everything, chosen.policies, redis_url=given["url"], prefix=given["prefix"], provider="bench", now=utc_now
    )
    if not given["jobs"]:
        grace = timedelta(milliseconds=given["grace_ms"])
        with daemon.StopSignals() as stop:
            await supervisor.start()
            print("ready", flush=True)
            await daemon.until_stopped(supervisor, stop, grace, say=_say_nothing)
        return
    supervisor.meter = meter = Meter(given["warm"], given["jobs"], samples=given.get("samples", 0))
    try:
        await supervisor.start()
        print("ready", flush=True)
        await meter.done.wait()
        print(json.dumps(meter.result()), flush=True)
    finally:
        await supervisor.drain(timedelta(seconds=5))


def _settings(given: Mapping[str, Any]) -> dict[str, object]:
    return {
        "llm_provider": "offline",
        "queue_prefix": given["prefix"],
        "worker_concurrency": str(given["concurrency"]),
        "core_api_internal_url": given.get("core_api"),
        "core_api_internal_secret": given.get("secret"),
    }


def _say_nothing(text: str) -> None:
    return None


def main() -> None:
    """Work with the log written, because every job writes two lines of it."""
    with Path("/dev/null").open("w") as nowhere, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        logs.configure("json", nowhere)
        try:
            runner.run(work(json.loads(sys.argv[1])))
        finally:
            logs.shutdown()


if __name__ == "__main__":
    main()
