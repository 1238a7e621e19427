"""`aiworker db`, with the migrations replaced: their own tests run them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aiworker.store import migrations
from aiworker.store.migrations import MigrationState
from tests.unit.commands.running import aiworker

URL = "postgresql://me:hunter2@db/x"
APPLIED = MigrationState("core/0001_runs", datetime(2026, 1, 2, tzinfo=UTC), ok=True)
CHANGED = MigrationState("core/0002_more", datetime(2026, 1, 3, tzinfo=UTC), ok=False)
MISSING = MigrationState("core/0003_last", None, ok=False)


@pytest.fixture(autouse=True)
def database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", URL)


def migrate_to(monkeypatch: pytest.MonkeyPatch, *applied: str) -> list[tuple[str, bool]]:
    asked: list[tuple[str, bool]] = []

    async def migrate(database_url: str, *, platform: bool) -> tuple[str, ...]:
        asked.append((database_url, platform))
        return applied

    monkeypatch.setattr(migrations, "migrate", migrate)
    return asked


def states_are(monkeypatch: pytest.MonkeyPatch, *states: MigrationState) -> None:
    async def status(database_url: str) -> tuple[MigrationState, ...]:
        assert database_url == URL
        return states

    monkeypatch.setattr(migrations, "status", status)


def test_migrate_names_what_it_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = migrate_to(monkeypatch, "core/0001_runs", "core/0002_more")

    ran = aiworker("db", "migrate")

    assert (ran.code, ran.out) == (0, "core/0001_runs\ncore/0002_more\n")
    assert asked == [(URL, False)]


def test_migrate_touches_the_platforms_tables_only_if_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = migrate_to(monkeypatch)

    aiworker("db", "migrate", "--platform")

    assert asked == [(URL, True)]


def test_migrate_says_if_there_was_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    migrate_to(monkeypatch)

    assert "nothing to apply" in aiworker("db", "migrate").err


def test_migrate_has_a_json_form(monkeypatch: pytest.MonkeyPatch) -> None:
    migrate_to(monkeypatch, "core/0001_runs")

    assert aiworker("db", "migrate", "--json").document == {
        "schema": "aiworker.db-migrate/1",
        "applied": ["core/0001_runs"],
    }


def test_verbose_says_where_the_database_address_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    migrate_to(monkeypatch)

    ran = aiworker("-v", "db", "migrate")

    assert "database from DATABASE_URL" in ran.err
    assert "hunter2" not in ran.err


def test_status_of_a_complete_schema_exits_0(monkeypatch: pytest.MonkeyPatch) -> None:
    states_are(monkeypatch, APPLIED)

    ran = aiworker("db", "status")

    assert ran.code == 0
    assert ran.out.splitlines()[1] == "core/0001_runs\t2026-01-02 00:00:00+00:00\tok"


def test_status_tells_changed_from_missing_and_exits_3(monkeypatch: pytest.MonkeyPatch) -> None:
    states_are(monkeypatch, APPLIED, CHANGED, MISSING)

    ran = aiworker("db", "status")

    assert ran.code == 3
    assert [line.split("\t")[-1] for line in ran.out.splitlines()[1:]] == ["ok", "changed", "missing"]
    assert "aiworker db migrate" in ran.err


def test_status_has_a_json_form(monkeypatch: pytest.MonkeyPatch) -> None:
    states_are(monkeypatch, APPLIED, MISSING)

    document = aiworker("db", "status", "--json").document

    assert (document["schema"], document["ok"]) == ("aiworker.db-status/1", False)
    assert document["migrations"][1] == {"name": "core/0003_last", "applied_at": None, "ok": False}


def test_without_any_database_it_exits_4_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")

    ran = aiworker("db", "status")

    assert (ran.code, ran.out) == (4, "")
    assert "DATABASE_URL is not set and no embedded instance runs" in ran.err
    assert "--embedded" in ran.err
