"""The fake itself: takes requests for both providers, plays what was scripted, and keeps what it saw.

In process a request has no time limit of its own; timeouts, resets and drips are real only on loopback.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self

from aiworker.testing.llm.anthropic import GENERATES as MESSAGES
from aiworker.testing.llm.anthropic import Anthropic
from aiworker.testing.llm.clock import VirtualClock
from aiworker.testing.llm.faults import bad_key, fault, html_page
from aiworker.testing.llm.limits import Limits
from aiworker.testing.llm.models import Model
from aiworker.testing.llm.openai import GENERATES as COMPLETIONS
from aiworker.testing.llm.openai import OpenAI
from aiworker.testing.llm.questions import Count
from aiworker.testing.llm.scenarios import (
    NAMED,
    BadJson,
    Content,
    Delay,
    Drip,
    Entry,
    Fault,
    Hang,
    Reset,
    ServerError,
    Step,
    WrongShape,
)
from aiworker.testing.llm.wire import JSON, Answer, Provider, Refused, Seen, deliver, invalid, read, start
from aiworker.testing.llm.world import World, quarter
from aiworker.testing.server import LOOPBACK, LoopbackServer, Receive, Scope, Send

KEY = "sk-test-0000000000000000"
SCENARIO = "x-fake-scenario"
GENERATES = MESSAGES | COMPLETIONS


class FakeProviders:
    """`async with FakeProviders() as fake:` serves on loopback; `fake.app` serves in process."""

    def __init__(self, *, api_key: str = KEY, clock: VirtualClock | None = None, count: Count | None = None) -> None:
        self.api_key = api_key
        self.clock = clock or VirtualClock()
        self.requests: list[Seen] = []
        self._world = World(self.clock, count or quarter, self._next_step, Limits(self.clock))
        self._providers = {"openai": OpenAI(self._world), "anthropic": Anthropic(self._world)}
        self._entries: list[Entry] = []
        self._default: Step | None = None
        self._quoted = ""
        self._server = LoopbackServer(self.app)
        self._closing = asyncio.Event()
        self._arrival = asyncio.Condition()

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def openai_url(self) -> str:
        """The base URL for OpenAI's SDK."""
        return f"{self.url}/v1"

    @property
    def anthropic_url(self) -> str:
        """The base URL for Anthropic's SDK."""
        return self.url

    @property
    def unplayed(self) -> list[Step]:
        """Scripted steps that no request has taken yet."""
        return [entry.step for entry in self._entries]

    def script(
        self, *steps: Step, provider: Provider | None = None, model: str | None = None, route: str | None = None
    ) -> None:
        """Play these steps, in order, to the next requests that match; without a route, to those that ask a model."""
        self._entries += [Entry(step, provider, model, route) for step in steps]

    def default(self, step: Step | None) -> None:
        """Play this when no script is left; None: an answer made from the schema, or plain text."""
        self._default = step

    def obey(self, on: bool = True) -> None:
        """Do what the data in a request says, as a model without any defence would."""
        self._world.obeying = on

    def quote(self, text: str) -> None:
        """Let every refusal repeat this text, as providers repeat parts of a prompt or a key."""
        self._quoted = text

    def batches_take(self, span: timedelta) -> None:
        """Set how long the work of a new batch takes, in virtual time; beyond 24 hours it expires."""
        self._world.batch_takes = span

    def serve_model(self, model: Model) -> None:
        """Serve this model too, or instead of one of the same name."""
        self._world.catalogue.add(model)

    async def wait_for(self, count: int, seconds: float = 10.0) -> list[Seen]:
        """Return the requests once there are `count` of them."""
        try:
            async with asyncio.timeout(seconds), self._arrival:
                await self._arrival.wait_for(lambda: len(self.requests) >= count)
        except TimeoutError:
            raise TimeoutError(f"{len(self.requests)} of {count} requests within {seconds} s") from None
        return list(self.requests)

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        await self._server.__aexit__(kind, error, trace)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        seen = await read(scope, receive, self.clock.now())
        async with self._arrival:
            self.requests.append(seen)
            self._arrival.notify_all()
        try:
            step = self._step_for(seen)
        except Refused as refused:
            await deliver(send, self._refusal(seen, refused))
            return
        await self._play(step, seen, scope, receive, send)

    async def _play(self, step: Step | None, seen: Seen, scope: Scope, receive: Receive, send: Send) -> None:
        while isinstance(step, Delay):
            await self._pause(step.span.total_seconds())
            step = step.then
        match step:
            case Hang():
                await self._until_gone(receive)
                await self._reset(scope, receive)
            case Reset():
                await self._reset(scope, receive)
            case Drip(pause, chunks, then):
                await self._drip(send, self._answer(seen, then), pause, chunks)
            case _:
                await deliver(send, self._answer(seen, step))

    def _step_for(self, seen: Seen) -> Step | None:
        self._check_key(seen)
        if (wanted := seen.headers.get(SCENARIO)) is not None:
            if wanted not in NAMED:
                raise invalid(f"{SCENARIO}: {wanted} is not one of {', '.join(NAMED)}")
            return NAMED[wanted]
        return self._next_step(seen.provider, seen.model, seen.route)

    def _next_step(self, provider: Provider, model: str | None, route: str) -> Step | None:
        asks = route in GENERATES
        for at, entry in enumerate(self._entries):
            if entry.fits(provider, model, route, asks=asks):
                return self._entries.pop(at).step
        return self._default if asks else None

    def _check_key(self, seen: Seen) -> None:
        bearer = seen.headers.get("authorization", "").removeprefix("Bearer ")
        given = (seen.headers.get("x-api-key") or bearer) if seen.provider == "anthropic" else bearer
        if not hmac.compare_digest(given.encode(), self.api_key.encode()):
            raise bad_key(seen.provider, given)
        if seen.provider == "anthropic" and "anthropic-version" not in seen.headers:
            raise invalid("anthropic-version: header is required")

    def _answer(self, seen: Seen, step: Step | None) -> Answer:
        provider = self._providers[seen.provider]
        match step:
            case BadJson(content):
                return Answer(200, content.encode(), {**provider.headers(seen.model or ""), "content-type": JSON})
            case WrongShape(body):
                return Answer.json(body, provider.headers(seen.model or ""))
            case ServerError(html=True):
                return html_page(step)
            case _:
                pass
        try:
            if isinstance(step, Fault):
                raise fault(seen.provider, step, seen.model or "")
            return provider.answer(seen, step if isinstance(step, Content) else None)
        except Refused as refused:
            return self._refusal(seen, refused)

    def _refusal(self, seen: Seen, refused: Refused) -> Answer:
        if self._quoted:
            refused.message = f"{refused.message} {self._quoted}"
        return self._providers[seen.provider].error(refused, seen.model)

    async def _drip(self, send: Send, answer: Answer, pause: float, chunks: int) -> None:
        await start(send, answer)
        for piece in _pieces(answer.content, chunks):
            if await self._pause(pause):
                return
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _pause(self, seconds: float) -> bool:
        """Wait in real time; say whether the server closes meanwhile."""
        try:
            async with asyncio.timeout(seconds):
                return await self._closing.wait()
        except TimeoutError:
            return False

    async def _until_gone(self, receive: Receive) -> None:
        closing = asyncio.create_task(self._closing.wait())
        gone = asyncio.ensure_future(receive())
        try:
            await asyncio.wait({closing, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            closing.cancel()
            gone.cancel()

    async def _reset(self, scope: Scope, receive: Receive) -> None:
        if self._server.port == 0 or scope["server"] != (LOOPBACK, self._server.port):
            raise ConnectionResetError("the fake broke the connection")
        self._server.reset(scope)
        # Returning before the server has noticed would be logged as an answer forgotten.
        await receive()


def _pieces(content: bytes, count: int) -> Sequence[bytes]:
    size = max(-(-len(content) // count), 1)
    return [content[at : at + size] for at in range(0, len(content), size)]
