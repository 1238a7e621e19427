"""Keys of this installation, made by the migration that creates their table."""

from __future__ import annotations

from aiworker.protocol import Connection

TAG_KEY = "SELECT secret FROM aiworker.keys WHERE name = 'tag'"


async def tag_key(db: Connection) -> bytes:
    """Return the key from which the tags around untrusted text are made."""
    return str(await db.fetchval(TAG_KEY)).encode()
