"""What a text names and copies is the bullet's or its entry's own."""

from __future__ import annotations

import pytest

from aiworker.domain.resume.guard import claims
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.reading import Reading, Rewording
from tests.unit.domain.resume.guard.bullets import fired, source

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
        ("Met a client", "Met a client (Siemens)", "Siemens"),
        ("Wrote sales reports", "Wrote sales reports (SAP)", "SAP"),
        ("Wrote sales reports", "Wrote sales reports (SLP)", "SLP"),
        ("Did the communications", "Did the communications in a CMS", "CMS"),
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
