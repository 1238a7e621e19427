"""Few lines make many rows, always the same ones."""

from __future__ import annotations

from typing import cast

from aiworker.protocol import JsonValue
from aiworker.runtime import cohorts, examples

COHORT: dict[str, JsonValue] = {
    "id": "ce26",
    "degree": "B.Tech.",
    "branch": "Computer Engineering",
    "year": 4,
    "size": 3,
    "skills": {"SQL": [1, 2], "Go": [2, 3]},
    "groups": [
        {
            "students": [2, 3],
            "job_id": "vac-1",
            "status": "accepted",
            "offer": {"kind": "full_time", "ctc": 500_000, "step": 10_000, "offered_on": "2026-11-04"},
        },
        {"students": [1, 1], "job_id": "vac-1", "status": "applied"},
    ],
}
EXAMPLE = examples.load("generate-analytics-summary")


def test_a_cohort_has_as_many_students_as_it_says_with_the_skills_of_their_numbers() -> None:
    rows = list(cohorts.students(COHORT))
    assert [row["id"] for row in rows] == ["stu-ce26-01", "stu-ce26-02", "stu-ce26-03"]
    assert [row["skills"] for row in rows] == [["SQL"], ["SQL", "Go"], ["Go"]]
    assert {str(row["branch"]) for row in rows} == {"Computer Engineering"}
    assert len({str(row["roll_number"]) for row in rows}) == 3


def test_each_student_of_a_group_applied() -> None:
    assert list(cohorts.applications(COHORT)) == [
        {"student_id": "stu-ce26-02", "job_id": "vac-1", "status": "accepted"},
        {"student_id": "stu-ce26-03", "job_id": "vac-1", "status": "accepted"},
        {"student_id": "stu-ce26-01", "job_id": "vac-1", "status": "applied"},
    ]


def test_offers_are_of_the_groups_that_have_one_and_grow_by_their_step() -> None:
    rows = list(cohorts.offers(COHORT))
    assert [(row["student_id"], row["ctc"], row["accepted_on"]) for row in rows] == [
        ("stu-ce26-02", 500_000, None),
        ("stu-ce26-03", 510_000, None),
    ]


def test_the_example_names_only_what_is_there() -> None:
    students, vacancies = ({str(row["id"]) for row in rows} for rows in (EXAMPLE.students, EXAMPLE.vacancies))
    assert {str(row["student_id"]) for row in (*EXAMPLE.applications, *EXAMPLE.offers)} <= students
    assert {str(row["job_id"]) for row in EXAMPLE.applications} == vacancies
    assert all(str(row["email"]).endswith("@example.com") for row in EXAMPLE.students)


def test_the_example_s_offers_are_of_people_who_applied() -> None:
    applied, offered = (
        {(str(row["student_id"]), str(row["job_id"])) for row in rows}
        for rows in (EXAMPLE.applications, EXAMPLE.offers)
    )
    assert offered <= applied
    assert all(cast("int", row["ctc"]) >= 100_000 for row in EXAMPLE.offers)
