"""The Valkey (or Redis) server: TCP with a password for everybody's tools, and a private socket."""

from __future__ import annotations

import secrets
import signal
import socket
from pathlib import Path

from aiworker.embedded.children import Process, await_ready, end, spawn
from aiworker.embedded.orphans import clear_valkey
from aiworker.embedded.state import write_private
from aiworker.errors import ServiceUnreachable

_PORT_TRIES = 3
_READY_SECONDS = 60.0


class Valkey:
    """One server over one directory."""

    name = "Valkey"

    def __init__(self, binary: Path, directory: Path, socket_path: Path) -> None:
        self._binary = binary
        self._directory = directory
        self._config = directory / "valkey.conf"
        # Random per start: without it, any user of this machine could add jobs.
        self._password = secrets.token_hex(16)
        self._port = 0
        self.socket_path = socket_path
        self.process: Process | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    def launch(self) -> None:
        """Spawn the server without waiting for it; a second launch keeps port and password."""
        clear_valkey(self._config, self._binary)
        self._directory.mkdir(mode=0o700, exist_ok=True)
        self.socket_path.unlink(missing_ok=True)
        self._port = self._port or free_port()
        write_private(self._config, self._settings())
        self.process = spawn([self._binary, self._config], death_signal=signal.SIGTERM)

    def await_ready(self) -> None:
        """Wait until it answers PING."""
        if self.process is not None:
            await_ready(self.process, self._answers, name=self.name, patience=_READY_SECONDS)

    def settle(self) -> None:
        """Wait as `await_ready` does, moving to other ports: somebody may have taken ours since we looked."""
        for tries_left in reversed(range(_PORT_TRIES)):
            try:
                return self.await_ready()
            except ServiceUnreachable:
                if not tries_left or self.process is None or self.process.poll() is None:
                    raise
                self._port = 0
                self.launch()
        return None

    def stop(self) -> None:
        """Stop it, writing out what it holds."""
        if self.process is not None:
            end(self.process, [(signal.SIGTERM, 8)])
        self.socket_path.unlink(missing_ok=True)

    def _settings(self) -> str:
        settings = {
            "bind": "127.0.0.1",
            "port": str(self._port),
            "requirepass": self._password,
            "unixsocket": _quoted(self.socket_path),
            "unixsocketperm": "700",
            "dir": _quoted(self._directory),
            "appendonly": "yes",
            # Not everysec: it may hold writes back while a sync is under way, and a kill -9 would lose them.
            "appendfsync": "no",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "logfile": '""',
            # Its farewell would push the cause of a failure out of the log's tail.
            "loglevel": "warning",
            # The command line stays as it is: that is how an orphan is known.
            "set-proc-title": "no",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(self.socket_path))
                connection.sendall(f"AUTH {self._password}\r\nPING\r\nQUIT\r\n".encode())
                answer = b""
                while chunk := connection.recv(256):
                    answer += chunk
        except OSError:
            return False
        return answer.startswith(b"+OK\r\n+PONG\r\n")


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
