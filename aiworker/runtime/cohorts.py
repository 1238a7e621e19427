"""Many students of an example from few lines: a cohort says how many there are and what groups of them did.

Students are numbered from 1; `students: [3, 7]` is the third to the seventh. The same lines give the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from aiworker.protocol import JsonValue

Row = dict[str, JsonValue]


def students(cohort: Row) -> Iterator[Row]:
    """Yield the students of a cohort; they have numbers instead of names."""
    skills = cast("dict[str, list[int]]", cohort.get("skills", {}))
    for number in range(1, int(str(cohort["size"])) + 1):
        one = _id(cohort, number)
        yield {
            "id": one,
            "roll_number": one.upper(),
            "name": f"Student {number} of {cohort['id']}",
            "email": f"{one}@example.com",
            **{key: cohort[key] for key in ("degree", "branch", "year")},
            "skills": [skill for skill, (first, last) in skills.items() if first <= number <= last],
        }


def applications(cohort: Row) -> Iterator[Row]:
    """Yield an application for each student of each group."""
    for group, number in _groups(cohort):
        yield {"student_id": _id(cohort, number), "job_id": group["job_id"], "status": group["status"]}


def offers(cohort: Row) -> Iterator[Row]:
    """Yield an offer for each student of the groups that have one; `step` is how much more each next one gets."""
    for group, number in _groups(cohort):
        if "offer" in group:
            offer = cast("Row", group["offer"])
            more = int(str(offer.get("step", 0))) * (number - cast("list[int]", group["students"])[0])
            yield {
                "student_id": _id(cohort, number),
                "job_id": group["job_id"],
                "kind": offer["kind"],
                "ctc": int(str(offer["ctc"])) + more,
                "offered_on": offer["offered_on"],
                "accepted_on": offer.get("accepted_on"),
            }


def _groups(cohort: Row) -> Iterator[tuple[Row, int]]:
    for group in cast("list[Row]", cohort["groups"]):
        first, last = cast("list[int]", group["students"])
        for number in range(first, last + 1):
            yield group, number


def _id(cohort: Row, number: int) -> str:
    return f"stu-{cohort['id']}-{number:02d}"
