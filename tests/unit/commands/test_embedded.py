"""`aiworker embedded`, with the room behind it replaced: its own tests run the servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiworker import embedded
from aiworker.embedded import Servers, Status
from tests.unit.commands.running import aiworker

SERVERS = Servers(
    database_url="postgresql://aiworker@/postgres?host=/run/s",
    redis_url="redis://:hunter2@127.0.0.1:7001/0",
    redis_socket="/run/s/redis.sock",
    supervisor_pid=10,
    postgres_pid=11,
    valkey_pid=12,
    started_here=False,
    seconds=0.0,
)
DATA = Path("data")


class Room:
    """What the commands asked of the embedded servers."""

    def __init__(self, *, running: bool) -> None:
        self.servers = SERVERS if running else None
        self.calls: list[str] = []

    def status(self, data_dir: Path | None = None) -> Status:
        running = self.servers is not None
        return Status(DATA, DATA / "log", running=running, servers=self.servers, holders=(7, 8), error=None)

    def stop(self, data_dir: Path | None = None, *, force: bool = False) -> bool:
        self.calls.append(f"stop force={force}")
        return self.servers is not None

    def reset(self, data_dir: Path | None = None) -> list[Path]:
        self.calls.append("reset")
        return [DATA] if self.servers else []


def room(monkeypatch: pytest.MonkeyPatch, *, running: bool = True) -> Room:
    made = Room(running=running)
    for name in ("status", "stop", "reset"):
        monkeypatch.setattr(embedded, name, getattr(made, name))
    return made


def test_status_shows_addresses_without_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    room(monkeypatch)

    ran = aiworker("embedded", "status")

    assert ran.code == 0
    assert "running\tyes" in ran.out
    assert "redis_url\tredis://:****@127.0.0.1:7001/0" in ran.out
    assert "used_by\t7, 8" in ran.out
    assert "hunter2" not in ran.out


def test_status_shows_passwords_if_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    room(monkeypatch)

    assert "hunter2" in aiworker("embedded", "status", "--show-secrets").out


def test_status_has_a_json_form(monkeypatch: pytest.MonkeyPatch) -> None:
    room(monkeypatch)

    document = aiworker("embedded", "status", "--json").document

    assert (document["schema"], document["running"]) == ("aiworker.embedded-status/1", True)
    assert (document["postgres_pid"], document["used_by"]) == (11, [7, 8])
    assert "hunter2" not in str(document)


def test_status_of_nothing_is_still_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    room(monkeypatch, running=False)

    ran = aiworker("embedded", "status")

    assert ran.code == 0
    assert "running\tno" in ran.out


@pytest.mark.parametrize(("words", "call"), [((), "stop force=False"), (("--force",), "stop force=True")])
def test_stop_passes_force_on(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], call: str) -> None:
    made = room(monkeypatch)

    ran = aiworker("embedded", "stop", *words)

    assert (ran.code, made.calls) == (0, [call])


def test_stop_says_if_there_was_nothing_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    room(monkeypatch, running=False)

    assert "no embedded servers were running" in aiworker("embedded", "stop").err


def test_reset_asks_and_goes_on_after_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    made = room(monkeypatch)

    ran = aiworker("embedded", "reset", answer="y\n")

    assert (ran.code, made.calls) == (0, ["reset"])
    assert "Delete all embedded data in data?" in ran.err


def test_reset_does_nothing_after_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    made = room(monkeypatch)

    ran = aiworker("embedded", "reset", answer="\n")

    assert (ran.code, made.calls) == (1, [])
    assert "nothing was deleted" in ran.err


def test_reset_without_a_terminal_wants_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    made = room(monkeypatch)

    ran = aiworker("embedded", "reset")

    assert (ran.code, made.calls) == (2, [])
    assert "add --yes" in ran.err


def test_reset_with_yes_does_not_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    made = room(monkeypatch, running=False)

    ran = aiworker("embedded", "reset", "--yes")

    assert (ran.code, made.calls) == (0, ["reset"])
    assert "there was no embedded data" in ran.err


def test_psql_url_is_the_address_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    room(monkeypatch)

    assert aiworker("embedded", "psql-url").out == SERVERS.database_url + "\n"


def test_psql_url_of_nothing_exits_4(monkeypatch: pytest.MonkeyPatch) -> None:
    room(monkeypatch, running=False)

    ran = aiworker("embedded", "psql-url")

    assert (ran.code, ran.out) == (4, "")
    assert "No embedded servers are running." in ran.err


def test_the_data_directory_comes_from_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path | None] = []
    made = room(monkeypatch)

    def status(data_dir: Path | None = None) -> Status:
        asked.append(data_dir)
        return made.status()

    monkeypatch.setattr(embedded, "status", status)
    monkeypatch.setenv("AIWORKER_DATA_DIR", "mine")

    aiworker("embedded", "status")

    assert asked == [Path("mine")]
