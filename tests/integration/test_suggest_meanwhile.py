"""Suggestions for a resume that somebody else works on meanwhile: another run, a rewrite, or the student."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field

import pytest

from aiworker.domain.resume import locator
from aiworker.errors import Decided
from aiworker.processors import suggest_improvements
from aiworker.processors.suggest_improvements import Facts, Payload, Suggestions
from aiworker.protocol import Connection, Context, Limits, LLMReply, LLMRequest, Tx
from aiworker.runtime import examples
from aiworker.runtime.execute import execute
from aiworker.store.database import Database
from tests.e2e.daemon import HELD_UP, eventually
from tests.integration.runtime.rows import outbox, rows
from tests.integration.suggesting import (
    ANSWER,
    BETTER,
    BODY,
    BULLETS,
    JOB,
    PAYLOAD,
    RESUME,
    STUDENT,
    TENANT,
    answer,
    better,
    item,
    job,
    suggestions,
)
from tests.integration.suggesting import example_rows as example_rows
from tests.support.jobs import NOW, ScriptedModel, envelope, runtime

CLAIMED = """
INSERT INTO aiworker.runs (run_id, prefix, queue, job_id, added_at, payload_hash, name, state, fence)
VALUES ($1::uuid, 'bull', 'ai-jobs', $1::text, now(), 'hash', $2, 'running', 1)
"""
EDIT = "UPDATE resumes SET body = replace(body::text, $2, $3)::json, version = version + 1 WHERE id = $1"
CHECKED = Payload.model_validate(PAYLOAD)
FACTS = Facts(locator.read(BODY), None)
CTX = Context("run", 0, False, NOW, Limits(100_000, 10_000))


# Other runs


@dataclass
class Saving:
    """A run that has its answer and is about to save it."""

    result: Suggestions
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    async def save(self, db: Connection) -> None:
        tx = Tx(db, TENANT, self.run_id, NOW, "scripted", "m")
        await suggest_improvements.save(CHECKED, FACTS, self.result, tx)


async def saving(database: Database, *numbers: int) -> Saving:
    """Have a run ready to save suggestions for these bullets."""
    reply = LLMReply(better(*numbers), "scripted", "m", "m", "end")
    result = suggest_improvements.settle(CHECKED, FACTS, {"suggest": reply}, CTX)
    assert isinstance(result, Suggestions)
    one = Saving(result)
    await rows(database, CLAIMED, one.run_id, JOB)
    return one


async def test_of_two_runs_at_once_the_later_supersedes_the_earlier(database: Database) -> None:
    first, second = await saving(database, 0, 3), await saving(database, 3, 7)
    async with database.transaction(TENANT) as db:
        await first.save(db)

        async def save_second() -> None:
            async with database.transaction(TENANT) as other:
                await second.save(other)

        waiting = asyncio.create_task(save_second())

        async def is_held_up() -> bool:
            assert not waiting.done(), "the second did not wait for the first"
            return len(await rows(database, HELD_UP)) == 1

        await eventually(is_held_up, "the second waits for the first")
    await waiting
    found = await rows(database, "SELECT run_id::text AS run, status FROM aiworker.resume_suggestions")
    assert sorted((row["run"], row["status"]) for row in found) == sorted(
        [*[(first.run_id, "superseded")] * 2, *[(second.run_id, "pending")] * 2]
    )


async def test_of_many_runs_at_once_one_stays_pending(database: Database) -> None:
    texts = [better(0, 3), better(3, 7), better(0, 7)] * 3
    done = await asyncio.gather(*(execute(job(), runtime(database, llm=ScriptedModel([text]))) for text in texts))
    assert len({str(receipt["runId"]) for receipt in done}) == len(texts)
    found = await suggestions(database)
    assert len(found) == 2 * len(texts)
    assert len({row["run_id"] for row in found if row["status"] == "pending"}) == 1


async def test_a_rewrite_of_the_same_resume_is_not_held_up(database: Database) -> None:
    one = await saving(database, 0)
    async with database.transaction(TENANT) as db:
        await one.save(db)
        rewrite = examples.load("rewrite-resume")
        await execute(envelope(rewrite.payload), runtime(database))
    assert len(await rows(database, "SELECT 1 FROM resumes WHERE is_ai_variant")) == 1


# A resume that changes meanwhile


async def edit(database: Database, old: str, new: str) -> None:
    async with database.transaction(TENANT) as db:
        assert await db.execute(EDIT, RESUME, old, new) == "UPDATE 1"


@dataclass
class Meanwhile(ScriptedModel):
    """A model during whose answer the student edits the resume."""

    database: Database | None = None
    old: str = ""
    new: str = ""

    async def answer(self, request: LLMRequest) -> LLMReply:
        assert self.database
        await edit(self.database, self.old, self.new)
        return await super().answer(request)


async def edited(database: Database, old: str, new: str, said: str = ANSWER) -> None:
    await execute(job(), runtime(database, llm=Meanwhile([said], database=database, old=old, new=new)))


async def test_the_version_is_that_of_the_resume_as_it_stands_when_the_suggestions_are_written(
    database: Database,
) -> None:
    await edited(database, "likes small services", "likes services")
    assert {(row["resume_version"], row["status"]) for row in await suggestions(database)} == {(2, "pending")}
    assert len(await suggestions(database)) == 3


async def test_a_suggestion_whose_bullet_was_edited_is_not_written(database: Database) -> None:
    await edited(database, "12,000 rows a day", "12,500 rows a day")
    assert [row["section"] for row in await suggestions(database)] == [BULLETS[0].path, BULLETS[7].path]


async def test_suggestions_whose_bullets_moved_are_not_written(database: Database) -> None:
    await edited(database, '"experience": [', '"experience": [{"company": "New Job", "bullets": ["Did things"]},')
    assert [row["section"] for row in await suggestions(database)] == [BULLETS[7].path]


@pytest.mark.parametrize("new", ['"work": [], "old": [', '"experience": [], "old": ['])
async def test_if_none_fits_any_more_nothing_is_written_and_that_is_said(database: Database, new: str) -> None:
    with pytest.raises(Decided) as raised:
        await edited(database, '"experience": [', new, better(0, 3))
    assert raised.value.reason == ("no_safe_change: The resume was changed meanwhile: no suggestion fits it any more.")
    assert (await suggestions(database), await outbox(database)) == ([], [])


async def test_what_the_guard_decided_is_kept_although_none_fits_any_more(database: Database) -> None:
    lie = f"{BETTER[7]} in Rust"
    with pytest.raises(Decided):
        await edited(database, '"experience": [', '"work": [], "old": [', answer(item(0, BETTER[0]), item(7, lie)))
    (found,) = await rows(database, "SELECT * FROM aiworker.guard_findings WHERE severity = 'violation'")
    assert (found["tenant_id"], found["student_id"], found["resume_id"]) == (TENANT, STUDENT, RESUME)
    assert (found["section"], found["rule"], found["token"], found["proposed"]) == (
        *(BULLETS[7].path, "term", "Rust", lie),
    )
    (measured,) = await rows(database, "SELECT * FROM aiworker.guarded_runs")
    assert (measured["run_id"], measured["texts"], measured["refused"]) == (found["run_id"], 2, 1)
    assert (measured["job_name"], measured["model"]) == (JOB, "scripted-1")


async def test_a_resume_that_was_deleted_meanwhile_is_not_found(database: Database) -> None:
    class Deleted(ScriptedModel):
        async def answer(self, request: LLMRequest) -> LLMReply:
            await rows(database, "DELETE FROM resumes WHERE id = $1", RESUME)
            return await super().answer(request)

    with pytest.raises(Decided) as raised:
        await execute(job(), runtime(database, llm=Deleted([ANSWER])))
    assert raised.value.code == "not_found"
    assert (await suggestions(database), await outbox(database)) == ([], [])
