"""Dates, fractions and spans of time are rewritten or blanked before figures are read, each in its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.resume.guard.notations import masked, months, spans


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Sown 2025-05-17", "Sown 2025 17"),
        ("Sown 17.05.2025", "Sown 17 2025"),
        ("Sown 7/5/2025", "Sown 7 2025"),
        ("Sown 2025-05", "Sown 2025"),
        ("Sown 2024-2025", "Sown 2024 2025"),
        ("Sown 2024/25", "Sown 2024"),
        ("Open 24/7", "Open"),
        ("Open 24 x 7", "Open"),
        ("Open 24 hours a day, seven days a week", "Open"),
        ("Open twenty-four hours, 7 days", "Open"),
        ("Open round the clock", "Open"),
        ("Abierto las 24 horas, los 7 días de la semana", "Abierto"),
        ("Sown every 3 months", "Sown"),
        ("Sold 20 k€", "Sold 20k€"),
        ("Sold 1 000 pots", "Sold 1000  pots"),
        ("Sold 1'000 €", "Sold 1000  €"),
        ("Sold 200 300 400", "Sold 200 300 400"),
        ("Sown 13/13/2025", "Sown 13/13/2025"),
        ("Sown 24 of 7 rows", "Sown 24 of 7 rows"),
        ("Sown 05/2025", "Sown 2025"),
        ("Sown 5/2025", "Sown 2025"),
        ("Sown 13/2025", "Sown 13/2025"),
        ("Open at 9:00", "Open at 9"),
        ("Open at 21:00", "Open at 9"),
        ("Open at 00:00", "Open at 12"),
        ("Open from 9 am", "Open from 9"),
        ("Open to 5pm", "Open to 5"),
        ("Open to 5 p.m.", "Open to 5"),
        ("Open to 10:00 am", "Open to 10"),
        ("Open at 9:30", "Open at 9:30"),
        ("Open at 25:00", "Open at 25:00"),
        ("Sewed in covid-19 times", "Sewed in covid    times"),
        ("Sewed in COVID-20", "Sewed in COVID-20"),
    ],
)
def test_a_notation_is_read_as_the_figures_in_it(text: str, read: str) -> None:
    assert masked(text).rstrip() == read
    assert len(masked(text)) == len(text)


@given(st.text(st.sampled_from("2025-/.147kM€ '’xday everymonths\n")))
def test_every_place_stays_where_it_is(text: str) -> None:
    assert len(masked(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Sown 2025-05-17", {"may"}),
        ("Sown 17/12/2025, cut 1.1.2026", {"december", "january"}),
        ("Sown 2025-05", {"may"}),
        ("Sown 05/2025", {"may"}),
        ("Sown 2025-13-17", set[str]()),
        ("Sown 2025-12", {"december"}),
        ("Sown 13/2025", set[str]()),
        ("Sown 1/2025, cut 02/2026", {"january", "february"}),
    ],
)
def test_a_date_names_its_month(text: str, names: set[str]) -> None:
    assert months(text) == names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Sown every 12 months", "year"),
        ("Sown once every twelve months", "year"),
        ("Sown every three months", "quarter"),
        ("Sembrado cada tres meses", "quarter"),
        ("Sown every two weeks", "fortnight"),
        ("Sown every second week", "fortnight"),
        ("Sown bi-weekly", "fortnight"),
        ("Notas quincenales", "fortnight"),
        ("Sown every six months", "half-year"),
        ("Sown 6-monthly", "half-year"),
        ("Sown half-yearly", "half-year"),
        ("Sown semiannually", "half-year"),
        ("Sown twice a year", "half-year"),
        ("Sown 2x per year", "half-year"),
        ("Sembrado dos veces al año", "half-year"),
        ("Sown twice each month", "half-month"),
        ("Sown semi-monthly", "half-month"),
        ("Sown every other day", "other day"),
        ("Sown on alternate days", "other day"),
    ],
)
def test_a_span_of_time_may_be_told_in_several_words(text: str, name: str) -> None:
    assert spans(text) == {name}


@pytest.mark.parametrize(
    "text", ["Sown over six months", "Sown two weeks ago", "Sown every day", "Sown in two weeks", ""]
)
def test_what_takes_some_time_is_no_such_span(text: str) -> None:
    assert spans(text) == frozenset()
