"""The shipped examples: valid, complete, and all of the jobs there are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aiworker.domain.resume import locator
from aiworker.errors import ExitCode, UsageError
from aiworker.policies import POLICIES
from aiworker.processors import PROCESSORS
from aiworker.processors.rewrite_resume import Payload
from aiworker.runtime import examples
from aiworker.runtime.admit import Admitted, admit
from aiworker.runtime.examples import load, names
from tests.support.jobs import envelope

EXAMPLE = load("rewrite-resume")
CASES = [
    pytest.param(job, data, id=f"{job}-{number}")
    for job in names()
    for number, data in enumerate(json.dumps(payload) for payload in load(job).payloads)
]


def test_every_job_has_an_example() -> None:
    assert list(names()) == sorted(processor.name for processor in PROCESSORS)


@pytest.mark.parametrize(("job", "data"), CASES)
def test_every_payload_is_valid_for_its_job_and_tenant(job: str, data: str) -> None:
    queue = next(processor.queue for processor in PROCESSORS if processor.name == job)
    admission = admit(envelope(data, name=job, queue=queue), PROCESSORS, POLICIES)
    assert isinstance(admission, Admitted)
    assert admission.scope.tenant == load(job).tenant


def test_every_row_a_payload_names_is_there() -> None:
    resumes = {resume.resume_id: resume.student_id for resume in EXAMPLE.resumes}
    students = {str(student["id"]) for student in EXAMPLE.students}
    vacancies = {str(vacancy["id"]): vacancy for vacancy in EXAMPLE.vacancies}
    for data in EXAMPLE.payloads:
        payload = Payload.model_validate(data)
        assert resumes[payload.resume_id] == payload.student_id
        assert payload.student_id in students
        vacancy = vacancies[payload.job_id]
        assert (vacancy["title"], vacancy["description"]) == (payload.job_title, payload.job_description)


def test_every_row_is_named_by_a_payload() -> None:
    payloads = [Payload.model_validate(data) for data in EXAMPLE.payloads]
    assert {payload.resume_id for payload in payloads} == {resume.resume_id for resume in EXAMPLE.resumes}
    assert {payload.job_id for payload in payloads} == {str(vacancy["id"]) for vacancy in EXAMPLE.vacancies}


def test_every_tone_is_shown() -> None:
    assert {str(data["tone"]) for data in EXAMPLE.payloads} == {"concise", "detailed", "professional"}


@pytest.mark.parametrize("resume", EXAMPLE.resumes, ids=lambda resume: resume.resume_id)
def test_every_resume_has_bullets_and_is_the_file_to_the_letter(resume: examples.Resume) -> None:
    files = (Path(__file__).parents[3] / "examples" / "resumes").glob("*.json")
    assert resume.body in {file.read_text("utf-8") for file in files}
    assert locator.read(resume.body).bullets


def test_the_example_is_printed_to_be_read_and_edited() -> None:
    assert json.loads(EXAMPLE.text) == EXAMPLE.payload == EXAMPLE.payloads[0]
    assert "\n  " in EXAMPLE.text and "₹" in EXAMPLE.text


@pytest.mark.parametrize("kind", ["students", "resumes", "vacancies"])
def test_rows_of_all_examples_may_be_inserted_together(kind: str) -> None:
    """Of two rows with one id only the first is inserted, whoever's it is."""
    found: dict[str, tuple[str, object]] = {}
    for example in map(load, names()):
        for row in getattr(example, kind):
            own = row.resume_id if isinstance(row, examples.Resume) else str(row["id"])
            assert found.setdefault(own, (example.tenant, row)) == (example.tenant, row)


@pytest.mark.parametrize("job", ["rewrite_resume", "", "../rewrite-resume", "resumes/campus"])
def test_an_unknown_job_is_told_which_examples_there_are(job: str) -> None:
    with pytest.raises(UsageError, match=r"there are: .*rewrite-resume") as raised:
        load(job)
    assert raised.value.exit_code is ExitCode.USAGE


def test_an_installed_package_has_its_examples_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "other-job.json").write_text("{}")

    def files(package: str) -> Path:
        return tmp_path

    monkeypatch.setattr(examples.resources, "files", files)
    assert names() == ["other-job"]
