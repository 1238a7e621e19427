"""The tables of a test's database: asked of it, so that a new one is never left out."""

from __future__ import annotations

from aiworker.protocol import Connection

FILLED_BY_THE_SCHEMA = ("aiworker.keys", "aiworker.migrations")
NAMES = """
SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
WHERE table_schema IN ('public', 'aiworker') AND table_type = 'BASE TABLE' ORDER BY name
"""
WITH_COLUMN = """
SELECT table_name AS name FROM information_schema.columns JOIN information_schema.tables
    USING (table_schema, table_name)
WHERE table_schema IN ('public', 'aiworker') AND table_type = 'BASE TABLE' AND column_name = $1 ORDER BY name
"""


async def names(db: Connection) -> list[str]:
    """Return every table, ours and the platform's, with its schema."""
    return [row["name"] for row in await db.fetch(NAMES)]


async def with_column(db: Connection, column: str) -> list[str]:
    """Return the tables that have a column, without their schemas."""
    return [row["name"] for row in await db.fetch(WITH_COLUMN, column)]
