"""The wire fake of the model, with a meter: who asked for which job, when, and whether the answer costs money.

Every daemon asks under a path of its own, so that a paid answer can be held against what happened to that process.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import EchoMap, Step
from aiworker.testing.server import LoopbackServer, Message, Receive, Scope, Send

JOB = re.compile(r"t-\d{5}")
OK = 200


@dataclass(slots=True)
class Asked:
    """One request: `reply_id` only if the answer was good, which is what a provider bills; `gone` if nobody waited."""

    job: str
    daemon: str
    at: float
    until: float = 0.0
    status: int = 0
    reply_id: str | None = None
    gone: bool = False

    @property
    def is_good(self) -> bool:
        return self.reply_id is not None


@dataclass(frozen=True, slots=True)
class Play:
    """What becomes of one request: the step, after some seconds or once the event is set."""

    step: Step = field(default_factory=EchoMap)
    seconds: float = 0.0
    after: asyncio.Event | None = None


Script = Callable[[str, int], Play]
"""From the job and how often it was asked for before, to what happens."""


class Meter:
    """An ASGI application before the fake."""

    def __init__(self) -> None:
        self.fake = FakeProviders()
        self.asked: list[Asked] = []
        self.script: Script = lambda job, before: Play()
        self._before = Counter[str]()
        self._server = LoopbackServer(self._serve)

    def url_of(self, daemon: str) -> str:
        """Return the base URL under which this daemon asks."""
        return f"{self._server.url}/{daemon}/v1"

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[Meter]:
        """Serve until the block ends."""
        async with self._server:
            yield self

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        _, daemon, *rest = cast("str", scope["path"]).split("/")
        content = await _content(receive)
        found = JOB.search(content.decode("utf-8", "replace"))
        asked = Asked(found[0] if found else "?", daemon, time.time())
        self.asked.append(asked)
        play = self.script(asked.job, self._before[asked.job])
        self._before[asked.job] += 1
        gone = asyncio.ensure_future(receive())
        try:
            await _pause(play, gone)
            asked.gone = gone.done()
            await self._answer(asked, play, {**scope, "path": "/" + "/".join(rest)}, content, gone, send)
        finally:
            gone.cancel()

    async def _answer(
        self, asked: Asked, play: Play, scope: Scope, content: bytes, gone: asyncio.Future[Message], send: Send
    ) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                asked.status = message["status"]
                headers = dict(cast("list[tuple[bytes, bytes]]", message["headers"]))
                if asked.status == OK and isinstance(play.step, EchoMap):
                    asked.reply_id = headers[b"x-request-id"].decode()
            await send(message)

        # Nothing awaits between here and the moment the fake takes its step, so no other request can take it.
        self.fake.script(play.step)
        await self.fake.app(scope, _given(content, gone), watched)
        asked.until = time.time()


async def _pause(play: Play, gone: asyncio.Future[Message]) -> None:
    if play.after is not None:
        await play.after.wait()
    if play.seconds:
        await asyncio.wait({gone}, timeout=play.seconds)


async def _content(receive: Receive) -> bytes:
    content = b""
    while True:
        message = await receive()
        content += cast("bytes", message.get("body", b""))
        if not message.get("more_body"):
            return content


def _given(content: bytes, gone: asyncio.Future[Message]) -> Callable[[], Awaitable[Message]]:
    """Return a `receive` that gives what was read already, then what comes."""
    left: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> Message:
        return left.pop() if left else await asyncio.shield(gone)

    return receive
