"""Holds words of rise and fall against the changes they speak of; without a change beside them they are no facts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from aiworker.domain.analytics.fact import Direction
from aiworker.domain.analytics.slots import SLOT
from aiworker.domain.analytics.words import DOWN, SAME, UP

_TOKEN: Final = re.compile(rf"{SLOT.pattern}|[A-Za-z]+")
_WORDS: Final[Mapping[Direction, re.Pattern[str]]] = {"up": UP, "down": DOWN, "same": SAME}


def contradicts(sentence: str, directions: Mapping[str, Direction]) -> bool:
    """Say whether a sentence tells a change otherwise than it was, or one of which there is no figure.

    A word belongs to the change nearest to it. A rise or fall must be called one: its figure has no sign.
    """
    tokens = list(_TOKEN.finditer(sentence))
    changes = [(at, directions[token[1]]) for at, token in enumerate(tokens) if token[1] in directions]
    confirmed: set[int] = set()
    for at, token in enumerate(tokens):
        way = None if token[1] else _way(token[0])
        if way is None or (not changes and token[0].lower() == "same"):
            continue
        place, direction = min(changes, key=lambda change: abs(change[0] - at), default=(at, None))
        if direction != way:
            return True
        confirmed.add(place)
    return any(place not in confirmed for place, direction in changes if direction != "same")


def _way(word: str) -> Direction | None:
    return next((way for way, words in _WORDS.items() if words.fullmatch(word)), None)
