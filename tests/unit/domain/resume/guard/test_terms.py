"""Which words name a thing, and in which forms another text may name it too."""

from __future__ import annotations

import pytest

from aiworker.domain.resume.guard.numbers import numbers
from aiworker.domain.resume.guard.reading import Reading
from aiworker.domain.resume.guard.terms import Term, folded, terms


def named(text: str) -> list[str]:
    return [term.text for term in terms(text, numbers(text))]


def holds(known: str, text: str) -> bool:
    """Say whether one text names every term of another, which has some."""
    found = terms(text, numbers(text))
    assert found
    return all(Reading(known).named.names(term) for term in found)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Wrote scripts in python", ["python"]),
        ("Python scripts", ["Python"]),
        ("Deployed it on AWS", ["AWS"]),
        ("GraphQL server", ["GraphQL"]),
        ("Wired GoogleMaps", ["GoogleMaps"]),
        ("Wrote Node.js, C++ and C# tools", ["Node.js", "C++", "C#"]),
        ("Set up CI/CD", ["CI", "CD"]),
        ("Set up a React-based site", ["React"]),
        ("Wrote it for iOS", ["iOS"]),
        ("Moved to v1.24", ["v1.24"]),
        ("Wrote HTML5 pages", ["HTML5"]),
        ("Sold seeds to Palash", ["Palash"]),
        ("Sold seeds to “Palash”.", ["Palash"]),
        ("Sold seeds to Meera's shop", ["Meera"]),
        ("Sold seeds to Palash and Palash", ["Palash"]),
        ("Sold seeds, e.g. Palash", ["Palash"]),
        ("Raised $50M for Palash", ["Palash"]),
        ("Took file.py home", ["file.py"]),
    ],
)
def test_names_are_told_by_their_looks_or_from_a_list(text: str, names: list[str]) -> None:
    assert named(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "Sold seeds to shops",
        "Palash sold seeds",
        "Sold seeds. Palash grew",
        "Raised ₹12 lakh, $200k/year and €50M+",
        "Took 40 kW of power and 2 mA/V",
        "Met the KPI of the API and its UI",
        "Showed 1920x1080 films",
        "Took plan B to the X floor",
        "Wrote a.b files",
        "The 8 LPA offer",
        "Sold it by the m²",
        "—",
        "… *** —",
        "   ",
        "",
    ],
)
def test_a_capital_at_the_start_a_figure_and_a_common_acronym_name_nothing(text: str) -> None:
    assert named(text) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Wrote services in Go", ["Go"]),
        ("Let it go", []),
        ("Go to the shop", []),
        ("Wrote a Flask app", ["Flask"]),
        ("Cleaned a flask", []),
        ("Wrote it in C and R", ["C", "R"]),
        ("Kept lists in Excel", ["Excel"]),
        ("Kept lists to excel", []),
        ("TOLD EVERY SHOP ABOUT GO SEEDS WITH python", ["python"]),
    ],
)
def test_a_word_that_means_something_else_names_a_tool_with_its_capital_alone(text: str, names: list[str]) -> None:
    assert named(text) == names


def test_a_text_in_capitals_names_nothing_by_them() -> None:
    assert named("PACKED BOXES DAILY FOR SHOPS") == []
    assert named("PACKED 4 BOXES") != []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Kept lists in MS Excel", ["Excel"]),
        ("Kept lists in Microsoft Excel", ["Excel"]),
        ("Kept lists in Microsoft excel", []),
        ("Sold seeds to Microsoft", ["Microsoft"]),
        ("Sold seeds to Microsoft shops", ["Microsoft"]),
        ("Planned it in Shure Workbench", ["Workbench"]),
        ("Wired it to a Siemens PLC", ["Siemens", "PLC"]),
        ("Ran it on Nvidia Kubernetes", ["Nvidia", "Kubernetes"]),
        ("Sold seeds to Bosch shops", ["Bosch"]),
    ],
)
def test_a_maker_goes_with_its_product(text: str, names: list[str]) -> None:
    assert named(text) == names


