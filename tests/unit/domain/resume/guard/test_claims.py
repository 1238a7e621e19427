"""What a text names, is skilled in and copies is the bullet's or its entry's own."""

from __future__ import annotations

import pytest

from aiworker.domain.resume.guard import claims
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.reading import Reading, Rewording
from tests.unit.domain.resume.guard.bullets import fired, source, untidy

VACANCY = (
    "You will keep the settlement pipeline boring. We value telemetry dashboards and ward rounds. Own five depots."
    " Built tents; ward 12 rounds. Wove heavy willow baskets. Polished the brass. Carried a ton"
)


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Wrote scripts for shops", "Wrote Python scripts for shops", "Python"),
        ("Wrote scripts for shops", "Wrote scripts for shops in sql", "sql"),
        ("Wrote scripts for shops", "GraphQL scripts for shops", "GraphQL"),
        ("Wrote scripts for shops", "Wrote scripts for Meera", "Meera"),
        ("Wrote scripts to go", "Wrote scripts in Rust", "Rust"),
        ("Wrote scripts in MySQL", "Wrote scripts in MySQL and PostgreSQL", "PostgreSQL"),
        ("Took tickets", "Took L1 tickets", "L1"),
        ("Helped a nurse", "Helped an RN", "RN"),
        ("Made an index", "Made an AI index", "AI"),
        ("Entwarf die Pumpe und den Kasten", "Entwarf die Pumpe und den Kasten mit SAP", "SAP"),
        ("Wrote JavaScript", "Wrote JavaScript and Java", "Java"),
        ("Kept orders ready to go", "Kept orders ready in Go", "Go"),
        ("Took level 2 tickets", "Took L1 tickets", "L1"),
        ("Sold GS forms", "Sold GST forms", "GST"),
        ("Sold at the Co", "Sold at the Cooperative", "Cooperative"),
        ("Sold on 2024-05-17", "Sold in June 2024", "June"),
        ("Kept maps of Google", "Kept GoogleMeet lists", "GoogleMeet"),
        ("Did pH tests", "Did pH and PhD tests", "PhD"),
        ("Sold seeds in agri", "Sold seeds in Agriculture", "Agriculture"),
        ("Sold seeds at the Cooperage", "Sold seeds at the Cooperative", "Cooperative"),
        ("Did Spectrophotometry", "Did Spectrofluorometry", "Spectrofluorometry"),
        ("Kept counts by tally", "Kept counts in Tally", "Tally"),
        ("Sold on 05/2025", "Sold in June 2025", "June"),
        ("Sold in 2025", "Sold on 05/2025", "may"),
        ("Did upkeep of pumps", "Did upkeep (TUL) of pumps", "TUL"),
    ],
)
def test_a_name_the_entry_does_not_hold_is_refused(before: str, after: str, token: str) -> None:
    assert fired(claims.named_terms, before, after) == {("term", token)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Wrote scripts in JS", "Wrote JavaScript scripts"),
        ("Kept lists in Excel", "Kept lists in MS Excel"),
        ("Kept lists in MS Excel", "Kept lists in Microsoft Excel"),
        ("Did TPM of the pumps", "Did Total Productive Maintenance of the pumps"),
        ("Did work to the SOPs", "Did work to the Standard Operating Procedures"),
        ("Did total productive maintenance of pumps", "Did TPM of pumps"),
        ("Helped registered nurses", "Helped RN"),
        ("Took level 1 tickets", "Took L1 tickets"),
        ("Sold seeds at Palash", "Palash: sold seeds"),
        ("Entwarf die Pumpe und den Kasten", "Entwarf die Pumpe und den Kasten samt Deckel"),
        ("Took N1 tickets", "Took level 1 tickets"),
        ("Kept GSTR forms", "Kept GST forms"),
        ("Sold seeds in Agri", "Sold seeds in Agriculture"),
        ("Sold seeds on 2024-05-17", "Sold seeds in May 2024"),
        ("Sold seeds on 17/06/2024", "Sold seeds in June 2024"),
        ("Laid 40 m² of floor", "Laid 40 m² of oak"),
        ("Painted 3x walls", "Painted 3× walls"),
        ("Kept POs", "Kept PO lists"),
        ("Kept HR lists", "Kept Human Resources lists"),
        ("Did B.Sc. work", "Did Bachelor of Science work"),
        ("Did Bachelor of Science work", "Did B.Sc. work"),
        ("Did doctoral work", "Did PhD work"),
        ("Wired the internet of things", "Wired IoT"),
        ("Kept R&D lists", "Kept Research and Development lists"),
        ("Tested by spectrophotometer", "Did Spectrophotometry tests"),
        ("Kept counts in Tally", "Kept Tally counts"),
        ("Kept counts by tally", "Kept a tally of counts"),
        ("Kept it at 40 °C", "Kept it at 40 Celsius"),
        ("Sold on 05/2025", "Sold in May 2025"),
        ("Sold in May 2025", "Sold in 2025-05"),
        ("Did total upkeep of lifts", "Did Total Upkeep of Lifts (TUL)"),
        ("Helped registered nurses", "Helped RNs"),
        ("Kept purchase orders", "Kept POs"),
        ("Wrote scripts in C#", "Wrote scripts in C Sharp"),
        ("Used infrared reflectography", "Used infrared reflectography (IRR)"),
        ("Used a multifunction tester", "Used an MFT (multifunction tester)"),
        ("Tracked thornback rays", "Tracked thornback rays (Raja clavata)"),
        ("Met third-year students", "Met 3rd-year students"),
        ("Kept 30 SKUs", "Kept 30 stock-keeping units"),
        ("Assessed balance by videonystagmography", "Assessed balance by VNG"),
        ("Cut the 95th-percentile wait", "Cut the p95 wait"),
    ],
)
def test_a_name_in_another_form_is_the_entrys(before: str, after: str) -> None:
    assert fired(claims.named_terms, before, after) == set()


