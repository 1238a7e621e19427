"""`aiworker prompt-preview --fixtures` as a process: verdicts, report, exit codes, and no text but the case's own."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from aiworker import embedded
from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import EchoMap, Text
from tests.e2e.daemon import JOB, NOWHERE, Done, Site, opened_site

FOLDERS = sorted((Path(__file__).parents[2] / "examples" / "fixtures").iterdir())
SHIPPED = next(folder for folder in FOLDERS if folder.name == JOB)
UNREACHABLE = "postgresql://me:hunter2@127.0.0.1:1/nowhere"
CANARY = "Ostrivane Marrowby"
HONEST = {"b0": "Maintained the settlement report scripts and updated the runbook weekly."}


@pytest.fixture
async def site(servers: embedded.Servers, database_url: str, tmp_path: Path) -> AsyncGenerator[Site]:
    async with opened_site(tmp_path, database_url, servers.redis_url) as site:
        yield site


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "cases"
    found.mkdir()
    return found


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("*.json"))


def put(folder: Path, name: str, *, answered: bool = True, **changes: object) -> None:
    content: dict[str, object] = {"job": JOB, "name": f"about {name}", "example": 0, "expect": {}}
    if answered:
        content["answer"] = HONEST
    (folder / f"{name}.json").write_text(json.dumps(content | changes), "utf-8")


async def run(site: Site, folder: Path, *words: str, **variables: str) -> Done:
    """Run the cases of a folder where no Redis answers."""
    words = ("--fixtures", str(folder), *words)
    return await site.run("prompt-preview", *words, **{"REDIS_URL": NOWHERE, **variables})


def asked(fake: FakeProviders) -> dict[str, str]:
    return {
        "LLM_PROVIDER": "openai",
        "OPENAI_API_KEY": fake.api_key,
        "OPENAI_BASE_URL": fake.openai_url,
        "LLM_COMPATIBLE": "false",
    }


async def test_the_shipped_cases_pass_and_leave_nothing(site: Site) -> None:
    before = await site.row_counts()
    done = await run(site, SHIPPED)
    head, *rows = done.out.splitlines()
    assert done.code == 0, done.out
    assert head == "file\tcase\tresult\twhat differed"
    assert [row.split("\t")[0] for row in rows] == names(SHIPPED)
    assert {tuple(row.split("\t")[2:]) for row in rows} == {("passed", "-")}
    began, precision, ended = done.err.splitlines()
    assert (began, ended) == (f"running {len(rows)} cases", f"all {len(rows)} cases passed")
    assert precision.startswith("entity precision 100.0% (") and f": {JOB}, prompt " in precision
    assert await site.row_counts() == before


@pytest.mark.parametrize("shipped", FOLDERS, ids=lambda folder: folder.name)
async def test_a_run_for_a_build_server_is_one_document_and_a_report(site: Site, shipped: Path) -> None:
    before, report = await site.row_counts(), site.directory / "report.xml"
    done = await run(site, shipped, "--json", "--junit", str(report))
    document, suites = done.document, ElementTree.parse(report).getroot()
    cases = document["cases"]
    assert (done.code, document["schema"], document["failed"]) == (0, "aiworker.prompt-fixtures/1", 0)
    assert [case["file"] for case in cases] == names(shipped)
    assert document["passed"] == len(cases) == int(suites.attrib["tests"])
    assert suites.attrib["failures"] == "0" and {suite.attrib["name"] for suite in suites} == {shipped.name}
    assert {(case["job"], case["passed"], case["costUsd"]) for case in cases} == {(shipped.name, True, "0")}
    assert [case["file"] for case in cases if case["differences"]] == []
    assert {case["answeredBy"] for case in cases} == {"the case", "offline-rules-1", "-"}
    assert max(case["promptTokens"] for case in cases) > 500
    # Only what a guard measures has entities; the rule engine makes none up.
    assert [each["entityPrecision"] for each in document["entityPrecision"]] == [1.0] * len(document["entityPrecision"])
    assert bool(document["entityPrecision"]) is (shipped.name in ("rewrite-resume", "suggest-improvements"))
    assert await site.row_counts() == before


async def test_a_case_that_fails_is_told_with_what_differed_and_nobody_s_text(site: Site, folder: Path) -> None:
    put(
        folder, "b-wrong", answer={**HONEST, "b1": f"Built it for {CANARY}"}, expect={"changed": ["b5"], "kept": ["b0"]}
    )
    put(folder, "a-right", expect={"changed": ["b0"]})
    put(folder, "c-missing", payload={"resume_id": "nobody-s"}, expect={"changed": ["b0"]})
    report = site.directory / "report.xml"
    done = await run(site, folder, "--junit", str(report))
    assert done.code == 1
    assert [row.split("\t") for row in done.out.splitlines()[1:]] == [
        ["a-right.json", "about a-right", "passed", "-"],
        ["b-wrong.json", "about b-wrong", "failed", "changed: b5 was kept; kept: b0 was changed"],
        [
            *("c-missing.json", "about c-missing", "failed"),
            "status: expected ok, got failed (not_found); The resume was not found for this student and tenant.",
        ],
    ]
    assert done.err.endswith("error: 2 of 3 cases failed.")
    (suite,) = ElementTree.parse(report).getroot()
    assert [(case.attrib["name"], len(case)) for case in suite] == [
        ("about a-right", 0),
        ("about b-wrong", 1),
        ("about c-missing", 1),
    ]
    told = done.out + done.err + report.read_text("utf-8")
    assert CANARY not in told and "Maintained" not in told and "Velankar" not in told


async def test_a_failed_run_in_json_is_a_document_and_an_error(site: Site, folder: Path) -> None:
    put(folder, "wrong", expect={"changed": ["b5"]})
    done = await run(site, folder, AIWORKER_JSON="1")
    (case,) = done.document["cases"]
    assert (done.code, case["passed"], case["differences"]) == (1, False, ["changed: b5 was kept"])
    assert json.loads(done.err.splitlines()[-1])["error"]["code"] == "cases_failed"


async def test_a_malformed_case_keeps_all_from_running_and_needs_no_database(site: Site, folder: Path) -> None:
    put(folder, "right")
    put(folder, "unknown", expect={"chnaged": ["b0"]})
    (folder / "torn.json").write_text('{"job": ')
    done = await run(site, folder, DATABASE_URL=UNREACHABLE)
    assert (done.code, done.out) == (2, "")
    assert "2 of 3 cases are malformed." in done.err
    assert "torn.json: it is not valid JSON" in done.err
    assert "unknown.json: expect.chnaged: unknown; known: status, code, changed, kept, findings, notes," in done.err


async def test_a_folder_without_a_case_or_no_folder_is_a_usage_error(site: Site, folder: Path) -> None:
    empty, nowhere = await run(site, folder), await run(site, folder / "nowhere")
    assert (empty.code, nowhere.code) == (2, 2)
    assert "There is no case in" in empty.err and "There is no folder" in nowhere.err


async def test_no_database_exits_4_without_its_password(site: Site, folder: Path) -> None:
    put(folder, "right")
    done = await run(site, folder, DATABASE_URL=UNREACHABLE)
    assert done.code == 4 and "hunter2" not in done.err


async def test_a_job_s_name_leaves_other_jobs_out(site: Site, folder: Path) -> None:
    put(folder, "right")
    one = await site.run("prompt-preview", JOB, "--fixtures", str(folder))
    other = await site.run("prompt-preview", "rewrite-letter", "--fixtures", str(folder))
    assert (one.code, other.code) == (0, 2) and "There is no job of that name" in other.err


def put_three_to_send(folder: Path) -> None:
    for number in range(3):
        put(folder, f"sent-{number}", answered=False, expect={"changed": ["b0"]})
    put(folder, "given", expect={"changed": ["b0"]})


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--max-cost", "0.02"), "This could cost $0.0"), (("--model", "gpt-9-pro"), "gpt-9-pro is not known")],
    ids=["beyond the limit of all together", "of no known price"],
)
async def test_cases_that_cost_too_much_or_nobody_knows_what_are_not_sent(
    site: Site, folder: Path, words: tuple[str, ...], told: str
) -> None:
    put_three_to_send(folder)
    async with FakeProviders() as fake:
        refused = await run(site, folder, "--send", *words, **asked(fake))
        assert refused.code == 2 and told in refused.err and fake.requests == []


async def test_cases_without_an_answer_are_sent_within_the_limit_of_all_together(site: Site, folder: Path) -> None:
    put_three_to_send(folder)
    async with FakeProviders() as fake:
        fake.default(Text(json.dumps(HONEST)))
        done = await run(site, folder, "--send", "--json", "--max-cost", "1", **asked(fake))
        assert (done.code, len(fake.requests)) == (0, 3)
        assert [case["answeredBy"] for case in done.document["cases"]] == ["the case", *["gpt-4o"] * 3]
        assert [case["costUsd"] > "0" for case in done.document["cases"]] == [False, True, True, True]


async def test_cases_of_a_model_without_a_price_are_sent_where_that_is_said(site: Site, folder: Path) -> None:
    put_three_to_send(folder)
    async with FakeProviders() as fake:
        fake.default(Text(json.dumps(HONEST)))
        await run(site, folder, "--send", "--model", "gpt-9-pro", "--unpriced", **asked(fake))
        assert len(fake.requests) == 3


async def test_what_a_model_says_is_not_shown(site: Site, folder: Path) -> None:
    put(folder, "sent", answered=False, expect={"changed": ["b0"], "kept": [], "contains": ["tide tables"]})
    async with FakeProviders() as fake:
        fake.default(EchoMap(f"{CANARY} "))
        words = ("--send", "--json", "--max-cost", "1", "--fixtures", str(folder))
        done = await site.run("--debug", "prompt-preview", *words, **asked(fake))
    assert done.code == 1 and CANARY not in done.out + done.err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--example",), 2, "Give one of"),
        (("{}",), 2, "Give one of"),
        (("--raw",), 2, "--fixtures goes with"),
        (("--check", "golden.txt"), 2, "--fixtures goes with"),
        (("--send", "--repeat", "2"), 2, "--fixtures goes with"),
        (("--model", "gpt-4o,claude-haiku-4-5"), 2, "--fixtures goes with"),
        (("--send", "--exact"), 2, "at most one of"),
        (("--provider", "mistral"), 2, "There is no provider mistral"),
        (("--send",), 3, "OPENAI_API_KEY"),
        (("--junit", "nowhere/report.xml"), 2, "cannot be written"),
    ],
)
async def test_what_does_not_go_together_is_said(
    site: Site, folder: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    put(folder, "right")
    done = await site.run("prompt-preview", JOB, *words, "--fixtures", str(folder))
    assert done.code == code and told in done.err


async def test_a_report_or_a_look_needs_its_subject(site: Site) -> None:
    report = await site.run("prompt-preview", JOB, "--example", "--junit", "report.xml")
    nobody = await site.run("prompt-preview", "--example")
    assert report.code == 2 and "--fixtures DIR" in report.err
    assert nobody.code == 2 and "Give the job's name" in nobody.err


async def test_a_folder_that_was_moved_is_run_with_its_files(site: Site, folder: Path) -> None:
    (folder / "resumes").mkdir()
    shutil.copy(SHIPPED.parents[1] / "resumes" / "campus.json", folder / "resumes" / "mine.json")
    row = {"id": "res-mine", "student_id": "stu-ananya", "title": "Mine", "file": "resumes/mine.json"}
    put(folder, "mine", payload={"resume_id": "res-mine"}, rows={"resumes": [row]}, expect={"changed": ["b0"]})
    assert (await run(site, folder)).code == 0
