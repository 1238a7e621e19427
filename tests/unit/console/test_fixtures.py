"""What a folder of cases tells of a model: how much of what it names is founded, and by how much of the guard."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from aiworker.console.fixtures import Precision, precision
from aiworker.protocol import Described, Measured
from aiworker.runtime import cases
from aiworker.runtime.fixtures import Seen, Verdict

SHIPPED = Path(cases.__file__).parents[2] / "examples" / "fixtures" / "rewrite-resume"
CASE = next(case for case in cases.read(SHIPPED) if case.answers is None)


def verdict(*, grounded: int, entities: int, is_partial: bool) -> Verdict:
    measured = Measured("rewrite-resume", "4f", "m-1", 3, 0, entities, grounded, is_partial)
    return Verdict(CASE, Seen("", 1, result=Described({}, measured=measured)), (), "m-1", 0.1, Decimal(0))


@pytest.mark.parametrize(
    ("partial", "told"),
    [
        ((False, False), "entity precision 97.0% (32 of 33 figures and names): rewrite-resume, prompt 4f, m-1"),
        (
            (True, False),
            "entity precision 97.0% (32 of 33 figures and names, guard partial in 1 of 2 runs): "
            "rewrite-resume, prompt 4f, m-1",
        ),
    ],
)
def test_beside_the_precision_stands_how_many_runs_were_held_to_part_of_the_rules(
    partial: tuple[bool, bool], told: str
) -> None:
    first, second = partial
    (shown,) = precision(
        [
            verdict(grounded=12, entities=12, is_partial=first),
            verdict(grounded=20, entities=21, is_partial=second),
        ]
    )
    assert str(shown) == told
    document = shown.document
    assert (document["runs"], document["partialRuns"], document["entityPrecision"]) == (2, sum(partial), 0.9697)


def test_without_any_figure_or_name_there_is_no_share() -> None:
    shown = Precision("rewrite-resume", "4f", "m-1", grounded=0, entities=0, runs=1, partial=0)
    assert "none (0 of 0" in str(shown) and shown.document["entityPrecision"] is None
