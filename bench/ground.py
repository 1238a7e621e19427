"""The servers of a run: one Valkey for bare workers, and both embedded servers for the full pipeline."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from aiworker import embedded
from aiworker.store.database import opened
from tests.integration.queue.server import running_server
from tests.support import databases
from tests.support.jobs import insert_example

FLOOR_TABLE = "CREATE TABLE bench_floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL)"


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the full pipeline runs; the database is durable, as in production."""

    database: str
    url: str


@contextmanager
def valkey() -> Generator[str]:
    """Run a Valkey without persistence and return its address."""
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder)) as server:
        yield server.url


@contextmanager
def _servers() -> Generator[embedded.Servers]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "servers"
        try:
            with embedded.start(place) as lease:
                yield lease.servers
        finally:
            embedded.stop(place)


@asynccontextmanager
async def ground() -> AsyncGenerator[Ground]:
    """Run both servers, with a migrated database that holds the example's rows and the floor's table."""
    with _servers() as servers:
        template = await databases.build_template(servers.database_url)
        async with databases.copy_of(template, servers.database_url) as url:
            connection = await asyncpg.connect(url)
            await connection.execute(FLOOR_TABLE)
            await connection.close()
            async with opened(url, size=1) as database:
                await insert_example(database)
            yield Ground(url, servers.redis_url)
