"""A site per test; a file that needs more rows in it overrides the fixture and asks for this one."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from aiworker import embedded
from tests.e2e.daemon import Site, opened_site


@pytest.fixture
async def site(servers: embedded.Servers, database_url: str, tmp_path: Path) -> AsyncGenerator[Site]:
    """Open a site with the example's rows in its database."""
    async with opened_site(tmp_path, database_url, servers.redis_url) as opened:
        yield opened
