"""What the supervisor is started with."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from aiworker.embedded import binaries, launch
from aiworker.embedded.paths import Layout
from aiworker.errors import ServiceUnreachable


def test_cluster_of_another_version_is_kept_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    old = tmp_path / "pg17"
    old.mkdir()
    programs = binaries.Binaries(Path("/b/postgres"), Path("/b/initdb"), 18, Path("/b/valkey-server"))

    def found(_environ: object) -> binaries.Binaries:
        return programs

    monkeypatch.setattr(binaries, "find", found)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with caplog.at_level(logging.WARNING), pytest.raises(ServiceUnreachable, match="exit code 1"):
        launch.launch(Layout(tmp_path), linger=0, durable=True)
    assert f"kept={old}" in caplog.text
    assert old.exists()


def test_supervisor_gets_the_way_to_the_package_but_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\nenv\npwd\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    with pytest.raises(ServiceUnreachable):
        launch.launch(Layout(tmp_path), linger=0, durable=True)
    log = Layout(tmp_path).log.read_text()
    assert "sk-planted" not in log
    assert str(Path(launch.__file__).parents[2]) in log
    assert log.endswith("\n/\n")