def test_a_name_may_come_from_the_entry_and_not_from_elsewhere() -> None:
    before, after = "Wrote scripts for shops", "Wrote scripts for shops with Kafka"
    assert fired(claims.named_terms, before, after, frame="Kafka trainee") == set()
    assert fired(claims.named_terms, before, after, sibling="Set up Kafka") == set()
    assert fired(claims.named_terms, before, after, elsewhere="Set up Kafka") == {("term", "Kafka")}
    assert fired(claims.named_terms, before, after, skills="Kafka") == {("term", "Kafka")}


@pytest.mark.parametrize(
    ("before", "after", "skill"),
    [
        ("Sorted photos by code", "Sorted photos by machine learning", "machine learning"),
        ("Sorted photos by a machine, learning it", "Sorted photos by machine learning", None),
        ("Sorted photos by ML", "Sorted photos by machine learning", None),
        ("Ran A/B tests", "Ran A/B testing", None),
        ("Tested pumps", "Did load testing of pumps", "load testing"),
        ("Tested pumps under load", "Did load testing of pumps", None),
        ("Ran LT of pumps", "Ran load testing of pumps", None),
        ("Kept projects on time", "Did project management", "project management"),
        ("Kept projects on time", "Managed projects on time", None),
        ("Analysed leavers", "Ran a survival analysis of leavers", "survival analysis"),
        ("Switched off heaters", "Heaters were turned off", None),
    ],
)
def test_a_skill_of_several_words_is_the_entrys(before: str, after: str, skill: str | None) -> None:
    found = fired(claims.skill_phrases, before, after)
    assert ("skill", skill) in found if skill else found == set()


@pytest.mark.parametrize(
    ("before", "after", "skill"),
    [
        ("Cleaned tanks", "Did kick sampling in tanks", "kick sampling"),
        ("Served guests", "Did vegan cooking for guests", "vegan cooking"),
        ("Drew plans", "Drew plans and did laser cutting", "laser cutting"),
        ("Sold bouquets", "Sold bouquets and did flower arranging", "flower arranging"),
        ("Sang", "Sang and did songwriting", "songwriting"),
        ("Sampled the river", "Did kick sampling of the river", None),
        ("Cooked for guests", "Did vegan cooking for guests", None),
        ("Cut plans by laser", "Did laser cutting of plans", None),
        ("Mended landing gear of planes", "Did landing gear overhaul", None),
        ("Mended gear of planes", "Did landing gear overhaul", "landing gear overhaul"),
        ("Wrote songs", "Did songwriting", None),
        ("Kept DC lists", "Kept data cataloguing lists", None),
        ("Did KAP surveys", "Did knowledge attitudes and practices surveys", None),
        ("Asked rural women", "Ran a participatory rural appraisal of women", "participatory rural appraisal"),
    ],
)
def test_of_a_trades_own_skill_one_word_is_the_entrys(before: str, after: str, skill: str | None) -> None:
    assert fired(claims.skill_phrases, before, after) == ({("skill", skill)} if skill else set())


