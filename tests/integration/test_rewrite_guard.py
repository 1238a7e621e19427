"""What the guard refuses is in no variant, and our own records say which texts those were and why."""

from __future__ import annotations

import pytest

from aiworker.errors import Decided
from aiworker.llm import prompts
from aiworker.runtime.execute import execute
from aiworker.store.database import Database
from tests.integration.rewriting import BULLETS, FABRICATED, PAYLOAD, answering, changed, findings, stored
from tests.integration.rewriting import example_rows as example_rows
from tests.integration.runtime.rows import errors, outbox, rows, runs, variants
from tests.support.jobs import HONEST, TENANT, envelope, payload, runtime

WORN = "Leveraged 34 unit tests to raise branch coverage of the refund module from 61 % to 83 %"


async def test_a_refused_bullet_keeps_its_text_and_the_findings_say_why(database: Database) -> None:
    model = answering(b0=HONEST, b1=FABRICATED, b2=WORN)
    receipt = await execute(envelope(), runtime(database, llm=model))
    assert await stored(database) == [HONEST, BULLETS[1].text, WORN, *(bullet.text for bullet in BULLETS[3:])]
    assert await changed(database) == {bullet.id: bullet.id in ("b0", "b2") for bullet in BULLETS}

    found = await findings(database)
    whose = {
        "tenant_id": TENANT,
        "student_id": PAYLOAD["student_id"],
        "resume_id": PAYLOAD["resume_id"],
        "run_id": receipt["runId"],
    }
    assert all(whose.items() <= finding.items() for finding in found)
    assert [(finding["section"], finding["rule"], finding["token"], finding["severity"]) for finding in found] == [
        (BULLETS[1].path, "number", "900", "violation"),
        (BULLETS[1].path, "term", "MongoDB", "violation"),
        (BULLETS[2].path, "style", "leveraged", "warning"),
    ]
    texts = {BULLETS[1].path: (BULLETS[1].text, FABRICATED), BULLETS[2].path: (BULLETS[2].text, WORN)}
    assert [(finding["original"], finding["proposed"]) for finding in found] == [
        texts[finding["section"]] for finding in found
    ]
    assert receipt["writes"] == {"resumes": 1, "aiworker.resume_rewrites": 1, "aiworker.guard_findings": 3}


async def test_an_honest_answer_leaves_no_findings(database: Database) -> None:
    receipt = await execute(envelope(), runtime(database, llm=answering(b0=HONEST)))
    assert await findings(database) == []
    assert receipt["writes"] == {"resumes": 1, "aiworker.resume_rewrites": 1}


async def test_an_answer_of_which_nothing_is_left_writes_no_variant_and_tells_nobody(database: Database) -> None:
    with pytest.raises(Decided) as raised:
        await execute(envelope(), runtime(database, llm=answering(b1=FABRICATED)))
    assert raised.value.reason == "no_safe_change: No new text of the answer says only what the resume says."
    assert await variants(database) == [] and await outbox(database) == []
    (error,) = await errors(database)
    assert (error["tenant_id"], error["code"]) == (TENANT, "no_safe_change")
    assert "MongoDB" not in str(error)
    assert [run["state"] for run in await runs(database)] == ["failed"]


async def test_how_much_of_what_answers_name_is_founded_is_told_by_prompt(database: Database) -> None:
    await execute(envelope(), runtime(database, llm=answering(b0=HONEST, b1=FABRICATED)))
    with pytest.raises(Decided):
        await execute(envelope(job_id="2"), runtime(database, llm=answering(b1=FABRICATED)))
    measured = await rows(database, "SELECT * FROM aiworker.guarded_runs ORDER BY texts DESC")
    # 900 and MongoDB are nobody's; REST, FastAPI and the rest stand in the bullet.
    assert [(run["texts"], run["refused"], run["entities"] - run["grounded"]) for run in measured] == [
        (2, 1, 2),
        (1, 1, 2),
    ]
    assert [(run["tenant_id"], run["job_name"], run["model"]) for run in measured] == [
        (TENANT, "rewrite-resume", "scripted-1"),
    ] * 2, "a model whose every text is refused is told of as well"
    (of_prompt,) = await rows(database, "SELECT * FROM aiworker.entity_precision")
    assert of_prompt["prompt_fingerprint"] == prompts.template("rewrite-resume").fingerprint
    grounded, entities = (sum(run[name] for run in measured) for name in ("grounded", "entities"))
    assert float(of_prompt["entity_precision"]) == pytest.approx(grounded / entities, abs=1e-4)


async def test_a_run_is_told_to_be_held_to_part_of_the_rules_where_its_language_has_no_lists(
    database: Database,
) -> None:
    await execute(envelope(), runtime(database, llm=answering(b0=HONEST)))
    spanish = {"b0": "Responsable de mantener la base de datos de 3.200 clientes y actualizarla"}
    data = payload(resume_id="res-iraide", student_id="stu-iraide")
    await execute(envelope(data, job_id="2"), runtime(database, llm=answering(**spanish)))
    measured = await rows(database, "SELECT is_partial FROM aiworker.guarded_runs ORDER BY measure_id")
    assert [run["is_partial"] for run in measured] == [False, True]
    (told,) = await rows(database, "SELECT runs, partial_runs FROM aiworker.entity_precision")
    assert dict(told) == {"runs": 2, "partial_runs": 1}


@pytest.mark.parametrize("source", ["row", "payload"])
async def test_the_vacancy_s_words_are_judged_with_the_text_that_was_used(database: Database, source: str) -> None:
    other = "You will count seaworthy boats at the old harbour every morning."
    of_row = "turn a nightly settlement script into a job"
    job = {"row": str(PAYLOAD["job_id"]), "payload": "elsewhere"}[source]
    texts = {
        "b0": f"Maintained the settlement report scripts weekly, {of_row}, and updated the runbook",
        "b3": "Tested the job, which handles approx. 12,000 rows a day at the old harbour every morning",
    }
    data = payload(job_id=job, job_description=other)
    await execute(envelope(data), runtime(database, llm=answering(**texts, b2=WORN)))
    found = await findings(database)
    copied = [finding["section"] for finding in found if finding["rule"] == "copied"]
    assert copied == [{"row": BULLETS[0].path, "payload": BULLETS[3].path}[source]]
