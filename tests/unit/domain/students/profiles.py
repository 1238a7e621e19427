"""Builders: the profiles of the examples' students, and small ones made by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

from aiworker.domain.students import reading
from aiworker.domain.students.profile import Entry, Kind, Line, Profile
from aiworker.runtime import examples

EXAMPLE = examples.load("generate-student-summary")
STUDENTS = tuple(str(row["id"]) for row in EXAMPLE.students)
BARE = Profile("", "", 0, "", (), "")


@cache
def of_example(student: str = "stu-ananya") -> Profile:
    """Return the profile of one of the examples' students."""
    row = next(row for row in EXAMPLE.students if row["id"] == student)
    resume = next((one.body for one in EXAMPLE.resumes if one.student_id == student), None)
    return read(
        degree=row["degree"],
        branch=row["branch"],
        year=row["year"],
        cgpa=row.get("cgpa"),
        skills=json.dumps(row["skills"]),
        resume=resume,
    )


def read(**given: Any) -> Profile:
    """Read a profile of a row and a resume, both nearly empty unless said otherwise."""
    usual: dict[str, Any] = {"degree": "B.Tech.", "branch": "Physics", "year": 4, "cgpa": "8.40", "skills": "[]"}
    usual |= {"verified_at": None, "resume": None}
    return reading.read(**(usual | given))


def of_resume(**sections: object) -> Profile:
    """Read a profile of a resume's sections."""
    return read(resume=json.dumps(sections))


def entry(kind: Kind = "experience", *, lines: tuple[str, ...] = (), **fields: Any) -> Entry:
    """Return an entry, an internship at Palash unless said otherwise."""
    usual: dict[str, Any] = {"title": "Intern", "organisation": "Palash", "name": "", "tech": (), "period": ""}
    return Entry(kind, **{**usual, **fields}, lines=tuple(Line(line, verified=False) for line in lines))


def small(**changes: Any) -> Profile:
    """Return a profile with one of everything."""
    usual = Profile(
        degree="B.Tech.",
        branch="Civil Engineering",
        year=3,
        cgpa="7.90",
        skills=("AutoCAD", "Python"),
        verified_at="",
        entries=(entry(lines=("Surveyed 14 plots with a total station",)),),
        education=("B.Tech., Civil Engineering, Sahyadri Valley Institute of Technology",),
        achievements=("Second prize in a bridge contest",),
    )
    return replace(usual, **changes)
