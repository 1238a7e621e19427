"""Start or join the embedded servers. A process keeps them alive by holding a shared lock, and by nothing else."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from aiworker.embedded import locks
from aiworker.embedded.paths import Layout
from aiworker.embedded.state import Failure, Servers, read
from aiworker.errors import ServiceUnreachable

_START_SECONDS = 90.0
_LAST_BREATH_SECONDS = 5.0
_SECOND_LOOK_SECONDS = 3.0
_POLL_SECONDS = 0.005


class Lease:
    """Keeps the servers alive until it is closed or its process ends.

    A subprocess does not inherit it; a bare `os.fork` does.
    """

    def __init__(self, descriptor: int, servers: Servers) -> None:
        self._descriptor: int | None = descriptor
        self.servers = servers

    def close(self) -> None:
        """Let go; the last one to do so lets the servers stop after the linger time."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(data_dir: Path | None = None, *, linger: float | None = None, durable: bool = True) -> Lease:
    """Start the servers, or join those that run. Blocks; in an event loop use `asyncio.to_thread`.

    `linger` (seconds after the last user) and `durable` count only for the one that starts.
    Raises ConfigurationError where they cannot run, ServiceUnreachable where they do not come up.
    """
    began = time.perf_counter()
    layout = Layout.locate(data_dir)
    layout.prepare()
    with _deciding(layout), _lease(layout) as descriptor:
        servers = _find_servers(layout)
        started_here = servers is None
        if servers is None:
            from aiworker.embedded.launch import launch

            launch(layout, linger=linger, durable=durable)
            servers = _await_servers(layout)
        seconds = time.perf_counter() - began
        return Lease(os.dup(descriptor), replace(servers, started_here=started_here, seconds=seconds))


def join(data_dir: Path | None = None) -> Lease | None:
    """Join running servers, or return None; starts and creates nothing. Blocks as `start` does."""
    began = time.perf_counter()
    layout = Layout.locate(data_dir)
    if not layout.supervisor_lock.exists():
        return None
    with _deciding(layout), _lease(layout) as descriptor:
        servers = _find_servers(layout)
        if servers is None:
            return None
        return Lease(os.dup(descriptor), replace(servers, seconds=time.perf_counter() - began))


@contextlib.contextmanager
def _deciding(layout: Layout) -> Generator[None]:
    with locks.held(layout.lock, patience=_START_SECONDS) as deciding:
        if not deciding:
            raise ServiceUnreachable(
                f"Another aiworker process has held {layout.lock} for {_START_SECONDS:.0f} s.",
                remedy=f"End it (see {layout.log}), then try again.",
            )
        yield


@contextlib.contextmanager
def _lease(layout: Layout) -> Generator[int]:
    """Hold the lease inside the block; a duplicate of the descriptor carries it further."""
    # Exclusively it is held only by somebody who looks whether it is held: for microseconds.
    descriptor = locks.acquire(layout.lease, shared=True, patience=_START_SECONDS)
    if descriptor is None:
        raise ServiceUnreachable(f"{layout.lease} stays locked.", remedy="End the process that holds it.")
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _find_servers(layout: Layout) -> Servers | None:
    """Return a live supervisor's servers, or None. The caller holds `lock`.

    One that was killed a moment ago still holds its lock, and one that revives a server has none to show:
    both are looked at again for a while before they count as broken.
    """
    give_up_at = time.monotonic() + _SECOND_LOOK_SECONDS
    while locks.is_held(layout.supervisor_lock):
        try:
            servers = _await_servers(layout)
        except ServiceUnreachable:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(_POLL_SECONDS)
            continue
        if locks.is_held(layout.supervisor_lock):
            return servers
    return None


def _await_servers(layout: Layout) -> Servers:
    """Wait for the supervisor's word, then see for ourselves. The caller holds `lock`."""
    give_up_at = time.monotonic() + _START_SECONDS
    while (found := read(layout.state)) is None:
        if not locks.is_held(layout.supervisor_lock):
            # It may have written its last word between our two looks.
            found = read(layout.state) or Failure("The supervisor ended without a word.")
            break
        if time.monotonic() > give_up_at:
            found = Failure(f"They were not ready within {_START_SECONDS:.0f} s.")
            break
        time.sleep(_POLL_SECONDS)
    if isinstance(found, Failure):
        # It has said its last word and is about to end; the next start must not meet it.
        locks.is_held(layout.supervisor_lock, patience=_LAST_BREATH_SECONDS)
        raise _not_up(layout, found.error)
    from aiworker.embedded.verify import verify

    try:
        verify(found)
    except Exception as error:
        raise _not_up(layout, f"They do not answer: {error!r}") from error
    return found


def _not_up(layout: Layout, why: str) -> ServiceUnreachable:
    return ServiceUnreachable(
        f"The embedded servers did not come up. {why} Last lines of {layout.log}:\n{layout.log_tail()}",
        remedy="Try again; if it stays, clear their data with `aiworker embedded reset` (it is disposable), "
        "or set DATABASE_URL and REDIS_URL to servers of yours.",
    )
