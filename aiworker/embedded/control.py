"""Look at the embedded servers, stop them, clear their data. None of these keeps them alive."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from aiworker.embedded import locks
from aiworker.embedded.paths import Layout
from aiworker.embedded.state import Failure, Servers, read
from aiworker.errors import AiworkerError, ServiceUnreachable

_STOP_SECONDS = 40.0
_DECISION_SECONDS = 5.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Status:
    """What is known about an instance. `servers.redis_url` holds the password: mask it before showing."""

    data_dir: Path
    log: Path
    running: bool
    servers: Servers | None
    holders: tuple[int, ...] | None
    """Pids of the users; None where the system does not tell."""
    error: str | None
    """Why the last instance ended, if it failed."""


def status(data_dir: Path | None = None) -> Status:
    """Tell whether the servers run and who uses them; creates nothing."""
    layout = Layout.locate(data_dir)
    if not layout.supervisor_lock.exists():
        return Status(layout.root, layout.log, running=False, servers=None, holders=(), error=None)
    with locks.held(layout.lock, patience=_DECISION_SECONDS) as quiet:
        # Somebody who decides that long is starting them or stopping them; a supervisor is there either way.
        running = not quiet or locks.is_held(layout.supervisor_lock)
    found = read(layout.state)
    return Status(
        layout.root,
        layout.log,
        running=running,
        servers=found if running and isinstance(found, Servers) else None,
        holders=locks.holders(layout.lease),
        error=found.error if isinstance(found, Failure) else None,
    )


def stop(data_dir: Path | None = None, *, force: bool = False) -> bool:
    """Stop the servers now and wait until they are gone; return whether they ran.

    Refuses while anybody holds a lease, unless `force` says to stop them under their users.
    """
    layout = Layout.locate(data_dir)
    if not layout.supervisor_lock.exists():
        return False
    with locks.held(layout.lock, patience=_STOP_SECONDS) as deciding:
        if deciding and not locks.is_held(layout.supervisor_lock):
            return False
        if not force:
            _refuse_if_used(layout, "stopped")
        layout.stop_request.write_text("force" if force else "idle")
    _await_gone(layout, force=force)
    return True


def reset(data_dir: Path | None = None) -> list[Path]:
    """Stop the servers and delete their data; return what was deleted. Refuses while anybody holds a lease.

    Only what this room made is deleted, and the lock files stay: somebody may be waiting on them.
    """
    layout = Layout.locate(data_dir)
    if not layout.root.exists():
        return []
    stop(data_dir)
    with locks.held(layout.lock, patience=_STOP_SECONDS) as deciding:
        if not deciding or locks.is_held(layout.supervisor_lock):
            raise _in_use(layout, "reset")
        _refuse_if_used(layout, "reset")
        files = (layout.state, layout.stop_request, layout.log, layout.old_log)
        far = layout.sockets.parent
        sockets = layout.sockets if far == layout.root else far
        directories = (*layout.clusters(), layout.valkey, sockets)
        deleted = [path for path in (*files, *directories) if path.exists()]
        for path in deleted:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    return deleted


def _await_gone(layout: Layout, *, force: bool) -> None:
    give_up_at = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < give_up_at:
        with locks.held(layout.lock) as deciding:
            if deciding and not locks.is_held(layout.supervisor_lock):
                return
            if deciding and not force:
                _refuse_if_used(layout, "stopped")  # somebody joined since we asked
        time.sleep(_POLL_SECONDS)
    raise ServiceUnreachable(
        f"The embedded servers in {layout.root} have not stopped within {_STOP_SECONDS:.0f} s.",
        remedy=f"See {layout.log}.",
    )


def _refuse_if_used(layout: Layout, what: str) -> None:
    if locks.is_in_use(layout.lease):
        raise _in_use(layout, what)


def _in_use(layout: Layout, what: str) -> AiworkerError:
    pids = locks.holders(layout.lease)
    users = f"process {', '.join(map(str, pids))}" if pids else "some process"
    return AiworkerError(
        f"The embedded servers in {layout.root} are not {what}: in use by {users}.",
        code="embedded_in_use",
        remedy="End that process first, or stop them under it with `aiworker embedded stop --force`.",
    )
