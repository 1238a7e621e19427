"""End servers that outlived their supervisor. They are known by where they run, never by a pid from a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aiworker.errors import ServiceUnreachable

_POLL_SECONDS = 0.02
_POSTGRES_NAMES = frozenset({"postgres", "initdb"})


@dataclass(frozen=True, slots=True)
class Running:
    """A live process as the system shows it; `directory` is None where we may not look."""

    pid: int
    name: str
    command: str
    directory: Path | None

    def has_argument(self, argument: str) -> bool:
        return f" {argument} " in f" {self.command} "


@dataclass(frozen=True, slots=True)
class _Step:
    signal: signal.Signals
    patience: float
    applies: Callable[[Running], bool] = lambda process: True


def clear_postgres(cluster: Path) -> None:
    """End every PostgreSQL process of this cluster, half-made or whole."""
    places = (cluster, cluster.with_name(f"{cluster.name}.init"))

    def is_main(process: Running) -> bool:
        # The others carry a title instead. They end with their postmaster; SIGINT means "checkpoint and stop" to one.
        return any(process.has_argument(f"-D {place}") for place in places)

    def is_ours(process: Running) -> bool:
        return process.directory in places or is_main(process)

    steps = (_Step(signal.SIGINT, 8, is_main), _Step(signal.SIGQUIT, 4), _Step(signal.SIGKILL, 4))
    _clear(lambda: [process for process in running(_POSTGRES_NAMES) if is_ours(process)], steps, name="PostgreSQL")


def clear_valkey(config: Path, binary: Path) -> None:
    """End every Valkey or Redis process that runs on this configuration file."""
    names = frozenset({"valkey-server", "redis-server", binary.name[:15]})
    _clear(
        lambda: [process for process in running(names) if process.has_argument(str(config))],
        (_Step(signal.SIGTERM, 5), _Step(signal.SIGKILL, 4)),
        name="Valkey",
    )


def running(names: frozenset[str]) -> list[Running]:
    """List live processes with one of these names; a zombie does not live."""
    return list(_from_proc(names) if sys.platform == "linux" else _from_ps(names))


def _from_proc(names: frozenset[str]) -> Iterator[Running]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            name = (entry / "comm").read_text().strip()
            # A zombie has no command line.
            command = (entry / "cmdline").read_bytes() if name in names else b""
        except OSError:
            continue
        if command:
            text = os.fsdecode(command.rstrip(b"\0").replace(b"\0", b" "))
            yield Running(int(entry.name), name, text, _working_directory(entry))


def _working_directory(entry: Path) -> Path | None:
    try:
        return (entry / "cwd").readlink()
    except OSError:
        return None  # root without CAP_SYS_PTRACE (most containers) may not look at `nobody`'s


def _from_ps(names: frozenset[str]) -> Iterator[Running]:
    command = ["/bin/ps", "-axww", "-o", "pid=,stat=,ucomm=,command="]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - a constant
    for line in listing.splitlines():
        pid, state, name, text = [*line.split(None, 3), "", "", ""][:4]
        if name in names and not state.startswith("Z"):
            yield Running(int(pid), name, text, None)


def _clear(find: Callable[[], list[Running]], steps: Sequence[_Step], *, name: str) -> None:
    for step in steps:
        left = find()
        for process in left:
            if step.applies(process):
                _send(process.pid, step.signal)
        give_up_at = time.monotonic() + step.patience
        while left and time.monotonic() < give_up_at:
            time.sleep(_POLL_SECONDS)
            left = find()
        if not left:
            return
    pids = ", ".join(str(process.pid) for process in find())
    raise ServiceUnreachable(f"An earlier {name} on this data directory does not end (pid {pids}).")


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
