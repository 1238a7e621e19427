"""Every rule that can keep a text out has words for it; the rules are read from the guard's own code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from aiworker.domain.resume import guard
from aiworker.domain.resume.guard.findings import REASONS

ROOM = Path(guard.__file__).parent
NAMING = {"Finding", "matched", "unstated"}
"""What takes a rule's name first."""


def said() -> Iterator[tuple[str, bool]]:
    """Yield every rule the guard's code names, and whether it can be a violation there."""
    for file in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMING):
                continue
            rule = node.args[0]
            if isinstance(rule, ast.Constant):
                severity = node.args[2] if node.func.id == "Finding" and len(node.args) > 2 else None
                yield str(rule.value), not isinstance(severity, ast.Constant) or severity.value == "violation"
            else:
                # Handed on from whoever calls `matched` or `unstated`.
                assert file.name == "unstated.py", f"{file.name} names no rule in line {node.lineno}"


def test_every_rule_that_keeps_a_text_out_has_words_for_a_model() -> None:
    violating = {rule for rule, is_violation in said() if is_violation}
    assert {"number", "leadership", "award"} <= violating and "style" not in violating
    assert violating == REASONS.keys()


def test_the_words_name_no_rule_twice_and_fit_into_a_list() -> None:
    assert len(set(REASONS.values())) == len(REASONS)
    assert not [words for words in REASONS.values() if any(sign in words for sign in ",;()") or words.endswith(".")]
