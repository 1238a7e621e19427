"""What a job does not pay for: the disk at its claim, a thread for a light step, a transaction that reads nothing."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from aiworker.processors import AnyProcessor
from aiworker.protocol import Call, Connection, Context, Replies
from aiworker.runtime.execute import execute
from aiworker.store.database import Database, opened
from tests.integration.runtime.rows import rows
from tests.support.jobs import TENANT, ScriptedModel, envelope, payload, processor, question, runtime

WATCH = (
    "CREATE TABLE written (id serial, what text, durable text)",
    """
    CREATE FUNCTION note_durability() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO written (what, durable)
        VALUES (TG_OP || ' ' || TG_TABLE_NAME, current_setting('synchronous_commit'));
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER note AFTER INSERT OR UPDATE ON aiworker.runs FOR EACH ROW EXECUTE FUNCTION note_durability()",
    "CREATE TRIGGER note AFTER INSERT OR UPDATE ON aiworker.calls FOR EACH ROW EXECUTE FUNCTION note_durability()",
)


def asking(**steps: Any) -> AnyProcessor:
    return processor(name="test-job", **steps)


def ask_nobody(payload: Any, facts: Any, ctx: Context) -> tuple[Call, ...]:
    return ()


async def durability(database_url: str, job: AnyProcessor) -> list[tuple[str, str]]:
    """Run a job as on a server that is not set up for tests; return each write with how it was committed."""
    async with opened(f"{database_url}&synchronous_commit=on") as database:
        async with database.transaction(None) as db:
            for statement in WATCH:
                await db.execute(statement)
        await execute(envelope(payload(), name="test-job"), runtime(database, llm=ScriptedModel(), processors=[job]))
        return [(row["what"], row["durable"]) for row in await rows(database, "SELECT * FROM written ORDER BY id")]


async def test_only_the_claim_of_a_job_that_asks_does_not_wait_for_the_disk(database_url: str) -> None:
    assert await durability(database_url, asking()) == [
        ("INSERT runs", "off"),
        ("INSERT calls", "on"),
        ("UPDATE runs", "on"),
    ]


async def test_a_job_in_one_transaction_waits_for_the_disk_with_all_of_it(database_url: str) -> None:
    assert await durability(database_url, asking(ask=ask_nobody, asks=False)) == [
        ("INSERT runs", "on"),
        ("UPDATE runs", "on"),
    ]


@pytest.mark.parametrize("is_light", [True, False])
async def test_only_light_steps_run_on_the_loops_own_thread(database: Database, is_light: bool) -> None:
    seen: list[bool] = []

    def ask(_payload: Any, _facts: Any, _ctx: Context) -> tuple[Call, ...]:
        seen.append(threading.current_thread() is threading.main_thread())
        return (question(),)

    def settle(_payload: Any, _facts: Any, _replies: Replies, _ctx: Context) -> str:
        seen.append(threading.current_thread() is threading.main_thread())
        return "settled"

    job = replace(asking(ask=ask, settle=settle), is_light=is_light)
    await execute(envelope(payload(), name="test-job"), runtime(database, llm=ScriptedModel(), processors=[job]))
    assert seen == [is_light, is_light]


async def test_reading_opens_one_transaction_at_the_first_query_and_none_without(database_url: str) -> None:
    where = "SELECT pg_backend_pid() || ' ' || pg_current_snapshot() || current_setting('app.tenant_id')"

    async def nothing(db: Connection) -> str:
        return "read nothing"

    async def twice(db: Connection) -> list[object]:
        return [await db.fetchval(where), (await db.fetchrow(where))[0], (await db.fetch(where))[0][0]]

    async def write(db: Connection) -> str:
        return await db.execute("DELETE FROM aiworker.audit WHERE tenant_id = 't'")

    async with opened(database_url, size=1) as small:
        async with small.transaction(TENANT):
            # The only connection is taken.
            assert await small.read(TENANT, nothing) == "read nothing"
        first, second, third = await small.read(TENANT, twice)
        assert first == second == third and str(first).endswith(TENANT)
        with pytest.raises(Exception, match="read-only"):
            await small.read(TENANT, write)
