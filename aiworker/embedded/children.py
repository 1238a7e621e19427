"""Start and end a server process. Its output goes where ours goes: to the supervisor's log."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from aiworker.embedded.privileges import Identity, child_setup
from aiworker.errors import ServiceUnreachable

Process = subprocess.Popen[bytes]
_POLL_SECONDS = 0.005


def spawn(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals,
    identity: Identity | None = None,
    environment: Mapping[str, str] | None = None,
) -> Process:
    """Start a server with an almost empty environment; it dies with this process (Linux)."""
    return subprocess.Popen(  # noqa: S603 - our own command line
        command,
        stdin=subprocess.DEVNULL,
        cwd="/",
        # LC_ALL: without a locale, PostgreSQL on macOS "became multithreaded during startup".
        env={"LC_ALL": "C", "PATH": os.defpath, **(environment or {})},
        preexec_fn=child_setup(identity, death_signal),
    )


def await_ready(process: Process, is_ready: Callable[[], bool], *, name: str, patience: float) -> None:
    """Wait until the server answers; raise at once if it dies."""
    give_up_at = time.monotonic() + patience
    while not is_ready():
        code = process.poll()
        if code is not None:
            raise ServiceUnreachable(f"The embedded {name} ended while starting ({describe(code)}).")
        if time.monotonic() > give_up_at:
            raise ServiceUnreachable(f"The embedded {name} was not ready within {patience:.0f} s.")
        time.sleep(_POLL_SECONDS)


def end(process: Process, ladder: Sequence[tuple[signal.Signals, float]]) -> None:
    """Send each signal and wait its seconds until the process is gone; SIGKILL comes last."""
    for step, patience in ladder:
        if process.poll() is not None:
            return
        process.send_signal(step)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    process.wait()


def describe(code: int) -> str:
    """Say how a process ended."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
