"""Every statement of the store is accepted by a real PostgreSQL, and names its tenant."""

from __future__ import annotations

import importlib
import pkgutil
import re

import asyncpg
import pytest

from aiworker import store

SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")
TENANT_TABLES = re.compile(
    r"\b(runs|calls|outbox|ai_job_errors|audit|resume_rewrites|students|resumes|jobs|applications|offers|questions"
    r"|session_recordings|session_event_log|budget_days|budget_holds|alerts|resume_suggestions"
    r"|student_ai_summaries|analytics_summaries|guard_findings|guarded_runs)\b"
)
BY_IDENTITY = {
    *("runs.LATEST", "runs.CLAIM", "runs.NEW_EPOCH", "outbox.LEASE_DUE", "outbox.LEASE_OF_RUN"),
    # Replays and previews find a run as the queue does; what runs cost on average is told without whose they were.
    *("replays.STANDING", "replays.SUPERSEDE", "calls.MEAN_COST"),
    # Housekeeping for every tenant: what nobody works on any more, texts past their day, holds of dead workers.
    *("stale.UNFINISHED", "calls.PURGE", "budgets.EXPIRE"),
    "alerts.PURGE",
}

A_NUMBER = {"runs.LATEST_EPOCH"}
"""What tells nothing of anybody: which epoch a job in the queue would have."""


def statements() -> dict[str, str]:
    found: dict[str, str] = {}
    for module in pkgutil.iter_modules(store.__path__):
        for name, value in vars(importlib.import_module(f"aiworker.store.{module.name}")).items():
            if name.isupper() and isinstance(value, str) and SQL.match(value):
                found[f"{module.name}.{name}"] = value
    return found


STATEMENTS = statements()


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


@pytest.mark.parametrize(
    "name", [n for n, sql in STATEMENTS.items() if n not in A_NUMBER and TENANT_TABLES.search(sql)]
)
def test_statement_names_the_tenant(name: str) -> None:
    sql = STATEMENTS[name]
    if name in BY_IDENTITY:
        # A run is found by its queue identity, which no tenant can choose; messages leave for every tenant.
        assert "tenant_id" in sql
    else:
        assert re.search(r"tenant_id (=|IS NOT DISTINCT FROM) \$\d|INSERT INTO [^;]*\btenant_id\b", sql)
