"""Who holds a lock, and what is said where there are none."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from aiworker.embedded import locks
from aiworker.errors import ConfigurationError


def test_shared_locks_agree_and_an_exclusive_one_waits(tmp_path: Path) -> None:
    lease = tmp_path / "lease"
    first, second = locks.acquire(lease, shared=True), locks.acquire(lease, shared=True)
    assert first is not None
    assert second is not None
    assert not os.get_inheritable(first)
    assert locks.is_held(lease)
    assert locks.acquire(lease, patience=0.02) is None
    assert locks.holders(lease) in {(os.getpid(),), None}
    os.close(first)
    assert locks.is_in_use(lease)
    os.close(second)
    assert not locks.is_held(lease)
    assert locks.holders(lease) == ()


def test_file_system_without_locks_names_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(ConfigurationError) as caught:
        locks.acquire(tmp_path / "lease")
    assert "AIWORKER_DATA_DIR" in (caught.value.remedy or "")
