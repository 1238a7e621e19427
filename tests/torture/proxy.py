"""A TCP proxy that can go silent for a while, and then passes on what was said meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class Proxy:
    """Stands before Redis; while it hangs, no byte goes either way and nothing is closed."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 0
        self._password = parts.password
        self._passing = asyncio.Event()
        self._passing.set()
        self._links: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def hang(self) -> None:
        self._passing.clear()

    def heal(self) -> None:
        self._passing.set()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        link = asyncio.current_task()
        assert link is not None
        self._links.add(link)
        link.add_done_callback(self._links.discard)
        # A cancelled link must not reach the loop's exception handler through the server's own callback.
        with suppress(OSError, asyncio.CancelledError):
            try:
                there, out = await asyncio.open_connection(self._host, self._port)
                await asyncio.gather(self._pump(reader, out), self._pump(there, writer))
            finally:
                writer.close()

    async def close(self) -> None:
        """End every connection."""
        for link in list(self._links):
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while said := await source.read(65536):
                await self._passing.wait()
                sink.write(said)
                await sink.drain()
        except OSError:
            return
        finally:
            sink.close()


@asynccontextmanager
async def proxied(target: str) -> AsyncGenerator[Proxy]:
    """Run a proxy until the block ends."""
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.connect, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
