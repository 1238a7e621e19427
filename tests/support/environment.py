"""An environment in which no variable, no `.env` and no `aiworker.toml` of the developer's is seen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aiworker.settings import FIELDS

TERMINAL = frozenset({"NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"})


def is_ours(name: str) -> bool:
    """Tell whether a variable would change what aiworker does or prints."""
    return name.lower() in FIELDS or name.startswith(("AIWORKER_", "_AIWORKER", "_TYPER")) or name in TERMINAL


def scrub(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    """Remove all our variables and work in `directory`, an empty one of the test's own."""
    for name in list(os.environ):
        if is_ours(name):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AIWORKER_DATA_DIR", str(directory / "no-embedded-servers"))
    monkeypatch.chdir(directory)


def scrubbed(directory: Path, **variables: str) -> dict[str, str]:
    """Return an environment for a subprocess: what the system needs, and `variables`."""
    kept = {name: value for name, value in os.environ.items() if not is_ours(name)}
    return {**kept, "AIWORKER_DATA_DIR": str(directory / "no-embedded-servers"), **variables}
