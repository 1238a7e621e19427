from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.resume.locator import read
from aiworker.domain.resume.phrases import Tone
from aiworker.domain.resume.rewrite_rules import rewrite
from tests.unit.domain.resume.documents import patient

RESUMES = sorted((Path(__file__).parents[4] / "examples" / "resumes").glob("*.json"))
TONES: tuple[Tone, ...] = get_args(Tone)

ENGLISH = "Kept the books of the club and wrote to the members for it"
SPANISH = "Llevé las cuentas del club y escribí a los socios para que lo supieran"

LEADERSHIP = re.compile(
    r"\b(?:led|manag\w+|head(?:ed|ing)|direct(?:ed|ing)|supervis\w+|spearhead\w*|oversaw|founded|own(?:ed|ing)|chief"
    r"|dirig\w+|lider\w+|gestion\w+|encabe\w+)\b",
    re.IGNORECASE,
)


def polished(text: str, tone: Tone = "concise", *, company: str = ENGLISH) -> str:
    return rewrite([("b0", text), ("b1", company)], tone)["b0"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Responsible for maintaining the lab server", "Maintained the lab server"),
        ("I was responsible for maintaining and updating the site.", "Maintained and updated the site"),
        ("Responsible for testing the app and fixing bugs", "Tested the app and fixed bugs"),
        ("Responsible for writing tests, fixing bugs and updating docs", "Wrote tests, fixed bugs and updated docs"),
        ("My duties included preparing reports, ensuring accuracy", "Prepared reports, ensuring accuracy"),
        ("Tasked with designing of the board", "Designed the board"),
        ("Responsible for the maintenance of 12 servers", "Maintained 12 servers"),
        ("Did the design of the power supply", "Designed the power supply"),
        ("Was involved in testing", "Contributed to testing"),
        ("Worked on building a parser", "Contributed to building a parser"),
        ("Helped out with preparing the fest", "Contributed to preparing the fest"),
        ("Was able to reduce load time by 40 %", "Reduced load time by 40 %"),
        ("I developed a parser", "Developed a parser"),
        ("I've also built 3 tools", "Built 3 tools"),
        ("I have written the guide", "Wrote the guide"),
        ("Utilised pandas in order to plot sales", "Used pandas to plot sales"),
        ("Successfully deployed various services on a daily basis.", "Deployed services daily"),
        ("led  the\tteam of\u00a05", "Led the team of 5"),
        ("Helped to write the guide", "Helped write the guide"),
    ],
)
def test_weak_english_openings_and_wordy_phrases_are_replaced(before: str, after: str) -> None:
    assert polished(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "Responsible for managing the stock",
        "Responsible for testing equipment",
        "Responsible for testing, debugging and deployment",
        "Responsible for testing",
        "Responsible for collecting data for cleaning and merging files",
        "Responsible for fixing bugs and training material",
        "Responsible for fixing bugs and singing songs",
        "Responsible for maintaining the site and for the register",
        "Responsible for the calibration of 18 meters and for the register",
        "Responsible for the stock register",
        "Performed on stage",
        "Had to compare lists and resolve differences",
        "Had to yodel loudly",
        "Worked on weekends at the stall",
        "I yodelled for the club",
        "I am",
        "Was not very accurate",
        "Used very large scale integration",
        "Procter & Gamble case study for R&D",
        "numpy scripts of the club",
        "iOS app of the club",
        "Sold to Very Clean Pvt. Ltd.",
        'Wrote "in order to very" and `various things` at https://very.example.org/various.',
        "Mail to very.utilized@example.com",
        "Wrote pens, books, etc.",
        "Moved from A to B. Moved on.",
        "Sold approx. 20 pens w/ ink",
        "Didn't fail",
        "\ue000 and “in order to”",
    ],
)
def test_what_might_be_wrong_to_change_is_kept(text: str) -> None:
    assert polished(text) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Responsable de mantener y actualizar la web.", "Mantuve y actualicé la web"),
        ("Encargada del mantenimiento del inventario", "Mantuve el inventario"),
        ("Responsable de la revisión de facturas", "Revisé facturas"),
        ("Trabajé en el desarrollo de la web", "Contribuí al desarrollo de la web"),
        ("Trabajé en la revisión de la web", "Contribuí a la revisión de la web"),
        ("Estuve involucrada en la migración", "Participé en la migración"),
        ("Realicé el análisis de los datos de forma diaria", "Analicé los datos a diario"),
        ("Logré reducir un 35 % el coste", "Reduje un 35 % el coste"),
        ("Yo diseñé un panel con el fin de medir ventas", "Diseñé un panel para medir ventas"),
        ("Monté con éxito diversos sensores", "Monté sensores"),
    ],
)
def test_weak_spanish_openings_and_wordy_phrases_are_replaced(before: str, after: str) -> None:
    assert polished(before, company=SPANISH) == after


