"""Placeholders are filled once, by code, or the text is refused by a typed error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.analytics.slots import fill, has_stray_brace, slots
from aiworker.errors import InvalidAnswer

DISPLAYS = {"placed": "48", "branch_a": "{placed} {{x}} \\1 \\g<0>"}
PIECES = st.lists(
    st.sampled_from(["{placed}", "{branch_a}", "{", "}", "{nobody}", "{Placed}", "{ placed }", "48", "é"])
)


def test_placeholders_become_displays() -> None:
    assert fill("{placed} of {placed}", DISPLAYS) == "48 of 48"


def test_a_display_is_not_filled_again() -> None:
    assert fill("In {branch_a}.", DISPLAYS) == "In {placed} {{x}} \\1 \\g<0>."


def test_placeholders_are_found_in_order() -> None:
    assert slots("{b} a {a_c} {A} {1} {}") == ["b", "a_c"]


@pytest.mark.parametrize("text", ["{nobody}", "{Placed}", "{{placed}}", "{placed", "placed}", "{}", "{ placed }"])
def test_what_nobody_fills_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(InvalidAnswer) as raised:
        fill(f"canary {text}", DISPLAYS)
    assert "canary" not in raised.value.message


@given(st.text() | PIECES.map("".join), st.dictionaries(st.sampled_from(["placed", "nobody"]), st.text()))
def test_filling_any_text_gives_a_text_or_a_typed_error(text: str, displays: dict[str, str]) -> None:
    is_known = displays.keys() >= set(slots(text)) and not has_stray_brace(text)
    try:
        filled = fill(text, displays)
    except InvalidAnswer:
        assert not is_known
    else:
        assert is_known
        assert slots(text) or filled == text
