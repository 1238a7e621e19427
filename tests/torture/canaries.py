"""What is planted in prompts, keys and rows, and the search for it where it must not be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from tests.support.redis_text import text_in_redis
from tests.torture.rig import SECRET, Rig

NAME = "Quillonde Barrowfax"
VACANCY = "Fennimore tidewrights"
OWN_ROWS = """
SELECT to_json(e)::text AS text FROM aiworker.ai_job_errors e
UNION ALL SELECT to_json(r)::text FROM aiworker.runs r
UNION ALL SELECT to_json(o)::text FROM aiworker.outbox o
UNION ALL SELECT to_json(a)::text FROM aiworker.audit a
"""


def planted(rig: Rig) -> Mapping[str, str]:
    """Return what must not be found, by what it is."""
    return {"name": NAME, "vacancy": VACANCY, "key": rig.meter.fake.api_key, "secret": SECRET}


async def plant(rig: Rig) -> None:
    """Name the student, and have the provider quote prompt and key whenever it refuses."""
    await rig.db.execute("UPDATE students SET name = $1", NAME)
    await rig.db.execute("UPDATE resumes SET title = $1", NAME)
    rig.meter.fake.quote(f"You sent: {VACANCY}, {rig.meter.fake.api_key}.")


async def leaks(rig: Rig) -> list[str]:
    """Return what was found in Redis, in our own rows (but for the replies kept on purpose) and in the logs."""
    keys = cast("list[str]", await rig.command("KEYS", "*"))
    rows: list[dict[str, Any]] = await rig.rows(OWN_ROWS)
    logs = [file for ending in ("*.log", "*.err") for file in rig.directory.glob(ending)]
    places = {
        "Redis": await text_in_redis(rig.redis, keys),
        "rows": "\n".join(row["text"] for row in rows),
        "logs": "\n".join(file.read_text("utf-8", "replace") for file in logs),
    }
    words = planted(rig)
    return [f"{what} in {place}" for place, text in places.items() for what in words if words[what] in text]
