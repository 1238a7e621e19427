"""Every statement of the store is accepted by a real PostgreSQL, and names its tenant."""

from __future__ import annotations

import re

import asyncpg
import pytest

from tests.support import tables
from tests.support.statements import STATEMENTS

NAMED = re.compile(r"tenant_id (=|IS NOT DISTINCT FROM) \$\d|INSERT INTO [^;]*\btenant_id\b")
BY_IDENTITY = {
    *("runs.LATEST", "runs.CLAIM", "runs.NEW_EPOCH", "outbox.LEASE_DUE", "outbox.LEASE_OF_RUN"),
    # Replays and previews find a run as the queue does; what runs cost on average is told without whose they were.
    *("replays.STANDING", "replays.SUPERSEDE", "calls.MEAN_COST"),
    # Housekeeping for every tenant: what nobody works on any more, texts past their day, holds of dead workers.
    *("stale.UNFINISHED", "calls.PURGE", "budgets.EXPIRE"),
    "alerts.PURGE",
}
"""A run is found by its queue identity, which no tenant can choose; messages leave for every tenant."""
A_NUMBER = {"runs.LATEST_EPOCH"}
"""What tells nothing of anybody: which epoch a job in the queue would have."""


def test_all_statements_are_found() -> None:
    assert len(STATEMENTS) >= 25
    assert {"runs.CLAIM", "calls.CHECKPOINT", "platform.INSERT_VARIANT"} <= STATEMENTS.keys()


@pytest.mark.parametrize("name", STATEMENTS)
async def test_statement_can_be_prepared(name: str, database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.prepare(STATEMENTS[name])
    finally:
        await connection.close()


async def test_every_statement_on_a_table_of_tenants_names_the_tenant(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        of_tenants = await tables.with_column(connection, "tenant_id")
    finally:
        await connection.close()
    assert {"runs", "calls", "guarded_runs", "students", "resumes", "budget_holds"} <= set(of_tenants)
    touches = re.compile(rf"\b({'|'.join(of_tenants)})\b")
    nameless = {name for name, sql in STATEMENTS.items() if touches.search(sql) and not NAMED.search(sql)}
    assert nameless - BY_IDENTITY - A_NUMBER == set()
    assert {name for name in BY_IDENTITY if "tenant_id" not in STATEMENTS[name]} == set()
