"""Which groups of people may be told: none of fewer than K, also none that could be worked out from what is told.

Whatever follows from published figures by subtraction counts as published. So a part is told only if what is left of
the whole is large enough too, and the cells of a table that stay hidden are at least two and large enough together.
Zero is a small group as well: "nobody" and "everybody" tell of each single person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

K = 5
"""The smallest group that is told."""


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """How many people are in a group, and how many would be in it of those whom the filters leave out.

    A summary without filters tells the sum of both, and so the others: they must be nobody, or a large group as well.
    """

    inside: int
    outside: int = 0

    def __add__(self, other: Size) -> Size:
        return Size(self.inside + other.inside, self.outside + other.outside)

    def __sub__(self, other: Size) -> Size:
        return Size(self.inside - other.inside, self.outside - other.outside)

    def is_large(self, k: int) -> bool:
        """Say whether a group of this size may be told."""
        return self.inside >= k and (self.outside == 0 or self.outside >= k)


NOBODY = Size(0)


@dataclass(frozen=True, slots=True)
class Cell:
    """Two groups that are told together or not at all, such as the placed students of a branch and its others."""

    placed: Size
    others: Size

    @property
    def weight(self) -> int:
        """How many people are in both groups."""
        return self.placed.inside + self.others.inside

    def is_large(self, k: int) -> bool:
        """Say whether both groups may be told."""
        return self.placed.is_large(k) and self.others.is_large(k)


def may_split(whole: Size, part: Size, k: int = K) -> bool:
    """Say whether a part may be told beside its whole, which also tells the rest."""
    return Cell(part, whole - part).is_large(k)


def chain(points: Mapping[str, Size], *, whole: Size | None, k: int = K) -> frozenset[str]:
    """Return which of nested groups may be told together; earlier names go first where not all may.

    Any two nested groups tell their difference. `whole` is told in any case; None if there is no such group.
    """
    told: dict[str, Size] = {}
    for name, size in points.items():
        others = [*told.values(), *([] if whole is None else [whole])]
        if size.is_large(k) and all((max(size, other) - min(size, other)).is_large(k) for other in others):
            told[name] = size
    return frozenset(told)


def table(cells: Sequence[Cell], k: int = K) -> frozenset[int]:
    """Return which cells of a table may be told beside its totals, the largest first; none if the totals are too small.

    Too small a cell stays hidden, and so does the next smallest if the totals would give the hidden ones away.
    """
    hidden = set(range(len(cells)))
    for index in sorted(hidden, key=lambda each: -cells[each].weight):
        rest = hidden - {index}
        if cells[index].is_large(k) and _is_covered([cells[each] for each in rest], k):
            hidden = rest
    return frozenset(range(len(cells))) - hidden


def total(cells: Collection[Cell]) -> Cell:
    """Add up cells."""
    return Cell(sum((cell.placed for cell in cells), NOBODY), sum((cell.others for cell in cells), NOBODY))


def _is_covered(hidden: Collection[Cell], k: int) -> bool:
    """Say whether the totals may give away what these cells hold together."""
    return not hidden or total(hidden).is_large(k)
