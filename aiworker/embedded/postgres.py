"""The PostgreSQL server: `trust`, and therefore reachable only through a socket in a 0700 directory.

A cluster under its final name is complete, and `postmaster.pid` is never deleted: it guards the shared memory.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
from pathlib import Path

from aiworker.embedded.binaries import Binaries
from aiworker.embedded.children import Process, await_ready, describe, end, spawn
from aiworker.embedded.orphans import clear_postgres
from aiworker.embedded.privileges import Identity, give_to
from aiworker.errors import ServiceUnreachable

USER = "aiworker"
_INITDB_SECONDS = 60.0
_READY_SECONDS = 60.0
_SMALL_SHARED_MEMORY = 64 * 1024 * 1024
_PROTOCOL_3 = 196608
_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Postgres:
    """One server over one cluster."""

    name = "PostgreSQL"

    def __init__(
        self, binaries: Binaries, cluster: Path, sockets: Path, *, identity: Identity | None, durable: bool
    ) -> None:
        self._binaries = binaries
        self._cluster = cluster
        self._sockets = sockets
        self._identity = identity
        self._durable = durable
        self.process: Process | None = None

    @property
    def url(self) -> str:
        return f"postgresql://{USER}@/postgres?host={self._sockets}"

    def create_if_missing(self) -> bool:
        """Make the cluster unless it is there; tell whether it was made."""
        clear_postgres(self._cluster)
        unfinished = self._cluster.with_name(f"{self._cluster.name}.init")
        shutil.rmtree(unfinished, ignore_errors=True)
        if (self._cluster / "PG_VERSION").exists():
            return False
        give_to(self._identity, unfinished)
        command = [self._binaries.initdb, "-D", unfinished, *self._initdb_options()]
        self.process = spawn(command, death_signal=signal.SIGINT, identity=self._identity)
        try:
            code = self.process.wait(_INITDB_SECONDS)
        except subprocess.TimeoutExpired:
            raise ServiceUnreachable(f"initdb did not finish within {_INITDB_SECONDS:.0f} s.") from None
        if code != 0:
            raise ServiceUnreachable(f"initdb failed ({describe(code)}).")
        unfinished.rename(self._cluster)
        return True

    def launch(self) -> None:
        """Spawn the server without waiting for it."""
        clear_postgres(self._cluster)
        # Their owner is gone. A lock left here may name a zombie or a stranger, which PostgreSQL takes for a rival.
        for left in self._sockets.glob(".s.PGSQL.*"):
            left.unlink()
        settings = [f"-c{setting}" for setting in self._settings()]
        self.process = spawn(
            [self._binaries.postgres, "-D", self._cluster, "-k", self._sockets, *settings],
            death_signal=signal.SIGINT,
            identity=self._identity,
            environment=self._forgiven_pid(),
        )

    def await_ready(self) -> None:
        """Wait until it accepts connections."""
        if self.process is not None:
            await_ready(self.process, self._answers, name=self.name, patience=_READY_SECONDS)

    def stop(self) -> None:
        """Stop it without waiting for its clients to leave."""
        if self.process is not None:
            end(self.process, [(signal.SIGINT, 20), (signal.SIGQUIT, 4)])

    def _initdb_options(self) -> list[str]:
        collation = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self._binaries.postgres_major < 17:
            collation = ["--locale=C"]
        # --no-sync is what makes it quick (0.5 s instead of 3 s); the first checkpoint syncs.
        return ["-U", USER, "--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions", *collation]

    def _settings(self) -> list[str]:
        settings = ["listen_addresses=", "shared_buffers=32MB"]
        if not self._durable:
            settings += _NOT_DURABLE
        if shared_memory_is_small():
            settings.append("max_parallel_workers_per_gather=0")
        return settings

    def _forgiven_pid(self) -> dict[str, str]:
        # PostgreSQL refuses to start while the pid in its old lock file is taken, by a zombie or a stranger too;
        # the variable (pg_ctl's own) names the one pid it may overlook.
        lines = self._lock_file()
        return {"PG_GRANDPARENT_PID": lines[0]} if lines and lines[0].isdigit() else {}

    def _lock_file(self) -> list[str]:
        try:
            return [line.strip() for line in (self._cluster / "postmaster.pid").read_text().splitlines()]
        except OSError:
            return []

    def _answers(self) -> bool:
        lines = self._lock_file()
        # The file of a crashed server says "ready" too: it counts only with the pid we have just started.
        ready = self.process is not None and len(lines) > 7 and lines[0] == str(self.process.pid)
        return ready and lines[7] == "ready" and _accepts(self._sockets / ".s.PGSQL.5432")


def shared_memory_is_small() -> bool:
    """Tell whether shared memory is a container's default: parallel queries would fail there."""
    try:
        found = os.statvfs("/dev/shm")  # noqa: S108 - the system's mount, no file is made here
    except OSError:
        return False
    return found.f_blocks * found.f_frsize <= _SMALL_SHARED_MEMORY


def _accepts(path: Path) -> bool:
    parameters = f"user\0{USER}\0database\0postgres\0\0".encode()
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(path))
            connection.sendall(struct.pack("!II", len(parameters) + 8, _PROTOCOL_3) + parameters)
            answer = connection.recv(1)
            connection.sendall(b"X\0\0\0\4")
    except OSError:
        return False
    return answer == b"R"