def test_only_a_capital_within_a_sentence_leaves_a_doubt() -> None:
    assert [term.is_marked for term in terms("Sold GraphQL to Palash")] == [True, False]


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ("Wrote JavaScript", "Wrote JS"),
        ("Wrote JS", "Wrote JavaScript"),
        ("Ran K8s", "Ran Kubernetes"),
        ("Ran Postgres", "Ran PostgreSQL"),
        ("Ran Node", "Ran Node.js"),
        ("Wrote REST services", "Wrote RESTful services"),
        ("Wrote Go services", "Wrote services in Golang"),
        ("Wrote services in Golang", "Wrote services in Go"),
        ("Used Google Maps", "Used GoogleMaps"),
        ("Used GoogleMaps", "Used Google Maps"),
        ("Used Google Maps", "Used GoogleMaps"),
        ("Used Power BI", "Used PowerBI"),
        ("Set up scikit learn", "Set up scikit-learn"),
        ("Set up CI/CD", "Set up CI and CD"),
        ("Wrote it in HTML", "Wrote it in HTML5"),
        ("Moved to 1.24", "Moved to v1.24"),
        ("Held workshops for Nurses", "Held a workshop for a Nurse"),
        ("Sold to Palash", "Sold PALASH seeds"),
        ("Sold in Jan", "Sold in January"),
        ("Sold to Palash", "Sold to Palash-owned shops"),
        ("Wrote C++ tools", "Made tools in C++"),
        ("Tested by spectrophotometer", "Did Spectrophotometry"),
        ("Sold in Agri", "Sold in Agriculture"),
        ("Kept it at 4 °C", "Kept it at 4 Celsius"),
        ("Kept Tally books", "Kept books in Tally"),
    ],
)
def test_one_name_in_another_form_is_held(known: str, text: str) -> None:
    assert holds(known, text)


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ("Wrote Java", "Wrote JavaScript"),
        ("Wrote JavaScript", "Wrote Java"),
        ("Wrote C", "Wrote C++"),
        ("Wrote C++", "Wrote C#"),
        ("Let it go", "Wrote Go services"),
        ("Cleaned a flask", "Wrote a Flask app"),
        ("Ran MySQL", "Ran PostgreSQL"),
        ("Used Google Sheets", "Used GoogleMaps"),
        ("Sold to Palash", "Sold to Meera"),
        ("Wrote it in CSS", "Wrote it in HTML5"),
        ("Moved to 1.25", "Moved to v1.24"),
        ("Did Spectrophotometry", "Did Spectrofluorometry"),
        ("Sold in agri", "Sold in Agriculture"),
        ("Sold at the Cooperage", "Sold at the Cooperative"),
        ("Kept it at 4 °C", "Kept it at 4 Fahrenheit"),
        ("Kept a tally", "Kept books in Tally"),
        ("Sang at the Co", "Sang at the Cooperage"),
    ],
)
def test_another_name_is_not(known: str, text: str) -> None:
    assert not holds(known, text)


@pytest.mark.parametrize(
    ("known", "acronym", "is_held"),
    [
        ("Did total productive maintenance", "TPM", True),
        ("Did total productive work", "TPM", False),
        ("Worked in human kindness", "HK", False),
        ("Kept the resources of humans", "HR", False),
        ("Planned the bill of quantities", "BOQ", True),
    ],
)
def test_words_spell_an_acronym_out(known: str, acronym: str, *, is_held: bool) -> None:
    assert Reading(known).named.names(Term(acronym)) is is_held


@pytest.mark.parametrize(
    ("one", "other"),
    [("JS", "javascript"), ("v1.2", "1.2"), ("APIs", "api"), ("POSTGRES", "PostgreSQL"), ("nodes", "node")],
)
def test_aliases_and_plurals_fold_to_one_key(one: str, other: str) -> None:
    assert folded(one) == folded(other) == Term(one).key


def test_a_short_word_keeps_its_ending() -> None:
    assert folded("ios") == "ios"
