"""Fractions, figures joined of two, Roman numerals, and those within names are read as what they say."""

from __future__ import annotations

from decimal import Decimal

import pytest

from aiworker.domain.resume.guard.number import Number
from aiworker.domain.resume.guard.parts import parts, quiet, romans


def only(found: list[Number]) -> Number:
    (number,) = found
    return number


@pytest.mark.parametrize(
    ("text", "kind", "value", "unit"),
    [
        ("½ of it", "times", "0.5", ""),
        ("1/2 of it", "times", "0.5", ""),
        ("9½ rows", "plain", "9.5", ""),
        ("9 1/2 rows", "plain", "9.5", ""),
        ("half a percent", "percent", "0.5", ""),
        ("half of 1 %", "percent", "0.5", ""),
        ("half a dozen pots", "plain", "6", ""),
        ("half an hour", "plain", "0.5", "hour"),
        ("media hora", "plain", "0.5", "hour"),
        ("three-quarters of an hour", "plain", "0.75", "hour"),
        ("a quarter of an hour", "plain", "0.25", "hour"),
        ("tres cuartos de hora", "plain", "0.75", "hour"),
        ("un cuarto de hora", "plain", "0.25", "hour"),
        ("1 hour and 20 minutes", "plain", "80", "minute"),
        ("1h20m", "plain", "80", "minute"),
        ("a day and a half", "plain", "1.5", "day"),
        ("una hora y media", "plain", "1.5", "hour"),
        ("came twenty-first", "plain", "21", ""),
        ("a quarter-hour", "plain", "0.25", "hour"),
        ("a three-quarter hour", "plain", "0.75", "hour"),
        ("5 min 40 s", "plain", "340", "second"),
        ("5 minutes and 40 seconds", "plain", "340", "second"),
        ("half a million", "plain", "500000", ""),
        ("half a crore", "plain", "5000000", ""),
        ("half a millimetre", "plain", "0.5", "mm"),
        ("half a kilo", "plain", "0.5", "kg"),
    ],
)
def test_halves_quarters_and_joined_ordinals_are_figures(text: str, kind: str, value: str, unit: str) -> None:
    number = only(list(parts(text)))
    assert (number.kind, number.value, number.unit, number.is_soft) == (kind, Decimal(value), unit, False)


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("cut by a third", 33),
        ("cut by a quarter", 25),
        ("a fifth of the hall", 20),
        ("nearly a tenth", 10),
        ("two thirds of the hall", 67),
        ("two-fifths of the hall", 40),
        ("three quarters of the hall", 75),
        ("3/4 of the hall", 75),
        ("2/3rds of the hall", 67),
        ("found that a quarter sang", 25),
        ("cooks, of whom a third sang", 33),
        ("a fifth fewer loaves", 20),
        ("a tenth faster", 10),
    ],
)
def test_a_fraction_is_a_share_as_well(text: str, percent: int) -> None:
    assert only(list(parts(text))).others == {("percent", Decimal(percent))}


@pytest.mark.parametrize(
    "text",
    ["1/2/24", "3/4/24", "two-thirds prize", "a third try", "second-third row", "half full"],
)
def test_what_only_looks_like_a_fraction_is_none(text: str) -> None:
    assert list(parts(text)) == []


def test_a_half_joined_to_a_word_may_come_and_go() -> None:
    assert only(list(parts("a half-finished wall"))).is_soft


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Level II", [2]),
        ("stages II-III", [2, 3]),
        ("Grades IX and X", [9, 10]),
        ("Phase V & VI", [5, 6]),
        ("Std XII", [12]),
        ("class IIII", []),
        ("Chapter IV", []),
        ("I sang", []),
        ("level i", []),
    ],
)
def test_a_roman_numeral_follows_what_it_numbers(text: str, values: list[int]) -> None:
    assert [number.value for number in romans(text)] == values


@pytest.mark.parametrize(
    ("text", "values", "unit"),
    [
        ("p95", ["95"], ""),
        ("v1.24", ["1.24"], ""),
        ("L2", ["2"], ""),
        ("2023-24", ["2024"], ""),
        ("FY 24", ["2024"], ""),
        ("FY '24", ["2024"], ""),
        ("FY2024", ["2024"], ""),
        ("within an hour", ["1"], "hour"),
        ("in a year", ["1"], "year"),
        ("BOX123", [], ""),
        ("in a day and a half", [], ""),
        ("a fortnight ahead", ["1"], "fortnight"),
        ("a day early", ["1"], "day"),
        ("an hour in advance", ["1"], "hour"),
        ("both lots", ["2"], ""),
        ("duplicated lots", ["2"], ""),
        ("a couple", ["2"], ""),
        ("a year of the fair", [], ""),
        ("in a quarter of the time", [], ""),
    ],
)
def test_figures_within_names_and_single_spans_are_soft(text: str, values: list[str], unit: str) -> None:
    found = list(quiet(text))
    assert [number.value for number in found] == [Decimal(value) for value in values]
    assert all(number.is_soft and number.unit == unit for number in found)
