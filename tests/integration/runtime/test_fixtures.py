"""Cases run on the production path: gather, ask, an answer from somewhere, settle; and they leave nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from aiworker.errors import ConfigurationError, JobFailed, ServiceUnreachable, TransientFault, UsageError
from aiworker.policies import POLICIES, QueuePolicy
from aiworker.processors import PROCESSORS, AnyProcessor
from aiworker.protocol import Call, Context, Described, FollowUp, LLMReply, Replies, Unavailable
from aiworker.runtime import examples
from aiworker.runtime.cases import Case, Expected
from aiworker.runtime.examples import Example
from aiworker.runtime.fixtures import Bench, Verdict
from aiworker.runtime.preview import tokens_of
from aiworker.settings import Settings
from aiworker.store.database import Database
from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import Cut, EchoMap, Hang, Refusal, ServerError, Text
from tests.integration.runtime.rows import rows
from tests.support.jobs import EXAMPLE, TENANT, insert_example, payload, processor, question

REWRITE = next(each for each in PROCESSORS if each.name == "rewrite-resume")
HONEST = json.dumps({"b0": "Maintained the settlement report scripts and updated the runbook weekly."})
NOWHERE = "postgresql://me@127.0.0.1:1/nowhere"


@pytest.fixture
async def fake() -> AsyncGenerator[FakeProviders]:
    async with FakeProviders() as providers:
        providers.default(EchoMap("Improved: "))
        yield providers


def settings(provider: str = "offline", fake: FakeProviders | None = None, **values: object) -> Settings:
    told: dict[str, object] = {}
    if fake is not None:
        told = {
            "openai_api_key": fake.api_key,
            "anthropic_api_key": fake.api_key,
            "openai_base_url": fake.openai_url,
            "anthropic_base_url": fake.anthropic_url,
        }
    return Settings.checked({"llm_provider": provider, "llm_compatible": False, **told, **values}, {})


def case(
    expect: dict[str, Any] | None = None,
    *answers: str,
    job: AnyProcessor = REWRITE,
    rows: Example | None = EXAMPLE,
    given: dict[str, Any] | None = None,
    answered: bool = True,
) -> Case:
    """Return a case of the example, answered by `answers` unless nobody has answered yet."""
    data = json.dumps(payload(**(given or {})) if job is REWRITE else (given or {}))
    expected = Expected.model_validate(expect or {})
    return Case("case.json", "a case", job, data, rows, answers if answered else None, expected)


async def verdict(url: str, what: Case, chosen: Settings | None = None, **bench: Any) -> Verdict:
    processors = [what.processor]
    runs = Bench(chosen or settings(), url, processors=processors, **bench)
    return await runs.verdict(await runs.ready(what))


async def own(url: str, *answers: str, expect: dict[str, Any] | None = None, **steps: Any) -> Verdict:
    """Run a case of a processor of the test's own, which describes what its replies said."""

    def describe(facts: Any, result: Any) -> Described:
        return Described({"text": str(result)})

    job = replace(processor(**steps), describe=describe)
    return await verdict(url, case(expect, *answers, job=job, rows=None))


def asking(*calls: Call) -> Callable[[Any, Any, Context], tuple[Call, ...]]:
    def ask(payload: Any, facts: Any, ctx: Context) -> tuple[Call, ...]:
        return calls

    return ask


# Who answers


async def test_a_given_answer_is_read_as_the_model_s_that_would_be_asked(database_url: str) -> None:
    seen = await verdict(database_url, case({"changed": ["b0"], "kept": ["b1"], "contains": ["weekly"]}, HONEST))
    assert (seen.passed, seen.model, seen.cost_usd) == (True, "the case", 0)
    escaped = json.dumps({"b0": "Maintained the settlement report scripts &amp; updated the runbook weekly."})
    seen = await verdict(database_url, case({"contains": ["scripts & updated"]}, escaped))
    assert seen.differences == ()


async def test_without_an_answer_the_rule_engine_answers(database_url: str) -> None:
    seen = await verdict(database_url, case({"changed": ["b0"], "contains": ["Maintained"]}, answered=False))
    assert (seen.differences, seen.model) == ((), "offline-rules-1")


