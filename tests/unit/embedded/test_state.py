"""What the supervisor tells its users."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiworker.embedded import state


def test_state_is_private_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert state.read(path) is None
    state.write(
        path,
        {
            "supervisor_pid": 1,
            "postgres_pid": 2,
            "valkey_pid": 3,
            "database_url": "postgresql://",
            "redis_url": "redis://",
            "redis_socket": "/s/redis.sock",
            "timings": {"ready": 0.1},
        },
    )
    assert path.stat().st_mode & 0o777 == 0o600
    assert state.read(path) == state.Servers(
        "postgresql://", "redis://", "/s/redis.sock", 1, 2, 3, started_here=False, seconds=0
    )
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize(("text", "reason"), [("{", "not JSON"), ("{}", "another version"), ('{"error": "no"}', "no")])
def test_state_that_names_no_servers_is_a_failure(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "state.json").write_text(text)
    found = state.read(tmp_path / "state.json")
    assert isinstance(found, state.Failure)
    assert reason in found.error
