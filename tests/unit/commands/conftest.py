"""Commands see nothing of the developer's environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.environment import scrub


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scrub(monkeypatch, tmp_path)
