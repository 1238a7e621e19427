"""A site at which jobs have failed, and what stands between a replay and its servers: a terminal, a dam."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from aiworker import embedded
from aiworker.store.database import Database, opened
from tests.e2e.daemon import LOADING, Done, Site, opened_site
from tests.integration.queue.room import Room
from tests.integration.runtime.failing import failed_jobs
from tests.support.environment import scrubbed

OF_JOB = "SELECT * FROM aiworker.runs WHERE job_id = $1 ORDER BY epoch"
AUDIT = "SELECT * FROM aiworker.audit ORDER BY audit_id"
NO_DATABASE = "postgresql://me:hunter2@127.0.0.1:1/nowhere"


@dataclass
class Desk:
    """A site at which jobs can be made to fail."""

    site: Site
    room: Room
    database: Database

    async def fail(self, *faults: BaseException | str, concurrency: int = 1) -> list[str]:
        return await failed_jobs(self.room, self.database, *faults, concurrency=concurrency)

    async def replay(self, *words: str, **variables: str) -> Done:
        return await self.site.run("replay-failed", *words, **variables)


@pytest.fixture
async def desk(servers: embedded.Servers, database_url: str, tmp_path: Path) -> AsyncGenerator[Desk]:
    async with (
        opened_site(tmp_path, database_url, servers.redis_url) as site,
        opened(database_url, size=5) as database,
    ):
        room = Room(servers.redis_url, site.prefix)
        try:
            yield Desk(site, room, database)
        finally:
            await room.leave()


@dataclass
class Dam:
    """A way to Redis that holds back everything from the first transaction on."""

    target: tuple[str, int]
    held: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(*self.target)
        back = asyncio.create_task(self._pump(inner_reader, writer, lambda chunk: False))
        try:
            await self._pump(reader, inner_writer, lambda chunk: b"MULTI" in chunk)
        finally:
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            for each in (writer, inner_writer):
                each.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_held: Callable[[bytes], bool]
    ) -> None:
        while chunk := await reader.read(65_536):
            if is_held(chunk):
                self.held.set()
                # Until the other side hangs up.
                while await reader.read(65_536):
                    pass
                return
            writer.write(chunk)
            await writer.drain()


@asynccontextmanager
async def dammed(url: str) -> AsyncGenerator[tuple[Dam, str]]:
    parts = urlsplit(url)
    dam = Dam((parts.hostname or "", parts.port or 6379))
    server = await asyncio.start_server(dam, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    credentials = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    try:
        yield dam, urlunsplit(parts._replace(netloc=f"{credentials}127.0.0.1:{port}"))
    finally:
        server.close()
        await server.wait_closed()


@dataclass
class Seat:
    """A person's terminal: what is typed goes in, what the command shows there comes out."""

    code: int
    out: str
    shown: str


async def seated(site: Site, *words: str, typed: str) -> Seat:
    """Run a command whose input and remarks are a terminal's; data goes into a pipe."""
    ours, theirs = pty.openpty()
    loop = asyncio.get_running_loop()
    shown = bytearray()

    def read() -> None:
        try:
            shown.extend(os.read(ours, 65_536))
        except OSError:
            loop.remove_reader(ours)

    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "aiworker", *words),
            stdin=theirs,
            stdout=PIPE,
            stderr=theirs,
            cwd=site.directory,
            env=scrubbed(site.directory, **site.variables, TERM="xterm", COLUMNS="100"),
        )
        os.close(theirs)
        loop.add_reader(ours, read)
        os.write(ours, typed.encode())
        try:
            async with asyncio.timeout(LOADING):
                out, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        return Seat(process.returncode, out.decode(), shown.decode(errors="replace"))
    finally:
        loop.remove_reader(ours)
        os.close(ours)
