from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import httpx
import pytest

from aiworker.protocol import JsonValue
from aiworker.runtime.health import Report
from aiworker.web.health import create_app


@dataclass
class Source:
    alive: Report = field(default_factory=lambda: Report(True, {"loop": "ok"}))
    prepared: Report = field(default_factory=lambda: Report(True, {"redis": "ok", "postgres": "ok"}))
    fault: Exception | None = None

    def health(self) -> Mapping[str, JsonValue]:
        return {"status": "ok", "worker_active": True, "llm_provider": "offline"}

    def live(self) -> Report:
        return self.alive

    async def ready(self) -> Report:
        if self.fault:
            raise self.fault
        return self.prepared


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
async def client(source: Source) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(source), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://health") as opened:
        yield opened


async def test_health_answers_exactly_what_the_document_says(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "worker_active": True, "llm_provider": "offline"}


@pytest.mark.parametrize("path", ["/health", "/live", "/ready"])
async def test_probes_that_only_look_at_the_head_are_answered(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.head(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


async def test_a_ready_worker_says_what_was_checked(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ready")
    assert answer.json() == {"status": "ok", "checks": {"redis": "ok", "postgres": "ok"}}


async def test_a_worker_that_is_not_ready_answers_503_with_reasons(client: httpx.AsyncClient, source: Source) -> None:
    source.prepared = Report(False, {"redis": "ok", "draining": "3 jobs running"})
    answer = await client.get("/ready")
    assert answer.status_code == 503
    assert answer.json() == {"status": "failing", "checks": {"redis": "ok", "draining": "3 jobs running"}}


async def test_a_stuck_worker_answers_503_on_live(client: httpx.AsyncClient, source: Source) -> None:
    source.alive = Report(False, {"consumption": "nothing picked up for 90 s"})
    assert (await client.get("/live")).status_code == 503
    assert (await client.get("/health")).status_code == 200


async def test_a_check_that_breaks_counts_as_not_ready_and_tells_no_text(
    client: httpx.AsyncClient, source: Source
) -> None:
    source.fault = RuntimeError("redis://:canary@redis")
    answer = await client.get("/ready")
    assert answer.status_code == 500
    assert "canary" not in answer.text


@pytest.mark.parametrize("path", ["/", "/docs", "/redoc", "/openapi.json", "/metrics", "/health/"])
async def test_there_is_no_other_page(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code in {307, 404}
    assert answer.status_code == 404 or answer.headers["location"].endswith("/health")


async def test_nothing_can_be_changed_through_it(client: httpx.AsyncClient) -> None:
    assert (await client.post("/health")).status_code == 405