def test_one_of_the_skills_told_in_two_ways_is_refused() -> None:
    ((rule, token),) = fired(claims.skill_phrases, "Ran tests", "Ran A/B tests")
    assert (rule, token[:8]) == ("skill", "a/b test")


@pytest.mark.parametrize(
    ("before", "after", "skill"),
    [
        ("Packed boxes", "Packed boxes of tulip bulbs", "tulip bulbs"),
        ("Packed boxes", "Packed boxes, growing tulip bulbs", "growing tulip"),
        ("Packed boxes of bulbs", "Packed boxes of tulip bulbs", None),
        ("Packed tulips", "Packed tulip bulbs", None),
        ("Packed boxes", "Packed tulips and bulbs", None),
        ("Packed boxes", "Packed 12 bulbs", None),
        ("Kept TB lists", "Kept tulip bulb lists", None),
    ],
)
def test_two_words_in_a_row_of_another_entry_are_refused(before: str, after: str, skill: str | None) -> None:
    found = fired(claims.elsewhere, before, after, elsewhere="Grew 12 bulbs and growing tulip bulbs")
    assert ({("skill", skill)} <= found) if skill else found == set()


def test_two_words_in_a_row_may_come_from_the_entry_and_not_from_the_skills() -> None:
    before, after = "Packed boxes", "Packed boxes of tulip bulbs"
    assert fired(claims.elsewhere, before, after) == set()
    assert fired(claims.elsewhere, before, after, sibling="Grew tulip bulbs", skills="Tulip bulbs") == set()
    assert fired(claims.elsewhere, before, after, frame="Tulip bulb grower", skills="Tulip bulbs") == set()
    assert fired(claims.elsewhere, before, after, skills="Tulip bulbs") == {("skill", "tulip bulbs")}


@pytest.mark.parametrize(
    ("before", "after", "means"),
    [
        ("Cut wood", "Cut wood using a lathe", "lathe"),
        ("Cut wood", "Cut wood via turnery", "turnery"),
        ("Cut wood", "Cut wood with the help of a bandsaw", "bandsaw"),
        ("Cut wood", "Cut wood based on drawings", "drawings"),
        ("Cut wood", "Cut wood by means of jigs", "jigs"),
        ("Cut wood", "Cut wood applying sandpaper polish", "sandpaper polish"),
        ("Corté madera", "Corté madera usando sierras", "sierras"),
        ("Cut wood on the lathe", "Cut wood using a lathe", None),
        ("Cut wood by turning", "Cut wood via turnery", None),
        ("Cut wood with a saw", "Cut wood using a sharp saw", None),
        ("Drew and cut wood", "Cut wood based on drawings", None),
        ("Cut wood", "Cut wood using hand tools", None),
        ("Cut wood", "Cut wood using 3 saws", None),
        ("Cut wood", "Cut wood used in doors", None),
        ("Cut wood", "Cut wood using the", None),
        ("Did CNC of wood", "Cut wood using computer numerical control", None),
        ("Cut wood", "Cut wood using a lathe to trim it", "lathe"),
        ("Cut wood on the lathe", "Cut wood using a lathe to trim it", None),
    ],
)
def test_what_work_is_said_to_be_done_with_is_the_entrys(before: str, after: str, means: str | None) -> None:
    assert fired(claims.means, before, after) == ({("skill", means)} if means else set())


