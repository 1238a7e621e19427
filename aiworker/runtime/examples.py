"""Valid payloads with the rows they need: used by docs, demo, `--example` and tests.

In a checkout they lie in `examples/`, in an installed package beside it as `aiworker/examples`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import chain
from pathlib import Path
from typing import cast

from aiworker.errors import UsageError
from aiworker.protocol import Connection, JsonValue
from aiworker.runtime import cohorts
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
    applications: tuple[Row, ...] = ()
    offers: tuple[Row, ...] = ()

    @property
    def payload(self) -> Row:
        return self.payloads[0]

    @property
    def text(self) -> str:
        """The example payload as JSON, laid out to be read and edited."""
        return json.dumps(self.payload, indent=2, ensure_ascii=False)


KINDS = tuple(field.name for field in fields(Example) if field.name not in ("job", "tenant", "payloads"))
"""The kinds of rows an example may have."""
WRITTEN_KINDS = (*KINDS, "cohorts")
"""The same as files write them: a cohort stands for many rows."""


def names() -> Sequence[str]:
    """Return the jobs that have an example."""
    return sorted(f.name.removesuffix(".json") for f in _folder().iterdir() if f.name.endswith(".json"))


def load(job: str) -> Example:
    """Read the example of a job; UsageError if there is none."""
    if job not in names():
        raise UsageError(f"There is no example for {job}; there are: {', '.join(names())}.")
    return read(_json(_folder() / f"{job}.json"), _folder())


def read(content: Mapping[str, object], folder: Traversable) -> Example:
    """Read an example's content, whose rows name files of `folder`; kinds of rows it does not have are empty."""
    rows = cast("dict[str, list[Row]]", content["rows"])
    grown = rows.get("cohorts", ())
    return Example(
        job=str(content["job"]),
        tenant=str(content["tenant"]),
        payloads=tuple(cast("list[Row]", content["payloads"])),
        students=(*rows.get("students", ()), *chain.from_iterable(map(cohorts.students, grown))),
        resumes=tuple(_resume(row, folder) for row in rows.get("resumes", ())),
        vacancies=tuple(_vacancy(row, folder) for row in rows.get("vacancies", ())),
        applications=(*rows.get("applications", ()), *chain.from_iterable(map(cohorts.applications, grown))),
        offers=(*rows.get("offers", ()), *chain.from_iterable(map(cohorts.offers, grown))),
    )


def joined(first: Example, then: Example) -> Example:
    """Return an example with the rows of both; of two rows with one id the second one's stands."""
    rows = {name: getattr(first, name) + getattr(then, name) for name in KINDS}
    return replace(then, **rows)


async def put(db: Connection, example: Example) -> None:
    """Put the example's rows into the reference tables, over those of the same ids; of two, the last one stands."""
    for student in example.students:
        await reference.put_student(db, example.tenant, student)
    for resume in example.resumes:
        await reference.put_resume(
            db,
            example.tenant,
            resume_id=resume.resume_id,
            student=resume.student_id,
            title=resume.title,
            body=resume.body,
        )
    for vacancy in example.vacancies:
        await reference.put_vacancy(db, example.tenant, vacancy)
    for application in example.applications:
        await reference.put_application(db, example.tenant, application)
    for offer in example.offers:
        await reference.put_offer(db, example.tenant, offer)


def _resume(row: Row, folder: Traversable) -> Resume:
    # In a case of its own a short resume may stand in the row.
    body = json.dumps(row["body"], ensure_ascii=False) if "body" in row else _text(row, folder)
    return Resume(str(row["id"]), str(row["student_id"]), str(row["title"]), body)


def _vacancy(row: Row, folder: Traversable) -> Row:
    return {**row, **json.loads(_text(row, folder))} if "file" in row else row


def _text(row: Row, folder: Traversable) -> str:
    return (folder / str(row["file"])).read_text("utf-8")


def _json(file: Traversable) -> Row:
    return json.loads(file.read_text("utf-8"))


def _folder() -> Traversable:
    installed = resources.files("aiworker") / "examples"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "examples"
