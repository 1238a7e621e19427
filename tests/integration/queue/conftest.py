"""A real server of this suite's own, and a room full of workers that is emptied after each test."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from tests.integration.queue.room import Room
from tests.integration.queue.server import Server, running_server


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Run one server for the session; keys are kept apart by each test's prefix."""
    folder: Path = tmp_path_factory.mktemp("valkey")
    with running_server(folder) as server:
        yield server


@pytest.fixture
async def room(valkey: Server) -> AsyncGenerator[Room]:
    """Give the test a prefix of its own; workers it started are drained afterwards."""
    room = Room(valkey.url, prefix=f"t{uuid.uuid4().hex[:12]}")
    try:
        yield room
    finally:
        await room.leave()
