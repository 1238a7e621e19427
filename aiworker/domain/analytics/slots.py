"""Placeholders in a model's sentences: `{placed}` is replaced by what the fact of that id displays."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiworker.errors import InvalidAnswer

SLOT = re.compile(r"\{([a-z_]+)\}")
_BRACE = re.compile(r"[{}]")


def slots(text: str) -> list[str]:
    """Return the ids of a text's placeholders in order."""
    return SLOT.findall(text)


def has_stray_brace(text: str) -> bool:
    """Say whether a brace of a text belongs to no placeholder."""
    return _BRACE.search(SLOT.sub("", text)) is not None


def fill(text: str, displays: Mapping[str, str]) -> str:
    """Replace every placeholder; raise InvalidAnswer for one that nobody knows and for a brace that belongs to none.

    One pass: a display that looks like a placeholder, such as the name of a branch, is not replaced again.
    """
    if has_stray_brace(text) or not displays.keys() >= set(slots(text)):
        raise InvalidAnswer("The summary holds a placeholder that no fact fills.")
    return SLOT.sub(lambda found: displays[found[1]], text)
