"""One figure of a text, and everything it may mean."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from aiworker.domain.resume.guard.currencies import CODES
from aiworker.domain.resume.guard.numerals import Kind
from aiworker.domain.resume.guard.once import once
from aiworker.domain.resume.guard.units import SCALES

MONEY: Final = CODES

Key = tuple[str, Decimal]


SAME: Final[Mapping[Key, Key]] = {
    ("times", Decimal("0.5")): ("percent", Decimal(50)),
    ("times", Decimal(2)): ("percent", Decimal(100)),
}
"""What is said in either way: "halved" and "by 50 %"."""


class _Number(NamedTuple):
    kind: Kind
    value: Decimal
    span: tuple[int, int]
    unit: str = ""
    is_soft: bool = False
    """Whether it may come and go: the word "one", and ordinals that rank nothing."""
    counts: frozenset[str] = frozenset()
    noun: str = ""
    """The first of what it counts."""
    magnitude: int = 1
    share: Key | None = None
    """What it says together with another one: "9 in 10" is 90 %."""
    others: frozenset[Key] = frozenset()
    """What else it may mean: "48.000" is either, the first figure of "2 to 4 %" is a share as well."""


class Number(_Number):
    """One figure: its span in the text, and the stems of what it counts."""

    def __hash__(self) -> int:
        # Figures of one text are told apart by their places; hashing all fields takes ten times as long.
        return hash(self.span)

    @once
    def key(self) -> Key:
        return self.kind, self.value

    @once
    def counted(self) -> Key:
        """Its key among things counted: occasions are, growth by a factor is not."""
        plain: Key = ("plain", self.value)
        return plain if plain in self.others else self.key

    @property
    def is_year(self) -> bool:
        return self.kind == "plain" and 1950 <= self.value <= 2100 and self.value == int(self.value)

    @once
    def keys(self) -> frozenset[Key]:
        """All it may mean, among it its amount in the smallest unit of its family."""
        return frozenset([self.key, *self.others, *self.scaled]) if self.others or self.unit else frozenset([self.key])

    @once
    def meanings(self) -> frozenset[Key]:
        """All it may mean, with what is said in either way under one name."""
        is_either = any(kind == "times" for kind, _ in self.keys)
        return frozenset(SAME.get(key, key) for key in self.keys) if is_either else self.keys

    @property
    def amount(self) -> Decimal:
        """Its value in the smallest unit of its family."""
        return self.value * SCALES.get(self.unit, ("", Decimal(1)))[1]

    @once
    def scaled(self) -> frozenset[Key]:
        """What it comes to in the smallest unit of its family."""
        family, factor = SCALES.get(self.unit, ("", Decimal(1)))
        if not family or self.kind != "plain":
            return frozenset()
        # "2.500" may be the larger as well; "20,000" is hardly ever 20.
        amounts = (self.value, *(value for _, value in self.others if value > self.value))
        return frozenset((family, value * factor) for value in amounts)
