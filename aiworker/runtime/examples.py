"""Valid payloads with the rows they need: used by docs, demo, `--example` and tests.

In a checkout they lie in `examples/`, in an installed package beside it as `aiworker/examples`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import cast

from aiworker.errors import UsageError
from aiworker.protocol import Connection, JsonValue
from aiworker.store import reference

Row = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Resume:
    """A stored resume of an example; `body` is the file's text to the letter."""

    resume_id: str
    student_id: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Example:
    """Payloads of one job, the first one being *the* example, and the rows they work on."""

    job: str
    tenant: str
    payloads: tuple[Row, ...]
    students: tuple[Row, ...]
    resumes: tuple[Resume, ...]
    vacancies: tuple[Row, ...]

    @property
    def payload(self) -> Row:
        return self.payloads[0]

    @property
    def text(self) -> str:
        """The example payload as JSON, laid out to be read and edited."""
        return json.dumps(self.payload, indent=2, ensure_ascii=False)


def names() -> Sequence[str]:
    """Return the jobs that have an example."""
    return sorted(f.name.removesuffix(".json") for f in _folder().iterdir() if f.name.endswith(".json"))


def load(job: str) -> Example:
    """Read the example of a job; UsageError if there is none."""
    if job not in names():
        raise UsageError(f"There is no example for {job}; there are: {', '.join(names())}.")
    content = _json(_folder() / f"{job}.json")
    rows = cast("dict[str, list[Row]]", content["rows"])
    return Example(
        job=job,
        tenant=str(content["tenant"]),
        payloads=tuple(cast("list[Row]", content["payloads"])),
        students=tuple(rows["students"]),
        resumes=tuple(_resume(row) for row in rows["resumes"]),
        vacancies=tuple({**row, **_json(_folder() / str(row["file"]))} for row in rows["vacancies"]),
    )


async def insert(db: Connection, example: Example) -> None:
    """Insert the example's rows into the reference tables; rows that are there already stay."""
    for student in example.students:
        await reference.insert_student(db, example.tenant, student)
    for resume in example.resumes:
        await reference.insert_resume(
            db,
            example.tenant,
            resume_id=resume.resume_id,
            student=resume.student_id,
            title=resume.title,
            body=resume.body,
        )
    for vacancy in example.vacancies:
        await reference.insert_vacancy(db, example.tenant, vacancy)


def _resume(row: Row) -> Resume:
    body = (_folder() / str(row["file"])).read_text("utf-8")
    return Resume(str(row["id"]), str(row["student_id"]), str(row["title"]), body)


def _json(file: Traversable) -> Row:
    return json.loads(file.read_text("utf-8"))


def _folder() -> Traversable:
    installed = resources.files("aiworker") / "examples"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "examples"
