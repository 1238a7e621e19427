"""A migrated template database once per schema, and a copy of it per test."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from aiworker.store import migrations


async def build_template(admin_url: str) -> str:
    """Build the template unless another worker has; return its name."""
    checksums = "".join(m.checksum for m in migrations.migrations(platform=True))
    name = f"tpl_{hashlib.sha256(checksums.encode()).hexdigest()[:16]}"
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtext('aiworker.tests'))")
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            draft = f"draft_{uuid.uuid4().hex}"
            await connection.execute(f"CREATE DATABASE {draft}")
            await migrations.migrate(named(admin_url, draft), platform=True)
            await connection.execute(f"ALTER DATABASE {draft} RENAME TO {name}")
    finally:
        await connection.close()
    return name


@asynccontextmanager
async def copy_of(template: str | None, admin_url: str) -> AsyncGenerator[str]:
    """Create a database (empty without a template) and drop it afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    source = f"TEMPLATE {template} STRATEGY wal_log" if template else ""
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(f"CREATE DATABASE {name} {source}")
        try:
            yield named(admin_url, name)
        finally:
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


def named(url: str, database: str) -> str:
    """Return `url` with another database name."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
