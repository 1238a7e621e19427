"""Which database and which Redis a command works with."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiworker import embedded
from aiworker.embedded import Lease
from aiworker.embedded import Servers as Bundled
from aiworker.errors import ServiceUnreachable
from aiworker.runtime.servers import Servers, locate, located
from aiworker.settings import Settings

DATABASE = "postgresql://me:pw@db/x"
REDIS = "redis://redis:6379"
BUNDLED = Bundled("postgresql://aiworker@/postgres?host=/s", "redis://:pw@127.0.0.1:1/0", "/s", 1, 2, 3, True, 0.25)


class Held(Lease):
    """A lease that remembers whether it was let go."""

    def __init__(self) -> None:
        super().__init__(-1, BUNDLED)
        self.closed = False

    def close(self) -> None:
        self.closed = True


class Room:
    """The embedded servers, as far as this module sees them."""

    def __init__(self, *, running: bool) -> None:
        self.lease = Held()
        self.running = running
        self.calls: list[str] = []

    def join(self, data_dir: Path | None = None) -> Lease | None:
        self.calls.append("join")
        return self.lease if self.running else None

    def start(self, data_dir: Path | None = None) -> Lease:
        self.calls.append("start")
        return self.lease


@pytest.fixture
def none_runs(monkeypatch: pytest.MonkeyPatch) -> Room:
    return replaced(monkeypatch, Room(running=False))


@pytest.fixture
def one_runs(monkeypatch: pytest.MonkeyPatch) -> Room:
    return replaced(monkeypatch, Room(running=True))


def replaced(monkeypatch: pytest.MonkeyPatch, room: Room) -> Room:
    monkeypatch.setattr(embedded, "join", room.join)
    monkeypatch.setattr(embedded, "start", room.start)
    return room


def settings(**values: object) -> Settings:
    return Settings.checked(values, {})


def both(found: Settings, *, start: bool = False) -> Servers:
    with locate(found, embedded=start, need_database=True, need_redis=True, say=lambda _: None) as servers:
        return servers


def test_set_addresses_are_handed_out_without_looking_at_the_embedded_servers(one_runs: Room) -> None:
    servers = both(settings(database_url=DATABASE, redis_url=REDIS), start=True)

    assert (servers.database, servers.redis) == (DATABASE, REDIS)
    assert (servers.database_origin, servers.redis_origin) == ("DATABASE_URL", "REDIS_URL")
    assert (servers.lease, one_runs.calls) == (None, [])


def test_redis_parts_count_as_a_set_address(one_runs: Room) -> None:
    servers = both(settings(database_url=DATABASE, redis_host="r", redis_port=7))

    assert (servers.redis, servers.redis_origin) == ("redis://r:7/0", "REDIS_HOST, REDIS_PORT")
    assert one_runs.calls == []


def test_with_nothing_set_a_running_instance_is_joined(one_runs: Room) -> None:
    servers = both(settings())

    assert (servers.database, servers.redis) == (BUNDLED.database_url, BUNDLED.redis_url)
    assert (servers.database_origin, servers.redis_origin) == ("embedded", "embedded")
    assert one_runs.calls == ["join"]


def test_only_the_side_that_is_not_set_is_embedded(one_runs: Room) -> None:
    servers = both(settings(database_url=DATABASE))

    assert (servers.database_origin, servers.redis_origin) == ("DATABASE_URL", "embedded")


def test_without_an_instance_redis_is_the_documented_default(none_runs: Room) -> None:
    servers = both(settings(database_url=DATABASE))

    assert (servers.redis, servers.redis_origin) == ("redis://localhost:6379/0", "localhost:6379 (default)")


def test_without_an_instance_a_missing_database_is_told_with_its_remedies(none_runs: Room) -> None:
    with pytest.raises(ServiceUnreachable) as caught:
        both(settings(redis_url=REDIS))

    remedy = caught.value.remedy or ""
    assert all(part in remedy for part in ("DATABASE_URL", "--embedded", "pip install 'aiworker[embedded]'"))
    assert none_runs.calls == ["join"]


def test_servers_are_started_only_if_asked_for_and_that_is_said(none_runs: Room) -> None:
    said: list[str] = []

    with locate(settings(), embedded=True, need_database=True, need_redis=True, say=said.append) as servers:
        assert servers.database == BUNDLED.database_url

    assert none_runs.calls == ["start"]
    assert [text.partition(" in ")[0] for text in said] == ["embedded servers started"]


def test_a_start_is_said_on_stderr_by_default(none_runs: Room, capsys: pytest.CaptureFixture[str]) -> None:
    with locate(settings(), embedded=True, need_database=True, need_redis=False):
        pass

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("embedded servers started in 0.2 s")


def test_the_lease_is_held_inside_the_block_and_let_go_after_it(one_runs: Room) -> None:
    with locate(settings(), need_database=True, need_redis=True):
        assert not one_runs.lease.closed

    assert one_runs.lease.closed


def test_the_lease_is_let_go_after_an_error(one_runs: Room) -> None:
    with pytest.raises(RuntimeError), locate(settings(), need_database=True, need_redis=True):
        raise RuntimeError

    assert one_runs.lease.closed


def test_a_side_that_is_not_needed_is_neither_looked_for_nor_handed_out(none_runs: Room) -> None:
    with locate(settings(database_url=DATABASE, redis_url=REDIS), need_database=True, need_redis=False) as servers:
        assert (servers.redis_url, servers.redis_origin) == (None, "")

    assert none_runs.calls == []


async def test_an_event_loop_locates_without_being_blocked(one_runs: Room) -> None:
    async with located(settings(), need_database=True, need_redis=True) as servers:
        assert servers.database_origin == "embedded"
        assert not one_runs.lease.closed

    assert one_runs.lease.closed


def test_addresses_do_not_show_in_repr(one_runs: Room) -> None:
    assert "pw" not in repr(both(settings(database_url=DATABASE, redis_url="redis://:pw@r")))
