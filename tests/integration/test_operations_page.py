"""`docs/operations.md` tells of every table of ours how long its rows are kept, and as long as the code does."""

from __future__ import annotations

import re
from datetime import timedelta

import asyncpg

from aiworker import embedded
from aiworker.policies import KEEP_COMPLETED, KEEP_COMPLETED_FOR, KEEP_FAILED
from aiworker.settings import Settings
from aiworker.store import alerts, migrations
from tests.support import databases, tables
from tests.support.pages import page, table
from tests.support.statements import STATEMENTS

ROWS = table(page("operations"), "## What is kept, and for how long")
KEPT = {name: how_long for what, how_long, _ in ROWS for name in re.findall(r"`(aiworker\.\w+)`", what)}
EMPTIED = re.compile(r"DELETE FROM (?P<deleted>aiworker\.\w+)|UPDATE (?P<emptied>aiworker\.\w+) \w+ SET \w+ = NULL")


async def test_the_page_names_every_table_of_ours_that_grows(servers: embedded.Servers) -> None:
    async with databases.copy_of(None, servers.database_url) as url:
        await migrations.migrate(url, platform=False)
        connection = await asyncpg.connect(url)
        try:
            ours = await tables.names(connection)
        finally:
            await connection.close()
    assert KEPT.keys() == set(ours) - set(tables.FILLED_BY_THE_SCHEMA)


def test_a_table_is_cleaned_if_and_only_if_the_page_says_when() -> None:
    found = [match for sql in STATEMENTS.values() for match in EMPTIED.finditer(sql)]
    assert {match["deleted"] or match["emptied"] for match in found} == {
        name for name, how_long in KEPT.items() if how_long != "always"
    }
    assert not any("TRUNCATE" in sql for sql in STATEMENTS.values())


def test_the_page_tells_the_spans_and_counts_that_are_kept() -> None:
    told = [how_long for _, how_long, _ in ROWS]
    assert told[0] == f"the last {KEEP_COMPLETED:,}, for {KEEP_COMPLETED_FOR // timedelta(hours=1)} hours"
    assert told[1] == f"the last {KEEP_FAILED:,}"
    assert KEPT["aiworker.calls"].startswith(f"{Settings().raw_reply_days} days ")
    assert KEPT["aiworker.alerts"] == f"{alerts.KEEP.days} days"
