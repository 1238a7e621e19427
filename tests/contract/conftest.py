"""The queue suite's server and room, and a whole site of ours, for jobs that cross between Node and Python."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from aiworker import embedded
from tests.contract.node_bullmq import require_node
from tests.e2e.daemon import Site, opened_site
from tests.integration.queue.conftest import room, valkey
from tests.integration.queue.room import Room

__all__ = ["room", "valkey"]


@pytest.fixture
async def site(servers: embedded.Servers, database_url: str, tmp_path: Path) -> AsyncGenerator[Site]:
    require_node()
    async with opened_site(tmp_path, database_url, servers.redis_url) as site:
        yield site


@pytest.fixture
async def node_room(site: Site) -> AsyncGenerator[Room]:
    """Point Node's script at the site's corner of Redis."""
    room = Room(site.variables["REDIS_URL"], site.prefix)
    yield room
    await room.leave()
