"""What a starter asks of the supervisor."""

from __future__ import annotations

from pathlib import Path

from aiworker.embedded import binaries
from aiworker.embedded.plan import Plan


def test_plan_survives_the_command_line() -> None:
    programs = binaries.Binaries(Path("/b/postgres"), Path("/b/initdb"), 18, Path("/b/valkey server"))
    plan = Plan(Path('/data "dir"'), programs, linger=0.5, durable=False)
    assert Plan.load(plan.dump()) == plan
