"""The pool and its transactions. Everything that goes wrong between us and PostgreSQL becomes ours here.

`RolledBack` looks like a `Database` but keeps every transaction inside one that is never committed: dry runs
take the same path as real ones and leave nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from aiworker.errors import AiworkerError, ConfigurationError, ServiceUnreachable, TransientFault
from aiworker.protocol import Connection

T = TypeVar("T")

ACQUIRE_TIMEOUT = timedelta(seconds=10)
STATEMENT_TIMEOUT = timedelta(seconds=15)
CONNECT_TIMEOUT = timedelta(seconds=5)
TRANSACTION_TRIES = 3

SET_TENANT = "SELECT set_config('app.tenant_id', $1, true)"

IDLE_LIMIT = timedelta(seconds=30)
"""How long a transaction of ours may do nothing; a host that vanished in the middle of one holds its locks as long."""

BEGIN = """
BEGIN {mode}; SELECT set_config('app.tenant_id', convert_from(decode('{tenant}', 'hex'), 'UTF8'), true),
                     set_config('idle_in_transaction_session_timeout', '{idle_ms}', true)
"""
"""One round trip for all; hexadecimal digits are all that ever stands in the tenant's place."""


class Contention(TransientFault):
    """PostgreSQL gave up on a transaction because others were in the way."""

    code = "contention"


class Database:
    """A pool of connections, handed out as transactions bound to one tenant."""

    def __init__(self, pool: asyncpg.Pool, *, where: str) -> None:
        self._pool = pool
        self._where = where

    @asynccontextmanager
    async def transaction(self, tenant: str | None, *, readonly: bool = False) -> AsyncGenerator[Connection]:
        """Open a transaction in which row level security sees `tenant`."""
        async with self._borrowed() as connection:
            try:
                await connection.execute(_begin(tenant, readonly=readonly))
                yield connection
            except BaseException:
                await _roll_back(connection)
                raise
            await connection.execute("COMMIT")

    async def run(self, tenant: str | None, work: Callable[[Connection], Awaitable[T]], *, readonly: bool = False) -> T:
        """Run `work` in a transaction, again at most twice if PostgreSQL chose it as a deadlock's victim."""
        return await _again(lambda: self.transaction(tenant, readonly=readonly), work)

    async def read(self, tenant: str | None, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run `work` in a read-only transaction that is opened by its first query, if there is one."""
        return await _again(lambda: self._reader(tenant), work)

    async def run_one(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run `work`, ONE statement that sets its tenant itself, as a transaction of its own; as often as `run`."""
        return await _again(self._borrowed, work)

    @asynccontextmanager
    async def _reader(self, tenant: str | None) -> AsyncGenerator[Connection]:
        async with AsyncExitStack() as stack:
            yield _OnDemand(lambda: stack.enter_async_context(self.transaction(tenant, readonly=True)))

    @asynccontextmanager
    async def _borrowed(self) -> AsyncGenerator[PoolConnectionProxy]:
        with translated(self._where):
            try:
                async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT.total_seconds()) as connection:
                    yield connection
            except asyncpg.ReadOnlySQLTransactionError:
                # The server was demoted: the same address may lead to its successor.
                await self._pool.expire_connections()
                raise

    async def ping(self) -> None:
        """Ask for one row; raise ServiceUnreachable if PostgreSQL does not answer."""
        with translated(self._where):
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT.total_seconds()) as connection:
                await connection.fetchval("SELECT 1")

    async def close(self) -> None:
        """Close the pool, waiting a moment for connections still in use."""
        try:
            await asyncio.wait_for(self._pool.close(), CONNECT_TIMEOUT.total_seconds())
        except TimeoutError:
            self._pool.terminate()


class _OnDemand:
    """A connection that is not there until it is needed."""

    def __init__(self, opens: Callable[[], Awaitable[Connection]]) -> None:
        self._opens = opens
        self._opened: Connection | None = None

    async def _connection(self) -> Connection:
        if self._opened is None:
            self._opened = await self._opens()
        return self._opened

    async def execute(self, query: str, *args: Any) -> str:
        return await (await self._connection()).execute(query, *args)

    async def fetch(self, query: str, *args: Any) -> Sequence[Any]:
        return await (await self._connection()).fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return await (await self._connection()).fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await (await self._connection()).fetchval(query, *args)


async def _again(
    open_: Callable[[], AbstractAsyncContextManager[Connection]], work: Callable[[Connection], Awaitable[T]]
) -> T:
    for left in reversed(range(TRANSACTION_TRIES)):
        try:
            async with open_() as connection:
                return await work(connection)
        except Contention:
            if not left:
                raise
            await asyncio.sleep(random.uniform(0.005, 0.05))  # noqa: S311  spreads rivals, hides nothing
    raise AssertionError("unreachable")


def _begin(tenant: str | None, *, readonly: bool) -> str:
    mode, idle_ms = "READ ONLY" if readonly else "", IDLE_LIMIT // timedelta(milliseconds=1)
    return BEGIN.format(mode=mode, tenant=(tenant or "").encode().hex(), idle_ms=idle_ms)


async def _roll_back(connection: PoolConnectionProxy) -> None:
    """Leave the transaction; a connection on which that fails is closed, which ends the transaction as well."""
    is_left = False
    try:
        with suppress(asyncpg.PostgresError, *_UNREACHABLE):
            await connection.execute("ROLLBACK")
            is_left = True
    finally:
        if not is_left:
            # A connection that was lost is the pool's again already; its error must not take the place of ours.
            with suppress(asyncpg.InterfaceError):
                connection.terminate()


