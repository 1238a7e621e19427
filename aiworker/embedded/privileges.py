"""Whom PostgreSQL runs as. It refuses root, so root hands it to `nobody` with one capability: to pass 0700 directories.

The order between fork and exec matters: a change of user clears the death signal, so that comes last.
"""

from __future__ import annotations

import os
import pwd
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aiworker.errors import ConfigurationError

_CAPABILITIES = {0: "CAP_CHOWN", 1: "CAP_DAC_OVERRIDE", 5: "CAP_KILL", 6: "CAP_SETGID", 7: "CAP_SETUID"}
_CAP_DAC_OVERRIDE_BIT = 1
_CAPABILITY_VERSION_3 = 0x20080522
_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_SET_SECUREBITS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 1, 8, 28, 47, 2
_NO_SETUID_FIXUP = 1 << 2
_WAY_OUT = "Run as a normal user, or set DATABASE_URL to a PostgreSQL of yours."


@dataclass(frozen=True, slots=True)
class Identity:
    """A user that is not us."""

    uid: int
    gid: int


def server_identity() -> Identity | None:
    """Return whom PostgreSQL must run as; None means as ourselves. Refuse where it could not start."""
    user = os.geteuid()
    if user != 0:
        _require_entry(lambda: pwd.getpwuid(user), f"user id {user}")
        return None
    if sys.platform != "linux":
        raise ConfigurationError("PostgreSQL does not run as root on this system.", remedy=_WAY_OUT)
    missing = missing_capabilities(Path("/proc/self/status").read_text())
    if missing:
        raise ConfigurationError(
            f"PostgreSQL does not run as root, and handing it to `nobody` needs {', '.join(missing)}: "
            f"running as root without {'/'.join(missing)}.",
            remedy=_WAY_OUT,
        )
    entry = _require_entry(lambda: pwd.getpwnam("nobody"), "user `nobody`")
    return Identity(entry.pw_uid, entry.pw_gid)


def missing_capabilities(process_status: str) -> list[str]:
    """Name the capabilities that a change of user needs and this process lacks."""
    line = next((line for line in process_status.splitlines() if line.startswith("CapEff:")), "CapEff: 0")
    effective = int(line.split()[1], 16)
    return [name for bit, name in _CAPABILITIES.items() if not effective >> bit & 1]


def child_setup(identity: Identity | None, death_signal: signal.Signals) -> Callable[[], None] | None:
    """Return what a server does between fork and exec: change its user, then tie its life to its parent's."""
    if sys.platform != "linux":
        return None
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    only_override = (ctypes.c_uint32 * 6)(*[1 << _CAP_DAC_OVERRIDE_BIT] * 3, 0, 0, 0)
    parent = os.getpid()

    def control(option: int, *arguments: int) -> None:
        padded = [*arguments, 0, 0, 0, 0][:4]
        require(libc.prctl(option, *padded), f"prctl {option}")

    def require(result: int, step: str) -> None:
        if result != 0:
            number = ctypes.get_errno()
            # Popen hides what went wrong here; our stderr is the log.
            os.write(2, f"cannot drop privileges: {step}: {os.strerror(number)}\n".encode())
            raise OSError(number, step)

    def become(user: Identity) -> None:
        # access(2), with which initdb looks for its programs, ignores a plain user's capabilities without this bit.
        # Setting it needs CAP_SETPCAP; without that, only programs that everybody may reach will do.
        libc.prctl(_PR_SET_SECUREBITS, _NO_SETUID_FIXUP, 0, 0, 0)
        control(_PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(user.gid, user.gid, user.gid)
        os.setresuid(user.uid, user.uid, user.uid)
        require(libc.capset(header, only_override), "capset")
        control(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE_BIT)

    def setup() -> None:
        if identity is not None:
            become(identity)
        control(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:
            os._exit(1)  # the parent died before the death signal was set

    return setup


def give_to(identity: Identity | None, directory: Path) -> None:
    """Make `directory` private to the server's user."""
    directory.mkdir(mode=0o700, exist_ok=True)
    if identity is not None:
        os.chown(directory, identity.uid, identity.gid)
    directory.chmod(0o700)


def _require_entry(look_up: Callable[[], pwd.struct_passwd], who: str) -> pwd.struct_passwd:
    try:
        return look_up()
    except KeyError:
        raise ConfigurationError(
            f"PostgreSQL needs an entry in the user database, and {who} has none.", remedy=_WAY_OUT
        ) from None