@pytest.mark.parametrize(("provider", "model"), [("openai", "gpt-4o"), ("anthropic", "claude-sonnet-4-6")])
async def test_a_case_that_is_sent_is_asked_for_money(
    fake: FakeProviders, database_url: str, provider: str, model: str
) -> None:
    fake.default(Text(HONEST))
    what = case({"changed": ["b0"]}, answered=False)
    seen = await verdict(database_url, what, settings(provider, fake), sends=True, most=Decimal(1))
    assert (seen.differences, seen.model, len(fake.requests)) == ((), model, 1)
    assert seen.cost_usd > 0
    given = await verdict(database_url, case({}, HONEST), settings(provider, fake), sends=True, most=Decimal(1))
    assert (given.passed, len(fake.requests)) == (True, 1), "a case with an answer is never sent"


async def test_the_model_may_be_another_than_the_configured_one(fake: FakeProviders, database_url: str) -> None:
    what = case({"status": "ok"}, answered=False)
    chosen = settings("openai", fake)
    other = await verdict(database_url, what, chosen, sends=True, most=Decimal(1), model="claude-haiku-4-5")
    assert other.model == "claude-haiku-4-5"
    with pytest.raises(UsageError, match=r"case\.json: There is no provider mistral"):
        await verdict(database_url, what, chosen, provider="mistral")


@pytest.mark.parametrize(
    ("step", "status", "code"),
    [
        (Refusal(), "failed", "refused"),
        (Cut('{"b0": "Built'), "failed", "output_cut"),
        (Text("prose"), "failed", "invalid_answer"),
        (ServerError(500), "broken", "provider_5xx"),
    ],
)
async def test_an_answer_is_judged_as_serve_judges_it(
    fake: FakeProviders, database_url: str, step: Any, status: str, code: str
) -> None:
    fake.default(step)
    what = case({"status": "failed"}, answered=False)
    seen = await verdict(database_url, what, settings("openai", fake), sends=True, most=Decimal(1))
    assert (seen.seen.status, seen.seen.code) == (status, code)
    assert seen.passed is (status == "failed")


async def test_what_is_spent_is_never_more_than_may_be(fake: FakeProviders, database_url: str) -> None:
    chosen = settings("openai", fake)
    first = case({"changed": ["b0"]}, answered=False)
    bench = Bench(chosen, database_url, sends=True, most=Decimal("0.02"))
    ready = [await bench.ready(first) for _ in range(2)]
    most = sum((each.previewer.most(1) for each in ready if each.previewer), Decimal(0))
    assert ready[0].needs_answer and 0 < most / 2 < bench.most
    bench.most = most / 2
    await bench.verdict(ready[0])
    refused = await bench.verdict(ready[1])
    assert refused.differences == ("status: expected ok, got broken (not_answered)",)
    assert len(fake.requests) == 1 and 0 < bench.spent <= bench.most


