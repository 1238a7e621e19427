"""Status, stop and reset; none of them starts anything or takes servers away from somebody."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from aiworker import embedded
from aiworker.embedded.paths import Layout
from aiworker.errors import AiworkerError
from tests.integration.embedded.support import (
    User,
    add_rows,
    all_gone,
    await_all_gone,
    is_alive,
    server_processes,
)
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def test_without_an_instance_nothing_is_created(data_dir: Path) -> None:
    assert embedded.join(data_dir) is None
    assert not embedded.status(data_dir).running
    assert not embedded.stop(data_dir)
    assert embedded.reset(data_dir) == []
    assert not data_dir.exists()


def test_status_names_the_servers_and_their_users(data_dir: Path, new_user: Callable[..., User]) -> None:
    user = new_user()
    servers = user.servers()
    found = embedded.status(data_dir)

    assert found.running
    assert found.error is None
    assert found.data_dir == data_dir
    assert found.servers is not None
    assert found.servers.redis_url == servers.redis_url
    assert found.holders in {(user.process.pid,), None}


def test_stop_refuses_while_somebody_uses_the_servers(data_dir: Path) -> None:
    with embedded.start(data_dir, linger=10, durable=False) as lease:
        with pytest.raises(AiworkerError, match=f"in use by process {os.getpid()}") as caught:
            embedded.stop(data_dir)
        assert "--force" in (caught.value.remedy or "")
        with pytest.raises(AiworkerError, match="not stopped"):
            embedded.reset(data_dir)
        add_rows(lease.servers.database_url, 1)


def test_stop_cuts_the_linger_time_short(data_dir: Path) -> None:
    with embedded.start(data_dir, linger=60, durable=False) as lease:
        pass
    assert embedded.stop(data_dir)
    wait_until(lambda: all_gone(lease.servers), "everything ended", 1)
    assert not embedded.status(data_dir).running
    assert not embedded.stop(data_dir)


def test_forced_stop_takes_the_servers_from_their_users(data_dir: Path, new_user: Callable[..., User]) -> None:
    user = new_user(linger=60)
    servers = user.servers()
    assert embedded.stop(data_dir, force=True)
    wait_until(lambda: all_gone(servers), "everything ended", 1)
    assert is_alive(user.process.pid)


def test_terminated_supervisor_stops_its_servers_first(data_dir: Path) -> None:
    with embedded.start(data_dir, linger=60, durable=False) as lease:
        os.kill(lease.servers.supervisor_pid, 15)
        await_all_gone(lease.servers)
    assert server_processes(data_dir) == []
    assert not Layout(data_dir).state.exists()


def test_reset_deletes_what_is_ours_and_nothing_else(data_dir: Path) -> None:
    with embedded.start(data_dir, linger=60, durable=False) as lease:
        pass
    (data_dir / "notes.txt").write_text("mine")

    deleted = embedded.reset(data_dir)

    await_all_gone(lease.servers, timeout=1)
    assert {path.name for path in deleted} >= {"pg18", "valkey", "s", "supervisor.log"}
    left = {path.name for path in data_dir.iterdir()}
    assert left == {"lock", "lease", "supervisor.lock", "notes.txt"}
    with embedded.start(data_dir, linger=0.3, durable=False) as fresh:
        assert fresh.servers.started_here
