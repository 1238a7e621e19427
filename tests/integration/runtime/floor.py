"""A serving process in this one, over a real queue and database, and what its tests look at."""

from __future__ import annotations

import asyncio
import io
import json
import uuid
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from aiworker import embedded
from aiworker.llm import client
from aiworker.protocol import LLMReply, LLMRequest
from aiworker.queue.producer import JobOptions, JobStatus, NewJob, Producer
from aiworker.runtime import daemon
from aiworker.runtime.servers import Servers
from aiworker.runtime.supervisor import Supervisor
from aiworker.runtime.wiring import consumable
from aiworker.settings import Settings, load
from aiworker.store.database import Database
from aiworker.telemetry import logs
from aiworker.testing.core_api import FakeCoreApi
from tests.support.environment import scrub
from tests.support.jobs import REWRITTEN, ScriptedModel, insert_example, payload

JOB = "rewrite-resume"
QUEUE = "ai-jobs"
SECRET = "supervisor-test-secret"
GRACE = timedelta(seconds=10)
ONCE = JobOptions(attempts=1)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scrub(monkeypatch, tmp_path)


@pytest.fixture
def log() -> Generator[Callable[[], list[dict[str, Any]]]]:
    """Write logs as `serve` does and read them back; reading ends the writing."""
    stream = io.StringIO()
    logs.configure("json", stream)

    def lines() -> list[dict[str, Any]]:
        logs.shutdown()
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    yield lines
    logs.shutdown()


@dataclass
class Floor:
    """Where a test serves: its servers, its settings, and a producer to add jobs with."""

    servers: Servers
    settings: Settings
    producer: Producer

    def tell(self, core_api: FakeCoreApi) -> None:
        """Send callbacks to this core-api."""
        told = {"core_api_internal_url": core_api.url, "core_api_internal_secret": SECRET}
        self.settings = load(overrides={"llm_provider": "offline", "queue_prefix": self.settings.queue_prefix, **told})

    @asynccontextmanager
    async def wired(self) -> AsyncGenerator[Supervisor]:
        """Wire a supervisor that the test starts."""
        async with daemon.serving(self.settings, self.servers, consumable(self.settings)) as ready:
            yield ready

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[Supervisor]:
        """Start what `serve` starts."""
        async with self.wired() as running:
            await running.start()
            yield running

    async def add(self, data: object = None, options: JobOptions | None = None) -> str:
        job = NewJob(JOB, json.dumps(payload() if data is None else data), options or JobOptions())
        return await self.producer.add(QUEUE, job)

    async def ended(self, job: str) -> JobStatus:
        return [status async for status in self.producer.watch(QUEUE, job, 15.0)][-1]


@pytest.fixture
async def floor(servers: embedded.Servers, database_url: str, database: Database) -> AsyncGenerator[Floor]:
    await insert_example(database)
    located = Servers(SecretStr(database_url), "DATABASE_URL", SecretStr(servers.redis_url), "REDIS_URL", None)
    prefix = f"t{uuid.uuid4().hex[:12]}"
    async with Producer(servers.redis_url, prefix=prefix) as producer:
        yield Floor(located, load(overrides={"llm_provider": "offline", "queue_prefix": prefix}), producer)


@dataclass
class Hanging(ScriptedModel):
    """A model that answers when it is allowed to."""

    was_asked: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: LLMRequest) -> LLMReply:
        self.was_asked.set()
        await self.may_answer.wait()
        return await super().answer(request)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Hanging:
    """Have every runtime ask this model."""
    hanging = Hanging([REWRITTEN])

    def build(settings: Settings, provider: str, **options: object) -> Hanging:
        return hanging

    monkeypatch.setattr(client, "build", build)
    return hanging