async def test_a_model_that_takes_too_long_is_given_up(
    fake: FakeProviders, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.default(Hang())
    hurried = tuple(replace(policy, deadline=timedelta(milliseconds=50)) for policy in POLICIES)

    def policies(self: Settings) -> tuple[QueuePolicy, ...]:
        return hurried

    monkeypatch.setattr(Settings, "policies", policies)
    what = case({}, answered=False)
    seen = await verdict(database_url, what, settings("openai", fake), sends=True, most=Decimal(1))
    assert seen.differences == ("status: expected ok, got broken (timeout)",)


async def test_without_a_key_nothing_is_sent_and_the_run_ends(database_url: str) -> None:
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        await verdict(database_url, case(answered=False), settings("openai"), sends=True)


# Rounds


def twice(payload: Any, facts: Any, replies: Replies, ctx: Context) -> Any:
    """Settle only once a second question is answered."""
    if "again" not in replies:
        return FollowUp((question("again"),))
    return ", ".join(reply.text for reply in replies.values() if isinstance(reply, LLMReply))


async def test_answers_are_taken_call_by_call_through_the_follow_up_rounds(database_url: str) -> None:
    seen = await own(database_url, "one", "two", settle=twice, expect={"contains": ["one, two"]})
    assert seen.differences == ()


async def test_several_calls_of_one_round_are_answered_in_their_order(database_url: str) -> None:
    def settle(payload: Any, facts: Any, replies: Replies, ctx: Context) -> str:
        return "; ".join(f"{step}={reply.text}" for step, reply in replies.items() if isinstance(reply, LLMReply))

    seen = await own(
        database_url,
        *("1", "2"),
        ask=asking(question("a"), question("b")),
        settle=settle,
        expect={"contains": ["a=1; b=2"]},
    )
    assert seen.differences == ()


async def test_answers_too_few_or_too_many_are_told(database_url: str) -> None:
    few = await own(database_url, "one", settle=twice)
    assert few.differences == ("status: expected ok, got broken (not_answered)",)
    assert str(few.seen.error) == "The job makes more calls than the case answers: again."
    many = await own(database_url, "one", "two", "three", settle=twice)
    assert many.differences == ("answers: 1 not asked for",)


async def test_a_job_that_never_settles_fails_as_it_does_in_serve(database_url: str) -> None:
    def never(payload: Any, facts: Any, replies: Replies, ctx: Context) -> FollowUp:
        return FollowUp((question(f"q{len(replies)}"),))

    seen = await own(database_url, *"abc", settle=never, expect={"status": "failed", "code": "too_many_rounds"})
    assert seen.differences == ()


async def test_an_optional_call_that_fails_reaches_settle(fake: FakeProviders, database_url: str) -> None:
    fake.default(ServerError(500))
    told: list[object] = []

    def settle(payload: Any, facts: Any, replies: Replies, ctx: Context) -> str:
        told.append(replies["q"])
        return "without it"

    job = processor(ask=asking(question(required=False)), settle=settle)
    what = case({}, job=job, rows=None, answered=False)
    seen = await verdict(database_url, what, settings("openai", fake), sends=True, most=Decimal(1))
    assert (seen.differences, told) == ((), [Unavailable("provider_5xx", retryable=True)])


async def test_a_job_that_asks_nobody_is_settled(database_url: str) -> None:
    seen = await own(database_url, ask=asking(), asks=False, expect={"contains": ["settled"]})
    assert (seen.differences, seen.seen.tokens) == ((), 0)


# Errors


@pytest.mark.parametrize("step", ["ask", "settle"])
async def test_a_step_that_breaks_is_a_failed_case_and_no_crash(database_url: str, step: str) -> None:
    def breaks(*words: Any) -> Any:
        raise KeyError("Quillonde Barrowfax")

    for status in ("ok", "failed"):
        seen = await own(database_url, "x", **{step: breaks}, expect={"status": status})
        assert seen.differences == (f"status: expected {status}, got broken (unexpected)",)


async def test_a_description_that_breaks_is_a_failed_case_too(database_url: str) -> None:
    def breaks(facts: Any, result: Any) -> Described:
        raise ZeroDivisionError

    job = replace(processor(), describe=breaks)
    seen = await verdict(database_url, case({}, "x", job=job, rows=None))
    assert seen.differences == ("status: expected ok, got broken (unexpected)",)


@pytest.mark.parametrize(
    ("given", "code"),
    [({"tone": "loud"}, "invalid_payload"), ({"student_id": "stu-iraide"}, "not_found"), ({}, "no_safe_change")],
)
async def test_a_failure_can_be_what_is_expected(database_url: str, given: dict[str, Any], code: str) -> None:
    seen = await verdict(database_url, case({"status": "failed", "code": code}, "{}", given=given))
    assert seen.differences == ()


@pytest.mark.parametrize("error", [JobFailed(code="invalid_resume"), TransientFault()])
async def test_an_error_of_ask_is_the_case_s(database_url: str, error: Exception) -> None:
    def fails(*words: Any) -> Any:
        raise error

    seen = await own(database_url, "x", ask=fails, expect={"status": "failed"})
    assert seen.passed is isinstance(error, JobFailed)
    assert seen.model == "-"


async def test_no_database_ends_the_run() -> None:
    with pytest.raises(ServiceUnreachable):
        await verdict(NOWHERE, case({}, HONEST))


# Rows and prompts


MINE = examples.Resume("res-ananya", "stu-ananya", "Mine", '{"projects": [{"name": "Kite", "bullets": ["Flew it"]}]}')
OF_MINE = case(
    {"changed": ["b0"], "kept": [], "prompt_contains": ["Kite"], "prompt_lacks": ["b1:"]},
    '{"b0": "Flew the kite"}',
    rows=replace(EXAMPLE, resumes=(*EXAMPLE.resumes, MINE)),
)


async def test_rows_of_a_case_win_over_the_example_s_and_none_stays(database: Database, database_url: str) -> None:
    assert (await verdict(database_url, OF_MINE)).differences == ()
    async with database.transaction(None) as db:
        for table in ("students", "resumes", "jobs", "aiworker.runs", "aiworker.calls"):
            assert await db.fetchval(f"SELECT count(*) FROM {table}") == 0, table


async def test_rows_of_a_case_win_over_the_database_s_which_stay_as_they_were(
    database: Database, database_url: str
) -> None:
    await insert_example(database)
    before = await stored_rows(database)
    assert (await verdict(database_url, OF_MINE)).differences == ()
    assert await stored_rows(database) == before


async def test_a_row_of_another_tenant_is_never_taken_for_the_case_s(database: Database, database_url: str) -> None:
    await insert_example(database)
    await rows(database, "UPDATE resumes SET tenant_id = 'another'")
    seen = await verdict(database_url, OF_MINE)
    assert (seen.seen.status, seen.seen.code) == ("failed", "not_found")


async def stored_rows(database: Database) -> list[list[dict[str, Any]]]:
    return [await rows(database, f"SELECT * FROM {table} ORDER BY id") for table in ("students", "resumes", "jobs")]


async def test_a_case_without_rows_reads_what_is_there(database: Database, database_url: str) -> None:
    await insert_example(database)
    assert (await verdict(database_url, case({"changed": ["b0"]}, HONEST, rows=None))).passed


async def test_a_row_that_lacks_a_column_is_a_fault_of_the_case(database_url: str) -> None:
    lacking = replace(EXAMPLE, students=({"id": "stu-1"},))
    with pytest.raises(UsageError, match=r"case\.json: rows: one has no roll_number"):
        await verdict(database_url, case({}, HONEST, rows=lacking))


async def test_a_row_that_does_not_fit_its_table_is_a_failed_case(database_url: str) -> None:
    orphan = examples.Resume("res-orphan", "stu-nobody", "t", "{}")
    seen = await verdict(database_url, case({}, HONEST, rows=replace(EXAMPLE, resumes=(orphan,))))
    assert seen.differences == ("status: expected ok, got broken (unexpected)",)


async def test_rows_of_another_tenant_are_not_found(database_url: str) -> None:
    what = case({"status": "failed", "code": "not_found"}, HONEST, given={"tenant_id": f"{TENANT}-2"})
    assert (await verdict(database_url, what)).differences == ()


async def test_the_prompt_is_the_production_prompt_and_counted_as_the_model_counts(database_url: str) -> None:
    bench = Bench(settings("anthropic"), database_url)
    ready = await bench.ready(case({"prompt_contains": ["Palash Pay"]}, HONEST))
    assert ready.previewer is not None
    (request,) = ready.requests
    seen = await bench.verdict(ready)
    assert seen.passed and seen.seen.tokens == tokens_of(request, ready.previewer.doors[0]) > 500
    again = await bench.ready(case({}, HONEST))
    assert again.requests == ready.requests, "the same on every machine and in every run"


async def test_a_prompt_that_is_not_as_expected_is_told_of_a_failed_job_too(database_url: str) -> None:
    expect = {
        "status": "failed",
        "prompt_contains": ["nothing of the kind"],
        "prompt_lacks": ["Palash Pay"],
        "max_prompt_tokens": 10,
    }
    seen = await verdict(database_url, case(expect, "prose"))
    assert [told.partition(":")[0] for told in seen.differences] == [
        "prompt_contains",
        "prompt_lacks",
        "max_prompt_tokens",
    ]
