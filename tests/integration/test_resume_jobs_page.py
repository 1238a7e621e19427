"""The rights that `docs/resume-jobs.md` prints are enough for the worker and for core-api, and give no more."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from aiworker import embedded
from aiworker.processors import PROCESSORS
from aiworker.runtime import examples
from aiworker.runtime.execute import execute
from aiworker.store import migrations
from aiworker.store.database import opened
from tests.support import databases, tables
from tests.support.jobs import envelope, insert_example, runtime
from tests.support.pages import blocks, page

PAGE = page("resume-jobs")
BLOCKS = blocks(PAGE, "sql")
NAMED = frozenset(re.findall(r"\baiworker\.\w+", re.sub(r"```sql.*?```", "", PAGE, flags=re.DOTALL)))
"""The tables and views of ours that the page's text sends its readers to."""
VIEWS = "SELECT 'aiworker.' || table_name AS name FROM information_schema.views WHERE table_schema = 'aiworker'"
RESULTS: Mapping[str, str] = {
    "rewrite-resume": "SELECT 1 FROM aiworker.resume_rewrites WHERE variant_id = $1",
    "suggest-improvements": "SELECT 1 FROM aiworker.resume_suggestions WHERE run_id::text = $1",
    "generate-student-summary": "SELECT 1 FROM aiworker.student_ai_summaries WHERE id::text = $1",
    "generate-analytics-summary": "SELECT 1 FROM aiworker.analytics_summaries WHERE id::text = $1",
}
"""By job: where core-api finds what a callback's `resultId` names."""


@dataclass(frozen=True, slots=True)
class Installation:
    """A platform's database with a role for the worker, who owns our schema, and one for core-api."""

    owner: asyncpg.Connection
    worker: asyncpg.Connection
    core_api: asyncpg.Connection
    url: str
    worker_url: str

    async def work(self) -> dict[str, dict[str, Any]]:
        """Work the example of every job with the worker's rights; return the receipts by job."""
        receipts: dict[str, dict[str, Any]] = {}
        async with opened(self.url, size=1) as platform, opened(self.worker_url, size=2) as database:
            for processor in PROCESSORS:
                example = examples.load(processor.name)
                await insert_example(platform, example)
                delivery = envelope(example.payload, name=processor.name)
                receipts[processor.name] = await execute(delivery, runtime(database))
        return receipts


@pytest.fixture
async def installation(servers: embedded.Servers) -> AsyncGenerator[Installation]:
    """Set up a database as the page says, with roles of the test's own: roles are the whole server's."""
    roles = {name: f"{name}_{uuid.uuid4().hex}" for name in ("aiworker", "core_api")}
    async with AsyncExitStack() as stack:

        async def connect(url: str) -> asyncpg.Connection:
            connection = await asyncpg.connect(url)
            stack.push_async_callback(connection.close)
            return connection

        server = await connect(servers.database_url)
        for role in roles.values():
            await server.execute(f"CREATE ROLE {role} LOGIN")
            # Run when the database is gone, and with it all that the role owns.
            stack.push_async_callback(server.execute, f"DROP ROLE {role}")
        url = await stack.enter_async_context(databases.copy_of(None, servers.database_url))
        owner = await connect(url)
        await owner.execute(f"GRANT CREATE ON DATABASE {urlsplit(url).path[1:]} TO {roles['aiworker']}")
        for migration in migrations.migrations(platform=True):
            if migration.name.startswith("platform/"):
                await owner.execute(migration.sql)
        worker_url = as_role(url, roles["aiworker"])
        await migrations.migrate(worker_url, platform=False)
        for block in BLOCKS:
            await owner.execute(re.sub(r"\bTO (\w+)", lambda to: f"TO {roles[to[1]]}", block))
        worker, core_api = await connect(worker_url), await connect(as_role(url, roles["core_api"]))
        yield Installation(owner, worker, core_api, url, worker_url)


def as_role(url: str, role: str) -> str:
    """Return `url` for another user; the test's server asks for no password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}"))


async def refused(connection: asyncpg.Connection, *statements: str) -> list[str]:
    """Return which statements the server does not let this role run."""
    found: list[str] = []
    for statement in statements:
        try:
            await connection.execute(statement)
        except asyncpg.InsufficientPrivilegeError:
            found.append(statement)
    return found


def test_the_page_prints_one_block_of_rights_for_each_role() -> None:
    assert [sorted(set(re.findall(r"\bTO (\w+)", block))) for block in BLOCKS] == [["core_api"], ["aiworker"]]


async def test_the_worker_works_every_job_with_these_rights_and_core_api_finds_the_results(
    installation: Installation,
) -> None:
    receipts = await installation.work()
    assert receipts.keys() == RESULTS.keys()
    for job, query in RESULTS.items():
        assert await installation.core_api.fetch(query, receipts[job]["resultId"]), job


async def test_core_api_reads_what_the_page_names_and_nothing_else_of_ours(installation: Installation) -> None:
    views = {row["name"] for row in await installation.owner.fetch(VIEWS)}
    ours = {name for name in await tables.names(installation.owner) if name.startswith("aiworker.")} | views
    assert ours > NAMED > views
    told = NAMED | {"aiworker.ai_job_errors"}
    statements = {name: f"SELECT * FROM {name}" for name in sorted(ours)}
    hidden = await refused(installation.core_api, *statements.values())
    assert hidden == [statement for name, statement in statements.items() if name not in told]


async def test_core_api_decides_on_a_suggestion_and_changes_nothing_else(installation: Installation) -> None:
    await installation.work()
    decided = await installation.core_api.execute(
        "UPDATE aiworker.resume_suggestions SET status = 'accepted', decided_at = now() WHERE status = 'pending'"
    )
    assert int(decided.removeprefix("UPDATE ")) > 0
    statements = (
        "UPDATE aiworker.resume_suggestions SET suggested = 'Packed boxes'",
        "DELETE FROM aiworker.resume_suggestions",
        "UPDATE aiworker.student_ai_summaries SET summary = 'A summary.'",
        "DELETE FROM aiworker.guard_findings",
        "DELETE FROM aiworker.ai_job_errors",
    )
    assert await refused(installation.core_api, *statements) == list(statements)


async def test_the_worker_changes_nothing_of_the_platform_s_but_for_its_variants(installation: Installation) -> None:
    await installation.work()
    statements = (
        "UPDATE resumes SET body = '{}'",
        "UPDATE resumes SET title = 'Resume'",
        "DELETE FROM resumes",
        "UPDATE students SET name = 'Ananya'",
        "DELETE FROM applications",
        "UPDATE offers SET ctc = 1",
        "SELECT * FROM session_recordings",
    )
    assert await refused(installation.worker, *statements) == list(statements)