def test_a_means_of_the_entrys_other_bullet_may_be_named() -> None:
    before, after = "Cut wood", "Cut wood using jigs"
    assert fired(claims.means, before, after, sibling="Made jigs for the shop") == set()
    assert fired(claims.means, before, after, elsewhere="Made jigs for the shop") == {("skill", "jigs")}


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Kept a pipeline", "Kept the settlement pipeline boring", "kept the settlement pipeline"),
        ("Drew charts", "Drew telemetry dashboards", "telemetry dashboards"),
        ("Keep the settlement pipeline boring", "Keep the settlement pipeline very boring", None),
        ("Drew charts", "Drew charts and we value them", None),
        ("Drew telemetry, then dashboards", "Drew telemetry dashboards", None),
        ("Drew charts in TD", "Drew telemetry dashboards", None),
        ("Drew charts", "Drew charts of a dashboard", None),
        ("Drew charts", "Did ward rounds", "ward rounds"),
        ("Went round the ward", "Did ward rounds", None),
        ("Kept WR lists", "Kept ward rounds lists", None),
        ("Kept lists", "Kept ward 12 lists", None),
        ("Kept depots", "Kept five depots", None),
        ("Kept tents", "Built tents", None),
        ("Kept KSPB lists", "Kept the settlement pipeline boring", None),
        ("Made hampers", "Made heavy willow hampers", "heavy willow"),
        ("Painted", "Polished the brass", "polished the brass"),
        ("Polished tins", "Polished the brass", None),
        ("Kept PTB lists", "Polished the brass", None),
        ("Carried rice", "Carried a ton", None),
        ("Wove heavy baskets of willow", "Wove heavy willow and baskets", None),
    ],
)
def test_the_vacancys_words_are_not_copied(before: str, after: str, token: str | None) -> None:
    found = list(copied(before, after, VACANCY))
    assert [finding.token for finding in found] == ([token] if token else [])


def copied(before: str, after: str, vacancy: str) -> list[Finding]:
    held = source(before)
    return list(claims.copied(held, Rewording.of(after, held), Reading(vacancy)))


def test_a_skill_of_one_word_is_not_fetched_from_the_list_of_skills() -> None:
    before, after = "Mended 11 gates", "Welded 11 gates"
    assert fired(claims.listed_elsewhere, before, after, skills="Welding, driving") == {("skill", "welded")}
    assert fired(claims.listed_elsewhere, before, after, skills="Welding", sibling="Did welding") == set()
    assert fired(claims.listed_elsewhere, before, after) == set()
    assert fired(claims.listed_elsewhere, before, "Built 11 gates", skills="Building") == set()


@pytest.mark.parametrize(
    ("skills", "after", "skill"),
    [
        ("Order picker", "Stacked pallets with an order picker", "order picker"),
        ("Shorthand (100 wpm)", "Stacked pallets in shorthand", "shorthand"),
        ("Call de-escalation", "Stacked pallets by call de-escalation", "call de escalation"),
        ("Pallet stacking", "Did the pallet stacking", None),
        ("Microsoft Word (mail merge)", "Stacked pallets with Microsoft Word", None),
        ("Repalleting", "Repalleting done", None),
        ("Chocolate tempering", "Stacked pallets of tempered chocolate", "tempered chocolate"),
    ],
)
def test_a_skill_of_the_list_is_not_fetched_into_an_entry_without_it(
    skills: str, after: str, skill: str | None
) -> None:
    found = fired(claims.listed_elsewhere, "Stacked pallets by Word lists, repalleted some", after, skills=skills)
    assert found == ({("skill", skill)} if skill else set())


@pytest.mark.parametrize(
    ("before", "after", "instrument"),
    [
        ("Checked tanks with a YSI meter", "Checked tanks with a YSI meter and a photometer", "photometer"),
        ("Checked the gauges", "Read the pressure gauge", None),
        ("Ran 12 km", "Ran 12 kilometers around the perimeter", None),
    ],
)
def test_what_measures_is_the_entrys(before: str, after: str, instrument: str | None) -> None:
    assert fired(claims.instruments, before, after) == ({("skill", instrument)} if instrument else set())


def test_without_a_vacancy_nothing_is_copied() -> None:
    assert list(copied("Drew charts", "Drew telemetry dashboards", "")) == []


INSTRUCTIONS = "Rewrite each bullet. Example: Trimmed thorny hedges swiftly along the canal"


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Cut hedges", "Trimmed thorny hedges of the park", "trimmed thorny hedges"),
        ("Cut hedges", "Cut thorny hedges swiftly", "thorny hedges swiftly"),
        ("Trimmed thorny hedges daily", "Daily trimmed thorny hedges", None),
        ("Cut hedges", "Trimmed hedges swiftly", None),
        ("Cut hedges", "Cut hedges along the canal", None),
    ],
)
def test_what_the_model_was_told_is_not_recited(before: str, after: str, token: str | None) -> None:
    held = source(before)
    found = [finding.token for finding in claims.recited(held, Rewording.of(after, held), Reading(INSTRUCTIONS))]
    assert found == ([token] if token else [])


def test_the_list_of_skills_is_in_order() -> None:
    assert untidy("skills.txt") == []