@pytest.mark.parametrize(
    "text",
    [
        "Responsable de gestionar la tienda",
        "Responsable de revisar datos para detectar y corregir errores",
        "Responsable de la revisión de facturas y del desarrollo de la web",
        "Responsable de preparar envíos y de la web",
        "Realicé una visita",
        "Yo bailaba mucho",
        "Trabajé en una clínica",
        "Logré bailar",
        "No muy lejos de la tienda",
    ],
)
def test_what_might_be_wrong_to_change_is_kept_in_spanish(text: str) -> None:
    assert polished(text, company=SPANISH) == text


def test_tones_treat_the_same_bullet_differently() -> None:
    bullet = "Successfully sold various pens & inks w/ a label on a daily basis, which didn't break"
    assert {tone: polished(bullet, tone) for tone in TONES} == {
        "concise": "Sold pens & inks w/ a label daily, which didn't break",
        "professional": "Sold various pens & inks with a label daily, which did not break.",
        "detailed": "Successfully sold various pens and inks with a label on a daily basis, which did not break.",
    }


@pytest.mark.parametrize("ending", ["etc.", "(see below)", "in 40 %", "for ₹1.2 lakh", "in C++", "of Foo Ltd."])
def test_full_tones_end_in_exactly_one_period(ending: str) -> None:
    assert polished(f"Wrote it {ending}", "professional") == f"Wrote it {ending.removesuffix('.')}."


@pytest.mark.parametrize("ending", ["!", ":", "…", "।", '"so"'])
def test_other_endings_are_left_alone(ending: str) -> None:
    assert polished(f"Wrote it {ending}", "detailed") == f"Wrote it {ending}"


def test_other_languages_get_spaces_and_periods_only() -> None:
    text = "responsable  de la maintenance des serveurs et du réseau pour les clients"
    assert rewrite([("b0", text)], "professional") == {"b0": " ".join(text.split()) + "."}
    assert rewrite([("b0", text + ".")], "concise") == {"b0": " ".join(text.split())}


def test_a_blank_bullet_stays_as_it_is() -> None:
    assert rewrite([("b0", " \n"), ("b1", "."), ("b2", "")], "concise") == {"b0": " \n", "b1": ".", "b2": ""}


def test_no_bullets_give_no_texts() -> None:
    assert rewrite([], "concise") == {}


# fmt: off
FRAGMENTS = st.sampled_from([
    "I was responsible for the design of", "Responsible for", "testing", "and", "fixing", "worked on", "very", "not",
    "various", "in order to", "Successfully", "utilized", "w/", "&", "approx.", "didn't", "I have", "written", ",", ".",
    "etc.", "the", "a", "of", "8.40", "₹1.2 lakh", "40 %", "CGPA", "Pvt. Ltd.", "npm", '"', "“", "”", "`", "a@b.c",
    "https://x.org/very", "\ue000", "managing", "on a weekly basis", "was able to", "reduce", "helped to", "for",
    "responsable de", "mantener", "y", "el desarrollo de", "del", "trabajé en", "con el fin de", "medir", "diversos",
    "muy", "la", "los", "yo", "diseñé", "logré", "aprox.", "de forma diaria", "con éxito", "participé", "I", "Yo", "\n",
    "  ", "é", "Zoë",
])
# fmt: on
BULLETS = st.lists(st.one_of(st.lists(FRAGMENTS, max_size=9).map(" ".join), st.text(max_size=20)), max_size=4).map(
    lambda texts: [(f"b{at}", text) for at, text in enumerate(texts)]
)


@patient
@given(BULLETS, st.sampled_from(TONES))
def test_rewriting_twice_is_rewriting_once(bullets: list[tuple[str, str]], tone: Tone) -> None:
    once = rewrite(bullets, tone)
    assert rewrite(list(once.items()), tone) == once


@patient
@given(BULLETS, st.sampled_from(TONES))
def test_no_digit_name_or_leadership_verb_is_ever_added_and_nothing_emptied(
    bullets: list[tuple[str, str]], tone: Tone
) -> None:
    after = rewrite(bullets, tone)
    assert list(after) == [key for key, _ in bullets]
    for key, before in bullets:
        assert re.findall(r"\d", after[key]) == re.findall(r"\d", before)
        assert bool(after[key].strip()) == bool(before.strip())
        assert len(LEADERSHIP.findall(after[key])) <= len(LEADERSHIP.findall(before))
        inner_capitals = set(re.findall(r"(?<=\s)\S*[A-Z]\S*[\w]", after[key]))
        assert all(word in before for word in inner_capitals)


@pytest.mark.parametrize("path", RESUMES, ids=lambda path: path.stem)
def test_tones_differ_on_every_example_and_keep_its_figures(path: Path) -> None:
    bullets = [(bullet.id, bullet.text) for bullet in read(path.read_text(encoding="utf-8")).bullets]
    results = [rewrite(bullets, tone) for tone in TONES]
    assert len({json.dumps(result) for result in results}) == len(TONES)
    for result in results:
        assert sum(result[key] not in (text, text + ".") for key, text in bullets) >= len(bullets) // 2
        for key, text in bullets:
            assert re.findall(r"\d[\d.,]*\d|\d|[₹$€%]", result[key]) == re.findall(r"\d[\d.,]*\d|\d|[₹$€%]", text)
