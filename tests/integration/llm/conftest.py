"""One fake for both providers, and an HTTP client that reaches it in process or over loopback."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from httpx2 import AsyncClient

from aiworker.testing.llm import FakeProviders
from tests.support.providers import in_process, on_loopback


@pytest.fixture
def fake() -> FakeProviders:
    return FakeProviders()


@pytest.fixture
async def http(request: pytest.FixtureRequest, fake: FakeProviders) -> AsyncGenerator[AsyncClient]:
    """Reach the fake without a socket, or, as the parameter says, over loopback."""
    if getattr(request, "param", "in process") == "in process":
        async with in_process(fake) as client:
            yield client
    else:
        async with fake, on_loopback() as client:
            yield client
