"""One job on a real database: claim, checkpoint, finishing transaction, outcomes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aiworker.domain.resume import locator
from aiworker.envelope import to_milliseconds
from aiworker.errors import (
    Cancel,
    Decided,
    Fenced,
    Retry,
    TransientFault,
)
from aiworker.protocol import LLMRequest
from aiworker.runtime.execute import execute
from aiworker.store.database import Database
from tests.integration.runtime.rows import errors, outbox, outcome, rows, runs, variants
from tests.support.jobs import (
    EXAMPLE,
    HONEST,
    NOW,
    REWRITTEN,
    TENANT,
    ScriptedModel,
    again,
    envelope,
    honest,
    insert_example,
    payload,
    runtime,
)

RESUME = str(EXAMPLE.payload["resume_id"])


@pytest.fixture(autouse=True)
async def example_rows(database: Database) -> None:
    await insert_example(database)


async def test_a_rewrite_leaves_variant_record_message_and_receipt(database: Database) -> None:
    job = envelope()
    receipt = await execute(job, runtime(database))
    (variant,) = await variants(database)
    assert variant["base_resume_id"] == RESUME
    assert receipt["resultId"] == variant["id"]
    (record,) = await rows(database, "SELECT * FROM aiworker.resume_rewrites")
    assert (record["provider"], record["vacancy_source"]) == ("offline", "row")
    (message,) = await outbox(database)
    assert json.loads(message["body"]) == {
        "jobId": job.job_id,
        "jobType": "rewrite-resume",
        "tenantId": TENANT,
        "resultId": variant["id"],
    }
    assert message["idempotency_key"] == f"ai-jobs:{job.job_id}:{to_milliseconds(NOW)}:0:complete"
    (run,) = await runs(database)
    assert (run["state"], run["tenant_id"], json.loads(run["receipt"])) == ("succeeded", TENANT, receipt)


async def test_object_bullets_are_verified_and_the_source_flags_are_kept_in_our_record(database: Database) -> None:
    await execute(envelope(), runtime(database))
    (variant,) = await variants(database)
    flags = [bullet.verified for bullet in locator.read(variant["body"]).bullets if bullet.is_object]
    assert flags and set(flags) == {True}
    (record,) = await rows(database, "SELECT bullets FROM aiworker.resume_rewrites")
    assert {bullet["source_verified"] for bullet in json.loads(record["bullets"])} != {True}


async def test_the_same_job_delivered_twice_has_one_variant_and_one_message(database: Database) -> None:
    model, job = ScriptedModel([REWRITTEN]), envelope()
    first = await execute(job, runtime(database, llm=model))
    second = await execute(again(job), runtime(database, llm=model))
    assert first == second
    assert len(model.asked) == 1
    assert len(await variants(database)) == len(await outbox(database)) == 1


async def test_a_student_is_notified_directly_only_where_that_is_wanted(database: Database) -> None:
    job = envelope()
    receipt = await execute(job, replace(runtime(database), notifies_in_app=True))
    complete, notice = await outbox(database)
    assert (complete["event"], notice["event"]) == ("complete", "in-app")
    assert notice["target"] == "core-api:/internal/notifications/in-app"
    assert json.loads(notice["body"]) == {
        "jobId": job.job_id,
        "jobType": "rewrite-resume",
        "tenantId": TENANT,
        "studentId": payload()["student_id"],
        "resultId": receipt["resultId"],
    }
    assert notice["idempotency_key"] == complete["idempotency_key"].replace(":complete", ":in-app")


async def test_a_recycled_job_id_is_a_new_run_with_its_own_result(database: Database) -> None:
    before = envelope(job_id="1", started=3)
    old = await execute(before, runtime(database))
    after_data_loss = envelope(payload(tone="concise"), job_id="1", added_at=NOW + timedelta(hours=1), started=1)
    new = await execute(after_data_loss, runtime(database))
    assert new["resultId"] != old["resultId"]
    assert [run["state"] for run in await runs(database)] == ["succeeded", "succeeded"]


async def test_one_id_and_time_with_another_payload_is_another_run(database: Database) -> None:
    first = await execute(envelope(job_id="1"), runtime(database))
    second = await execute(envelope(payload(tone="concise"), job_id="1"), runtime(database))
    assert first["runId"] != second["runId"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (payload(tone="concis"), "did you mean concise?"),
        ({**{k: v for k, v in payload().items() if k != "resume_id"}, "resumeId": "r"}, "did you mean resumeId?"),
        (payload(student_id=7), "student_id: must be a text"),
        ("{not json", "not valid JSON"),
        ("[" * 10_000, "not valid JSON, or nested too deeply"),
        (payload(extra=json.loads("[" * 70 + "]" * 70)), "deeper than 64"),
        (payload(job_title="a\x00b"), "NUL"),
        (payload(job_description="x" * 300_000), "the limit is 262,144"),
        ("[]", "payload: must be an object"),
    ],
)
async def test_bad_input_leaves_an_error_row_and_nothing_else(database: Database, data: object, told: str) -> None:
    model = ScriptedModel()
    with pytest.raises(Decided) as raised:
        await execute(envelope(data), runtime(database, llm=model))
    assert isinstance(outcome(raised.value), Cancel)
    assert told in raised.value.message
    assert model.asked == [] and await variants(database) == [] and await outbox(database) == []
    (error,) = await errors(database)
    assert error["detail"] == raised.value.message
    assert [run["state"] for run in await runs(database)] == ["failed"]


async def test_the_error_of_a_bad_payload_never_quotes_it(database: Database) -> None:
    secret = "Canary Kumari 4242"
    with pytest.raises(Decided) as raised:
        await execute(envelope(payload(tone=secret, student_id=[secret], secret=secret)), runtime(database))
    assert "Canary" not in f"{raised.value} {raised.value.remedy} {await errors(database)}"


async def test_an_unknown_job_names_the_known_ones(database: Database) -> None:
    with pytest.raises(Decided, match=r"known: rewrite-resume, .*\. \(did you mean rewrite-resume\?\)") as raised:
        await execute(envelope(name="rewrite_resume"), runtime(database))
    assert raised.value.code == "unknown_job"
    assert (await errors(database))[0]["job_name"] == "rewrite_resume"


@pytest.mark.parametrize("change", [{"tenant_id": "another"}, {"student_id": "s-another"}, {"resume_id": "r-another"}])
async def test_rows_of_another_tenant_or_student_are_not_found(database: Database, change: dict[str, str]) -> None:
    with pytest.raises(Decided) as raised:
        await execute(envelope(payload(**change)), runtime(database))
    assert raised.value.code == "not_found"
    assert await variants(database) == [] and await outbox(database) == []


async def test_the_vacancy_under_the_tenant_wins_over_the_payload(database: Database) -> None:
    model = ScriptedModel([REWRITTEN])
    await execute(envelope(payload(job_title="Payload title")), runtime(database, llm=model))
    vacancy = model.asked[0].inputs["vacancy"]
    assert isinstance(vacancy, dict) and vacancy["title"] == EXAMPLE.vacancies[0]["title"]


async def test_a_vacancy_the_tenant_lacks_is_taken_from_the_payload_and_that_is_recorded(database: Database) -> None:
    model = ScriptedModel([REWRITTEN])
    await execute(envelope(payload(job_id="elsewhere", job_title="Payload title")), runtime(database, llm=model))
    vacancy = model.asked[0].inputs["vacancy"]
    assert isinstance(vacancy, dict) and vacancy["title"] == "Payload title"
    (record,) = await rows(database, "SELECT vacancy_source, vacancy_id FROM aiworker.resume_rewrites")
    assert record == {"vacancy_source": "payload", "vacancy_id": "elsewhere"}


async def test_an_unusable_answer_is_kept_in_calls_and_told_to_the_student(database: Database) -> None:
    with pytest.raises(Decided) as raised:
        await execute(envelope(), runtime(database, llm=ScriptedModel(["Sorry, here is no map"])))
    assert raised.value.reason == "invalid_answer: AI rewrite failed, please try again"
    assert isinstance(outcome(raised.value), Cancel)
    (error,) = await errors(database)
    assert error["message"] == "AI rewrite failed, please try again"
    (call,) = await rows(database, "SELECT step || '/' || request_hash AS ref, reply FROM aiworker.calls")
    assert (call["ref"], call["reply"]) == (error["raw_ref"], "Sorry, here is no map")


async def test_an_answer_that_changes_nothing_stores_no_variant(database: Database) -> None:
    with pytest.raises(Decided) as raised:
        await execute(envelope(), runtime(database, llm=ScriptedModel(['{"b99": "made up"}'])))
    assert raised.value.code == "no_safe_change"
    assert await variants(database) == []


async def test_a_retryable_fault_leaves_the_run_running_with_an_orderly_end(database: Database) -> None:
    model = ScriptedModel([TransientFault("The provider failed.", code="provider_5xx")])
    with pytest.raises(Decided) as raised:
        await execute(envelope(), runtime(database, llm=model))
    assert outcome(raised.value) == Retry()
    (run,) = await runs(database)
    assert (run["state"], run["starts"], run["clean_ends"]) == ("running", 1, 1)
    assert await errors(database) == []


async def test_the_last_attempt_writes_the_error_row_before_it_is_raised(database: Database) -> None:
    model = ScriptedModel([TransientFault("The provider failed.", code="provider_5xx")])
    with pytest.raises(Decided) as raised:
        await execute(envelope(made=2, started=3), runtime(database, llm=model))
    assert outcome(raised.value) == Cancel()
    (error,) = await errors(database)
    assert (error["code"], error["attempts"]) == ("provider_5xx", 3)


async def test_a_failed_run_delivered_again_unchanged_repeats_its_error(database: Database) -> None:
    model, job = ScriptedModel(["no map"]), envelope()
    for delivery in (job, again(job)):
        with pytest.raises(Decided, match="AI rewrite failed") as raised:
            await execute(delivery, runtime(database, llm=model))
        assert raised.value.code == "invalid_answer" and outcome(raised.value) == Cancel()
    assert len(model.asked) == len(await runs(database)) == 1


@pytest.mark.parametrize("made_then", [1, 3])
async def test_a_failed_run_retried_from_outside_is_a_new_epoch_with_an_audit_row(
    database: Database, made_then: int
) -> None:
    job = envelope(made=made_then - 1, started=made_then)
    with pytest.raises(Decided):
        await execute(job, runtime(database, llm=ScriptedModel(["no map"])))
    receipt = await execute(again(job, made=made_then), runtime(database))
    assert receipt["epoch"] == 1
    (audit,) = await rows(database, "SELECT * FROM aiworker.audit")
    assert (audit["action"], audit["tenant_id"]) == ("retry-from-outside", TENANT)
    assert (await outbox(database))[0]["idempotency_key"].endswith(":1:complete")


async def test_a_retry_that_reset_its_attempts_is_a_new_epoch_too(database: Database) -> None:
    job = envelope(made=2, started=3)
    with pytest.raises(Decided):
        await execute(job, runtime(database, llm=ScriptedModel(["no map"])))
    assert (await execute(again(job, made=0), runtime(database)))["epoch"] == 1


async def test_a_first_attempt_that_failed_is_retried_also_with_its_attempts_reset(database: Database) -> None:
    job = envelope()
    with pytest.raises(Decided):
        await execute(job, runtime(database, llm=ScriptedModel(["no map"])))
    retried = replace(again(job, made=0), failed_start=1)
    assert (await execute(retried, runtime(database)))["epoch"] == 1


async def test_a_retry_whose_first_start_died_before_its_claim_still_runs_the_job(database: Database) -> None:
    job = envelope()
    with pytest.raises(Decided):
        await execute(job, runtime(database, llm=ScriptedModel(["no map"])))
    retried = replace(again(again(job, made=0), stalled=True), failed_start=1)
    assert (await execute(retried, runtime(database)))["epoch"] == 1


async def test_a_job_whose_data_was_changed_is_told_of_under_a_key_of_its_own(database: Database) -> None:
    job = envelope()
    await execute(job, runtime(database))
    changed = replace(again(job, made=1), data=json.dumps({**payload(), "tone": "concise"}))
    assert (await execute(changed, runtime(database)))["epoch"] == 1
    assert len({message["idempotency_key"] for message in await outbox(database)}) == 2


async def test_a_death_after_a_retry_and_before_bullmq_heard_repeats_the_error(database: Database) -> None:
    job = replace(envelope(started=2), failed_start=1)
    with pytest.raises(Decided):
        await execute(job, runtime(database, llm=ScriptedModel(["no map"])))
    with pytest.raises(Decided, match="AI rewrite failed"):
        await execute(again(job, stalled=True), runtime(database))
    assert len(await runs(database)) == 1


async def test_a_zombie_that_claims_late_is_refused_before_it_pays(database: Database) -> None:
    job, model = envelope(started=1), ScriptedModel([TransientFault()])
    with pytest.raises(Decided):
        await execute(again(job), runtime(database, llm=model))
    with pytest.raises(Fenced):
        await execute(job, runtime(database, llm=model))
    assert len(model.asked) == 1


async def test_a_copy_overtaken_during_its_call_writes_nothing(database: Database) -> None:
    job = envelope()
    newer = runtime(database, llm=ScriptedModel([REWRITTEN]))

    class Slow(ScriptedModel):
        async def answer(self, request: LLMRequest) -> Any:
            await execute(again(job), newer)
            return await super().answer(request)

    with pytest.raises(Fenced):
        await execute(job, runtime(database, llm=Slow([json.dumps({"b0": honest(HONEST)})])))
    (variant,) = await variants(database)
    assert f'"{HONEST}"' in variant["body"]
    assert len(await outbox(database)) == 1
