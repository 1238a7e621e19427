"""One payload without a queue: the daemon's own path, its own identity, and a dry run that leaves nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aiworker.errors import AiworkerError, ConfigurationError, Decided, RateLimited, ServiceUnreachable, TransientFault
from aiworker.llm import client
from aiworker.processors import PROCESSORS
from aiworker.protocol import LLMReply, LLMRequest
from aiworker.runtime.execute import execute
from aiworker.runtime.oneshot import OneShot, run_once
from aiworker.runtime.wiring import utc_now
from aiworker.settings import Settings, load
from aiworker.store import budgets
from aiworker.store.budgets import Caps, Hold
from aiworker.store.database import Database
from aiworker.testing.core_api import FakeCoreApi
from tests.integration.runtime.rows import rows
from tests.support.environment import scrub
from tests.support.jobs import EXAMPLE, REWRITTEN, TENANT, ScriptedModel, envelope, insert_example, payload, runtime

REWRITE = PROCESSORS[0]
SECRET = "oneshot-test-secret"
TABLES = ("aiworker.runs", "aiworker.calls", "aiworker.outbox", "aiworker.ai_job_errors", "aiworker.resume_rewrites")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scrub(monkeypatch, tmp_path)


@pytest.fixture
async def core_api() -> AsyncGenerator[FakeCoreApi]:
    async with FakeCoreApi(secret=SECRET) as api:
        yield api


def settings(core_api: FakeCoreApi | None = None, **values: object) -> Settings:
    told = {"core_api_internal_url": core_api.url, "core_api_internal_secret": SECRET} if core_api else {}
    return load(overrides={"llm_provider": "offline", **told, **values})


async def once(database_url: str, data: object = None, chosen: Settings | None = None, **options: Any) -> OneShot:
    text = data if isinstance(data, str) else json.dumps(payload() if data is None else data)
    return await run_once(REWRITE, text, chosen or settings(), database_url, **options)


async def counts(database: Database) -> dict[str, int]:
    tables = (*TABLES, "resumes", "students", "jobs")
    async with database.transaction(None) as db:
        return {table: await db.fetchval(f"SELECT count(*) FROM {table}") for table in tables}


# A run that counts


async def test_a_payload_leaves_variant_record_call_and_run(database: Database, database_url: str) -> None:
    await insert_example(database)
    before = await counts(database)
    outcome = await once(database_url)
    assert outcome.error is None
    assert outcome.writes == {"resumes": 1, "aiworker.resume_rewrites": 1}
    after = await counts(database)
    assert {table: after[table] - before[table] for table in TABLES} == dict.fromkeys(TABLES, 1) | {
        "aiworker.ai_job_errors": 0
    }
    (run,) = await rows(database, "SELECT queue, name, state, tenant_id FROM aiworker.runs")
    assert run == {"queue": "cli", "name": "rewrite-resume", "state": "succeeded", "tenant_id": TENANT}


async def test_every_run_has_an_identity_of_its_own(database: Database, database_url: str) -> None:
    await insert_example(database)
    first, second = await once(database_url), await once(database_url)
    assert first.result["runId"] != second.result["runId"]
    assert first.result["resultId"] != second.result["resultId"]


async def test_queue_and_command_write_the_same_variant_from_one_payload(database: Database, database_url: str) -> None:
    await insert_example(database)
    await once(database_url)
    await execute(envelope(), runtime(database))
    one, other = await rows(
        database,
        "SELECT title, body::text AS body, student_id, base_resume_id FROM resumes WHERE is_ai_variant",
    )
    assert one == other
    one, other = await rows(
        database,
        "SELECT vacancy_id, vacancy_source, tone, provider, model, bullets::text FROM aiworker.resume_rewrites",
    )
    assert one == other
    one, other = await rows(database, "SELECT target, event, body->>'resultId' AS result FROM aiworker.outbox")
    assert (one["target"], one["event"]) == (other["target"], other["event"])


async def test_core_api_is_told_at_once(database: Database, database_url: str, core_api: FakeCoreApi) -> None:
    await insert_example(database)
    outcome = await once(database_url, chosen=settings(core_api))
    (received,) = core_api.received
    assert received.body["resultId"] == outcome.result["resultId"]
    (message,) = outcome.messages
    assert (message["state"], message["lastStatus"], message["event"]) == ("sent", "200", "complete")
    assert message["body"] == received.body


async def test_a_core_api_that_fails_leaves_the_message_waiting_and_the_job_done(
    database: Database, database_url: str, core_api: FakeCoreApi
) -> None:
    await insert_example(database)
    core_api.script(None, [503])
    outcome = await once(database_url, chosen=settings(core_api))
    assert outcome.error is None
    assert [(message["state"], message["lastStatus"]) for message in outcome.messages] == [("waiting", "503")]


async def test_the_document_says_what_happened(database: Database, database_url: str) -> None:
    await insert_example(database)
    outcome = await once(database_url)
    document = outcome.document(dry_run=False)
    assert json.loads(json.dumps(document)) == document
    assert document["status"] == "succeeded" and document["error"] is None
    assert document["writes"] == {"resumes": 1, "aiworker.resume_rewrites": 1}
    assert document["usage"] == {"calls": 1, "tokensIn": 0, "tokensOut": 0, "costUsd": "0"}
    assert document["result"] == outcome.result and outcome.result["provider"] == "offline"
    assert document["callbacks"] == outcome.messages


# A dry run


async def test_a_dry_run_does_everything_and_leaves_nothing(database: Database, database_url: str) -> None:
    await insert_example(database)
    before = await counts(database)
    outcome = await once(database_url, dry_run=True)
    assert await counts(database) == before
    assert outcome.writes == {"resumes": 1, "aiworker.resume_rewrites": 1}
    assert outcome.document(dry_run=True)["status"] == "dry-run"
    assert outcome.usage["calls"] == 1


async def test_a_dry_run_sends_nothing(database: Database, database_url: str, core_api: FakeCoreApi) -> None:
    await insert_example(database)
    outcome = await once(database_url, chosen=settings(core_api), dry_run=True)
    assert core_api.received == [] and core_api.refused == []
    assert [message["state"] for message in outcome.messages] == ["waiting"]


class Bystander(ScriptedModel):
    """While it is asked for a dry run, a live call of the same tenant holds money and settles."""

    def __init__(self, database: Database, run_id: str) -> None:
        super().__init__([REWRITTEN], provider="openai", model="gpt-4o")
        self.database, self.run_id = database, run_id

    async def answer(self, request: LLMRequest) -> LLMReply:
        await self.pay()
        return await super().answer(request)

    async def pay(self) -> None:
        async with self.database.transaction(TENANT) as db:
            await db.execute("SET LOCAL lock_timeout = '500ms'")
            caps, lease = Caps(tenant_day=Decimal(1)), timedelta(minutes=2)
            held = await budgets.hold(db, self.run_id, TENANT, Decimal(1), caps, now=utc_now(), lease=lease)
            assert isinstance(held, Hold)
            await budgets.settle(db, held, Decimal("0.25"))


async def test_a_dry_run_holds_no_budget_and_stands_in_no_live_calls_way(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await insert_example(database)
    live = await once(database_url)
    model = Bystander(database, str(live.result["runId"]))

    def build(settings: Settings, provider: str, **options: object) -> ScriptedModel:
        return model

    monkeypatch.setattr(client, "build", build)
    chosen = settings(llm_provider="openai", openai_api_key="k", budget_per_tenant_day_usd=1, budget_per_job_usd=1)
    outcome = await once(database_url, chosen=chosen, dry_run=True)
    assert outcome.error is None and len(model.asked) == 1
    (day,) = await rows(database, "SELECT spent_usd, held_usd FROM aiworker.budget_days")
    assert day == {"spent_usd": Decimal("0.25"), "held_usd": 0}


async def test_an_example_brings_its_own_rows_and_takes_them_away_again(database: Database, database_url: str) -> None:
    outcome = await once(database_url, EXAMPLE.text, dry_run=True, example=EXAMPLE)
    assert outcome.error is None
    assert set((await counts(database)).values()) == {0}


async def test_outside_a_dry_run_an_example_s_rows_are_never_inserted(database: Database, database_url: str) -> None:
    outcome = await once(database_url, EXAMPLE.text, example=EXAMPLE)
    assert outcome.error is not None and outcome.error.code == "not_found"
    assert (await counts(database))["students"] == 0


async def test_a_dry_run_that_fails_leaves_no_error_row(database: Database, database_url: str) -> None:
    outcome = await once(database_url, payload(tone="loud"), dry_run=True)
    assert outcome.error is not None and outcome.error.code == "invalid_payload"
    assert set((await counts(database)).values()) == {0}


# Failures


async def test_an_invalid_payload_is_told_and_leaves_an_error_row_but_no_business_rows(
    database: Database, database_url: str
) -> None:
    outcome = await once(database_url, payload(tone="loud"))
    assert outcome.error is not None
    assert outcome.document(dry_run=False) == {
        "status": "failed",
        "result": None,
        "writes": {},
        "callbacks": [],
        "usage": {},
        "error": {"kind": "invalid_payload", "message": outcome.error.message, "retryable": False},
    }
    found = await counts(database)
    assert (found["aiworker.ai_job_errors"], found["resumes"], found["aiworker.outbox"]) == (1, 0, 0)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (TransientFault("down", code="provider_5xx"), "provider_5xx"),
        (RateLimited(retry_after=timedelta(seconds=5)), "rate_limited"),
    ],
)
async def test_a_fault_worth_a_retry_is_told_as_such_and_keeps_its_exit_code(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, fault: AiworkerError, code: str
) -> None:
    def scripted(settings: Settings, provider: str, **options: object) -> ScriptedModel:
        return ScriptedModel([fault])

    monkeypatch.setattr(client, "build", scripted)
    await insert_example(database)
    outcome = await once(database_url)
    assert outcome.error is fault and not isinstance(outcome.error, Decided)
    error = outcome.document(dry_run=False)["error"]
    assert isinstance(error, dict) and (error["kind"], error["retryable"]) == (code, True)


async def test_the_command_s_provider_wins_over_the_setting(database: Database, database_url: str) -> None:
    await insert_example(database)
    outcome = await once(database_url, chosen=settings(llm_provider="openai"), provider="offline")
    assert outcome.result["provider"] == "offline"


async def test_without_a_key_nothing_is_begun(database: Database, database_url: str) -> None:
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY is not set"):
        await once(database_url, chosen=settings(llm_provider="openai"))
    assert set((await counts(database)).values()) == {0}


@pytest.mark.parametrize("dry_run", [True, False])
async def test_a_postgres_that_is_away_is_told_with_its_address_and_without_its_password(dry_run: bool) -> None:
    with pytest.raises(ServiceUnreachable, match=r"127\.0\.0\.1:1/x") as raised:
        await once("postgresql://me:hunter2@127.0.0.1:1/x", dry_run=dry_run)
    assert "hunter2" not in f"{raised.value.message} {raised.value.remedy}"
