"""Servers once per run, a fresh database per test, and nothing of the developer's own environment."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import pytest

from aiworker import embedded
from aiworker.store.database import Database, opened
from tests.support import databases, memory
from tests.support.environment import is_ours
from tests.support.network import only_loopback

IN_MEMORY = pytest.StashKey[memory.Claim]()


@pytest.fixture(autouse=True)
def scrubbed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every variable that aiworker reads out of the test's environment."""
    for name in filter(is_ours, list(os.environ)):
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail any test that connects anywhere but to this machine."""
    only_loopback(monkeypatch)


def pytest_configure(config: pytest.Config) -> None:
    """Let the process that started the run claim a place for the data of its servers."""
    if not hasattr(config, "workerinput") and (claim := memory.claim()):
        config.stash[IN_MEMORY] = claim


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker of that place."""
    if claim := node.config.stash.get(IN_MEMORY, None):
        node.workerinput["in_memory"] = str(claim.directory)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing of it behind."""
    if claim := config.stash.get(IN_MEMORY, None):
        claim.release()


@pytest.fixture(scope="session")
def servers_dir(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data directory of this run's servers, in memory if there is room; all xdist workers share one."""
    claim, base = pytestconfig.stash.get(IN_MEMORY, None), tmp_path_factory.getbasetemp()
    told: dict[str, str] | None = getattr(pytestconfig, "workerinput", None)
    if told is None:
        return memory.servers_in(claim.directory if claim else base)
    return memory.servers_in(Path(told["in_memory"]) if "in_memory" in told else base.parent)


@pytest.fixture(scope="session")
def servers(servers_dir: Path) -> Generator[embedded.Servers]:
    """Run Valkey and PostgreSQL for the test run."""
    with embedded.start(servers_dir, linger=0.3, durable=False) as lease:
        yield lease.servers


@pytest.fixture(scope="session")
def template(servers: embedded.Servers) -> str:
    """Name a migrated database to copy from."""
    return asyncio.run(databases.build_template(servers.database_url))


@pytest.fixture
async def database_url(servers: embedded.Servers, template: str) -> AsyncGenerator[str]:
    """Give the test a database of its own."""
    async with databases.copy_of(template, servers.database_url) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    """Open a pool on the test's own database."""
    async with opened(database_url, size=5) as opened_database:
        yield opened_database


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int) -> None:
    """Name the suites whose tool is missing; a skipped suite is never counted as passed."""
    reasons = sorted({_reason(report) for report in terminalreporter.stats.get("skipped", [])})
    if reasons:
        terminalreporter.section("not run")
        for reason in reasons:
            terminalreporter.line(reason)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that must be complete if anything was left out."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("AIWORKER_REQUIRE_EVERY_SUITE") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _reason(report: pytest.TestReport) -> str:
    match report.longrepr:
        case (_, _, str(reason)):
            return reason.removeprefix("Skipped: ")
        case _:
            return str(report.longrepr)
