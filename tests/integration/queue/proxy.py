"""A TCP proxy before the server, which holds answers back, swallows one, or goes silent without closing anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(slots=True)
class Link:
    """One connection through the proxy."""

    inward: asyncio.StreamWriter
    outward: asyncio.StreamWriter
    is_silent: bool = False
    heard: bytes = b""
    swallows_next: bool = False

    def close(self) -> None:
        self.inward.close()
        self.outward.close()


@dataclass(slots=True)
class Proxy:
    """Where clients connect instead, and what happens to what they say."""

    target: str
    port: int = 0
    links: list[Link] = field(default_factory=list[Link])
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    bait: bytes | None = None
    cue: bytes | None = None
    swallowed: int = 0
    is_away: bool = False

    @property
    def url(self) -> str:
        parts = urlsplit(self.target)
        return f"redis://:{parts.password}@127.0.0.1:{self.port}"

    def hold_answers(self) -> None:
        """Let nothing of the server's through until `release`."""
        self.answers.clear()

    def release(self) -> None:
        self.answers.set()

    def swallow_answer_to(self, bait: bytes) -> None:
        """Cut the connection instead of passing on the answer to the next command that holds `bait`."""
        self.bait = bait

    def fall_silent_at(self, cue: bytes) -> None:
        """Have the connection that next sends a command with `cue` in it fall silent, and no other."""
        self.cue = cue

    def silence(self, last_heard: bytes = b"") -> int:
        """Pass nothing on any more on the open connections whose last command holds that, and close none of them.

        New ones work. Returns how many fell silent.
        """
        silenced = [link for link in self.links if last_heard in link.heard and not link.outward.is_closing()]
        for link in silenced:
            link.is_silent = True
        return len(silenced)

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(self.target)
        there, out = await asyncio.open_connection(parts.hostname, parts.port)
        link = Link(writer, out, is_silent=self.is_away)
        self.links.append(link)
        await asyncio.gather(self._ask(reader, link), self._answer(there, link))

    async def _ask(self, reader: asyncio.StreamReader, link: Link) -> None:
        with suppress(OSError):
            while said := await reader.read(65536):
                link.heard = said
                if self.bait is not None and self.bait in said:
                    self.bait = None
                    link.swallows_next = True
                if self.cue is not None and self.cue in said:
                    self.cue = None
                    link.is_silent = True
                if not link.is_silent:
                    link.outward.write(said)
        link.close()

    async def _answer(self, reader: asyncio.StreamReader, link: Link) -> None:
        with suppress(OSError):
            while said := await reader.read(65536):
                if link.swallows_next:
                    self.swallowed += 1
                    break
                await self.answers.wait()
                if not link.is_silent:
                    link.inward.write(said)
        link.close()


@asynccontextmanager
async def proxied(target: str) -> AsyncGenerator[Proxy]:
    """Run a proxy until the block ends."""
    proxy = Proxy(target)
    proxy.release()
    server = await asyncio.start_server(proxy.connect, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.release()
        for link in proxy.links:
            link.close()
