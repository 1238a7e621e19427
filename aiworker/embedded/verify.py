"""See with real clients that both servers answer: the one place outside `store` and `queue` that connects."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlsplit

from aiworker.embedded.state import Servers

_PATIENCE = 5.0


class _Client(Protocol):
    """The typed part of a Redis client that we use."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def ping(self) -> Awaitable[bool]: ...


def verify(servers: Servers) -> None:
    """Open and close one connection to each server; raise what the client raises."""
    failures: list[Exception] = []

    def look() -> None:
        try:
            asyncio.run(_look(servers))
        except Exception as error:  # noqa: BLE001 - handed to the caller's thread
            failures.append(error)

    # A thread of its own: the caller's may have a running loop, where asyncio.run is refused.
    thread = threading.Thread(target=look, name="embedded-verify")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


async def _look(servers: Servers) -> None:
    import asyncpg

    connection = await asyncpg.connect(servers.database_url, timeout=_PATIENCE)
    try:
        await connection.execute("select 1", timeout=_PATIENCE)
    finally:
        await connection.close(timeout=_PATIENCE)
    async with _client(servers.redis_url) as client:
        await client.ping()


def _client(url: str) -> _Client:
    import redis.asyncio

    place = urlsplit(url)
    return redis.asyncio.Redis(
        host=place.hostname or "",
        port=place.port or 0,
        password=place.password,
        socket_timeout=_PATIENCE,
        socket_connect_timeout=_PATIENCE,
    )
