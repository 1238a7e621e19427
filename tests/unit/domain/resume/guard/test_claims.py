"""What a text names, claims and copies is the bullet's or its entry's own."""

from __future__ import annotations

import pytest

from aiworker.domain.resume.guard import boasts, claims, roles
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.reading import Reading, Rewording
from tests.unit.domain.resume.guard.bullets import fired, source

VACANCY = "You will keep the settlement pipeline boring. We value telemetry dashboards and ward rounds."


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
        ("Ran tests", "Ran A/B tests", "a/b tests"),
        ("Kept projects on time", "Did project management", "project management"),
        ("Kept projects on time", "Managed projects on time", None),
    ],
)
def test_a_skill_of_several_words_is_the_entrys(before: str, after: str, skill: str | None) -> None:
    found = fired(claims.skill_phrases, before, after)
    assert ("skill", skill) in found if skill else found == set()


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Ran a survey for shops", "Led a survey for shops", "led"),
        ("Ran a workshop for shops", "Led the shops", "led"),
        ("Ran a survey", "Spearheaded a survey", "spearheaded"),
        ("Responsible for the shops", "Headed the shops", "headed"),
        ("Wrote notes for the shops", "Managed the shops", "managed"),
        ("Built a self-managed cluster", "Managed a cluster", "managed"),
        ("Asked by the manager for notes", "Managed the notes", "managed"),
        ("Helped the owner with notes", "Chief of notes", "chief"),
        ("Wrote notes of the product", "Wrote notes as product manager", "product manager"),
        ("Wrote notes", "Was in charge of notes", "in charge of"),
        ("Wrote notes with shops", "Coordinated 4 interns", "Coordinated 4 interns"),
        ("Ordenaba los libros", "Lideré los libros", "lideré"),
        ("Ordenaba los libros", "Ordenaba los libros, al frente de la tienda", "al frente de"),
    ],
)
def test_a_leading_role_the_bullet_does_not_state_is_refused(before: str, after: str, token: str) -> None:
    assert ("leadership", token) in fired(roles.leadership, before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Ran a workshop for shops", "Led a workshop for shops"),
        ("Ran a workshop for shops", "Managed a workshop for shops"),
        ("Ran classes for shops", "Led two of the weekly classes for shops"),
        ("Managed a shop", "Led a shop"),
        ("Led a shop", "Headed a shop"),
        ("Responsible for the shops", "Managed the shops"),
        ("Responsable de la tienda", "Gestioné la tienda"),
        ("Built a self-managed cluster", "Set up a self-managed cluster"),
        ("Asked by the manager for notes", "Wrote notes for the manager"),
        ("Designed a pump", "Architected a pump"),
        ("Designed a pump", "Engineered a pump"),
        ("Wrote notes with interns", "Coordinated interns for the notes"),
        ("Ordenaba los libros", "Ordené los libros"),
    ],
)
def test_a_role_in_other_words_or_one_anybody_may_have_is_not(before: str, after: str) -> None:
    assert fired(roles.leadership, before, after) == set()


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Wrote notes", "Wrote award-winning notes", "award"),
        ("Wrote notes", "Wrote certified notes", "certified"),
        ("Ranked 3rd at the fair", "Won a scholarship at the fair", "scholarship"),
        ("Wrote notes", "Wrote notes, trainee of the year", "of the year"),
        ("Wrote notes", "Wrote the best notes", "best "),
        ("Wrote a paper", "Published a paper", "Published a paper"),
        ("Escribí notas", "Escribí notas con premio", "premio"),
    ],
)
def test_an_award_the_bullet_does_not_state_is_refused(before: str, after: str, token: str) -> None:
    assert ("award", token) in fired(boasts.awards, before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Won an award for notes", "Awarded for notes"),
        ("Ranked 3rd at the fair", "Won 3rd prize at the fair"),
        ("Came first at the fair", "Won the fair"),
        ("Got a cert for welding", "Certified for welding"),
        ("Wrote notes", "Wrote notes by best practice"),
        ("Best of the fair", "The best of the fair"),
    ],
)
def test_an_award_the_bullet_states_may_be_told_otherwise(before: str, after: str) -> None:
    assert fired(boasts.awards, before, after) == set()


def test_a_rank_of_the_entry_may_be_named() -> None:
    assert fired(boasts.awards, "Wrote notes", "Wrote notes, trainee of the year", frame="Trainee of the year") == set()


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Served shops", "Served shops nationwide", "nationwide"),
        ("Served shops", "Served shops company-wide", "company-wide"),
        ("Served shops", "Served thousands of shops", "thousands"),
        ("Served shops", "Served shops across the country", "across the country"),
        ("Served shops", "Served a chain of shops", "chain of"),
        ("Served shops", "Served the largest shops", "largest"),
        ("Atendí tiendas", "Atendí tiendas a nivel nacional", "a nivel nacional"),
    ],
)
def test_a_scale_the_bullet_does_not_state_is_refused(before: str, after: str, token: str) -> None:
    found = fired(boasts.scope, before, after)
    assert any(rule == "scope" and shown.startswith(token[:10]) for rule, shown in found)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Served shops at a national fair", "Served shops nationally"),
        ("Served shops of the country", "Served shops across the country"),
        ("Served shops", "Served shops across the street"),
        ("Served all shops of a chain of mills", "Served a chain of mills"),
    ],
)
def test_a_scale_in_other_words_is_not(before: str, after: str) -> None:
    assert fired(boasts.scope, before, after) == set()


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
    ],
)
def test_the_vacancys_words_are_not_copied(before: str, after: str, token: str | None) -> None:
    found = list(copied(before, after, VACANCY))
    assert [finding.token for finding in found] == ([token] if token else [])


def copied(before: str, after: str, vacancy: str) -> list[Finding]:
    held = source(before)
    return list(claims.copied(held, Rewording(after, held), Reading(vacancy)))


def test_without_a_vacancy_nothing_is_copied() -> None:
    assert list(copied("Drew charts", "Drew telemetry dashboards", "")) == []
