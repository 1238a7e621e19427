"""Where an instance lies and how private it is."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from aiworker.embedded import paths
from aiworker.embedded.paths import Layout, claim_private
from aiworker.errors import ConfigurationError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_argument_beats_variable_beats_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    default = Layout.locate(None).root
    monkeypatch.setenv("AIWORKER_DATA_DIR", str(tmp_path / "variable"))

    assert default.name == "embedded"
    assert default.is_relative_to(tmp_path / "home")
    assert Layout.locate(None).root == tmp_path / "variable"
    assert Layout.locate(tmp_path / "argument").root == tmp_path / "argument"
    assert list(tmp_path.iterdir()) == []


def test_sockets_lie_in_the_data_directory_while_their_paths_fit() -> None:
    assert Layout(Path("/srv/data")).sockets == Path("/srv/data/s")


@pytest.mark.parametrize("root", ["/" + "d" * 92, "/srv/my data", "/srv/a,b", "/srv/données"])
def test_sockets_lie_elsewhere_when_the_path_is_too_long_or_odd(root: str) -> None:
    sockets = Layout(Path(root)).sockets
    assert not sockets.is_relative_to(root)
    assert sockets == Layout(Path(root)).sockets
    assert sockets != Layout(Path(root + "2")).sockets


def test_longest_socket_path_that_stays_is_within_the_limit() -> None:
    root = Path("/" + "d" * 90)
    assert Layout(root).sockets == root / "s"
    assert len(str(root / "s/.s.PGSQL.5432")) == 107


def test_prepare_makes_private_directories(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "a/b")
    layout.prepare()
    assert mode(layout.root) == 0o700
    layout.prepare()


def test_empty_open_directory_is_made_private(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir(mode=0o755)
    claim_private(tmp_path / "d")
    assert mode(tmp_path / "d") == 0o700


def test_symbolic_link_is_not_taken_for_our_directory(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir(mode=0o700)
    (tmp_path / "d").symlink_to(tmp_path / "theirs")
    with pytest.raises(ConfigurationError, match="belongs to somebody else"):
        claim_private(tmp_path / "d")


def test_directory_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "d").mkdir(mode=0o700)
    another = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: another)
    with pytest.raises(ConfigurationError, match="belongs to somebody else"):
        claim_private(tmp_path / "d")


def test_place_that_cannot_be_made_names_the_variable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError) as caught:
        Layout(tmp_path / "file/d").prepare()
    assert "AIWORKER_DATA_DIR" in (caught.value.remedy or "")


def test_windows_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ConfigurationError, match="Windows"):
        Layout(tmp_path / "d").prepare()


def test_large_log_is_moved_aside_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "_ROTATE_LOG_AT", 10)
    layout = Layout(tmp_path)
    layout.rotate_log()
    layout.log.write_text("short")
    layout.rotate_log()
    assert layout.log.exists()
    layout.log.write_text("longer than ten")
    layout.rotate_log()
    assert not layout.log.exists()
    assert layout.old_log.read_text() == "longer than ten"


def test_log_tail_leaves_out_what_quotes_values(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert layout.log_tail() == ""
    layout.log.write_text("first\nFATAL:  no\nDETAIL:  Key (email)=(a@b.c)\nSTATEMENT:  insert\n\tvalues (1)\n\nlast\n")
    assert layout.log_tail() == "first\nFATAL:  no\nlast"
    assert layout.log_tail(lines=1) == "last"
    assert layout.log_tail(since=layout.log.stat().st_size - 5) == "last"


def test_clusters_are_known_by_name(tmp_path: Path) -> None:
    for name in ("pg18", "pg18.init", "pg17", "pgdata", "pictures"):
        (tmp_path / name).mkdir()
    assert [path.name for path in Layout(tmp_path).clusters()] == ["pg17", "pg18", "pg18.init"]
