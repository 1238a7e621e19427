"""A core-api that takes our callbacks as strictly as the real one, and fails when told to."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, Self, cast

from aiworker.protocol import JsonValue
from aiworker.testing.server import LoopbackServer, Receive, Scope, Send

Answer = int | Literal["timeout", "reset"]

COMPLETE = "/internal/ai-jobs/complete"
IN_APP = "/internal/notifications/in-app"
FIELDS: Mapping[str, frozenset[str]] = {
    COMPLETE: frozenset({"jobId", "jobType", "tenantId", "resultId"}),
    IN_APP: frozenset({"jobId", "jobType", "tenantId", "studentId", "resultId"}),
}
"""Every path there is, with the exact fields of its body; all of them are strings."""
OK = 200


@dataclass(frozen=True, slots=True)
class Received:
    """One well-formed request with the right secret, whatever was answered; header names are in lower case."""

    path: str
    body: Mapping[str, JsonValue]
    headers: Mapping[str, str]
    at: datetime
    answer: Answer = OK


@dataclass(frozen=True, slots=True)
class Refused:
    """One request that the real core-api would not take either."""

    path: str
    status: int
    reason: str


class FakeCoreApi:
    """`async with FakeCoreApi(secret="...") as api:` serves at `api.url` and keeps what it received."""

    def __init__(self, *, secret: str) -> None:
        self._secret = secret.encode()
        self._server = LoopbackServer(self._serve)
        self._scripts: dict[str | None, deque[Answer]] = {}
        self._closing = asyncio.Event()
        self._arrival = asyncio.Condition()
        self.received: list[Received] = []
        self.refused: list[Refused] = []

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def unique(self) -> list[Received]:
        """The first request of each Idempotency-Key; a request without one counts by itself."""
        first: dict[object, Received] = {}
        for request in self.received:
            first.setdefault(request.headers.get("idempotency-key", id(request)), request)
        return list(first.values())

    def script(self, path: str | None, answers: Iterable[Answer]) -> None:
        """Answer the next requests to `path` (None: to any path) like this, in order; afterwards 200 again."""
        self._scripts.setdefault(path, deque()).extend(answers)

    async def wait_for(self, count: int, seconds: float = 10.0) -> list[Received]:
        """Return what was received once it is `count` requests; TimeoutError says what came instead."""
        try:
            async with asyncio.timeout(seconds), self._arrival:
                await self._arrival.wait_for(lambda: len(self.received) >= count)
        except TimeoutError:
            raise TimeoutError(
                f"{len(self.received)} of {count} requests within {seconds} s; refused: {self.refused}"
            ) from None
        return list(self.received)

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        await self._server.__aexit__(kind, error, trace)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = cast("str", scope["path"])
        raw_headers = cast("list[tuple[bytes, bytes]]", scope["headers"])
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw_headers}
        content = await _content(receive)
        body = self._checked(cast("str", scope["method"]), path, headers, content)
        if isinstance(body, Refused):
            self.refused.append(body)
            await _answer(send, body.status, {"error": body.reason})
            return
        answer = self._next_answer(path)
        async with self._arrival:
            self.received.append(Received(path, body, headers, datetime.now(UTC), answer))
            self._arrival.notify_all()
        match answer:
            case "timeout":
                await self._hang(receive)
                self._server.reset(scope)
            case "reset":
                self._server.reset(scope)
            case int():
                await _answer(send, answer, {"status": answer})
                return
        await receive()

    def _checked(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes
    ) -> dict[str, JsonValue] | Refused:
        given = headers.get("x-internal-secret", "").encode("latin-1")
        if not hmac.compare_digest(given, self._secret):
            return Refused(path, 401, "missing or wrong x-internal-secret")
        if path not in FIELDS:
            return Refused(path, 404, "no such path")
        if method != "POST":
            return Refused(path, 405, "POST only")
        body = _object(content)
        if body is None or not headers.get("content-type", "").startswith("application/json"):
            return Refused(path, 422, "not a JSON object")
        if body.keys() != FIELDS[path]:
            return Refused(path, 422, f"missing or extra fields: {sorted(body.keys() ^ FIELDS[path])}")
        wrong = sorted(name for name, value in body.items() if not isinstance(value, str))
        return Refused(path, 422, f"not strings: {wrong}") if wrong else body

    def _next_answer(self, path: str) -> Answer:
        for key in (path, None):
            if script := self._scripts.get(key):
                return script.popleft()
        return OK

    async def _hang(self, receive: Receive) -> None:
        """Answer nothing until the client gives up or the server closes."""
        closing = asyncio.create_task(self._closing.wait())
        gone = asyncio.ensure_future(receive())
        await asyncio.wait({closing, gone}, return_when=asyncio.FIRST_COMPLETED)
        closing.cancel()
        gone.cancel()


async def _content(receive: Receive) -> bytes:
    content = b""
    while True:
        message = await receive()
        content += cast("bytes", message.get("body", b""))
        if not message.get("more_body"):
            return content


def _object(content: bytes) -> dict[str, JsonValue] | None:
    try:
        value = cast("JsonValue", json.loads(content))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


async def _answer(send: Send, status: int, body: Mapping[str, JsonValue]) -> None:
    content = b"" if status == 204 or status == 304 else json.dumps(dict(body)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers if content else []})
    await send({"type": "http.response.body", "body": content})
