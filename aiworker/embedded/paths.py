"""The files of one embedded instance. The socket directory may lie elsewhere: socket paths have a short limit."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from aiworker.errors import ConfigurationError

DATA_DIR_VARIABLE = "AIWORKER_DATA_DIR"
_LONGEST_SOCKET_PATH = 103 if sys.platform == "darwin" else 107
_LONGEST_SOCKET_NAME = "/.s.PGSQL.5432"
# Anything else (spaces, commas, quotes) has a meaning in a DSN or in the servers' own settings.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+~-]+")
_ROTATE_LOG_AT = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Layout:
    """The data directory and what lies in it."""

    root: Path

    @classmethod
    def locate(cls, data_dir: Path | None) -> Layout:
        """Choose the data directory: the argument, the variable, or the user's own place; create nothing."""
        chosen = data_dir or os.environ.get(DATA_DIR_VARIABLE)
        if chosen:
            return cls(Path(chosen).expanduser().resolve())
        import platformdirs

        return cls(Path(platformdirs.user_data_dir("aiworker")).resolve() / "embedded")

    @property
    def lock(self) -> Path:
        """Held by whoever decides: a starter, or the supervisor while it stops."""
        return self.root / "lock"

    @property
    def lease(self) -> Path:
        """Held shared by every user process."""
        return self.root / "lease"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the supervisor as long as it lives."""
        return self.root / "supervisor.lock"

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def stop_request(self) -> Path:
        return self.root / "stop.request"

    @property
    def log(self) -> Path:
        return self.root / "supervisor.log"

    @property
    def old_log(self) -> Path:
        return self.root / "supervisor.log.1"

    @property
    def valkey(self) -> Path:
        return self.root / "valkey"

    def cluster(self, major: int) -> Path:
        """Return the cluster's directory; it carries the major version, so an upgrade never meets old files."""
        return self.root / f"pg{major}"

    def clusters(self) -> list[Path]:
        """List every cluster directory, half-made ones too."""
        return sorted(path for path in self.root.glob("pg*") if re.fullmatch(r"pg\d+(\.init)?", path.name))

    @property
    def sockets(self) -> Path:
        """The directory of both servers' sockets."""
        near = self.root / "s"
        fits = len(os.fsencode(near)) + len(_LONGEST_SOCKET_NAME) <= _LONGEST_SOCKET_PATH
        return near if fits and _PLAIN_PATH.fullmatch(str(near)) else self._far_socket_parent / "s"

    @property
    def _far_socket_parent(self) -> Path:
        """The short directory that stands in when the data directory's path is too long for sockets."""
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"aiworker-{digest}"

    def prepare(self) -> None:
        """Create the private directories; refuse one that others could read or own."""
        if sys.platform == "win32":
            raise ConfigurationError(
                "The embedded servers do not run on Windows (no flock).",
                remedy="Set DATABASE_URL and REDIS_URL to servers of yours, or work in WSL.",
            )
        try:
            self.root.parent.mkdir(parents=True, exist_ok=True)
            claim_private(self.root)
            if self.sockets.parent != self.root:
                claim_private(self.sockets.parent)
        except OSError as error:
            raise ConfigurationError(
                f"The embedded data directory {self.root} cannot be used ({error.strerror or error}).",
                remedy=f"Set {DATA_DIR_VARIABLE} to a directory of yours on a local disk.",
            ) from error

    def rotate_log(self) -> None:
        """Move a log that has grown too large aside; one old log is kept."""
        if self.log.exists() and self.log.stat().st_size > _ROTATE_LOG_AT:
            self.log.replace(self.old_log)

    def log_tail(self, *, lines: int = 15, since: int = 0) -> str:
        """Return the last lines of the log, without those in which PostgreSQL quotes values."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(since, log.seek(0, os.SEEK_END) - 20_000))
                text = log.read().decode(errors="replace")
        except FileNotFoundError:
            return ""
        quotes = re.compile(r"^\t|\b(DETAIL|STATEMENT|CONTEXT|QUERY):")
        return "\n".join([line for line in text.splitlines() if line.strip() and not quotes.search(line)][-lines:])


def claim_private(directory: Path) -> None:
    """Make `directory` ours with mode 0700, or refuse it."""
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise _not_private(directory, "belongs to somebody else") from None
        if found.st_mode & 0o077:
            if any(directory.iterdir()):
                raise _not_private(directory, "is open to other users and not empty") from None
            directory.chmod(0o700)


def _not_private(directory: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The embedded data directory {directory} {why}.",
        remedy=f"Set {DATA_DIR_VARIABLE} to a directory of yours, or make this one private: chmod 700 {directory}.",
    )
