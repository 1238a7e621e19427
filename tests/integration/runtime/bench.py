"""A serving process in this one whose model is a real SDK on the wire fake, and what its tests look at."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, cast

import pytest
from bullmq import Job
from pydantic import SecretStr

from aiworker import embedded
from aiworker.envelope import from_milliseconds
from aiworker.runtime import daemon
from aiworker.runtime.servers import Servers
from aiworker.runtime.wiring import consumable
from aiworker.settings import load
from aiworker.testing.llm import FakeProviders, Seen
from aiworker.testing.llm.scenarios import Step
from aiworker.testing.llm.wire import Provider, as_object
from tests.e2e.daemon import SECRET, Site, opened_site
from tests.support.jobs import EXAMPLE, payload

MODELS: dict[Provider, str] = {"openai": "gpt-5.4-mini", "anthropic": "claude-sonnet-4-6"}
"""Models whose end is not announced: what these tests see does not depend on the day they run."""
BULLET = "Built a REST API in Spring Boot"
"""The beginning of a bullet of the example's resume."""


class _Promoted(Protocol):
    """Not in our stub of bullmq, because the product never promotes a job."""

    async def promote(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Left:
    """What a job left behind: in Redis, in its run, and in the rows beside it."""

    state: str
    made: int
    reason: str
    trace: str
    run: dict[str, Any]
    calls: list[dict[str, Any]]
    errors: list[dict[str, Any]]

    @property
    def code(self) -> str:
        return self.reason.partition(":")[0]

    @property
    def steps(self) -> list[tuple[str, str]]:
        return [(call["step"], call["stop_reason"]) for call in self.calls]


@dataclass(slots=True)
class Bench:
    """A site, the fake beside it, and which of its two providers the jobs ask."""

    site: Site
    fake: FakeProviders
    provider: Provider
    key_accepted: bool = True

    @property
    def model(self) -> str:
        return MODELS[self.provider]

    @property
    def asked(self) -> list[Seen]:
        return self.fake.requests

    def bodies(self) -> list[dict[str, Any]]:
        """Return what the fake was sent, oldest first."""
        return [as_object(seen.body) for seen in self.fake.requests]

    def caps(self) -> list[int]:
        """Return how long each answer was allowed to be."""
        name = "max_completion_tokens" if self.provider == "openai" else "max_tokens"
        return [body[name] for body in self.bodies()]

    @asynccontextmanager
    async def serving(self, **changes: object) -> AsyncGenerator[None]:
        """Serve the site's queue with the provider's SDK; `changes` are settings."""
        site = self.site
        url = self.fake.openai_url if self.provider == "openai" else self.fake.anthropic_url
        ours: dict[str, object] = {
            "llm_provider": self.provider,
            "llm_compatible": False,
            f"{self.provider}_api_key": self.fake.api_key,
            f"{self.provider}_base_url": url,
            f"{self.provider}_model": self.model,
            "queue_prefix": site.prefix,
            "core_api_internal_url": site.core_api.url,
            "core_api_internal_secret": SECRET,
        }
        settings = load(overrides=ours | changes)
        database, redis = site.variables["DATABASE_URL"], site.variables["REDIS_URL"]
        located = Servers(SecretStr(database), "DATABASE_URL", SecretStr(redis), "REDIS_URL", None)
        async with daemon.serving(settings, located, consumable(settings)) as running:
            await running.start()
            yield

    async def work(self, *steps: Step, ends: str, attempts: int = 3) -> Left:
        """Have one job meet these steps, one a request, and return what it left once it `ends` so."""
        self.fake.script(*steps)
        job = await self.site.add(payload(), attempts=attempts, backoff={"type": "fixed", "delay": 10})
        await self.site.reaches(job.id, ends)
        return await self.left(job.id)

    async def left(self, job: str) -> Left:
        """Return what a job has left so far."""
        told = await self.site.hash(job)
        (run,) = await self.site.rows("SELECT * FROM aiworker.runs WHERE job_id = $1", job)
        return Left(
            state=await self.site.state(job),
            made=int(told.get("atm", 0)),
            reason=told.get("failedReason", ""),
            trace=told.get("stacktrace", ""),
            run=run,
            calls=await self.site.rows(
                "SELECT * FROM aiworker.calls WHERE run_id = $1 ORDER BY created_at", run["run_id"]
            ),
            errors=await self.site.rows("SELECT * FROM aiworker.ai_job_errors WHERE run_id = $1", run["run_id"]),
        )

    async def comes_back(self, job: str) -> datetime:
        """Return when a delayed job is due."""
        score = await self.site.redis.zscore(self.site.queue.toKey("delayed"), job)
        assert score is not None
        return from_milliseconds(int(score) >> 12)

    async def promoted(self, job: str, *steps: Step, ends: str) -> Left:
        """Let a delayed job run now instead of when it is due."""
        self.fake.script(*steps)
        found = await Job.fromId(self.site.queue, job)
        await cast("_Promoted", found).promote()
        await self.site.reaches(job, ends)
        return await self.left(job)


@asynccontextmanager
async def opened_bench(
    directory: Path, database_url: str, servers: embedded.Servers, provider: Provider
) -> AsyncGenerator[Bench]:
    """Open a site and a fake for one provider."""
    async with opened_site(directory, database_url, servers.redis_url) as site, FakeProviders() as fake:
        yield Bench(site, fake, provider)


@pytest.fixture
async def openai(servers: embedded.Servers, database_url: str, tmp_path: Path) -> AsyncGenerator[Bench]:
    async with opened_bench(tmp_path, database_url, servers, "openai") as bench:
        yield bench


@pytest.fixture
async def anthropic(servers: embedded.Servers, database_url: str, tmp_path: Path) -> AsyncGenerator[Bench]:
    async with opened_bench(tmp_path, database_url, servers, "anthropic") as bench:
        yield bench
