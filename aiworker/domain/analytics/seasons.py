"""The facts of the season as a whole: counts, rates with what they are shares of, packages."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from aiworker.domain.analytics import displays
from aiworker.domain.analytics.fact import Fact
from aiworker.domain.analytics.figures import Figures, Season

HIGHEST = "highest_package"

COUNTS: Mapping[str, str] = {
    "registered": "registered students",
    "applied": "registered students with an application",
    "placed": "students who accepted a full-time or pre-placement offer",
    "companies": "companies that made an offer",
    "offers": "offers of any kind",
    "offered": "students with an offer of any kind",
    "several_offers": "students with several offers",
    "shortlisted": "students who were shortlisted or came further",
    "interviewed": "students who were interviewed or came further",
    "never_shortlisted": "applicants who were never shortlisted",
    "interns": "students with an internship offer",
}


class Rate(NamedTuple):
    """A share: of which count which other count is meant, and how the whole is called."""

    label: str
    part: str
    whole: str
    of: str


RATES: Mapping[str, Rate] = {
    "placement_rate": Rate("registered students who were placed", "placed", "registered", "registered students"),
    "applicant_rate": Rate("applicants who were placed", "placed", "applied", "applicants"),
    "ppo_conversion": Rate(
        *("students with an internship offer who got a pre-placement offer too", "converted", "interns"),
        "students with an internship offer",
    ),
}

PACKAGES: Mapping[str, str] = {
    "median_package": "median yearly package of placed students",
    "mean_package": "mean yearly package of placed students",
    HIGHEST: "highest yearly package",
}

ORDER = (
    *("registered", "applied", "placed", "placement_rate", "applicant_rate", "median_package", "mean_package", HIGHEST),
    *("companies", "offers", "offered", "several_offers", "shortlisted", "interviewed", "never_shortlisted"),
    *("interns", "ppo_conversion"),
)


def facts(figures: Figures, ids: Collection[str]) -> Iterator[Fact]:
    """Yield the season itself, the registered students and what else of the season has its id among `ids`."""
    yield Fact("season", "this season", figures.season, figures.season, figures.registered.inside)
    counts = counts_of(figures.now, figures.registered.inside)
    for name in ORDER:
        if name == "registered" or name in ids:
            yield _fact(name, figures, counts)


def counts_of(season: Season, registered: int = 0) -> dict[str, int]:
    """Return every count of a season by id."""
    return {
        "registered": registered,
        "applied": season.applied,
        "shortlisted": season.shortlisted,
        "never_shortlisted": season.applied - season.shortlisted,
        "interviewed": season.interviewed,
        "offered": season.offered,
        "several_offers": season.several_offers,
        "placed": season.placed,
        "offers": season.offers,
        "companies": season.companies,
        "interns": season.interns,
        "converted": season.converted,
    }


def package_of(season: Season, name: str) -> Decimal:
    """Return a package of a season with placed students, in lakh as it is displayed."""
    amounts = {"median_package": season.median, "mean_package": season.mean, HIGHEST: season.highest}
    return displays.lakh(amounts[name] or Decimal(0))


def _fact(name: str, figures: Figures, counts: Mapping[str, int]) -> Fact:
    if name in RATES:
        label, part, whole, of = RATES[name]
        value = displays.rate(counts[part], counts[whole])
        display = f"{value}% ({displays.count(counts[part])} of {displays.count(counts[whole])} {of})"
        return Fact(name, f"share of {label}", str(value), display, counts[whole])
    if name in PACKAGES:
        amount = package_of(figures.now, name)
        return Fact(name, PACKAGES[name], str(amount), displays.in_lakh(amount), figures.now.placed)
    rests_on = figures.now.offered if name in ("companies", "offers") else counts[name]
    return Fact(name, COUNTS[name], counts[name], displays.count(counts[name]), rests_on)
