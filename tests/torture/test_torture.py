"""Fifteen seconds of torture with a seed of the day: nothing lost, nothing twice, everybody told."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from rich.console import Console

from tests.torture.chaos import schedule
from tests.torture.rig import opened_rig
from tests.torture.run import Plan, show, torture

LARGEST_SEED = 999_999


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_fifteen_seconds_of_blows_lose_and_double_nothing(database_url: str, tmp_path: Path) -> None:
    plan = Plan(seed=random.SystemRandom().randint(1, LARGEST_SEED), seconds=15.0, jobs=200, quiet=75.0)
    print(f"seed {plan.seed}")  # noqa: T201 - pytest shows it if the test fails
    async with opened_rig(database_url) as rig:
        verdict = await torture(rig, plan)
    show(verdict, Console(width=120))

    again = f"python -m tests.torture --seconds 15 --jobs 200 --seed {plan.seed}"
    assert verdict.report.broken == {promise: [] for promise in verdict.report.broken}, again
    assert verdict.is_quiet, again
    assert verdict.report.completed > 0, again


def test_a_seed_is_always_the_same_row_of_blows() -> None:
    drawn = [schedule(random.Random(seed), 60.0) for seed in (7, 7, 8)]

    assert drawn[0] == drawn[1] != drawn[2]
    assert {blow.kind for blow in drawn[0]} == {"kill", "stop", "redis", "clients", "backends", "proxy"}
