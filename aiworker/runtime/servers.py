"""Which database and which Redis a command works with, in one place for all commands.

A side whose address is set is never embedded, and nothing is started unless `embedded` asks for it. Addresses from
settings are handed out as they are: whether somebody answers there is found out by whoever connects.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from aiworker import embedded as embedded_servers
from aiworker.errors import ServiceUnreachable
from aiworker.settings import REDIS_PARTS, Settings

DEFAULT_REDIS_URL = "redis://localhost:6379/0"


@dataclass(frozen=True, slots=True)
class Servers:
    """The addresses to use and where each came from; a side that is not needed is None, its origin empty."""

    database_url: SecretStr | None
    database_origin: str
    redis_url: SecretStr | None
    redis_origin: str
    lease: embedded_servers.Lease | None

    @property
    def database(self) -> str:
        """The database's address in plain text; only for whoever asked `locate` for a database."""
        assert self.database_url is not None
        return self.database_url.get_secret_value()

    @property
    def redis(self) -> str:
        """The Redis address in plain text; only for whoever asked `locate` for Redis."""
        assert self.redis_url is not None
        return self.redis_url.get_secret_value()


@dataclass(frozen=True, slots=True)
class _Side:
    url: SecretStr | None
    origin: str


NOT_NEEDED = _Side(None, "")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


@contextmanager
def locate(
    settings: Settings,
    *,
    embedded: bool = False,
    need_database: bool,
    need_redis: bool,
    say: Callable[[str], None] = _say,
) -> Generator[Servers]:
    """Find the servers and hold the embedded ones inside the block. Blocks: in an event loop use `located`.

    Raises ServiceUnreachable if a database is needed and there is none.
    """
    database = _configured_database(settings) if need_database else NOT_NEEDED
    redis = _configured_redis(settings) if need_redis else NOT_NEEDED
    lease = _lease(settings, embedded=embedded, say=say) if database is None or redis is None else None
    try:
        database = database or _leased_database(lease)
        redis = redis or _leased_redis(lease)
        yield Servers(database.url, database.origin, redis.url, redis.origin, lease)
    finally:
        if lease is not None:
            lease.close()


@asynccontextmanager
async def located(
    settings: Settings,
    *,
    embedded: bool = False,
    need_database: bool,
    need_redis: bool,
    say: Callable[[str], None] = _say,
) -> AsyncGenerator[Servers]:
    """Do what `locate` does without holding up the event loop."""
    finding = locate(settings, embedded=embedded, need_database=need_database, need_redis=need_redis, say=say)
    servers = await asyncio.to_thread(finding.__enter__)
    try:
        yield servers
    finally:
        finding.__exit__(None, None, None)


@asynccontextmanager
async def bundled(settings: Settings) -> AsyncGenerator[Servers]:
    """Start or join the bundled servers, whatever addresses are set; for demonstrations."""
    lease = await asyncio.to_thread(embedded_servers.start, settings.aiworker_data_dir)
    with lease:
        database, redis = _leased_database(lease), _leased_redis(lease)
        yield Servers(database.url, database.origin, redis.url, redis.origin, lease)


def _lease(settings: Settings, *, embedded: bool, say: Callable[[str], None]) -> embedded_servers.Lease | None:
    if not embedded:
        return embedded_servers.join(settings.aiworker_data_dir)
    lease = embedded_servers.start(settings.aiworker_data_dir)
    done = "started" if lease.servers.started_here else "joined"
    say(f"embedded servers {done} in {lease.servers.seconds:.1f} s (their data is disposable: aiworker embedded reset)")
    return lease


def _configured_database(settings: Settings) -> _Side | None:
    return _Side(settings.database_url, "DATABASE_URL") if settings.database_url else None


def _configured_redis(settings: Settings) -> _Side | None:
    url = settings.redis_url()
    if url is None:
        return None
    names = ["redis_url"] if settings.redis_dsn else [n for n in REDIS_PARTS if n in settings.model_fields_set]
    return _Side(url, ", ".join(name.upper() for name in names))


def _leased_database(lease: embedded_servers.Lease | None) -> _Side:
    if lease is None:
        raise ServiceUnreachable(
            "There is no PostgreSQL to work with: DATABASE_URL is not set and no embedded instance runs.",
            remedy="set DATABASE_URL, or start the bundled servers with a command that takes --embedded "
            "(aiworker run-job, serve or demo; needs: pip install 'aiworker[embedded]')",
        )
    return _Side(SecretStr(lease.servers.database_url), "embedded")


def _leased_redis(lease: embedded_servers.Lease | None) -> _Side:
    if lease is None:
        return _Side(SecretStr(DEFAULT_REDIS_URL), "localhost:6379 (default)")
    return _Side(SecretStr(lease.servers.redis_url), "embedded")
