"""Which processes are taken for ours, and how they are ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from aiworker.embedded import orphans
from aiworker.errors import ServiceUnreachable
from tests.support.waiting import wait_until


@pytest.fixture
def sleeper() -> Generator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "300"], cwd="/")
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_live_processes_are_listed_by_name(
    monkeypatch: pytest.MonkeyPatch, sleeper: subprocess.Popen[bytes], system: str
) -> None:
    if not Path("/bin/ps").exists() or (system == "linux" and sys.platform != "linux"):
        pytest.skip("not run: needs ps and Linux")
    monkeypatch.setattr(sys, "platform", system)

    def listed() -> dict[int, orphans.Running]:
        return {process.pid: process for process in orphans.running(frozenset({"sleep"}))}

    # Popen returns a moment before the new program has its name.
    wait_until(lambda: sleeper.pid in listed(), "the process is listed")
    found = listed()
    assert found[sleeper.pid].has_argument("300")
    assert not found[sleeper.pid].has_argument("30")
    assert found[sleeper.pid].directory in {Path("/"), None}


def test_orphan_that_does_not_end_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cluster = tmp_path / "pg18"
    undead = orphans.Running(4_000_000_000, "postgres", f"/bin/postgres -D {cluster} -k s", None)
    other = orphans.Running(4_000_000_001, "postgres", f"/bin/postgres -D {cluster}0 -k s", None)
    sent: list[tuple[int, int]] = []

    def listed(_names: frozenset[str]) -> list[orphans.Running]:
        return [undead, other]

    def send(pid: int, number: int) -> None:
        sent.append((pid, number))
        raise ProcessLookupError

    ticks = iter(range(0, 1_000_000, 5))
    monkeypatch.setattr(orphans, "running", listed)
    monkeypatch.setattr(os, "kill", send)
    monkeypatch.setattr(orphans.time, "monotonic", lambda: next(ticks))
    with pytest.raises(ServiceUnreachable, match="pid 4000000000"):
        orphans.clear_postgres(cluster)
    assert sent == [(undead.pid, number) for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)]
