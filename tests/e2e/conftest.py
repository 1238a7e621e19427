"""A site per test; a file that needs more rows in it overrides the fixture and asks for this one."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from aiworker import embedded
from tests.e2e.daemon import Site, opened_site

SECONDS = 90
"""The limit of a test that starts processes, each of which may take `LOADING`; other tests have the project's own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder their limit, unless they have one of their own."""
    for item in items:
        if Path(__file__).parent in item.path.parents and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture
async def site(servers: embedded.Servers, database_url: str, tmp_path: Path) -> AsyncGenerator[Site]:
    """Open a site with the example's rows in its database."""
    async with opened_site(tmp_path, database_url, servers.redis_url) as opened:
        yield opened
