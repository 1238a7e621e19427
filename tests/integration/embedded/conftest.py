"""A private data directory per test; whatever a test starts is ended, also when it fails."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from aiworker.embedded.privileges import Identity, server_identity
from tests.integration.embedded.support import User, end_everything, run_user, user_command

_PR_SET_CHILD_SUBREAPER = 36

if sys.platform != "linux":
    collect_ignore_glob = ["test_*"]


@pytest.fixture
def data_dir(tmp_path: Path) -> Generator[Path]:
    """Return a place for one instance; its servers are ended afterwards."""
    directory = tmp_path / "d"
    yield directory
    end_everything(directory)


@pytest.fixture
def new_user(data_dir: Path) -> Generator[Callable[..., User]]:
    """Run processes that use the instance."""
    users: list[User] = []

    def run(**options: float) -> User:
        command = user_command(data_dir, linger=options.get("linger", 0.3), durable=bool(options.get("durable", False)))
        users.append(run_user(command))
        return users[-1]

    yield run
    for user in users:
        user.end()


@pytest.fixture
def orphans_stay_zombies() -> Generator[None]:
    """Become the parent that orphans get and do not reap them, as PID 1 of many containers."""
    libc = ctypes.CDLL(None)
    assert libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    yield
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


@pytest.fixture
def server_user() -> int | None:
    """Return the user PostgreSQL runs as, if it is not us."""
    identity: Identity | None = server_identity()
    return identity.uid if identity else None


@pytest.fixture
def stranger(server_user: int | None) -> Generator[subprocess.Popen[bytes]]:
    """Run a process that has nothing to do with us, as the server's user: PostgreSQL ignores other users' pids."""
    process = subprocess.Popen(["sleep", "300"], user=server_user)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def zombie(server_user: int | None) -> Generator[int]:
    """Leave an ended process of the server's user in the table."""
    process = subprocess.Popen(["true"], user=server_user)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    yield process.pid
    process.wait()
