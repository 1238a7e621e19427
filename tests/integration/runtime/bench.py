"""A serving process in this one whose model is a real SDK on the wire fake, and what its tests look at."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
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
from tests.support.jobs import payload

BOTH: tuple[Provider, ...] = ("openai", "anthropic")
MODELS: dict[Provider, str] = {"openai": "gpt-5.4-mini", "anthropic": "claude-sonnet-4-6"}
"""Models whose end is not announced: what these tests see does not depend on the day they run."""
PATIENCE = 20.0
ANSWERED = "Ostrivane"
"""A word that the fake's broken answers hold, so that they can be looked for."""
PRIVATE = (
    *("Ananya Velankar", "ananya.velankar@", "Kaveri Ledger", "settlement report scripts", "8051 and VHDL"),
    *("Palash Pay", "18,000 small shops", "Improved: ", ANSWERED, SECRET),
)
"""Words of the example's student, resume and vacancy, of the answers, and a secret: none may get into log or Redis."""


class _Promoted(Protocol):
    """Not in our stub of bullmq, because the product never promotes a job."""

    async def promote(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Row:
    """What happens on the wire, the error code it becomes, and with whom it can happen."""

    name: str
    step: Step
    code: str
    wait: float = 0
    only: Provider | None = None


def table(rows: Iterable[Row]) -> pytest.MarkDecorator:
    """Return the parameters of both providers' tables."""
    cases = [
        pytest.param(provider, row, id=f"{provider}-{row.name}")
        for provider in BOTH
        for row in rows
        if row.only in (None, provider)
    ]
    return pytest.mark.parametrize(("bench", "row"), cases, indirect=["bench"])


def for_both() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("bench", BOTH, indirect=True)


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
    read_log: Callable[[], list[dict[str, Any]]]
    _lines: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

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

    def told(self, *events: str) -> list[dict[str, Any]]:
        """Return the log lines of these events, or all; after the first call nothing is logged any more."""
        self._lines = self._lines or self.read_log()
        return [line for line in self._lines if not events or line["event"] in events]

    async def leaks(self) -> list[str]:
        """Return which private words stand in the log or in Redis, each job's own data apart."""
        text = json.dumps(self.told(), ensure_ascii=False) + await self.site.text_in_redis()
        return [word for word in (*PRIVATE, self.fake.api_key) if word in text]

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
        await self.site.reaches(job.id, ends, within=PATIENCE)
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
        await self.site.forget_limits()
        found = await Job.fromId(self.site.queue, job)
        await cast("_Promoted", found).promote()
        await self.site.reaches(job, ends, within=PATIENCE)
        return await self.left(job)


@pytest.fixture
async def bench(
    request: pytest.FixtureRequest,
    servers: embedded.Servers,
    database_url: str,
    tmp_path: Path,
    log: Callable[[], list[dict[str, Any]]],
) -> AsyncGenerator[Bench]:
    """Open a site and the fake for the provider that the test's parameter names; afterwards nothing has leaked."""
    site_context, fake = opened_site(tmp_path, database_url, servers.redis_url), FakeProviders()
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(site_context)
        bench = Bench(site, await stack.enter_async_context(fake), request.param, log)
        yield bench
        leaks, left_over = await bench.leaks(), fake.unplayed
        # Each server takes its time to close: together, because there are many tests.
        stack.pop_all()
        await asyncio.gather(fake.__aexit__(None, None, None), site_context.__aexit__(None, None, None))
    assert left_over == []
    assert leaks == []
