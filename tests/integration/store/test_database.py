"""The pool: tenant setting, translated errors, retried deadlocks, and a database that never commits."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta

import asyncpg
import pytest

from aiworker.errors import AiworkerError, ConfigurationError, ServiceUnreachable, TransientFault
from aiworker.protocol import Connection
from aiworker.store.database import (
    Contention,
    Database,
    address,
    connect,
    opened,
    rolled_back,
    translated,
)
from tests.integration.queue.room import eventually


async def test_the_tenant_is_set_inside_a_transaction_and_gone_after_it(database: Database) -> None:
    query = "SELECT current_setting('app.tenant_id', true)"
    async with database.transaction("t-1") as db:
        assert await db.fetchval(query) == "t-1"
    async with database.transaction(None) as db:
        assert await db.fetchval(query) == ""


async def test_a_readonly_transaction_refuses_to_write(database: Database) -> None:
    with pytest.raises(Exception, match="read-only"):
        async with database.transaction("t-1", readonly=True) as db:
            await db.execute("DELETE FROM aiworker.audit WHERE tenant_id = 't-1'")


async def test_a_refused_connection_names_the_server_but_no_password() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(ServiceUnreachable) as raised:
        await connect(f"postgresql://worker:hunter2@127.0.0.1:{port}/app")
    assert f"127.0.0.1:{port}/app" in raised.value.message
    assert "hunter2" not in f"{raised.value} {raised.value.remedy}"


async def test_a_database_that_does_not_exist_is_a_configuration_error(database_url: str) -> None:
    with pytest.raises(ConfigurationError, match="refused the login"):
        await connect(database_url.replace("/test_", "/missing_"))


async def test_a_missing_table_names_the_migration_command(database: Database) -> None:
    with pytest.raises(ConfigurationError) as raised:
        async with database.transaction(None) as db:
            await db.execute("SELECT 1 FROM no_such_table")
    assert "aiworker db migrate" in str(raised.value.remedy)


async def test_a_terminated_backend_is_unreachable_and_the_next_connection_is_good(database: Database) -> None:
    with pytest.raises(ServiceUnreachable):
        async with database.transaction(None) as db:
            await db.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    await database.ping()


async def test_a_transaction_that_does_nothing_for_long_is_ended_by_the_server(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiworker.store.database.IDLE_LIMIT", timedelta(milliseconds=50))
    lock = "SELECT pg_try_advisory_xact_lock(417)"

    async def is_free() -> object:
        async with database.transaction(None) as db:
            return await db.fetchval(lock)

    with pytest.raises(ServiceUnreachable):
        async with database.transaction(None) as vanished:
            assert await vanished.fetchval(lock)
            await eventually(is_free, "its lock is everybody's")
            await vanished.fetchval(lock)


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (asyncpg.ReadOnlySQLTransactionError, ServiceUnreachable),
        (asyncpg.DiskFullError, ServiceUnreachable),
        (asyncpg.OutOfMemoryError, ServiceUnreachable),
        (asyncpg.InternalServerError, ServiceUnreachable),
        (asyncpg.QueryCanceledError, TransientFault),
        (asyncpg.CheckViolationError, asyncpg.CheckViolationError),
        (asyncpg.StringDataRightTruncationError, asyncpg.StringDataRightTruncationError),
    ],
)
def test_a_server_that_cannot_serve_is_unreachable_and_a_wrong_statement_is_not(
    error: type[Exception], ours: type[Exception]
) -> None:
    with pytest.raises(ours), translated("db:5432"):
        raise error("a text with a value in it")


async def test_a_server_that_turned_read_only_is_connected_to_anew(database_url: str) -> None:
    pid = "SELECT pg_backend_pid()"
    async with opened(database_url, size=1) as database:
        async with database.transaction(None) as db:
            before = await db.fetchval(pid)
        with pytest.raises(ServiceUnreachable, match="read-only"):
            async with database.transaction(None, readonly=True) as db:
                await db.execute("DELETE FROM aiworker.audit")
        async with database.transaction(None) as db:
            assert await db.fetchval(pid) != before


async def test_a_deadlock_is_retried_in_place(database: Database) -> None:
    both_hold = asyncio.Barrier(2)
    rounds = 0

    async def locks(first: int, second: int) -> str:
        nonlocal rounds

        async def work(db: Connection) -> str:
            nonlocal rounds
            rounds += 1
            await db.execute("SELECT pg_advisory_xact_lock($1)", first)
            if rounds <= 2:
                await both_hold.wait()
            await db.execute("SELECT pg_advisory_xact_lock($1)", second)
            return "done"

        return await database.run(None, work)

    assert await asyncio.gather(locks(1, 2), locks(2, 1)) == ["done", "done"]
    assert rounds == 3


async def test_contention_that_does_not_end_is_raised(database: Database) -> None:
    tries = 0

    async def work(db: Connection) -> None:
        nonlocal tries
        tries += 1
        raise Contention()

    with pytest.raises(Contention):
        await database.run(None, work)
    assert tries == 3


async def test_nothing_is_left_of_a_rolled_back_database(database: Database, database_url: str) -> None:
    async with rolled_back(database_url) as dry:
        async with dry.transaction("t-1") as db:
            await db.execute("INSERT INTO aiworker.audit (actor, action, tenant_id) VALUES ('a', 'b', 't-1')")
        async with dry.transaction("t-1") as db:
            assert await db.fetchval("SELECT count(*) FROM aiworker.audit WHERE tenant_id = 't-1'") == 1
    async with database.transaction("t-1") as db:
        assert await db.fetchval("SELECT count(*) FROM aiworker.audit WHERE tenant_id = 't-1'") == 0


async def test_a_failed_step_of_a_rolled_back_database_leaves_the_others_usable(database_url: str) -> None:
    async with rolled_back(database_url) as dry:
        with pytest.raises(AiworkerError):
            async with dry.transaction(None) as db:
                await db.execute("SELECT 1 FROM no_such_table")
        async with dry.transaction(None) as db:
            assert await db.fetchval("SELECT 1") == 1


async def test_a_pool_that_is_used_up_says_so_instead_of_waiting_for_ever(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    monkeypatch.setattr("aiworker.store.database.ACQUIRE_TIMEOUT", timedelta(milliseconds=50))
    async with opened(database_url, size=1) as small, small.transaction(None):
        with pytest.raises(ServiceUnreachable):
            async with small.transaction(None):
                pass


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:pw@db:5432/app", "db:5432/app"),
        ("postgresql://aiworker@/postgres?host=somewhere", "local socket/postgres"),
        ("postgresql://[broken", "DATABASE_URL"),
    ],
)
def test_an_address_never_shows_credentials(url: str, shown: str) -> None:
    assert address(url) == shown


async def test_a_client_that_lost_its_server_in_mid_protocol_counts_as_unreachable(database: Database) -> None:
    async def lose(db: Connection) -> None:
        raise asyncpg.InternalClientError("got result for unknown protocol state")

    with pytest.raises(ServiceUnreachable):
        await database.run(None, lose)


@pytest.mark.parametrize(
    "tenant", ["'; DROP TABLE aiworker.runs; --", "Ünïversität \\ 大学", "$1", "{tenant}", "a" * 5_000]
)
async def test_a_tenants_name_is_only_ever_a_name(database: Database, tenant: str) -> None:
    async with database.transaction(tenant) as db:
        assert await db.fetchval("SELECT current_setting('app.tenant_id')") == tenant


async def test_a_cancelled_transaction_leaves_nothing_on_its_connection(database_url: str) -> None:
    async with opened(database_url, size=1) as small:
        began = asyncio.Event()

        async def hang(db: Connection) -> None:
            await db.execute("INSERT INTO aiworker.audit (actor, action, tenant_id) VALUES ('a', 'b', 't-1')")
            began.set()
            await db.execute("SELECT pg_sleep(60)")

        task = asyncio.create_task(small.run("t-1", hang))
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with small.transaction(None) as db:
            assert await db.fetchval("SELECT current_setting('app.tenant_id', true)") == ""
            assert await db.fetchval("SELECT count(*) FROM aiworker.audit WHERE tenant_id = 't-1'") == 0


async def test_leaving_a_transaction_whose_connection_is_gone_says_nothing_of_its_own(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction("t-1") as db:
            with pytest.raises(asyncpg.PostgresError):
                await db.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            raise ZeroDivisionError
    await database.ping()


async def test_an_error_inside_a_transaction_is_told_as_it_is_and_rolled_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction("t-1") as db:
            await db.execute("INSERT INTO aiworker.audit (actor, action, tenant_id) VALUES ('a', 'b', 't-1')")
            raise ZeroDivisionError
    async with database.transaction("t-1") as db:
        assert await db.fetchval("SELECT count(*) FROM aiworker.audit WHERE tenant_id = 't-1'") == 0


async def test_one_statement_alone_is_a_transaction_in_which_nothing_of_the_last_tenant_is_left(
    database_url: str,
) -> None:
    query = "SELECT coalesce(nullif(current_setting('app.tenant_id', true), ''), 'nobody')"
    async with opened(database_url, size=1) as small:
        async with small.transaction("t-1"):
            pass
        assert await small.run_one(lambda db: db.fetchval(query)) == "nobody"
