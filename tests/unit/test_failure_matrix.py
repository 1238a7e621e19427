"""Every row of the failure matrix names tests, and every test it names is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = {
    name
    for file in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
}
ROWS = [
    line.split(" | ")
    for line in (ROOT / "docs" / "failure-matrix.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| fault")
]


def test_every_row_has_a_test() -> None:
    assert len(ROWS) >= 40
    assert [row[0] for row in ROWS if "`test_" not in row[2] and "the same" not in row[2]] == []


def test_every_test_it_names_is_there() -> None:
    named = {name for row in ROWS for name in re.findall(r"`(test_\w+)`", row[2])}
    assert named - TESTS == set()
