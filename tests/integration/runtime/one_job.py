"""Runs of single jobs whose model is a real SDK on the wire fake, in process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from httpx2 import AsyncClient

from aiworker.envelope import Envelope
from aiworker.errors import Decided
from aiworker.protocol import JsonValue
from aiworker.runtime.execute import Runtime, execute
from aiworker.store.database import Database
from aiworker.testing.llm import FakeProviders, VirtualClock
from tests.integration.runtime.rows import rows
from tests.support.doors import asking
from tests.support.jobs import NOW, Clock, envelope, insert_example
from tests.support.jobs import runtime as wire_runtime
from tests.support.providers import in_process

CALLS = "SELECT * FROM aiworker.calls ORDER BY created_at, length(step)"


@dataclass
class OneJob:
    """A fake, a database, a clock, and a runtime whose model is one of the fake's."""

    fake: FakeProviders
    http: AsyncClient
    database: Database
    clock: Clock

    def runtime(self, provider: str, **more: Any) -> Runtime:
        return wire_runtime(self.database, llm=asking(self.fake, provider, self.http, **more), now=self.clock)

    async def work(self, provider: str, job: Envelope | None = None, **more: Any) -> dict[str, JsonValue]:
        return await execute(job or envelope(), self.runtime(provider, **more))

    async def fails(self, provider: str, job: Envelope | None = None) -> Decided:
        with pytest.raises(Decided) as raised:
            await self.work(provider, job)
        return raised.value

    async def calls(self) -> list[dict[str, Any]]:
        return await rows(self.database, CALLS)

    async def steps(self) -> list[tuple[str, str]]:
        return [(call["step"], call["stop_reason"]) for call in await self.calls()]

    def bodies(self) -> list[dict[str, JsonValue]]:
        return [seen.object for seen in self.fake.requests]


@pytest.fixture
async def one(database: Database) -> AsyncGenerator[OneJob]:
    fake = FakeProviders(clock=VirtualClock(NOW))
    await insert_example(database)
    async with in_process(fake) as http:
        yield OneJob(fake, http, database, Clock())


def cap(body: Mapping[str, JsonValue]) -> JsonValue:
    return body.get("max_completion_tokens") or body["max_tokens"]


def without_cap(body: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: value for name, value in body.items() if name not in ("max_completion_tokens", "max_tokens")}


def asked_ids(body: Mapping[str, Any]) -> list[str]:
    """Return the ids of the schema, in either provider's place."""
    form = body.get("response_format", {}).get("json_schema") or body["output_config"]["format"]
    return list(form["schema"]["properties"])
