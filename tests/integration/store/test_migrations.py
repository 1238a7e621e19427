"""Migrations apply once, all or nothing, whoever races."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import asyncpg
import pytest

from aiworker import embedded
from aiworker.errors import ConfigurationError
from aiworker.store import migrations
from tests.support import databases


@pytest.fixture
async def empty_url(servers: embedded.Servers) -> AsyncGenerator[str]:
    async with databases.copy_of(None, servers.database_url) as url:
        yield url


async def test_core_alone_leaves_the_platform_tables_alone(empty_url: str) -> None:
    applied = await migrations.migrate(empty_url, platform=False)
    assert applied and all(name.startswith("core/") for name in applied)
    await migrations.require(empty_url)
    connection = await asyncpg.connect(empty_url)
    try:
        assert await connection.fetchval("SELECT to_regclass('students')") is None
    finally:
        await connection.close()


async def test_a_second_run_applies_nothing(empty_url: str) -> None:
    await migrations.migrate(empty_url, platform=True)
    assert await migrations.migrate(empty_url, platform=True) == ()


async def test_of_four_at_once_each_file_is_applied_by_one(empty_url: str) -> None:
    racers = await asyncio.gather(*(migrations.migrate(empty_url, platform=True) for _ in range(4)))
    applied = [name for racer in racers for name in racer]
    assert sorted(applied) == sorted(m.name for m in migrations.migrations(platform=True))


async def test_what_is_missing_is_named_with_the_remedy(empty_url: str) -> None:
    with pytest.raises(ConfigurationError, match="core/0001_runs") as raised:
        await migrations.require(empty_url)
    assert raised.value.remedy == "aiworker db migrate"


async def test_status_changes_nothing(empty_url: str) -> None:
    assert not any(state.ok for state in await migrations.status(empty_url))
    connection = await asyncpg.connect(empty_url)
    try:
        assert await connection.fetchval("SELECT to_regnamespace('aiworker')") is None
    finally:
        await connection.close()


async def test_a_file_changed_after_it_was_applied_is_refused(empty_url: str) -> None:
    await migrations.migrate(empty_url, platform=False)
    connection = await asyncpg.connect(empty_url)
    try:
        await connection.execute("UPDATE aiworker.migrations SET checksum = 'other' WHERE name = 'core/0001_runs'")
    finally:
        await connection.close()
    with pytest.raises(ConfigurationError, match="core/0001_runs was changed"):
        await migrations.migrate(empty_url, platform=False)
    assert not (await migrations.status(empty_url))[0].ok
