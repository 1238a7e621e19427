"""Anybody may be killed at any time: the servers end with their last user and the data survives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aiworker import embedded
from aiworker.embedded import lease as embedded_lease
from aiworker.embedded import state
from aiworker.embedded.paths import Layout
from aiworker.errors import ServiceUnreachable
from tests.integration.embedded.support import (
    LINGER,
    User,
    add_jobs,
    add_rows,
    await_all_gone,
    is_alive,
    kill,
    log_of,
    pids,
    rows,
    run_sql,
    server_processes,
    supervisor_pids,
    waiting_jobs,
)
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def kill_everybody(user: User, servers: embedded.Servers) -> None:
    user.process.kill()
    # The supervisor last: its death is a server's signal to shut down in good order.
    for pid in reversed(pids(servers)):
        kill(pid)
    user.process.wait()


def test_killing_the_only_user_stops_the_servers(data_dir: Path, new_user: Callable[..., User]) -> None:
    user = new_user(durable=True)
    servers = user.servers()
    add_rows(servers.database_url, 1)
    user.kill()

    await_all_gone(servers)
    assert not Layout(data_dir).state.exists()
    with embedded.start(data_dir, linger=LINGER) as lease:
        assert rows(lease.servers.database_url) == [1]


def test_killing_one_of_two_users_keeps_the_servers(data_dir: Path, new_user: Callable[..., User]) -> None:
    leaving, staying = new_user(linger=0), new_user(linger=0)
    servers = leaving.servers()
    staying.servers()
    leaving.kill()

    # A request to stop if unused: the supervisor takes it away once it has looked and found a user.
    layout = Layout(data_dir)
    layout.stop_request.write_text("idle")
    wait_until(lambda: not layout.stop_request.exists(), "the supervisor has looked for users")
    assert layout.state.exists()
    assert all(is_alive(pid) for pid in pids(servers))


def test_killing_the_supervisor_ends_both_servers(data_dir: Path, new_user: Callable[..., User]) -> None:
    servers = new_user(durable=True).servers()
    add_rows(servers.database_url, 1, 2)
    kill(servers.supervisor_pid)

    wait_until(lambda: not server_processes(data_dir), "both servers ended with their supervisor", 2)
    with embedded.start(data_dir, linger=LINGER) as lease:
        assert lease.servers.started_here
        assert rows(lease.servers.database_url) == [1, 2]


def test_killing_everybody_loses_and_doubles_nothing(data_dir: Path, new_user: Callable[..., User]) -> None:
    user = new_user(durable=True)
    servers = user.servers()
    add_rows(servers.database_url, 1, 2, 3)
    add_jobs(servers.redis_url, 3)
    kill_everybody(user, servers)

    with embedded.start(data_dir, linger=LINGER) as lease:
        assert lease.servers.seconds < 5
        assert rows(lease.servers.database_url) == [1, 2, 3]
        assert waiting_jobs(lease.servers.redis_url) == 3
    assert "redo done" in log_of(data_dir)


@pytest.mark.usefixtures("orphans_stay_zombies")
def test_killing_everybody_three_times_leaves_a_startable_instance(
    data_dir: Path, new_user: Callable[..., User]
) -> None:
    for round_number in range(3):
        user = new_user(durable=True)
        servers = user.servers()
        assert servers.started_here
        add_rows(servers.database_url, round_number)
        add_jobs(servers.redis_url, 1)
        kill_everybody(user, servers)
        assert Path(f"/proc/{servers.postgres_pid}").exists(), "the zombie of the case is missing"

    with embedded.start(data_dir, linger=LINGER) as lease:
        assert rows(lease.servers.database_url) == [0, 1, 2]
        assert waiting_jobs(lease.servers.redis_url) == 3


def test_killing_everybody_during_initdb_leaves_no_half_cluster(data_dir: Path, new_user: Callable[..., User]) -> None:
    user = new_user()
    wait_until(lambda: list(data_dir.glob("pg*.init/base")), "initdb is at work", 10)
    kill(supervisor_pids(data_dir)[0])
    user.kill()

    with embedded.start(data_dir, linger=LINGER, durable=False) as lease:
        add_rows(lease.servers.database_url, 1)
    assert not list(data_dir.glob("pg*.init"))


def test_left_over_of_initdb_is_replaced(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    left = data_dir / "pg18.init"
    left.mkdir()
    (left / "PG_VERSION").write_text("18\n")
    with embedded.start(data_dir, linger=LINGER, durable=False) as lease:
        add_rows(lease.servers.database_url, 1)
    assert not left.exists()


def published(data_dir: Path) -> embedded.Servers:
    found = state.read(Layout(data_dir).state)
    assert isinstance(found, embedded.Servers), found
    return found


@pytest.mark.parametrize("name", ["postgres_pid", "valkey_pid"])
def test_dead_server_is_revived_once_and_its_second_death_ends_all(data_dir: Path, name: str) -> None:
    with embedded.start(data_dir, linger=LINGER) as lease:
        first = lease.servers
        add_rows(first.database_url, 1)
        add_jobs(first.redis_url, 1)

        kill(getattr(first, name))
        wait_until(lambda: getattr(published(data_dir), name) != getattr(first, name), "the dead server was revived")
        second = published(data_dir)
        assert (second.redis_url, second.database_url) == (first.redis_url, first.database_url)
        assert rows(second.database_url) == [1]
        assert waiting_jobs(second.redis_url) == 1

        kill(getattr(second, name))
        wait_until(lambda: not server_processes(data_dir), "the other server was stopped")
        wait_until(lambda: not is_alive(second.supervisor_pid), "the supervisor gave up")
        found = embedded.status(data_dir)
        assert not found.running
        assert "died twice" in (found.error or "")


def test_the_failure_of_the_last_instance_does_not_stop_the_next(data_dir: Path) -> None:
    with embedded.start(data_dir, linger=LINGER, durable=False):
        pass
    embedded.stop(data_dir)
    state.write(Layout(data_dir).state, {"error": "it died twice"})

    assert embedded.join(data_dir) is None
    with embedded.start(data_dir, linger=LINGER, durable=False) as lease:
        assert lease.servers.started_here


def test_servers_that_do_not_answer_are_reported(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_lease, "_SECOND_LOOK_SECONDS", 0.1)
    with embedded.start(data_dir, linger=LINGER, durable=False) as lease:
        elsewhere = lease.servers.database_url.replace("/postgres?", "/template1?")
        run_sql(elsewhere, "alter database postgres allow_connections false")
        with pytest.raises(ServiceUnreachable, match="do not answer"):
            embedded.join(data_dir)


def test_user_that_comes_while_a_server_is_revived_waits_for_it(data_dir: Path) -> None:
    with embedded.start(data_dir, linger=LINGER, durable=False) as lease:
        kill(lease.servers.valkey_pid)
        joined = embedded.join(data_dir)
        assert joined is not None
        with joined:
            assert joined.servers.redis_url == lease.servers.redis_url
            add_jobs(joined.servers.redis_url, 1)
