"""What the supervisor tells its users through `state.json`: where the servers are, or why there are none.

A state file proves nothing by itself: only `supervisor.lock` says that its writer lives.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import cast


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers are and which processes they are."""

    database_url: str
    redis_url: str
    redis_socket: str
    supervisor_pid: int
    postgres_pid: int
    valkey_pid: int
    started_here: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the servers are not there."""

    error: str


def write_private(path: Path, text: str) -> None:
    """Write a 0600 file in one step: readers see the old text or the new one."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    new.replace(path)


def write(path: Path, document: dict[str, object]) -> None:
    """Store the state."""
    write_private(path, json.dumps(document, indent=2) + "\n")


def read(path: Path) -> Servers | Failure | None:
    """Read the state; None if there is none."""
    try:
        document = cast("dict[str, object]", json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except ValueError:
        return Failure(f"{path} is not JSON")
    if "error" in document:
        return Failure(str(document["error"]))
    try:
        return Servers(
            database_url=str(document["database_url"]),
            redis_url=str(document["redis_url"]),
            redis_socket=str(document["redis_socket"]),
            supervisor_pid=int(str(document["supervisor_pid"])),
            postgres_pid=int(str(document["postgres_pid"])),
            valkey_pid=int(str(document["valkey_pid"])),
            started_here=False,
            seconds=0.0,
        )
    except (KeyError, ValueError) as error:
        return Failure(f"{path} was written by another version ({error!r})")
