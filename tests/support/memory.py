"""A directory in memory for the data of a run's servers, of which nothing is left when the run is over.

A run that was killed cannot clear up; the next one does, since nobody holds that directory's lock any more.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from aiworker import embedded

MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
"""Bytes that must be free: far more than the servers of a run ever hold."""
PREFIX = "aiworker-tests-"
_SETTLED_SECONDS = 60
"""How old a directory without a lock must be: a younger one's maker may not have come to locking it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A directory that is ours as long as its lock is held."""

    directory: Path
    lock: int

    def release(self) -> None:
        """Stop the servers in it, if they still run, and remove it."""
        try:
            embedded.stop(servers_in(self.directory), force=True)
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)
            os.close(self.lock)


def servers_in(directory: Path) -> Path:
    """Return where in a run's directory its servers keep their data."""
    return directory / "servers"


def claim() -> Claim | None:
    """Return a new directory in memory; None where there is no such place, or little room in it."""
    if not os.access(MEMORY, os.W_OK):
        return None
    _sweep()
    if shutil.disk_usage(MEMORY).free < ROOM:
        return None
    directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=MEMORY))
    lock = _locked(directory)
    assert lock is not None, "a directory that was just made is nobody else's"
    return Claim(directory, lock)


def _sweep() -> None:
    """Remove what killed runs of this user have left."""
    for directory in MEMORY.glob(f"{PREFIX}*"):
        found = directory.lstat()
        is_settled = found.st_mtime < time.time() - _SETTLED_SECONDS
        if found.st_uid == os.geteuid() and is_settled and (lock := _locked(directory)) is not None:
            Claim(directory, lock).release()


def _locked(directory: Path) -> int | None:
    """Return a descriptor that holds the directory's lock; None if another process does."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