class RolledBack(Database):
    """One connection whose outer transaction is never committed."""

    def __init__(self, pool: asyncpg.Pool, connection: Connection, *, where: str) -> None:
        super().__init__(pool, where=where)
        self._connection = connection
        self._one_at_a_time = asyncio.Lock()

    async def run_one(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        return await self.run(None, work)

    @asynccontextmanager
    async def transaction(self, tenant: str | None, *, readonly: bool = False) -> AsyncGenerator[Connection]:
        async with self._one_at_a_time:
            with translated(self._where):
                await self._connection.execute("SAVEPOINT step")
                try:
                    await self._connection.execute(SET_TENANT, tenant or "")
                    yield self._connection
                except BaseException:
                    await self._connection.execute("ROLLBACK TO SAVEPOINT step")
                    raise
                await self._connection.execute("RELEASE SAVEPOINT step")


@asynccontextmanager
async def opened(url: str, *, size: int = 10) -> AsyncGenerator[Database]:
    """Open a pool on `url` and close it afterwards."""
    database = await connect(url, size=size)
    try:
        yield database
    finally:
        await database.close()


async def connect(url: str, *, size: int = 10) -> Database:
    """Open a pool on `url`; raise ServiceUnreachable if PostgreSQL does not answer in time."""
    where = address(url)
    with translated(where):
        async with asyncio.timeout(2 * CONNECT_TIMEOUT.total_seconds()):
            return Database(await _pool(url, size), where=where)


@asynccontextmanager
async def rolled_back(url: str) -> AsyncGenerator[RolledBack]:
    """Open a database on which nothing is ever committed."""
    where = address(url)
    with translated(where):
        async with _pool(url, 2) as pool, pool.acquire() as connection:
            outer = connection.transaction()
            await outer.start()
            try:
                yield RolledBack(pool, connection, where=where)
            finally:
                await outer.rollback()


def _pool(url: str, size: int) -> asyncpg.Pool:
    return asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        timeout=CONNECT_TIMEOUT.total_seconds(),
        command_timeout=STATEMENT_TIMEOUT.total_seconds(),
        server_settings={"application_name": "aiworker", "timezone": "UTC"},
        reset=_keep_as_it_is,
    )


async def _keep_as_it_is(connection: object) -> None:
    """Do nothing: all we set, lock or open ends with its transaction, and asyncpg's reset costs a round trip."""


def address(url: str) -> str:
    """Name the server in `url` without user or password."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname or 'local socket'}{f':{parts.port}' if parts.port else ''}{parts.path}"
    except ValueError:
        return "DATABASE_URL"


@contextmanager
def translated(where: str) -> Generator[None]:
    """Turn asyncpg's and the socket's errors into ours; the texts name the server, never a value."""
    try:
        yield
    except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
        raise Contention() from error
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as error:
        raise ConfigurationError(
            f"PostgreSQL at {where} refused the login ({type(error).__name__}).",
            remedy="check user, password and database name in DATABASE_URL",
        ) from error
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
        raise ConfigurationError(
            f"PostgreSQL at {where} lacks a table aiworker needs.",
            remedy="aiworker db migrate (add --platform where the platform's own tables are not there)",
        ) from error
    except asyncpg.ClientConfigurationError as error:
        raise ConfigurationError("DATABASE_URL is not a PostgreSQL URL.", remedy="postgresql://user@host/db") from error
    except (asyncpg.DuplicateTableError, asyncpg.InsufficientPrivilegeError) as error:
        raise ConfigurationError(
            f"PostgreSQL at {where} refused a statement: {error.args[0] if error.args else type(error).__name__}.",
            remedy="check the role's rights; --platform is for databases without the platform's own tables",
        ) from error
    except _UNREACHABLE as error:
        raise ServiceUnreachable(
            f"PostgreSQL unreachable at {where} ({type(error).__name__}).",
            remedy="start it, or correct DATABASE_URL (unset, a command with --embedded brings its own)",
        ) from error
    except _OF_THE_STATEMENT:
        raise
    except asyncpg.PostgresError as error:
        raise _unable(error, where) from error


def _unable(error: asyncpg.PostgresError, where: str) -> AiworkerError:
    """Return what to say of a server that answers and does not serve."""
    match error:
        case asyncpg.QueryCanceledError() | asyncpg.LockNotAvailableError():
            return TransientFault(f"PostgreSQL at {where} gave up on a statement ({type(error).__name__}).")
        case asyncpg.ReadOnlySQLTransactionError():
            remedy = "point DATABASE_URL at the primary, not at a standby"
            return ServiceUnreachable(f"PostgreSQL at {where} is read-only.", remedy=remedy)
        case _:
            remedy = "look into its log: disk, memory and connections are what it usually lacks"
            return ServiceUnreachable(f"PostgreSQL at {where} cannot serve ({type(error).__name__}).", remedy=remedy)


_OF_THE_STATEMENT = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.SyntaxOrAccessError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.FeatureNotSupportedError,
    asyncpg.exceptions.PLPGSQLError,
)
"""What is wrong with what we said; everything else is wrong with the server."""


_UNREACHABLE: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # After pg_terminate_backend, and no kin of the others.
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
)
