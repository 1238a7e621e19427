"""The only place that builds Redis clients.

A worker takes two of them and never shares them: closing a BullMQ worker closes its clients. `socket_timeout`
stays None there, because redis-py's default of 5 s races BullMQ's wait for a job and makes idle workers seconds late.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Coroutine, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Protocol, cast
from urllib.parse import urlsplit

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from aiworker.errors import AiworkerError, ConfigurationError, ServiceUnreachable, TransientFault

MINIMUM_VERSION: Final = (6, 2)
SAFE_EVICTION: Final = "noeviction"
CONNECT_TIMEOUT: Final = 5.0
HEALTH_CHECK_SECONDS: Final = 15
MAX_CONNECTIONS: Final = 1_000
WORKER_TRIES: Final = 150
"""Some minutes: a small cap on the wait and a long budget keep results through an outage and deliver them at once."""
REMEDY: Final = "start Redis or Valkey there, or set REDIS_URL (unset, a command with --embedded brings its own)"
RETRIED: Final = [BusyLoadingError, RedisConnectionError, RedisTimeoutError]


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What a Redis or Valkey server says about itself; `version` is the product's own."""

    address: str
    version: str
    is_valkey: bool
    maxmemory_policy: str

    @property
    def keeps_jobs(self) -> bool:
        """Whether the server refuses writes when memory is full instead of dropping jobs."""
        return self.maxmemory_policy == SAFE_EVICTION


def command_client(url: str) -> Redis:
    """Return the pooled client a worker sends its scripts through."""
    return _client(url, _worker_options())


def blocking_client(url: str, *, queue: str, worker_name: str, prefix: str = "bull") -> Redis:
    """Return the client a worker waits for jobs on; it alone carries the name by which Node lists workers."""
    return _client(url, _worker_options() | {"client_name": client_name(queue, worker_name, prefix=prefix)})


def short_client(url: str) -> Redis:
    """Return the client of commands and pages: it fails within seconds instead of hanging."""
    return _client(url, _options(socket_timeout=5.0, tries=3))


def client_name(queue: str, worker_name: str, *, prefix: str = "bull") -> str:
    """Return the connection name that Node's BullMQ and Bull Board look for."""
    encoded = base64.b64encode(queue.encode()).decode("ascii")
    return f"{prefix}:{encoded}:w:{'-'.join(worker_name.split())}"


def address_of(url: str) -> str:
    """Return `host:port` of a Redis URL, never its credentials."""
    try:
        parts = urlsplit(url)
        port = parts.port or 6379
    except ValueError:
        raise _bad_url() from None
    if parts.scheme == "unix":
        return parts.path
    return f"{parts.hostname or 'localhost'}:{port}"


def check(url: str, *, timeout: float = 2.0) -> Coroutine[None, None, ServerInfo]:
    """Ask the server who it is, within `timeout` seconds.

    Raises ServiceUnreachable when nobody answers, ConfigurationError when the server refuses us or is too old.
    """
    return _check(url, timeout)


async def _check(url: str, seconds: float) -> ServerInfo:
    client = _client(url, _options(socket_timeout=seconds, tries=0))
    address = address_of(url)
    try:
        async with asyncio.timeout(seconds):
            with reaching(url):
                info = await _info(client)
    except TimeoutError:
        raise ServiceUnreachable(f"Redis at {address} did not answer within {seconds:g} s.", remedy=REMEDY) from None
    finally:
        await client.aclose()
    return server_info(info, address)


async def _info(server: _Informant) -> Mapping[str, object]:
    return await server.info()


