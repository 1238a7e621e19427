"""flock on whole files. The kernel drops a lock with the last descriptor of its process, kill -9 included.

Descriptors are close-on-exec: a child that inherited one would keep the servers alive.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Generator
from pathlib import Path

from aiworker.errors import ConfigurationError

_POLL_SECONDS = 0.005
# Who looks holds the lock for microseconds.
LOOKERS_PATIENCE = 0.05


def acquire(path: Path, *, shared: bool = False, patience: float = 0.0) -> int | None:
    """Return a descriptor that holds the lock, or None if it was refused for `patience` seconds."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    give_up_at = time.monotonic() + patience
    try:
        while not _try(descriptor, shared=shared):
            if time.monotonic() >= give_up_at:
                os.close(descriptor)
                return None
            time.sleep(_POLL_SECONDS)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_held(path: Path, *, patience: float = 0.0) -> bool:
    """Tell whether anybody holds the lock in any way. Probe `supervisor.lock` only while holding `lock`."""
    descriptor = acquire(path, patience=patience)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def is_in_use(lease: Path) -> bool:
    """Tell whether anybody holds the lease, not taken in by others who look at the same moment."""
    return is_held(lease, patience=LOOKERS_PATIENCE)


@contextlib.contextmanager
def held(path: Path, *, patience: float = 0.0) -> Generator[bool]:
    """Hold the lock exclusively inside the block; yields False if it was refused."""
    descriptor = acquire(path, patience=patience)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def holders(path: Path) -> tuple[int, ...] | None:
    """List the processes that hold the lock; None where the system does not tell."""
    if not is_in_use(path):
        return ()
    try:
        table = Path("/proc/locks").read_text()
    except OSError:
        return None
    file = path.stat()
    place = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}:{file.st_ino}"
    rows = [line.split() for line in table.splitlines()]
    found = {int(row[4]) for row in rows if len(row) > 5 and row[1] == "FLOCK" and row[5] == place}
    # An overlay file system reports another device here than in /proc/locks.
    return tuple(sorted(found)) or None


def _try(descriptor: int, *, shared: bool) -> bool:
    import fcntl  # not on Windows, where `Layout.prepare` refuses before

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}:
            raise
        raise ConfigurationError(
            f"The embedded data directory is on a file system without file locks ({error.strerror}).",
            remedy="Set AIWORKER_DATA_DIR to a directory on a local disk.",
        ) from error
    return True
