"""What counts things by time is a rate, and what takes or names a time is none."""

from __future__ import annotations

import pytest

from aiworker.domain.resume.guard.rates import rates


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("40 boxes per day", "day"),
        ("40 boxes a day", "day"),
        ("40 boxes each day", "day"),
        ("40 boxes every working day", "day"),
        ("40 boxes/day", "day"),
        ("40 boxes / day", "day"),
        ("Packed daily", "day"),
        ("Ran the nightly build", "day"),
        ("40 calls an hour", "hour"),
        ("40 calls/hr", "hour"),
        ("Hourly calls", "hour"),
        ("Every 2 weeks", "fortnight"),
        ("Weekly notes", "week"),
        ("Fortnightly notes", "fortnight"),
        ("Once a month", "month"),
        ("Quarterly notes", "quarter"),
        ("₹5 lakh per annum", "year"),
        ("5 LPA", "year"),
        ("5 lakh p.a.", "year"),
        ("An annual fair", "year"),
        ("Served 40 requests/s", "second"),
        ("Served 40 rps", "second"),
        ("Turned at 40 rpm", "minute"),
        ("Drove at 40 kmph", "hour"),
        ("40 boxes per shift", "shift"),
        ("40 cajas al día", "day"),
        ("40 cajas por semana", "week"),
        ("40 cajas cada mes", "month"),
        ("40 cajas a la hora", "hour"),
        ("40 cajas diarias", "day"),
        ("Notas trimestrales", "quarter"),
        ("40 dibbe har din", "day"),
        ("40 dibbe roz", "day"),
        ("40 dibbe hafte mein", "week"),
        ("40 Kisten pro Tag", "day"),
        ("40 Kisten je Woche", "week"),
        ("Wöchentliche Notizen", "week"),
        ("Paid 40,000 p.m.", "month"),
        ("Paid 40000/pm", "month"),
        ("Every two weeks", "fortnight"),
        ("Per fortnight", "fortnight"),
        ("Bi-weekly notes", "fortnight"),
        ("Notes twice a year", "half-year"),
        ("Notes bimonthly", "half-month"),
        ("Notes every alternate day", "other day"),
        ("40 boxes every night", "day"),
        ("40 boxes each morning", "day"),
        ("40 boxes per working day", "day"),
        ("40 pages a minute", "minute"),
        ("Typed 40 wpm", "minute"),
        ("Milled 40 tph", "hour"),
        ("Day by day", "day"),
        ("25 bags a shift", "shift"),
        ("One Saturday in a month", "month"),
        ("Twice in a week", "week"),
        ("25 large bags a shift", "shift"),
        ("3 plays a semester", "semester"),
        ("3 talks a quarter", "quarter"),
        ("25 bags a night", "day"),
    ],
)
def test_what_is_counted_by_time_is_a_rate(text: str, span: str) -> None:
    assert rates(text) == {span}


@pytest.mark.parametrize(
    "text",
    [
        "Packed 40 boxes in a day",
        "Packed 40 boxes within an hour",
        "Packed 40 boxes over a week",
        "Packed 40 boxes in less than a month",
        "Packed 40 boxes in 3 days",
        "Held a day-long fair",
        "Ran a second trial in a shift",
        "Sold 40 boxes per crate",
        "Mantuvo al día las cuentas",
        "The day of the fair",
        "Closed at 9 p.m.",
        "Open 24/7",
        "Open 24 hours a day, 7 days a week",
        "Took half a day",
        "Took about an hour",
        "Took under a week",
        "Took an hour and a half",
        "Each day of a fair",
        "Filed a 7-weekly plan",
        "Packed 25 bags in a shift",
        "Packed 25 bags over a night shift",
        "Packed 25 bags a night shift",
        "Packed bags a shift",
        "Finished two days in a week of rain",
        "Told it a day ahead",
        "Told it a week in advance",
        "Sang a year later",
        "Slept an hour longer",
        "",
    ],
)
def test_what_takes_or_names_a_time_is_none(text: str) -> None:
    assert rates(text) == frozenset()


def test_a_text_may_hold_several() -> None:
    assert rates("Packed 40 boxes a day and wrote weekly notes") == {"day", "week"}
