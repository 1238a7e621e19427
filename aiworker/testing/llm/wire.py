"""What passes between the ASGI application and the two providers: a request seen, an answer, a refusal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, cast
from urllib.parse import parse_qs

from aiworker.protocol import JsonValue
from aiworker.testing.server import Receive, Scope, Send

Provider = Literal["openai", "anthropic"]
JsonObject = dict[str, JsonValue]
Query = Mapping[str, tuple[str, ...]]

JSON = "application/json"
JSON_LINES = "application/x-jsonl"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came; header names are in lower case, `at` is virtual time."""

    provider: Provider
    method: str
    route: str
    model: str | None
    headers: Mapping[str, str]
    query: Query
    raw: bytes
    body: JsonValue
    at: datetime
    origin: str

    @property
    def object(self) -> JsonObject:
        """The body as an object; empty if it is none."""
        return as_object(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def json(cls, body: JsonValue, headers: Mapping[str, str] | None = None, *, status: int = 200) -> Answer:
        """Make an answer whose body is a JSON value."""
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return cls(status, content, {**(headers or {}), "content-type": JSON})


class Refused(Exception):
    """The provider answers with an error; `kind` and `code` are in the provider's own words."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.code = code
        self.param = param
        self.headers = headers or {}


def invalid(message: str, *, code: str | None = None, param: str | None = None) -> Refused:
    """Refuse a request that is wrong in itself."""
    return Refused(400, "invalid_request_error", message, code=code, param=param)


def as_object(value: JsonValue) -> JsonObject:
    """Return an object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: JsonValue) -> list[JsonValue]:
    """Return a list, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def as_text(value: JsonValue) -> str:
    """Return a string, or an empty one for anything else."""
    return value if isinstance(value, str) else ""


def as_count(value: JsonValue) -> int | None:
    """Return a whole number, or None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def parsed(content: bytes) -> JsonValue:
    """Return the JSON value in `content`, None if there is none."""
    try:
        return cast("JsonValue", json.loads(content))
    except ValueError:
        return None


async def read(scope: Scope, receive: Receive, at: datetime) -> Seen:
    """Read one request to its end."""
    raw_headers = cast("list[tuple[bytes, bytes]]", scope["headers"])
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw_headers}
    raw = b""
    while True:
        message = await receive()
        raw += cast("bytes", message.get("body", b""))
        if not message.get("more_body"):
            break
    body = parsed(raw)
    route = cast("str", scope["path"])
    return Seen(
        provider=_provider(route, headers),
        method=cast("str", scope["method"]),
        route=route,
        model=as_text(as_object(body).get("model")) or None,
        headers=headers,
        query=_query(cast("bytes", scope.get("query_string", b""))),
        raw=raw,
        body=body,
        at=at,
        origin=f"{scope['scheme']}://{headers.get('host', 'localhost')}",
    )


async def start(send: Send, answer: Answer) -> None:
    """Send status and headers."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
    headers.append((b"content-length", str(len(answer.content)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})


async def deliver(send: Send, answer: Answer) -> None:
    """Send a whole answer at once."""
    await start(send, answer)
    await send({"type": "http.response.body", "body": answer.content})


def _provider(route: str, headers: Mapping[str, str]) -> Provider:
    # Both have /v1/models; only Anthropic's clients send a version header.
    return "anthropic" if route.startswith("/v1/messages") or "anthropic-version" in headers else "openai"


def _query(raw: bytes) -> Query:
    # Anthropic's SDK writes lists as `name[]=`.
    found = parse_qs(raw.decode("latin-1"))
    return {name.removesuffix("[]"): tuple(values) for name, values in found.items()}
