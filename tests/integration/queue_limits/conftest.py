"""Workers on the run's own server, closed after each test."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from aiworker import embedded
from tests.integration.queue_limits.workers import Workers


@pytest.fixture
async def workers(servers: embedded.Servers) -> AsyncGenerator[Workers]:
    workers = Workers(servers.redis_url)
    yield workers
    for worker in workers.started:
        await worker.aclose()
