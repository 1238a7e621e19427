"""Numbered SQL files, applied once each under an advisory lock, with their checksums kept.

`serve` only checks; `aiworker db migrate` applies. The platform's files are a reference version for embedded
servers and tests: production never applies them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from importlib import resources

import asyncpg

from aiworker.errors import ConfigurationError
from aiworker.protocol import Connection
from aiworker.store.database import CONNECT_TIMEOUT, address, translated

LOCK = "SELECT pg_advisory_xact_lock(hashtext('aiworker.migrations'))"

CREATE_LEDGER = """
CREATE SCHEMA IF NOT EXISTS aiworker;
CREATE TABLE IF NOT EXISTS aiworker.migrations (
    name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
)
"""

LEDGER_EXISTS = "SELECT to_regclass('aiworker.migrations') IS NOT NULL"

LEDGER = "SELECT name, checksum, applied_at FROM aiworker.migrations"

RECORD = "INSERT INTO aiworker.migrations (name, checksum) VALUES ($1, $2)"


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: `core/0001_runs`, its SQL and the SHA-256 of it."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class MigrationState:
    """Whether one migration is applied, and unchanged since."""

    name: str
    applied_at: datetime | None
    ok: bool


def migrations(*, platform: bool) -> tuple[Migration, ...]:
    """Return the files in the order in which they apply."""
    found: list[Migration] = []
    for group in ("core", "platform") if platform else ("core",):
        folder = resources.files("aiworker.store") / "schema" / group
        files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
        found += [Migration(f"{group}/{f.name.removesuffix('.sql')}", f.read_text("utf-8")) for f in files]
    return tuple(found)


async def migrate(database_url: str, *, platform: bool) -> tuple[str, ...]:
    """Apply what is missing, all or nothing, and return the names applied now."""
    with translated(address(database_url)):
        connection = await asyncpg.connect(database_url, timeout=CONNECT_TIMEOUT.total_seconds())
        try:
            async with connection.transaction():
                await connection.execute(LOCK)
                await connection.execute(CREATE_LEDGER)
                return await _apply(connection, platform=platform)
        finally:
            await connection.close()


async def _apply(connection: Connection, *, platform: bool) -> tuple[str, ...]:
    applied: dict[str, str] = {row["name"]: row["checksum"] for row in await connection.fetch(LEDGER)}
    done: list[str] = []
    for migration in migrations(platform=platform):
        if migration.name not in applied:
            await connection.execute(migration.sql)
            await connection.execute(RECORD, migration.name, migration.checksum)
            done.append(migration.name)
        elif applied[migration.name] != migration.checksum:
            raise ConfigurationError(
                f"Migration {migration.name} was changed after it had been applied.",
                remedy="put the file back as it was and write a new migration",
            )
    return tuple(done)


async def status(database_url: str, *, platform: bool = False) -> tuple[MigrationState, ...]:
    """Say of each migration whether it is applied, without changing anything."""
    with translated(address(database_url)):
        connection = await asyncpg.connect(database_url, timeout=CONNECT_TIMEOUT.total_seconds())
        try:
            rows = await connection.fetch(LEDGER) if await connection.fetchval(LEDGER_EXISTS) else []
        finally:
            await connection.close()
    applied = {row["name"]: row for row in rows}
    wanted = [m for m in migrations(platform=True) if platform or m.name.startswith("core/") or m.name in applied]
    return tuple(
        MigrationState(m.name, row["applied_at"], row["checksum"] == m.checksum)
        if (row := applied.get(m.name))
        else MigrationState(m.name, None, False)
        for m in wanted
    )


async def missing(db: Connection) -> list[str]:
    """Name the core migrations that are not applied, or were changed since."""
    applied: dict[str, str] = {}
    if await db.fetchval(LEDGER_EXISTS):
        applied = {row["name"]: row["checksum"] for row in await db.fetch(LEDGER)}
    return [m.name for m in migrations(platform=False) if applied.get(m.name) != m.checksum]


async def require(database_url: str) -> None:
    """Raise ConfigurationError naming what is missing, unless every core migration is applied and unchanged."""
    missing = [state.name for state in await status(database_url) if not state.ok]
    if missing:
        raise ConfigurationError(
            f"The database schema is not up to date: {', '.join(missing)}.", remedy="aiworker db migrate"
        )
