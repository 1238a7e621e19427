"""One payload through the daemon's own path, without a queue: `run-job` and nothing else.

A dry run takes the same path inside a transaction that is rolled back, and sends nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiworker.envelope import Envelope
from aiworker.errors import AiworkerError, Cancel, Decided
from aiworker.processors import AnyProcessor
from aiworker.protocol import JsonValue
from aiworker.runtime import examples
from aiworker.runtime.examples import Example
from aiworker.runtime.execute import Runtime, execute
from aiworker.runtime.subjects import one_shot
from aiworker.runtime.wiring import utc_now, wired
from aiworker.settings import Settings
from aiworker.store import calls, outbox
from aiworker.store.database import Database, opened, rolled_back


@dataclass(frozen=True, slots=True)
class OneShot:
    """What came of one payload; `error` is None if it succeeded."""

    result: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    messages: list[dict[str, JsonValue]] = field(default_factory=list[dict[str, JsonValue]])
    usage: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    error: AiworkerError | None = None

    @property
    def writes(self) -> dict[str, JsonValue]:
        """How many rows went into each table."""
        rows = self.result.get("writes")
        return rows if isinstance(rows, dict) else {}

    def document(self, *, dry_run: bool) -> dict[str, JsonValue]:
        """Return the JSON document `run-job` prints."""
        error = self.error
        return {
            "status": "failed" if error else "dry-run" if dry_run else "succeeded",
            "result": self.result or None,
            "writes": self.writes,
            "callbacks": list(self.messages),
            "usage": self.usage,
            "error": None
            if error is None
            else {
                "kind": error.code,
                "message": error.message,
                "retryable": not isinstance(error.outcome(utc_now()), Cancel),
            },
        }


async def run_once(
    processor: AnyProcessor,
    data: str,
    settings: Settings,
    database_url: str,
    *,
    provider: str | None = None,
    dry_run: bool = False,
    example: Example | None = None,
) -> OneShot:
    """Run one payload under an identity of its own; `example` rows are put there first, in a dry run only."""
    envelope = one_shot(settings, processor.name, data)
    async with _database(database_url, dry_run=dry_run) as database:
        if example is not None and dry_run:
            async with database.transaction(example.tenant) as db:
                await examples.put(db, example)
        async with wired(settings, database, provider=provider, processors=[processor], silent=dry_run) as everything:
            return await _run(envelope, everything.runtime)


async def _run(envelope: Envelope, runtime: Runtime) -> OneShot:
    try:
        result = await execute(envelope, runtime)
    except AiworkerError as error:
        # The queue would try again; here nobody does, and the exit code says whether it would make sense.
        return OneShot(error=error.error if isinstance(error, Decided) else error)
    run_id, tenant = str(result["runId"]), str(result["tenantId"])
    async with runtime.database.transaction(tenant) as db:
        return OneShot(result, await outbox.of_run(db, run_id, tenant), await calls.usage(db, run_id, tenant))


@asynccontextmanager
async def _database(url: str, *, dry_run: bool) -> AsyncGenerator[Database]:
    async with rolled_back(url) if dry_run else opened(url) as database:
        yield database
