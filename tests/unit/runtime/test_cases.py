"""A folder of cases is read whole or refused whole, and a fault names its file and key, never a value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from aiworker.domain.analytics import review
from aiworker.domain.resume.guard import findings
from aiworker.domain.students import summary_checks
from aiworker.errors import ExitCode, InvalidPayload, UsageError
from aiworker.processors import PROCESSORS, generate_analytics_summary, generate_student_summary
from aiworker.protocol import Described, JsonValue
from aiworker.runtime import examples
from aiworker.runtime.cases import OF_RESULT, Case, Expected, File, read
from tests.support.jobs import EXAMPLE, processor

JOB = "rewrite-resume"
DOCS = Path(__file__).parents[3] / "docs" / "prompts.md"
SHIPPED = Path(__file__).parents[3] / "examples" / "fixtures"
CANARY = "Quillonde Barrowfax"
PAYLOADS = len(EXAMPLE.payloads)


def written(**changes: object) -> dict[str, object]:
    """Return a case as it stands in its file."""
    return {"job": JOB, "name": "a case", "example": 0, "expect": {}, **changes}


def put(folder: Path, *contents: object) -> Path:
    for number, content in enumerate(contents):
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"case-{number}.json").write_text(text, "utf-8")
    return folder


def one(folder: Path, **changes: object) -> Case:
    (case,) = read(put(folder, written(**changes)))
    return case


def fault(folder: Path, content: object) -> str:
    with pytest.raises(UsageError) as raised:
        read(put(folder, content))
    assert raised.value.exit_code is ExitCode.USAGE
    head, _, told = raised.value.message.partition("\n")
    assert head == "1 of 1 cases are malformed."
    return told


# What a case is


def test_an_example_s_payload_is_named_by_its_number(tmp_path: Path) -> None:
    assert json.loads(one(tmp_path, example=2).payload) == EXAMPLE.payloads[2]


def test_a_payload_beside_an_example_changes_fields_of_it(tmp_path: Path) -> None:
    changed = one(tmp_path, example=1, payload={"tone": "detailed"}).payload
    assert json.loads(changed) == {**EXAMPLE.payloads[1], "tone": "detailed"}


def test_a_payload_alone_is_the_whole_payload_valid_or_not(tmp_path: Path) -> None:
    given = {key: value for key, value in written(payload={"tone": "loud"}).items() if key != "example"}
    (case,) = read(put(tmp_path, given))
    assert json.loads(case.payload) == {"tone": "loud"}


@pytest.mark.parametrize(
    ("given", "answers"),
    [
        ({}, None),
        ({"answer": "no JSON"}, ("no JSON",)),
        ({"answer": {"b0": "café"}}, ('{"b0": "café"}',)),
        ({"answer": None}, ("null",)),
        ({"answers": [{"b0": "x"}, "then"]}, ('{"b0": "x"}', "then")),
        ({"answers": []}, ()),
    ],
)
def test_answers_are_texts_in_the_order_of_the_calls(
    tmp_path: Path, given: dict[str, object], answers: tuple[str, ...] | None
) -> None:
    assert one(tmp_path, **given).answers == answers


def test_cases_come_by_file_name_and_deeper_files_are_none(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / f"{name}.json").write_text(json.dumps(written(name=name)))
    (tmp_path / "resumes").mkdir()
    (tmp_path / "resumes" / "deep.json").write_text("no case")
    (tmp_path / "notes.txt").write_text("no case")
    assert [case.file for case in read(tmp_path)] == ["a.json", "b.json", "c.json"]


def test_a_job_s_name_leaves_the_others_out(tmp_path: Path) -> None:
    other = processor(name="other-job")
    put(tmp_path, written(), {"job": "other-job", "name": "x", "payload": {}, "expect": {}})
    both = [*PROCESSORS, other]
    assert [case.processor.name for case in read(tmp_path, None, both)] == [JOB, "other-job"]
    assert [case.processor.name for case in read(tmp_path, "other-job", both)] == ["other-job"]
    with pytest.raises(InvalidPayload, match=r"known: .*rewrite-resume"):
        read(tmp_path, "another")


# Rows


STUDENT: dict[str, JsonValue] = {"id": "stu-own", "name": "Tarquin Osei-Lund"}


def test_rows_of_a_case_come_after_those_of_the_example(tmp_path: Path) -> None:
    own = {"id": "res-own", "student_id": "stu-own", "title": "Mine", "body": {"summary": "naïve"}}
    rows = one(tmp_path, rows={"students": [STUDENT], "resumes": [own]}).rows
    assert rows is not None and rows.tenant == EXAMPLE.tenant
    assert rows.students == (*EXAMPLE.students, STUDENT)
    assert rows.resumes == (*EXAMPLE.resumes, examples.Resume("res-own", "stu-own", "Mine", '{"summary": "naïve"}'))
    assert rows.vacancies == EXAMPLE.vacancies


def test_rows_may_name_files_below_the_folder(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "resume.json").write_text('{"cgpa": 8.40}')
    (tmp_path / "files" / "vacancy.json").write_text('{"title": "Gardener"}')
    rows = one(
        tmp_path,
        rows={
            "resumes": [{"id": "res", "student_id": "stu", "title": "t", "file": "files/resume.json"}],
            "vacancies": [{"id": "vac", "file": "files/vacancy.json"}],
        },
    ).rows
    assert rows is not None
    assert rows.resumes[-1].body == '{"cgpa": 8.40}', "to the letter"
    assert rows.vacancies[-1]["title"] == "Gardener"


def test_a_cohort_stands_for_many_students(tmp_path: Path) -> None:
    cohort: dict[str, object] = {"id": "c", "size": 3, "degree": "B.E.", "branch": "Civil", "year": 4, "groups": []}
    rows = one(tmp_path, rows={"cohorts": [cohort]}).rows
    assert rows is not None and len(rows.students) == len(EXAMPLE.students) + 3


def test_without_rows_a_case_has_the_example_s_and_a_job_without_example_none(tmp_path: Path) -> None:
    assert one(tmp_path).rows == EXAMPLE
    put(tmp_path, {"job": "other-job", "name": "x", "payload": {"tenant_id": "t-1"}, "expect": {}})
    (bare,) = read(tmp_path, None, [processor(name="other-job")])
    assert bare.rows is None
    own = {"students": [STUDENT]}
    put(tmp_path, {"job": "other-job", "name": "x", "payload": {"tenant_id": "t-1"}, "rows": own, "expect": {}})
    (case,) = read(tmp_path, None, [processor(name="other-job")])
    assert case.rows is not None and (case.rows.tenant, case.rows.students) == ("t-1", (STUDENT,))


@pytest.mark.parametrize("name", ["../secret.json", "/etc/hostname", "nowhere.json", "."])
def test_a_file_outside_the_folder_is_not_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.json").write_text("{}")
    folder = tmp_path / "cases"
    folder.mkdir()
    row = {"id": "res", "student_id": "stu", "title": "t", "file": name}
    assert fault(folder, written(rows={"resumes": [row]})) == (
        "case-0.json: rows.resumes.0.file: there is no such file in the folder"
    )


def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    row = {"id": "res", "student_id": "stu", "title": "t", "file": "link/secret.json"}
    assert "no such file" in fault(folder, written(rows={"resumes": [row]}))


# What is no case


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "it is not valid JSON, or nested too deeply to read."),
        ("[" * 100_000, "it is not valid JSON, or nested too deeply to read."),
        ("[]", "the file: must be an object"),
        (written(nmae="x"), "nmae: unknown; known: " + ", ".join(File.model_fields)),
        ({"name": "x", "example": 0, "expect": {}}, "job: missing"),
        ({"job": JOB, "example": 0, "expect": {}}, "name: missing"),
        ({"job": JOB, "name": "x", "example": 0}, "expect: missing"),
        ({"job": JOB, "name": "x", "expect": {}}, "payload: missing, and so is example"),
        (written(name=""), "name: is empty"),
        (written(job="rewrite-resumee"), "job: There is no job of that name; known: "),
        (written(example=PAYLOADS), f"example: rewrite-resume has {PAYLOADS} payloads, counted from 0"),
        (written(example=-1), "example: is too small"),
        (written(example=True), "example: must be a whole number"),
        (written(payload=[CANARY]), "payload: must be an object"),
        (written(answers=CANARY), "answers: must be a list"),
        (written(answer=CANARY, answers=[]), "answers: not beside answer"),
        (written(rows={"students": CANARY}), "rows.students: must be a list"),
        (written(rows={"people": []}), f"rows.people: unknown; known: {', '.join(examples.WRITTEN_KINDS)}"),
        (written(rows={"resumes": [{"id": "r"}]}), "rows: one has no file"),
        (written(rows={"vacancies": [{"id": "v", "file": "x" * 5_000}]}), "rows: they cannot be read (OSError)"),
        (written(rows={"cohorts": [{"size": "many"}]}), "rows: they cannot be read (ValueError)"),
        (written(rows={"resumes": [{"id": "r", "body": None}]}), "rows: one has no student_id"),
        (written(expect={"chnaged": ["b0"]}), "expect.chnaged: unknown; known: " + ", ".join(Expected.model_fields)),
        (written(expect={"status": CANARY}), "expect.status: not one of ok, failed"),
        (written(expect={"changed": "b0"}), "expect.changed: must be a list"),
        (written(expect={"changed": [7]}), "expect.changed.0: must be a text"),
        (written(expect={"notes": ["b0"]}), "expect.notes: must be an object"),
        (written(expect={"findings": [{"bullet": "b0"}]}), "expect.findings.0.rule: missing"),
        (
            written(expect={"findings": [{"bullet": "b0", "rule": "number", "token": "7"}]}),
            "expect.findings.0.token: unknown; known: bullet, rule",
        ),
        (written(expect={"max_prompt_tokens": 0}), "expect.max_prompt_tokens: is too small"),
        (written(expect={"code": "not_found"}), "expect.code: only with status failed"),
        *(
            (
                written(expect={"status": "failed", key: {} if key == "notes" else []}),
                f"expect.{key}: a job that fails has no result",
            )
            for key in OF_RESULT
        ),
    ],
)
def test_a_fault_names_the_file_and_the_key(tmp_path: Path, content: object, told: str) -> None:
    found = fault(tmp_path, content)
    assert found.startswith(f"case-0.json: {told}")
    assert CANARY not in found


def test_every_fault_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    put(tmp_path, written(), written(a=1, b=2), written(expect={"code": "x"}, answer=1, answers=[]))
    with pytest.raises(UsageError) as raised:
        read(tmp_path)
    head, first, second = raised.value.message.splitlines()
    assert head == "2 of 3 cases are malformed."
    assert "a: unknown" in first and "b: unknown" in first
    assert second == "case-2.json: expect.code: only with status failed; answers: not beside answer"


def test_a_key_or_file_name_cannot_steer_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J.json").write_text(json.dumps({"\x1b[31m" + "x" * 500: 1}))
    with pytest.raises(UsageError) as raised:
        read(tmp_path)
    assert "\x1b" not in raised.value.message and "x" * 65 not in raised.value.message


def test_a_file_that_is_no_text_or_cannot_be_opened_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff\xfe")
    (tmp_path / "b.json").mkdir()
    with pytest.raises(UsageError) as raised:
        read(tmp_path)
    assert "a.json: it cannot be read (UnicodeDecodeError)" in raised.value.message
    assert "b.json: it cannot be read (IsADirectoryError)" in raised.value.message


@pytest.mark.parametrize("content", [b"\xff", b"{"])
def test_a_file_of_the_rows_that_is_no_json_text_is_a_fault(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "vacancy.txt").write_bytes(content)
    rows = {"vacancies": [{"id": "v", "file": "vacancy.txt"}]}
    assert "case-0.json: rows: they cannot be read" in fault(tmp_path, written(rows=rows))


def test_a_folder_that_is_not_there_or_has_no_case_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        read(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="no case in"):
        read(tmp_path)
    put(tmp_path, written())
    with pytest.raises(UsageError, match="no case of other-job in"):
        read(tmp_path, "other-job", [*PROCESSORS, processor(name="other-job")])


def test_a_job_that_does_not_describe_its_result_says_what_can_be_expected(tmp_path: Path) -> None:
    content: Mapping[str, object] = {"job": "test-job", "name": "x", "payload": {}, "expect": {"contains": ["x"]}}
    put(tmp_path, content)
    with pytest.raises(UsageError) as raised:
        read(tmp_path, None, [processor()])
    assert "expect.contains: test-job does not describe its result; known: status, code, prompt_contains" in str(
        raised.value
    )

    def describe(facts: Any, result: Any) -> Described:
        return Described({})

    assert len(read(tmp_path, None, [replace(processor(), describe=describe)])) == 1


# What is shipped


def test_every_job_has_a_shipped_folder_that_can_be_read() -> None:
    folders = sorted(folder.name for folder in SHIPPED.iterdir())
    assert folders == sorted(each.name for each in PROCESSORS)
    for folder in folders:
        cases = read(SHIPPED / folder)
        assert {case.processor.name for case in cases} == {folder}
        assert len({case.name for case in cases}) == len(cases) >= 10


@pytest.mark.parametrize(
    ("job", "rules", "codes"),
    [
        ("suggest-improvements", findings.REASONS, {"invalid_answer", "no_safe_change", "not_found"}),
        ("generate-student-summary", summary_checks.REASONS, {"invalid_answer", "not_found"}),
        ("generate-analytics-summary", [*review.CHECKS, "length"], {"invalid_answer"}),
    ],
)
def test_a_job_s_shipped_cases_show_every_rule_it_refuses_by(job: str, rules: Iterable[str], codes: set[str]) -> None:
    expected = [case.expect for case in read(SHIPPED / job)]
    shown = {finding.rule for each in expected for finding in each.findings or []}
    assert sorted(set(rules) - shown) == []
    assert {each.code for each in expected} >= {*codes, "invalid_payload"}


def test_the_shipped_summaries_come_every_way_there_is() -> None:
    ways = {
        job: {note for case in read(SHIPPED / job) for note in (case.expect.notes or {}).values()}
        for job in ("generate-student-summary", "generate-analytics-summary")
    }
    assert ways == {
        "generate-student-summary": set(get_args(generate_student_summary.Source)),
        "generate-analytics-summary": set(get_args(generate_analytics_summary.Source)),
    }


def test_the_shipped_cases_cover_every_sample_resume_and_tone() -> None:
    payloads = [json.loads(case.payload) for case in read(SHIPPED / JOB)]
    assert {data["resume_id"] for data in payloads} >= {resume.resume_id for resume in EXAMPLE.resumes}
    assert {data["tone"] for data in payloads} >= {"concise", "detailed", "professional"}


def test_the_page_tells_every_key_of_a_case() -> None:
    section = DOCS.read_text("utf-8").partition("## Cases")[2].partition("\n## ")[0]
    keys = [*File.model_fields, *Expected.model_fields]
    assert [key for key in keys if f"`{key}`" not in section] == []
