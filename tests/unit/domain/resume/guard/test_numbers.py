"""Each notation of a figure is read as what it says, and what only looks like a figure is none."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from aiworker.domain.resume.guard.currencies import AFTER, CURRENCIES
from aiworker.domain.resume.guard.number import Number
from aiworker.domain.resume.guard.numbers import numbers
from aiworker.domain.resume.guard.spelled import tongue

IN_SPANISH = "{} para los alumnos de la escuela"
IN_HINDI = "{} logon ke liye kaam kiya hai"


def read(text: str) -> list[tuple[str, Decimal]]:
    return [number.key for number in numbers(text) if not number.is_soft]


def only(text: str) -> Number:
    (number,) = numbers(text)
    return number


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Raised ₹12 lakh for the fund", "INR", "1200000"),
        ("Raised ₹12,00,000 for the fund", "INR", "1200000"),
        ("Raised Rs. 12 lakhs for the fund", "INR", "1200000"),
        ("Raised Rs 12,00,000 for the fund", "INR", "1200000"),
        ("Raised Rs.12,00,000 for the fund", "INR", "1200000"),
        ("Raised Rs12 lakh for the fund", "INR", "1200000"),
        ("Raised INR500 for the fund", "INR", "500"),
        ("Raised INR 1.2 million for the fund", "INR", "1200000"),
        ("Raised 12 lakh rupees for the fund", "INR", "1200000"),
        ("Raised 12,00,000 rupees for the fund", "INR", "1200000"),
        ("Raised ₹2.5L for the fund", "INR", "250000"),
        ("Raised 3 Cr for the fund", "INR", "30000000"),
        ("Offered 8 LPA", "INR", "800000"),
        ("Offered 8.5LPA", "INR", "850000"),
        ("Sold $50M+ of seeds", "USD", "50000000"),
        ("Sold 50 million dollars of seeds", "USD", "50000000"),
        ("Sold US$ 4k of seeds", "USD", "4000"),
        ("Sold 4k USD of seeds", "USD", "4000"),
        ("Sold 20 k€ of seeds", "EUR", "20000"),
        ("Sold £1.5bn of seeds", "GBP", "1500000000"),
        ("Sold 10 000 € of seeds", "EUR", "10000"),
        ("Sold CHF 400 of seeds", "CHF", "400"),
        ("Sold 4k AED of seeds", "AED", "4000"),
        ("Sold SGD 400 of seeds", "SGD", "400"),
        ("Sold 400 AUD of seeds", "AUD", "400"),
        ("Sold CAD 400 of seeds", "CAD", "400"),
        ("Sold R400 of seeds", "ZAR", "400"),
        ("Sold it at 50p", "GBP", "0.5"),
        ("Sold it at 50 pence", "GBP", "0.5"),
        ("Sold it at 40 cents", "USD", "0.4"),
        ("Sold it at 40 cents", "EUR", "0.4"),
        ("Sold it at 40 euro cents", "EUR", "0.4"),
        ("Sold it at 40 paise", "INR", "0.4"),
        ("Sold 40 pounds", "GBP", "40"),
        ("Raised ₹2½ lakh for the fund", "INR", "250000"),
        ("Raised ₹1 ¼ crore for the fund", "INR", "12500000"),
        ("Raised half a million euros for the fund", "EUR", "500000"),
    ],
)
def test_money_is_read_in_every_notation(text: str, kind: str, value: str) -> None:
    assert (kind, Decimal(value)) in only(text).keys


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Cut waste by 40%", "percent", "40"),
        ("Cut waste by 40 %", "percent", "40"),
        ("Cut waste by 40 per cent", "percent", "40"),
        ("Cut waste by 2.5 pp", "percent", "2.5"),
        ("Cut waste by 40pct", "percent", "40"),
        ("Cut waste by forty percent", "percent", "40"),
        (IN_SPANISH.format("Descuento del 40 por ciento"), "percent", "40"),
        ("Made it 3x faster", "times", "3"),
        ("Made it 3 × faster", "times", "3"),
        ("Made it three times faster", "times", "3"),
        ("Raised it 3-fold", "times", "3"),
        ("Tripled the reach", "times", "3"),
        ("Doubled the reach", "times", "2"),
        ("Halved the waste", "times", "0.5"),
        ("Cut waste by half", "times", "0.5"),
        ("Read half of the books", "times", "0.5"),
        (IN_SPANISH.format("Reduje a la mitad las colas"), "times", "0.5"),
    ],
)
def test_shares_and_multiples_are_kinds_of_their_own(text: str, kind: str, value: str) -> None:
    assert (kind, Decimal(value)) in only(text).keys


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Packed 40 boxes", [40]),
        ("Packed ~40 boxes", [40]),
        ("Packed 10K+ boxes", [10_000]),
        ("Packed 5m boxes", [5_000_000]),
        ("Laid 5 m of pipe", [5]),
        ("Packed 2bn boxes", [2 * 10**9]),
        ("Packed 2 billion boxes", [2 * 10**9]),
        ("Packed 1,234,567 boxes", [1_234_567]),
        ("Packed 1.234.567 boxes", [1_234_567]),
        ("Packed 12.345,67 boxes", [Decimal("12345.67")]),
        ("Packed 1 000 boxes", [1000]),
        ("Packed two hundred and fifty boxes", [250]),
        ("Packed two hundred fifty boxes", [250]),
        ("Packed one thousand two hundred boxes", [1200]),
        ("Packed twenty-five boxes", [25]),
        ("Packed twenty five boxes", [25]),
        ("Boxes packed: twenty-five", [25]),
        ("Packed one million boxes", [1_000_000]),
        ("Packed half a dozen boxes", [6]),
        ("Packed two and three boxes", [2, 3]),
        ("Packed ten five boxes", [10, 5]),
        ("Packed a hundred boxes", [100]),
        ("Packed a dozen boxes", [12]),
        ("Packed two dozen boxes", [24]),
        ("Took two and a half hours", [Decimal("2.5")]),
        ("Took 2 and a half hours", [Decimal("2.5")]),
        ("Took half an hour", [Decimal("0.5")]),
        ("Held half-hour calls", [Decimal("0.5")]),
        ("Packed 100-150 boxes", [100, 150]),
        ("CGPA of 8.40", [Decimal("8.40")]),
        (IN_SPANISH.format("Mil quinientos libros"), [1500]),
        (IN_SPANISH.format("Treinta y cinco libros"), [35]),
        (IN_SPANISH.format("Doscientas mesas"), [200]),
        (IN_SPANISH.format("Once mesas"), [11]),
        (IN_SPANISH.format("Media docena de mesas"), [6]),
        (IN_SPANISH.format("Media hora de clase"), [Decimal("0.5")]),
        (IN_HINDI.format("Paanch"), [5]),
        (IN_HINDI.format("Teen sau"), [300]),
        ("Raised half a million", [500_000]),
        ("Raised half a lakh", [50_000]),
        ("Took 5 min 40 s", [340]),
        ("Took a quarter-hour", [Decimal("0.25")]),
        ("Cut half a millimetre", [Decimal("0.5")]),
        ("Sewed covid-19 masks", []),
        ("Open from 9:00 to 17:00", [9, 5]),
        ("Told it a fortnight ahead", []),
        ("Held half-day fairs", [Decimal("0.5")]),
    ],
)
def test_plain_figures_are_read_in_digits_and_in_words(text: str, values: list[int | Decimal]) -> None:
    assert read(text) == [("plain", value) for value in values]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Came first at the fair", [1]),
        ("Came to the first fair", []),
        ("Won the first prize", [1]),
        ("Won second prize", [2]),
        ("Took third place", [3]),
        ("Got 12th rank", [12]),
        ("Answers in a second", []),
        ("Took 5 second breaks", [5]),
    ],
)
def test_an_ordinal_counts_where_it_ranks(text: str, values: list[int]) -> None:
    assert read(text) == [("plain", value) for value in values]


@pytest.mark.parametrize(
    "text",
    [
        "Cut p99 on S3 with OAuth2 and 2FA",
        "Wired an x86 board",
        "Wrote it in Python3 with H2",
        "Printed it in 3D",
        "Filed the A4 sheets in box_12",
        "On call 24x7 and 24/7",
        "Released v1.24 to L2",
        "One of the trainees",
        "Did it half asleep",
    ],
)
def test_names_with_digits_are_no_figures(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(("text", "value"), [("Cut p99", 99), ("Released v2", 2), ("Took L2 tickets", 2)])
def test_figures_within_names_only_ground_others(text: str, value: int) -> None:
    assert (only(text).is_soft, only(text).value) == (True, value)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("2025-05", [2025]),
        ("2025-05-17", [2025, 17]),
        ("17/05/2025", [17, 2025]),
        ("2024-25", [2024]),
        ("2023–2024", [2023, 2024]),
        ("May 2025", [2025]),
    ],
)
def test_of_a_date_the_month_may_not_be_quoted(text: str, years: list[int]) -> None:
    assert read(text) == [("plain", year) for year in years]


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("Cut it to 840 ms", "millisecond"),
        ("Cut it to 840ms", "millisecond"),
        ("Took 3 working days", "day"),
        ("Painted 100 sq m of wall", "square metre"),
        ("Painted 100 square feet of wall", "square foot"),
        ("Painted 100 sq", ""),
        ("Painted 100 square yards", "square yard"),
        (IN_SPANISH.format("Tardé 3 semanas"), "week"),
        ("Ran it at 40 W", "watt"),
        ("Painted 40 m² of wall", "square metre"),
        ("Kept grade 7 week plans", ""),
        ("Laid 5 m of pipe", "metre"),
        ("Carried 40 kilos", "kg"),
        ("Carried 40 pounds", "pound"),
        ("Pumped 4 gal", "gallon"),
        ("Took 5 min 40 s", "second"),
        ("Dug 4 ha", "hectare"),
    ],
)
def test_the_unit_is_among_the_next_words(text: str, unit: str) -> None:
    assert only(text).unit == unit


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("840 ms", "0.84 s"),
        ("2 GB", "2,000 MB"),
        ("2 km", "2,000 metres"),
        ("2.5 tonnes", "2,500 kg"),
        ("2 litres", "2,000 ml"),
        ("half an hour", "30 minutes"),
    ],
)
def test_units_of_one_family_come_to_the_same(one: str, other: str) -> None:
    assert only(one).scaled & only(other).scaled


def test_money_over_time_is_no_amount_of_time() -> None:
    assert only("₹12 lakh in hours").scaled == frozenset()


def test_three_digits_after_a_dot_mean_either_and_after_a_comma_thousands() -> None:
    assert {key[1] for key in only("48.000 boxes").keys} == {Decimal(48), Decimal(48000)}
    assert {key[1] for key in only("48,000 boxes").keys} == {Decimal(48000)}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("61-83 %", ("percent", 61)),
        ("2 to 4 %", ("percent", 2)),
        ("₹10 to 12 lakh", ("INR", 1_000_000)),
        ("de 2,4 al 1,1 %", ("percent", Decimal("2.4"))),
    ],
)
def test_the_first_of_a_range_takes_the_words_of_the_last(text: str, first: tuple[str, Decimal]) -> None:
    assert first in numbers(text)[0].keys


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("Cut it from 120 to 25 min", ["minute", "minute"]),
        ("Cut it from 120-25min", ["minute", "minute"]),
        ("Cut it from 120 to 25 pots", ["", ""]),
        ("Cut 120 pots in 25 min", ["", "minute"]),
        ("Took 9 minutes instead of 12", ["minute", "minute"]),
        ("Took 9 minutes in 12", ["minute", ""]),
    ],
)
def test_a_unit_may_be_told_once_for_two(text: str, units: list[str]) -> None:
    assert [number.unit for number in numbers(text)] == units


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("9 in 10 pupils", 90),
        ("9 out of 10 pupils", 90),
        ("two in three pupils", 67),
        ("10 in 9 pupils", None),
        ("3 in 300 pupils", None),
        ("9 and 10 pupils", None),
        ("9 % in 10 schools", None),
    ],
)
def test_so_many_in_so_many_are_a_share(text: str, share: int | None) -> None:
    key = ("percent", Decimal(share)) if share else None
    assert [number.share for number in numbers(text)] == [key, key]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Fed 8 cooks, 4 of whom sang", 50),
        ("Read 3 books, 2 of which were new", 67),
        ("Fed 8 cooks and 2 of them sang", 25),
        ("Fed 8 cooks, 2 of the shop", None),
        ("Fed 8 cooks, 10 of them singing", None),
        ("Fed 8 cooks, 2 % of whom sang", None),
    ],
)
def test_so_many_of_them_are_a_share_of_what_stands_before(text: str, share: int | None) -> None:
    assert [number.share for number in numbers(text)] == [None, ("percent", Decimal(share)) if share else None]


def test_pounds_are_money_or_a_weight() -> None:
    assert {("GBP", Decimal(40)), ("plain", Decimal(40))} <= only("40 pounds").keys
    assert only("40 pence").keys == {("GBP", Decimal("0.4"))}


def test_of_three_digits_after_a_comma_only_the_larger_is_measured() -> None:
    assert only("20,000 litres").scaled == {("litres", Decimal(20_000))}
    assert {amount for _, amount in only("2.500 litres").scaled} == {Decimal("2.5"), Decimal(2500)}


def test_figures_apart_keep_their_own_words() -> None:
    assert numbers("2 shops grew sales by 4 %")[0].keys == {("plain", Decimal(2))}


@pytest.mark.parametrize(
    ("text", "noun"),
    [
        ("Trained 12 new nurses", "new"),
        ("Nurses trained: 12", "train"),
        ("Trained 12, all in May", "train"),
        ("12", ""),
        ("Shift timing (17)", "tim"),
        ("Block 9 guests", "block"),
        ("A mismatch of ₹14 lakh for shops", "mismatch"),
    ],
)
def test_a_figure_counts_what_stands_next_to_it(text: str, noun: str) -> None:
    assert only(text).noun == noun


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ran it once for the team", "en"),
        ("Once mesas para la sala", "es"),
        ("Do logon ke liye", "hi"),
        ("", "en"),
    ],
)
def test_number_words_are_read_in_the_language_of_their_text(text: str, language: str) -> None:
    assert tongue(text) == language


def test_a_figure_stays_where_it_stands() -> None:
    text = "Grew 10 000 € of sales in 2024-25 by 40 %, on call 24/7"
    assert [text[slice(*number.span)].strip() for number in numbers(text)] == ["10 000 €", "2024", "25", "40 %"]


@pytest.mark.parametrize("name", sorted(name for name in CURRENCIES if re.fullmatch(AFTER, name, re.IGNORECASE)))
def test_a_currency_is_told_after_its_figure_by_each_of_its_names(name: str) -> None:
    assert [number.kind for number in numbers(f"45 {name} spent")] == [CURRENCIES[name]]
