"""With GUARD_REASK=true a rewrite that the guard refused most of is asked for once more, and never a third time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from aiworker.errors import Cancel, Decided, ProviderBlocked, RateLimited, TransientFault
from aiworker.policies import POLICIES, policy_for
from aiworker.processors.rewrite_resume import REASONS
from aiworker.protocol import LLMReply, LLMRequest, Usage
from aiworker.queue.limits import NoLimits
from aiworker.runtime.execute import Runtime, execute
from aiworker.runtime.gate import GuardedGate
from aiworker.runtime.oneshot import run_once
from aiworker.store import calls
from aiworker.store.budgets import Caps
from aiworker.store.database import Database
from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import Json
from tests.integration.rewriting import BULLETS, FABRICATED, PAYLOAD, changed, findings, stored
from tests.integration.rewriting import example_rows as example_rows
from tests.integration.runtime.one_job import asked_ids
from tests.integration.runtime.rows import errors, outbox, outcome, rows, runs, variants
from tests.integration.working import work_in_vain
from tests.support import doors
from tests.support.jobs import HONEST, TENANT, Clock, ScriptedModel, again, envelope, processor_of, runtime

ORIGINALS = {bullet.id: bullet.text for bullet in BULLETS}
PATHS = {bullet.id: bullet.path for bullet in BULLETS}
LIES = {
    "b1": FABRICATED,
    "b3": "Tested the reconciliation job, which handles approx. 21,000 rows a day",
}
OTHER_LIES = {
    "b1": "Built a REST endpoint with FastAPI and Redis that returns the refund status of a merchant",
    "b3": "Led the testing of the reconciliation job, which handles approx. 12,000 rows a day",
}
BETTER = {
    "b1": "Built a REST endpoint with FastAPI & PostgreSQL that returns the refund status of a merchant",
    "b3": "Tested the reconciliation job, which handles approx. 12,000 rows a day",
}
WORN = {"b2": "Leveraged 34 unit tests to raise branch coverage of the refund module from 61 % to 83 %"}
MOST_REFUSED = {"b0": HONEST, **LIES}
DEADLINE = policy_for("ai-jobs", POLICIES).deadline


def model(*answers: Mapping[str, str] | str | BaseException) -> ScriptedModel:
    return ScriptedModel([json.dumps(step) if isinstance(step, Mapping) else step for step in answers])


def asking_again(database: Database, llm: ScriptedModel) -> Runtime:
    """Wire a runtime as GUARD_REASK=true does."""
    return replace(runtime(database, llm=llm), reasks_refused=True)


def steps(llm: ScriptedModel) -> list[str]:
    return [request.step for request in llm.asked]


def texts(**new: str) -> list[str]:
    """Return the bullets of a variant in which these are new."""
    return list({**ORIGINALS, **new}.values())


async def violations(database: Database) -> list[tuple[str, str]]:
    """Return path and text of all that was refused, each once, in the order it was."""
    found = [row for row in await findings(database) if row["severity"] == "violation"]
    return list(dict.fromkeys((row["section"], row["proposed"]) for row in found))


def proposed(*answers: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(PATHS[bullet], text) for answer in answers for bullet, text in answer.items()]


# When it is asked for


async def test_over_half_refused_is_asked_for_once_more_and_the_better_texts_land_in_the_variant(
    database: Database,
) -> None:
    llm = model(MOST_REFUSED, BETTER)
    receipt = await execute(envelope(), asking_again(database, llm))
    assert steps(llm) == ["rewrite", "correct"]
    assert await stored(database) == texts(b0=HONEST, **BETTER)
    assert await changed(database) == {bullet: bullet in ("b0", "b1", "b3") for bullet in ORIGINALS}
    assert [run["state"] for run in await runs(database)] == ["succeeded"]
    (message,) = await outbox(database)
    assert json.loads(message["body"])["resultId"] == receipt["resultId"]


async def test_the_second_question_holds_only_the_refused_bullets_and_the_reasons(database: Database) -> None:
    llm = model(MOST_REFUSED, BETTER)
    await execute(envelope(), asking_again(database, llm))
    _, second = llm.asked
    assert isinstance(properties := second.schema["properties"], dict) and list(properties) == ["b1", "b3"]
    told = second.prompt.text("user")
    assert [bullet for bullet in ORIGINALS if f"{bullet}:" in told] == ["b1", "b3"]
    rules = [
        f"b1 ({REASONS['number']}, {REASONS['term']})",
        f"b3 ({REASONS['number']}, {REASONS['number-dropped']})",
    ]
    assert second.inputs["rules"] == rules
    assert f"An earlier answer could not be used: {'; '.join(rules)}." in told
    assert not [word for word in ("MongoDB", "900 merchants", "21,000", HONEST) if word in told], (
        "never what broke them"
    )


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        ({"b0": HONEST, **WORN, "b1": LIES["b1"]}, False),
        ({"b0": HONEST, "b1": LIES["b1"]}, False),
        ({"b0": HONEST, **LIES}, True),
        ({"b1": LIES["b1"]}, True),
        ({**ORIGINALS, "b0": HONEST, "b1": LIES["b1"]}, False),
        ({**ORIGINALS, "b0": HONEST, **LIES}, True),
    ],
    ids=["one of three", "half", "two of three", "the only one", "half of the changed", "most of the changed"],
)
async def test_only_more_than_half_of_the_changed_texts_are_worth_a_second_question(
    database: Database, answer: dict[str, str], again: bool
) -> None:
    llm = model(answer, BETTER)
    await execute(envelope(), asking_again(database, llm))
    assert steps(llm) == ["rewrite", "correct"][: 1 + again]


async def test_nobody_is_asked_twice_by_default(database: Database) -> None:
    llm = model(MOST_REFUSED, BETTER)
    await execute(envelope(), runtime(database, llm=llm))
    assert (steps(llm), await stored(database)) == (["rewrite"], texts(b0=HONEST))


@pytest.mark.parametrize(
    ("provider", "given", "questions"),
    [("openai", {"guard_reask": True}, 2), ("anthropic", {"guard_reask": True}, 2), ("openai", {}, 1)],
    ids=["openai", "anthropic", "by default"],
)
async def test_the_setting_decides_and_both_providers_take_the_second_question(
    database: Database, database_url: str, provider: str, given: dict[str, bool], questions: int
) -> None:
    async with FakeProviders() as fake:
        fake.script(Json({**MOST_REFUSED}), Json({**BETTER}))
        chosen = doors.settings(fake, provider, url=doors.on(fake, provider), **given)
        done = await run_once(processor_of("rewrite-resume"), json.dumps(PAYLOAD), chosen, database_url)
        asked = [asked_ids(seen.object) for seen in fake.requests]
    assert (done.error, done.usage["calls"]) == (None, questions)
    assert asked == [list(ORIGINALS), ["b1", "b3"]][:questions]
    assert await stored(database) == texts(b0=HONEST, **(BETTER if questions == 2 else {}))


# What comes of it


async def test_what_is_refused_again_keeps_its_text_and_nobody_is_asked_a_third_time(database: Database) -> None:
    llm = model(MOST_REFUSED, OTHER_LIES, BETTER)
    await execute(envelope(), asking_again(database, llm))
    assert (steps(llm), await stored(database)) == (["rewrite", "correct"], texts(b0=HONEST))


async def test_one_mended_text_is_taken_although_the_other_is_refused_again(database: Database) -> None:
    llm = model(MOST_REFUSED, {"b1": BETTER["b1"], "b3": OTHER_LIES["b3"]}, BETTER)
    await execute(envelope(), asking_again(database, llm))
    assert (steps(llm), await stored(database)) == (["rewrite", "correct"], texts(b0=HONEST, b1=BETTER["b1"]))


async def test_a_bullet_nobody_asked_about_again_is_not_touched_by_the_second_answer(database: Database) -> None:
    second = {**BETTER, "b0": f"{HONEST}.", "b8": "Collected feedback, fixed bugs and wrote the user guide"}
    await execute(envelope(), asking_again(database, model(MOST_REFUSED, second)))
    assert await stored(database) == texts(b0=HONEST, **BETTER)


async def test_if_both_answers_are_refused_there_is_no_variant(database: Database) -> None:
    llm = model(LIES, OTHER_LIES, BETTER)
    with pytest.raises(Decided) as raised:
        await execute(envelope(), asking_again(database, llm))
    assert (raised.value.code, outcome(raised.value)) == ("no_safe_change", Cancel())
    assert (steps(llm), await variants(database), await outbox(database)) == (["rewrite", "correct"], [], [])
    (error,) = await errors(database)
    assert not [word for word in ("MongoDB", "Redis", "21,000") if word in f"{error} {raised.value}"]
    assert await violations(database) == proposed(LIES, OTHER_LIES), "both rounds are kept for whoever looks into it"


async def test_findings_of_both_rounds_are_stored_with_the_texts_they_speak_of(database: Database) -> None:
    second = {"b1": BETTER["b1"], "b3": OTHER_LIES["b3"]}
    receipt = await execute(envelope(), asking_again(database, model({**WORN, **LIES}, second)))
    found = await findings(database)
    assert await violations(database) == proposed(LIES, {"b3": second["b3"]})
    assert [row["proposed"] for row in found if row["severity"] == "warning"] == [WORN["b2"]]
    assert {(row["run_id"], row["tenant_id"], row["resume_id"]) for row in found} == {
        (receipt["runId"], TENANT, PAYLOAD["resume_id"])
    }
    assert all(row["original"] in ORIGINALS.values() for row in found)
    writes = receipt["writes"]
    assert isinstance(writes, dict) and writes["aiworker.guard_findings"] == len(found)


@pytest.mark.parametrize(
    "second",
    [
        RateLimited(retry_after=timedelta(seconds=9)),
        TransientFault("gone"),
        ProviderBlocked("no key"),
        "Canary prose, no object.",
    ],
    ids=["rate limit", "fault", "blocked", "prose"],
)
async def test_without_a_second_answer_the_safe_texts_of_the_first_are_taken(
    database: Database, second: str | BaseException
) -> None:
    llm = model(MOST_REFUSED, second)
    await execute(envelope(), asking_again(database, llm))
    assert (steps(llm), await stored(database)) == (["rewrite", "correct"], texts(b0=HONEST))
    assert await violations(database) == proposed(LIES)


async def test_a_retry_pays_for_neither_answer_again(database: Database) -> None:
    llm, delivery = model(MOST_REFUSED, BETTER), envelope()
    await work_in_vain(delivery, asking_again(database, llm))
    assert await variants(database) == []
    await execute(again(delivery), asking_again(database, llm))
    assert (steps(llm), await stored(database)) == (["rewrite", "correct"], texts(b0=HONEST, **BETTER))


# Time and money


@dataclass
class Slow(ScriptedModel):
    """A model that takes its time, by the clock of the loop, which it moves."""

    takes: list[timedelta] = field(default_factory=list[timedelta])
    moves: pytest.MonkeyPatch = field(default_factory=pytest.MonkeyPatch)

    async def answer(self, request: LLMRequest) -> LLMReply:
        reply, loop, span = await super().answer(request), asyncio.get_running_loop(), self.takes.pop(0)
        time = loop.time
        self.moves.setattr(loop, "time", lambda: time() + span.total_seconds())
        due = loop.create_future()
        # Timers run in order: a timeout that is due by now has cancelled this before its own is met.
        loop.call_at(loop.time(), lambda: due.done() or due.set_result(None))
        await due
        return reply


async def slowly(database: Database, moves: pytest.MonkeyPatch, *takes: timedelta) -> list[str]:
    """Rewrite with answers that take so long; return the steps that were asked."""
    llm = Slow([json.dumps(MOST_REFUSED), json.dumps(BETTER)], takes=list(takes), moves=moves)
    await execute(envelope(), asking_again(database, llm))
    return steps(llm)


async def test_a_second_answer_within_what_is_left_of_the_deadline_is_taken(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await slowly(database, monkeypatch, DEADLINE / 3, DEADLINE / 3)
    assert (asked, await stored(database)) == (["rewrite", "correct"], texts(b0=HONEST, **BETTER))


async def test_a_second_answer_is_not_waited_for_beyond_the_one_deadline_of_both(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await slowly(database, monkeypatch, DEADLINE / 3, DEADLINE * 0.7)
    assert (asked, await stored(database)) == (["rewrite", "correct"], texts(b0=HONEST))
    assert [run["state"] for run in await runs(database)] == ["succeeded"]


async def test_with_too_little_of_the_deadline_left_no_second_question_is_asked(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await slowly(database, monkeypatch, DEADLINE - timedelta(seconds=1), timedelta(0))
    assert (asked, await stored(database)) == (["rewrite"], texts(b0=HONEST))


@dataclass
class Priced(ScriptedModel):
    """A model of a known price, whose answers cost what is given."""

    provider: str = "openai"
    model: str = "gpt-4o"
    costs: list[str] = field(default_factory=list[str])

    async def answer(self, request: LLMRequest) -> LLMReply:
        usage = Usage(tokens_in=1_000, tokens_out=200, cost_usd=self.costs.pop(0))
        return replace(await super().answer(request), usage=usage)


async def priced(database: Database, *costs: str, caps: Caps) -> tuple[str, list[str]]:
    """Rewrite with answers that cost this; return the run and the steps that were asked."""
    llm = Priced([json.dumps(MOST_REFUSED), json.dumps(BETTER)], costs=list(costs))
    gate = GuardedGate(database, NoLimits(), caps, Clock(), lambda: 0.0)
    receipt = await execute(envelope(), replace(asking_again(database, llm), gate=gate))
    return str(receipt["runId"]), steps(llm)


async def test_both_calls_are_on_the_run_s_bill_and_on_its_tenant_s_day(database: Database) -> None:
    run_id, asked = await priced(database, "0.02", "0.007", caps=Caps(tenant_day=Decimal(1)))
    assert asked == ["rewrite", "correct"]
    bills = await rows(database, "SELECT run_id::text, step, cost_usd FROM aiworker.calls ORDER BY cost_usd DESC")
    assert [tuple(bill.values()) for bill in bills] == [
        (run_id, "rewrite", Decimal("0.02")),
        (run_id, "correct", Decimal("0.007")),
    ]
    async with database.transaction(TENANT) as db:
        usage = await calls.usage(db, run_id, TENANT)
    assert (usage["calls"], usage["tokensIn"], usage["tokensOut"]) == (2, 2_000, 400)
    assert Decimal(str(usage["costUsd"])) == Decimal("0.027")
    (day,) = await rows(database, "SELECT tenant_id, spent_usd, held_usd FROM aiworker.budget_days")
    assert tuple(day.values()) == (TENANT, Decimal("0.027"), 0)


async def test_a_second_question_the_job_s_budget_has_no_room_for_is_not_asked(database: Database) -> None:
    _, asked = await priced(database, "0.05", caps=Caps(job=Decimal("0.05")))
    assert (asked, await stored(database)) == (["rewrite"], texts(b0=HONEST))
