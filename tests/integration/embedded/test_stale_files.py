"""What a crash leaves behind must neither pass for a running server nor keep a new one from starting."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from aiworker import embedded
from aiworker.embedded.paths import Layout
from tests.integration.embedded.support import LINGER, add_rows, await_all_gone, is_alive, rows

pytestmark = pytest.mark.slow


@pytest.fixture
def lock_file(data_dir: Path) -> str:
    """Make a stopped instance with one row and return what its postmaster.pid held while it ran."""
    with embedded.start(data_dir, linger=0, durable=False) as lease:
        add_rows(lease.servers.database_url, 1)
        text = (cluster(data_dir) / "postmaster.pid").read_text()
    await_all_gone(lease.servers)
    return text


def cluster(data_dir: Path) -> Path:
    return Layout(data_dir).clusters()[0]


def leave(path: Path, text: str, pid: int, *, owner: int | None) -> None:
    _, _, rest = text.partition("\n")
    path.write_text(f"{pid}\n{rest}")
    if owner is not None:
        os.chown(path, owner, -1)


def assert_starts(data_dir: Path) -> None:
    with embedded.start(data_dir, linger=LINGER, durable=False) as lease:
        assert rows(lease.servers.database_url) == [1]
        first_line = (cluster(data_dir) / "postmaster.pid").read_text().splitlines()[0]
        assert first_line == str(lease.servers.postgres_pid)


def test_stale_ready_line_is_not_taken_for_a_ready_server(
    data_dir: Path, lock_file: str, server_user: int | None
) -> None:
    assert lock_file.splitlines()[7].strip() == "ready"
    dead = subprocess.Popen(["true"])
    dead.wait()
    leave(cluster(data_dir) / "postmaster.pid", lock_file, dead.pid, owner=server_user)
    assert_starts(data_dir)


def test_lock_file_naming_a_stranger_is_overlooked(
    data_dir: Path, lock_file: str, server_user: int | None, stranger: subprocess.Popen[bytes]
) -> None:
    leave(cluster(data_dir) / "postmaster.pid", lock_file, stranger.pid, owner=server_user)
    assert_starts(data_dir)
    assert is_alive(stranger.pid)


def test_lock_file_naming_a_zombie_is_overlooked(
    data_dir: Path, lock_file: str, server_user: int | None, zombie: int
) -> None:
    leave(cluster(data_dir) / "postmaster.pid", lock_file, zombie, owner=server_user)
    assert_starts(data_dir)


def test_socket_lock_naming_a_zombie_is_overlooked(
    data_dir: Path, lock_file: str, server_user: int | None, zombie: int
) -> None:
    leave(Layout(data_dir).sockets / ".s.PGSQL.5432.lock", lock_file, zombie, owner=server_user)
    assert_starts(data_dir)


def test_both_lock_files_naming_different_live_pids_are_overlooked(
    data_dir: Path, lock_file: str, server_user: int | None, zombie: int, stranger: subprocess.Popen[bytes]
) -> None:
    leave(cluster(data_dir) / "postmaster.pid", lock_file, stranger.pid, owner=server_user)
    leave(Layout(data_dir).sockets / ".s.PGSQL.5432.lock", lock_file, zombie, owner=server_user)
    assert_starts(data_dir)


def test_state_of_a_killed_instance_is_not_believed(data_dir: Path, lock_file: str) -> None:
    assert lock_file
    Layout(data_dir).state.write_text('{"supervisor_pid": 1}')
    assert embedded.join(data_dir) is None
    assert_starts(data_dir)
