"""Start, join, leave: the life of an instance when nothing goes wrong."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from aiworker import embedded
from aiworker.embedded.paths import Layout
from tests.integration.embedded.support import (
    LINGER,
    User,
    add_jobs,
    add_rows,
    await_all_gone,
    is_alive,
    log_of,
    pids,
    rows,
    run_user,
    server_processes,
    user_command,
    waiting_jobs,
)
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def test_cold_start_makes_a_private_instance_that_answers(data_dir: Path) -> None:
    with embedded.start(data_dir, linger=LINGER) as lease:
        add_rows(lease.servers.database_url, 1)
        add_jobs(lease.servers.redis_url, 1)
        assert lease.servers.started_here
        assert lease.servers.seconds < 5
        assert data_dir.stat().st_mode & 0o777 == 0o700
        assert Layout(data_dir).state.stat().st_mode & 0o777 == 0o600
        assert list(data_dir.glob("pg*/PG_VERSION"))
        assert not list(data_dir.glob("pg*.init"))


def test_warm_start_finds_the_data_of_the_last_run(data_dir: Path) -> None:
    with embedded.start(data_dir, linger=0) as lease:
        add_rows(lease.servers.database_url, 1, 2)
        add_jobs(lease.servers.redis_url, 2)
    await_all_gone(lease.servers)

    with embedded.start(data_dir, linger=0) as lease:
        assert lease.servers.started_here
        assert lease.servers.seconds < 2
        assert rows(lease.servers.database_url) == [1, 2]
        assert waiting_jobs(lease.servers.redis_url) == 2


def test_second_process_joins_and_shares_rows_and_jobs(data_dir: Path, new_user: Callable[..., User]) -> None:
    first = new_user().servers()
    second = new_user().servers()

    assert pids(second) == pids(first)
    assert first.started_here
    assert not second.started_here
    add_rows(first.database_url, 7)
    add_jobs(first.redis_url, 3)
    lease = embedded.join(data_dir)
    assert lease is not None
    with lease:
        assert lease.servers.seconds < 0.2
        assert rows(lease.servers.database_url) == [7]
        assert waiting_jobs(lease.servers.redis_url) == 3


def test_eight_cold_starters_make_one_instance(data_dir: Path, new_user: Callable[..., User]) -> None:
    users = [new_user() for _ in range(8)]
    answers = [user.servers() for user in users]

    assert [answer.started_here for answer in answers].count(True) == 1
    assert len({pids(answer) for answer in answers}) == 1
    assert log_of(data_dir).count("performing post-bootstrap initialization") == 1


def test_user_within_the_linger_time_finds_the_same_servers(data_dir: Path) -> None:
    with embedded.start(data_dir, linger=10, durable=False) as first:
        pass
    with embedded.start(data_dir, linger=10, durable=False) as second:
        assert not second.servers.started_here
        assert pids(second.servers) == pids(first.servers)
        assert not any(pid for pid in pids(second.servers) if not is_alive(pid))


def test_last_exit_leaves_no_process_no_socket_and_no_state(data_dir: Path) -> None:
    with embedded.start(data_dir, linger=LINGER, durable=False) as lease:
        pass
    await_all_gone(lease.servers)

    assert not Layout(data_dir).state.exists()
    assert list(Layout(data_dir).sockets.iterdir()) == []
    assert server_processes(data_dir) == []


def test_closing_twice_is_harmless(data_dir: Path) -> None:
    lease = embedded.start(data_dir, linger=LINGER, durable=False)
    lease.close()
    lease.close()


def test_child_of_a_user_does_not_keep_the_servers(data_dir: Path) -> None:
    user = run_user(user_command(data_dir, leave_child=True))
    answer = user.answer()
    child = int(str(answer["child_pid"]))
    try:
        user.end()
        wait_until(lambda: not server_processes(data_dir), "both servers stopped", LINGER + 3)
        assert is_alive(child)
    finally:
        os.kill(child, signal.SIGKILL)


def test_pipe_of_a_user_closes_when_it_exits(data_dir: Path) -> None:
    command = user_command(data_dir, linger=30, stay=False)
    piped = subprocess.run(["sh", "-c", '"$@" | cat', "sh", *command], capture_output=True, text=True, timeout=15)

    assert '"redis_url"' in piped.stdout
    assert embedded.status(data_dir).running
    assert embedded.stop(data_dir)


def test_long_data_directory_gets_its_sockets_elsewhere(tmp_path: Path) -> None:
    long = tmp_path / ("d" * (120 - len(str(tmp_path)) - 1))
    assert len(str(long)) == 120
    layout = Layout(long)
    try:
        with embedded.start(long, linger=LINGER, durable=False) as lease:
            add_rows(lease.servers.database_url, 1)
            assert layout.sockets.stat().st_mode & 0o777 == 0o700
            assert layout.sockets.parent.stat().st_mode & 0o777 == 0o700
            assert not layout.sockets.is_relative_to(long)
    finally:
        embedded.stop(long, force=True)
        embedded.reset(long)
    assert not layout.sockets.parent.exists()


def test_data_directory_with_blanks_and_quotes_works(tmp_path: Path) -> None:
    odd = tmp_path / 'my "data", dir'
    try:
        with embedded.start(odd, linger=LINGER, durable=False) as lease:
            add_rows(lease.servers.database_url, 1)
            add_jobs(lease.servers.redis_url, 1)
    finally:
        embedded.stop(odd, force=True)
        embedded.reset(odd)


async def test_start_and_join_work_inside_a_running_loop(data_dir: Path) -> None:
    with embedded.start(data_dir, linger=LINGER, durable=False):
        joined = embedded.join(data_dir)
        assert joined is not None
        joined.close()


def test_linger_comes_from_the_environment(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIWORKER_EMBEDDED_LINGER", "0")
    monkeypatch.setenv("AIWORKER_DATA_DIR", str(data_dir))
    with embedded.start(durable=False) as lease:
        pass
    await_all_gone(lease.servers, timeout=2)
