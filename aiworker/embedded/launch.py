"""Start the supervisor as a process of its own: own session, no inherited descriptor, output to the log."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

from aiworker.embedded import binaries, locks, privileges
from aiworker.embedded.paths import Layout
from aiworker.embedded.plan import Plan
from aiworker.errors import ConfigurationError, ServiceUnreachable

LINGER_VARIABLE = "AIWORKER_EMBEDDED_LINGER"
_DEFAULT_LINGER = 3.0
_SPAWN_SECONDS = 30.0
_KEPT_VARIABLES = ("PATH", "HOME", "TMPDIR", "TEMP", "TMP", "LANG", "LC_", "LD_", "DYLD_", "PYTHON", "COVERAGE_")
_log = logging.getLogger(__name__)


def launch(layout: Layout, *, linger: float | None, durable: bool) -> None:
    """Spawn the supervisor; on return it lives, or has failed and said so. The caller holds `lock`."""
    found = binaries.find(os.environ)
    privileges.server_identity()
    plan = Plan(layout.root, found, _linger(linger), durable)
    _warn_of_other_versions(layout, found.postgres_major)
    layout.state.unlink(missing_ok=True)
    layout.rotate_log()
    before = layout.log.stat().st_size if layout.log.exists() else 0
    code = _spawn(layout, plan)
    if code != 0 and not locks.is_held(layout.supervisor_lock):
        raise ServiceUnreachable(
            f"The supervisor of the embedded servers did not start (exit code {code}). "
            f"Last lines of {layout.log}:\n{layout.log_tail(since=before)}",
            remedy="Correct what the log says, or set DATABASE_URL and REDIS_URL to servers of yours.",
        )


def _spawn(layout: Layout, plan: Plan) -> int:
    log = os.open(layout.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", "aiworker.embedded.supervisor", plan.dump()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=_environment(),
            # Ctrl-C must reach the worker alone: it drains with the servers up.
            start_new_session=True,
            timeout=_SPAWN_SECONDS,
            check=False,
        ).returncode
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServiceUnreachable(
            f"The supervisor of the embedded servers cannot be started: {error}.", remedy=f"See {layout.log}."
        ) from error
    finally:
        os.close(log)


def _environment() -> dict[str, str]:
    # The supervisor may outlive us by far: it gets none of our keys.
    kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT_VARIABLES)}
    # The directories of *this* process, in its order: the package may be known only through our cwd,
    # and a stray module in the user's cwd must not stand in for the standard library's.
    return {**kept, "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)}


def _linger(given: float | None) -> float:
    text = os.environ.get(LINGER_VARIABLE)
    if given is not None or not text:
        return _DEFAULT_LINGER if given is None else given
    try:
        return float(text)
    except ValueError:
        raise ConfigurationError(
            f"{LINGER_VARIABLE} is {text!r}, not a number of seconds.", remedy=f"Correct or unset {LINGER_VARIABLE}."
        ) from None


def _warn_of_other_versions(layout: Layout, major: int) -> None:
    chosen = layout.cluster(major)
    others = [path for path in layout.clusters() if path != chosen and path.suffix != ".init"]
    if others and not chosen.exists():
        kept = ", ".join(str(path) for path in others)
        _log.warning("embedded_postgres_upgraded major=%d kept=%s: its data is not carried over", major, kept)
