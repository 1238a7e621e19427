"""The test servers' data lies in memory where there is room, and no run leaves any of it there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import memory
from tests.support.memory import PREFIX, claim


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Take a directory of the test's own for the machine's memory."""
    monkeypatch.setattr(memory, "MEMORY", tmp_path)
    monkeypatch.setattr(memory, "ROOM", 1)
    return tmp_path


def abandoned(place: Path, name: str, *, seconds_ago: int = 3_600) -> Path:
    """Make a directory as a run that was killed leaves it."""
    directory = place / name
    (directory / "servers").mkdir(parents=True)
    then = directory.stat().st_mtime - seconds_ago
    os.utime(directory, (then, then))
    return directory


def test_a_claim_is_a_private_directory_that_its_release_removes(place: Path) -> None:
    claimed = claim()
    assert claimed is not None
    assert list(place.iterdir()) == [claimed.directory]
    assert claimed.directory.stat().st_mode & 0o777 == 0o700
    memory.servers_in(claimed.directory).mkdir()
    claimed.release()
    assert list(place.iterdir()) == []


def test_without_room_or_such_a_place_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setattr(memory, "ROOM", 2**60)
    assert claim() is None
    monkeypatch.setattr(memory, "MEMORY", place / "missing")
    assert claim() is None
    assert list(place.iterdir()) == []


def test_a_claim_removes_what_a_killed_run_left_and_nothing_else(place: Path) -> None:
    running = claim()
    assert running is not None
    os.utime(running.directory, (1, 1))
    left = abandoned(place, f"{PREFIX}left")
    young = abandoned(place, f"{PREFIX}young", seconds_ago=1)
    foreign = abandoned(place, "something-else")
    claimed = claim()
    assert claimed is not None
    assert set(place.iterdir()) == {running.directory, young, foreign, claimed.directory} and not left.exists()
    claimed.release()
    running.release()
