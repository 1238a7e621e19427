"""How a server is waited for and ended."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Generator

import pytest

from aiworker.embedded import children
from aiworker.errors import ServiceUnreachable


@pytest.fixture
def sleeper() -> Generator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "300"], cwd="/")
    yield process
    process.kill()
    process.wait()


def test_stubborn_process_is_killed_in_the_end() -> None:
    process = subprocess.Popen(["sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"], stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        children.end(process, [(signal.SIGTERM, 0.05)])
        assert process.returncode == -signal.SIGKILL


def test_server_that_is_never_ready_is_given_up(sleeper: subprocess.Popen[bytes]) -> None:
    with pytest.raises(ServiceUnreachable, match="PostgreSQL was not ready within 0 s"):
        children.await_ready(sleeper, lambda: False, name="PostgreSQL", patience=0.02)


def test_death_by_signal_is_named() -> None:
    assert children.describe(-9) == "signal SIGKILL"
    assert children.describe(3) == "exit code 3"
