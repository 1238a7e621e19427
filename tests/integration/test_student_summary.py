"""generate-student-summary on a real database: what is written, when nothing is, and how it ends."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from aiworker.domain.students.sentences import sentences
from aiworker.domain.students.summary_checks import Ground, check
from aiworker.errors import Cancel, Decided, ProviderBlocked, RateLimited, TransientFault
from aiworker.llm import prompts
from aiworker.protocol import JsonValue, LLMRequest
from aiworker.runtime.execute import execute
from aiworker.store.database import Database
from tests.integration.runtime.rows import errors, outbox, outcome, rows, runs
from tests.integration.summarising import (
    EXAMPLE,
    JOB,
    LIES,
    OTHER,
    STUDENT,
    TENANT,
    findings,
    job,
    summaries,
)
from tests.integration.summarising import example_rows as example_rows
from tests.integration.working import answer, model, work_in_vain
from tests.support.jobs import NOW, Clock, ScriptedModel, again, envelope, runtime
from tests.unit.domain.students.profiles import STUDENTS, of_example
from tests.unit.domain.students.summaries import FOUR, GOOD, with_sentence

# What is written


async def test_a_run_leaves_summary_message_and_receipt(database: Database) -> None:
    delivery = job()
    receipt = await execute(delivery, runtime(database, llm=model(GOOD)))
    (row,) = await summaries(database)
    assert (row["summary"], row["source"], row["findings"]) == (GOOD, "model", "[]")
    assert (row["tenant_id"], row["student_id"], str(row["run_id"])) == (TENANT, STUDENT, receipt["runId"])
    assert (row["provider"], row["model"]) == ("scripted", "scripted-1")
    assert row["prompt_fingerprint"] == prompts.template(JOB).fingerprint
    assert (row["profile_hash"], row["generated_at"]) == (of_example().hash, NOW)
    assert (receipt["resultId"], receipt["writes"]) == (str(row["id"]), {"aiworker.student_ai_summaries": 1})
    (message,) = await outbox(database)
    assert json.loads(message["body"]) == {
        "jobId": delivery.job_id,
        "jobType": JOB,
        "tenantId": TENANT,
        "resultId": str(row["id"]),
    }


@pytest.mark.parametrize("data", EXAMPLE.payloads, ids=lambda data: str(data["student_id"]))
async def test_every_example_gets_a_summary_offline(database: Database, data: dict[str, JsonValue]) -> None:
    await execute(envelope(data, name=JOB), runtime(database))
    (row,) = await summaries(database)
    assert (row["source"], row["provider"], row["student_id"]) == ("offline", "offline", data["student_id"])
    assert check(row["summary"], Ground.of(of_example(str(data["student_id"])))) == ()
    assert len(sentences(row["summary"])) == 3


def test_every_student_of_the_example_is_asked_about() -> None:
    assert [data["student_id"] for data in EXAMPLE.payloads] == list(STUDENTS)


async def test_a_faulty_sentence_is_left_out_and_told(database: Database) -> None:
    scripted = model(with_sentence("They know Kubernetes.", 3))
    await execute(job(), runtime(database, llm=scripted))
    (row,) = await summaries(database)
    assert (row["summary"], row["source"]) == (" ".join(FOUR[:3]), "trimmed")
    assert await findings(database) == [{"step": "summary", "rule": "term", "token": "Kubernetes", "sentence": 3}]
    assert len(scripted.asked) == 1


async def test_an_answer_beyond_repair_is_asked_for_once_more(database: Database) -> None:
    scripted = model(LIES, GOOD)
    await execute(job(), runtime(database, llm=scripted))
    (row,) = await summaries(database)
    assert (row["summary"], row["source"]) == (GOOD, "corrected")
    assert [request.step for request in scripted.asked] == ["summary", "correct"]
    calls = await rows(database, "SELECT step, prompt_name FROM aiworker.calls ORDER BY created_at, step DESC")
    assert [(call["step"], call["prompt_name"]) for call in calls] == [("summary", JOB), ("correct", JOB)]


@pytest.mark.parametrize(
    ("second", "rule"),
    [
        (answer(LIES), "term"),
        ("no object", "invalid_answer"),
        (RateLimited(retry_after=timedelta(seconds=9)), "unavailable"),
        (TransientFault("gone"), "unavailable"),
        (ProviderBlocked("no key"), "unavailable"),
    ],
)
async def test_without_a_second_answer_the_text_is_made_by_rule(
    database: Database, second: str | BaseException, rule: str
) -> None:
    await execute(job(), runtime(database, llm=ScriptedModel([answer(LIES), second])))
    (row,) = await summaries(database)
    assert (row["source"], row["provider"]) == ("template", "scripted")
    assert check(row["summary"], Ground.of(of_example())) == ()
    assert rule in {finding["rule"] for finding in await findings(database) if finding["step"] == "correct"}


async def test_a_second_delivery_neither_asks_nor_writes_again(database: Database) -> None:
    scripted, delivery = model(GOOD), job()
    first = await execute(delivery, runtime(database, llm=scripted))
    assert await execute(again(delivery), runtime(database, llm=scripted)) == first
    assert (len(scripted.asked), len(await summaries(database)), len(await outbox(database))) == (1, 1, 1)


async def test_a_retry_pays_for_neither_answer_again(database: Database) -> None:
    delivery, scripted = job(), model(LIES, GOOD)
    await work_in_vain(delivery, runtime(database, llm=scripted))
    assert await summaries(database) == []
    await execute(again(delivery), runtime(database, llm=scripted))
    (row,) = await summaries(database)
    assert (row["source"], len(scripted.asked)) == ("corrected", 2)


async def test_one_run_writes_one_summary(database: Database) -> None:
    await execute(job(), runtime(database, llm=model(GOOD)))
    columns = "tenant_id, student_id, run_id, summary, profile_hash, source, provider, model, prompt_fingerprint"
    copy = f"INSERT INTO aiworker.student_ai_summaries ({columns}, generated_at) SELECT {columns}, now()"
    with pytest.raises(asyncpg.UniqueViolationError):
        await rows(database, f"{copy} FROM aiworker.student_ai_summaries")
    with pytest.raises(asyncpg.CheckViolationError):
        await rows(database, "UPDATE aiworker.student_ai_summaries SET source = 'hand'")


# When nothing is written


async def test_an_unchanged_profile_asks_nobody_and_names_the_summary_that_stands(database: Database) -> None:
    first = await execute(job(), runtime(database, llm=model(GOOD)))
    scripted = model(OTHER)
    second = await execute(job(), runtime(database, llm=scripted))
    assert (second["resultId"], second["writes"]) == (first["resultId"], {"aiworker.student_ai_summaries": 0})
    assert (second["provider"], second["model"]) == ("none", "none")
    assert (scripted.asked, len(await summaries(database))) == ([], 1)
    bodies = [json.loads(message["body"]) for message in await outbox(database)]
    assert [body["resultId"] for body in bodies] == [first["resultId"]] * 2
    assert len({body["jobId"] for body in bodies}) == 2
    assert [run["state"] for run in await runs(database)] == ["succeeded", "succeeded"]


async def test_a_forced_job_writes_another_which_is_the_current_one(database: Database) -> None:
    clock = Clock()
    first = await execute(job(), runtime(database, llm=model(GOOD), now=clock))
    clock.move(timedelta(seconds=1))
    forced = await execute(job(force=True), runtime(database, llm=model(OTHER), now=clock))
    assert [row["summary"] for row in await summaries(database)] == [GOOD, OTHER]
    clock.move(timedelta(seconds=1))
    third = await execute(job(), runtime(database, llm=model(), now=clock))
    assert third["resultId"] == forced["resultId"] != first["resultId"]


CHANGES = {
    "a figure": "UPDATE students SET cgpa = 8.41 WHERE id = $1",
    "the verification": "UPDATE students SET verified_at = now() WHERE id = $1",
    "a bullet": """UPDATE resumes SET body = replace(body::text, '34 unit', '35 unit')::json WHERE student_id = $1""",
    "a flag": """
        UPDATE resumes SET body = replace(body::text, '"verified": false', '"verified": true')::json
        WHERE student_id = $1
    """,
    "a newer resume": """
        INSERT INTO resumes (tenant_id, student_id, title, body, created_at)
        SELECT tenant_id, id, 'Newer', '{"skills": ["Git"]}', now() + interval '1 second' FROM students WHERE id = $1
    """,
}
NO_CHANGES = {
    "name and contact data": """
        UPDATE students SET name = 'A', email = 'b', phone = 'c', roll_number = 'd', updated_at = now() WHERE id = $1
    """,
    "contact data of the resume": """
        UPDATE resumes SET body = replace(body::text, 'ananya.velankar@', 'canary@')::json WHERE student_id = $1
    """,
    "a variant": """
        INSERT INTO resumes (tenant_id, student_id, title, body, is_ai_variant, base_resume_id, created_at)
        SELECT tenant_id, student_id, 'V', '{}', true, id, now() + interval '1 second'
        FROM resumes WHERE student_id = $1
    """,
    "an older resume": """
        INSERT INTO resumes (tenant_id, student_id, title, body, created_at)
        SELECT tenant_id, id, 'Older', '{"skills": ["Git"]}', now() - interval '1 day' FROM students WHERE id = $1
    """,
    "another student's data": "UPDATE students SET cgpa = 1 WHERE id <> $1",
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_changed_profile_gets_a_new_summary(database: Database, change: str) -> None:
    await execute(job(), runtime(database))
    await rows(database, CHANGES[change], STUDENT)
    clock = Clock(NOW + timedelta(seconds=1))
    await execute(job(), runtime(database, now=clock))
    first, second = await summaries(database)
    assert first["profile_hash"] != second["profile_hash"]


@pytest.mark.parametrize("change", NO_CHANGES)
async def test_what_is_no_part_of_the_profile_changes_nothing(database: Database, change: str) -> None:
    first = await execute(job(), runtime(database))
    await rows(database, NO_CHANGES[change], STUDENT)
    assert (await execute(job(), runtime(database)))["resultId"] == first["resultId"]


async def test_a_slow_run_never_covers_what_was_made_of_newer_data(database: Database) -> None:
    clock = Clock()

    class Slow(ScriptedModel):
        """While it thinks, the profile changes and somebody else is faster."""

        async def answer(self, request: LLMRequest) -> Any:
            await rows(database, CHANGES["a figure"], STUDENT)
            later = Clock(NOW + timedelta(seconds=5))
            await execute(job(), runtime(database, llm=model(GOOD.replace("8.4", "8.41")), now=later))
            clock.move(timedelta(seconds=20))
            return await super().answer(request)

    await execute(job(), runtime(database, llm=Slow([answer(GOOD)]), now=clock))
    older, newer = await summaries(database)
    assert ("8.41" in older["summary"], "8.41" in newer["summary"]) == (False, True)
    stands = await execute(job(), runtime(database, llm=model(), now=Clock(NOW + timedelta(minutes=1))))
    assert stands["resultId"] == str(newer["id"])


# How it ends


@pytest.mark.parametrize("changes", [{"tenant_id": "another"}, {"student_id": "stu-nobody"}], ids=str)
@pytest.mark.parametrize("force", [True, False])
async def test_a_student_of_another_tenant_is_not_found(
    database: Database, changes: dict[str, JsonValue], force: bool
) -> None:
    scripted = model(GOOD)
    with pytest.raises(Decided) as raised:
        await execute(job(force=force, **changes), runtime(database, llm=scripted))
    assert (raised.value.code, outcome(raised.value)) == ("not_found", Cancel())
    assert (scripted.asked, await summaries(database), await outbox(database)) == ([], [], [])
    (error,) = await errors(database)
    assert (error["code"], error["message"].startswith("Your profile could not be found")) == ("not_found", True)


async def test_a_force_that_is_no_boolean_ends_the_job_before_anything_is_read_or_asked(database: Database) -> None:
    scripted = model(GOOD)
    with pytest.raises(Decided, match=r"force: must be true or false") as raised:
        await execute(job(force="yes"), runtime(database, llm=scripted))
    assert (raised.value.code, outcome(raised.value)) == ("invalid_payload", Cancel())
    assert (scripted.asked, await summaries(database), await outbox(database)) == ([], [], [])


async def test_summaries_of_another_tenant_s_student_of_the_same_id_are_not_seen(database: Database) -> None:
    await execute(job(), runtime(database))
    await rows(database, "UPDATE aiworker.student_ai_summaries SET tenant_id = 'another'")
    await execute(job(), runtime(database, now=Clock(NOW + timedelta(seconds=1))))
    assert [row["tenant_id"] for row in await summaries(database)] == ["another", TENANT]


async def test_a_resume_of_another_tenant_is_not_read(database: Database) -> None:
    await rows(database, "UPDATE resumes SET tenant_id = 'another' WHERE student_id = $1", STUDENT)
    await execute(job(), runtime(database))
    (row,) = await summaries(database)
    assert "neither work experience nor projects" in row["summary"]


async def test_an_answer_without_a_text_ends_the_job_and_is_not_quoted(database: Database) -> None:
    with pytest.raises(Decided) as raised:
        await execute(job(), runtime(database, llm=ScriptedModel(["Canary prose, no object."])))
    assert (raised.value.code, outcome(raised.value)) == ("invalid_answer", Cancel())
    assert await summaries(database) == []
    (error,) = await errors(database)
    assert error["message"] == "AI summary failed, please try again"
    assert "canary" not in f"{error} {raised.value}".lower()


async def test_a_resume_that_cannot_be_read_ends_the_job_rather_than_being_passed_over(database: Database) -> None:
    await rows(database, "UPDATE resumes SET body = '[]' WHERE student_id = $1", STUDENT)
    with pytest.raises(Decided) as raised:
        await execute(job(), runtime(database))
    assert raised.value.code == "invalid_resume"
    assert await summaries(database) == []


async def test_nothing_of_the_person_reaches_the_database_s_other_tables(database: Database) -> None:
    await execute(job(), runtime(database, llm=model(LIES, GOOD)))
    row = next(row for row in EXAMPLE.students if row["id"] == STUDENT)
    told = str(
        [await rows(database, f"SELECT * FROM aiworker.{table}") for table in ("runs", "calls", "student_ai_summaries")]
    )
    private = [*str(row["name"]).split(), str(row["email"]), str(row["roll_number"]), "+91"]
    assert [word for word in private if word in told] == []
