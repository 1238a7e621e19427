"""One published figure: what is stored of it, shown of it and put in place of its id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aiworker.protocol import JsonValue

Direction = Literal["up", "down", "same"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure; `n` is the size of the group it rests on, None where that is not told itself.

    `display` is what the placeholder with this id becomes. Amounts and rates have their `value` as exact text.
    """

    id: str
    label: str
    value: int | str
    display: str
    n: int | None
    direction: Direction | None = None

    def as_row(self) -> dict[str, JsonValue]:
        """Return what is stored of it."""
        row: dict[str, JsonValue] = {
            "id": self.id,
            "label": self.label,
            "value": self.value,
            "display": self.display,
            "n": self.n,
        }
        return row if self.direction is None else {**row, "direction": self.direction}
