"""Words are read as figures where they count."""

from __future__ import annotations

from decimal import Decimal

import pytest

from aiworker.domain.resume.guard.spelled import spelled


@pytest.mark.parametrize(
    ("text", "value", "is_soft"),
    [
        ("Filed in triplicate", 3, False),
        ("Filed in duplicate", 2, False),
        ("Filed a duplicate", None, False),
        ("Sang twice", 2, False),
        ("Sold two lots", 2, False),
        ("Sold the two lots", 2, True),
        ("Sold both two lots", 2, True),
        ("Sold the three lots", 3, False),
        ("Sold half", Decimal("0.5"), True),
        ("Sold nearly half", Decimal("0.5"), False),
        ("Sold per dozen", 12, False),
        ("Sold dozen lots", None, False),
        ("Vendí media docena de lotes para la tienda", 6, False),
    ],
)
def test_words_are_figures_where_they_count(text: str, value: Decimal | int | None, *, is_soft: bool) -> None:
    found = [(number.value, number.is_soft) for number in spelled(text)]
    assert found == ([] if value is None else [(value, is_soft)])


def test_what_is_done_twice_is_two_things() -> None:
    assert [number.counted for number in spelled("Sang twice")] == [("plain", Decimal(2))]
    assert [number.counted for number in spelled("Doubled it")] == [("times", Decimal(2))]
