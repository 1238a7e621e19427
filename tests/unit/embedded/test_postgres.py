"""What PostgreSQL is told about this machine."""

from __future__ import annotations

import os

import pytest

from aiworker.embedded import postgres


@pytest.mark.parametrize(("blocks", "small"), [(16 * 1024, True), (64 * 1024, False)])
def test_small_shared_memory_is_noticed(monkeypatch: pytest.MonkeyPatch, blocks: int, *, small: bool) -> None:
    found = os.statvfs_result((4096, 4096, blocks, 0, 0, 0, 0, 0, 0, 255))

    def statvfs(_path: str) -> os.statvfs_result:
        return found

    monkeypatch.setattr(os, "statvfs", statvfs)
    assert postgres.shared_memory_is_small() is small