def server_info(info: Mapping[str, object], address: str) -> ServerInfo:
    """Read the answer to INFO; ConfigurationError if the server is too old for BullMQ."""
    spoken = str(info.get("redis_version", "0"))
    own = info.get("valkey_version")
    if _numbers(spoken) < MINIMUM_VERSION:
        wanted = ".".join(str(part) for part in MINIMUM_VERSION)
        raise ConfigurationError(
            f"Redis at {address} is version {spoken}; BullMQ needs {wanted} or later.",
            code="redis_too_old",
            remedy="Upgrade the server, or point REDIS_URL at another one.",
        )
    return ServerInfo(
        address=address,
        version=str(own or spoken),
        is_valkey=own is not None or info.get("server_name") == "valkey",
        maxmemory_policy=str(info.get("maxmemory_policy", "unknown")),
    )


def reaching(url: str) -> AbstractContextManager[None]:
    """Translate redis-py's errors inside the block into ours, naming the address and never the credentials."""
    return _Reaching(address_of(url))


class _Informant(Protocol):
    """The one command `check` needs; redis-py leaves its parameters untyped."""

    def info(self) -> Awaitable[Mapping[str, object]]: ...


class _Pools(Protocol):
    """The one constructor we need; redis-py leaves its parameters untyped."""

    def from_url(self, url: str, *, max_connections: int) -> ConnectionPool: ...


class _Reaching(AbstractContextManager[None]):
    def __init__(self, address: str) -> None:
        self._address = address

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        if isinstance(error, RedisError):
            raise _translated(error, self._address) from None
        return False


def _translated(error: RedisError, address: str) -> AiworkerError:
    if isinstance(error, AuthenticationError | NoPermissionError):
        return ConfigurationError(
            f"Redis at {address} refuses the user or password it was given.",
            code="redis_auth",
            remedy="Correct the credentials in REDIS_URL.",
        )
    if isinstance(error, BusyLoadingError):
        return ServiceUnreachable(f"Redis at {address} is still loading its data.", remedy="Try again in a moment.")
    if isinstance(error, RedisTimeoutError):
        return ServiceUnreachable(f"Redis at {address} did not answer in time.", remedy=REMEDY)
    if isinstance(error, ResponseError):
        return TransientFault(f"Redis at {address} refused a command ({type(error).__name__}).", code="redis_refused")
    return ServiceUnreachable(f"Redis is unreachable at {address} ({_cause(error)}).", remedy=REMEDY)


def _cause(error: BaseException) -> str:
    known = {111: "connection refused", 61: "connection refused", 113: "no route to host"}
    under = error.__cause__ or error.__context__
    return known.get(under.errno or 0, "not reachable") if isinstance(under, OSError) else "connection failed"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _worker_options() -> dict[str, object]:
    return _options(socket_timeout=None, tries=WORKER_TRIES)


def _options(*, socket_timeout: float | None, tries: int) -> dict[str, object]:
    connect_timeout = CONNECT_TIMEOUT if socket_timeout is None else min(CONNECT_TIMEOUT, socket_timeout)
    return {
        "decode_responses": True,
        # A job whose data is not UTF-8 must be readable enough to be refused; an error here would loop for ever.
        "encoding_errors": "surrogateescape",
        "socket_timeout": socket_timeout,
        "socket_connect_timeout": connect_timeout,
        "socket_keepalive": True,
        "health_check_interval": HEALTH_CHECK_SECONDS,
        "retry": Retry(ExponentialWithJitterBackoff(base=0.1, cap=2.0), tries),
        "retry_on_error": RETRIED if tries else [],
    }


def _client(url: str, options: Mapping[str, object]) -> Redis:
    try:
        pool = cast("_Pools", ConnectionPool).from_url(url, max_connections=MAX_CONNECTIONS)
    except ValueError:
        raise _bad_url() from None
    # Ours win over options in the URL: `?socket_timeout=5` there would bring the late idle worker back.
    pool.connection_kwargs.update(options)
    return Redis.from_pool(pool)


def _bad_url() -> ConfigurationError:
    return ConfigurationError(
        "REDIS_URL is not a Redis URL.", code="redis_url", remedy="Write it as redis://[user:password@]host:port[/db]."
    )
