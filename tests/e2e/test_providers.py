"""Every job, every provider: `serve` and `run-job` leave the same rows and the same callback whoever answered."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from aiworker import embedded
from aiworker.llm import prompts
from aiworker.testing.core_api import Received
from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import EchoMap, Json
from tests.e2e.daemon import JOB, NOWHERE, Site, opened_site
from tests.e2e.resume_jobs import ALL_JOBS, ANALYTICS, JOBS, ResumeJob
from tests.support.databases import copy_of
from tests.support.doors import variables
from tests.support.jobs import EXAMPLE, TENANT, payload

OFFLINE = "offline-rules-1"
REQUESTED = {"offline": OFFLINE, "openai": "gpt-4o", "anthropic": "claude-sonnet-4-20250514"}
"""What a job is asked of unless a setting says otherwise: the documents' own models."""
CALLS = "SELECT c.* FROM aiworker.calls c JOIN aiworker.runs r USING (run_id) WHERE r.job_id = $1"
TABLES = ("runs", "calls", "outbox", "resume_rewrites", "ai_job_errors", "audit")

Row = dict[str, Any]


@pytest.fixture
async def fake() -> AsyncGenerator[FakeProviders]:
    async with FakeProviders() as opened:
        opened.default(EchoMap())
        yield opened


class Story:
    """Everything one job left."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.rows: dict[str, list[Row]] = {}
        self.variants: list[Row] = []
        self.receipt: Row = {}
        self.callback: Received | None = None
        self.ended: Row = {}

    @property
    def call(self) -> Row:
        (call,) = self.rows["calls"]
        return call

    @property
    def shape(self) -> Mapping[str, object]:
        """Say what there is, whatever it says: columns that are filled, keys of JSON, headers."""
        assert self.callback is not None
        return {
            **{table: [_shape(row) for row in rows] for table, rows in self.rows.items()},
            "variants": [_shape(row) for row in self.variants],
            "receipt": _shape(self.receipt),
            "callback": (self.callback.path, _shape(dict(self.callback.body)), sorted(self.callback.headers)),
            "log": sorted(self.ended),
        }


def _shape(value: object) -> object:
    match value:
        case dict():
            inside = cast("dict[str, object]", value)
            return {key: _shape(inner) for key, inner in inside.items() if inner is not None}
        case str() if value.startswith("{"):
            return _shape(json.loads(value))
        case list():
            return "list"
        case _:
            return type(value).__name__


async def story(provider: str, fake: FakeProviders, site: Site) -> Story:
    """Have a daemon work the example and return what it left."""
    told = Story(provider)
    daemon = await site.serve(**variables(fake, provider))
    job = await site.add(payload())
    await site.reaches(job.id, "completed", within=15.0)
    (told.callback,) = await site.core_api.wait_for(1)
    assert await daemon.stop() == 0
    for table in TABLES:
        told.rows[table] = await site.rows(f"SELECT * FROM aiworker.{table}")
    told.variants = await site.variants()
    told.receipt = await site.receipt(job.id)
    (told.ended,) = daemon.told("job-ended")
    return told


@pytest.mark.timeout(90)  # Three daemons one after the other: 8 s on an idle machine.
async def test_whoever_answers_leaves_the_same_rows_and_the_same_callback(
    servers: embedded.Servers, template: str, tmp_path: Path, fake: FakeProviders
) -> None:
    stories: dict[str, Story] = {}
    for provider in REQUESTED:
        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(copy_of(template, servers.database_url))
            site = await stack.enter_async_context(opened_site(tmp_path, url, servers.redis_url))
            stories[provider] = await story(provider, fake, site)
    offline = stories["offline"]
    assert_offline(offline)
    for provider in ("openai", "anthropic"):
        paid = stories[provider]
        assert paid.call["external_id"]
        # The one thing an engine in the process does not have.
        offline.call["external_id"] = "none"
        assert paid.shape == offline.shape
        assert_paid(paid, fake)
    assert {told.call["request_hash"] for told in stories.values()} == {offline.call["request_hash"]}


def assert_same_everywhere(told: Story, served: str) -> None:
    (run,), (rewrite,), (message,) = (told.rows[table] for table in ("runs", "resume_rewrites", "outbox"))
    call, (variant,) = told.call, told.variants
    assert (run["state"], run["tenant_id"], run["starts"]) == ("succeeded", TENANT, 1)
    assert (call["provider"], call["requested_model"], call["served_model"]) == (
        told.provider,
        REQUESTED[told.provider],
        served,
    )
    assert (call["step"], call["state"], call["stop_reason"]) == ("rewrite", "done", "end")
    assert (call["prompt_name"], call["prompt_fingerprint"]) == (JOB, prompts.template(JOB).fingerprint)
    assert (rewrite["provider"], rewrite["model"]) == (told.provider, served)
    assert (told.receipt["provider"], told.receipt["model"]) == (told.provider, served)
    assert rewrite["variant_id"] == variant["id"] == told.receipt["resultId"]
    assert variant["base_resume_id"] == EXAMPLE.payload["resume_id"]
    assert told.callback is not None
    assert told.callback.body == json.loads(message["body"])
    assert told.callback.body["resultId"] == variant["id"]
    assert (message["sent_at"] is not None, told.rows["ai_job_errors"], told.rows["audit"]) == (True, [], [])


def assert_offline(told: Story) -> None:
    assert_same_everywhere(told, OFFLINE)
    assert (told.call["tokens_in"], told.call["tokens_out"], told.call["cost_usd"]) == (0, 0, 0)


def assert_paid(told: Story, fake: FakeProviders) -> None:
    (seen,) = [request for request in fake.requests if request.provider == told.provider]
    assert seen.model is not None
    assert_same_everywhere(told, seen.model)
    assert told.call["tokens_in"] > 100 and told.call["tokens_out"] > 100
    assert told.call["cost_usd"] > 0
    assert today() - timedelta(days=1) <= told.call["price_date"] <= today()
    assert "Improved: " in told.variants[0]["text"]


def today() -> date:
    return datetime.now(UTC).date()


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_an_honest_answer_to_each_further_job_reaches_its_rows_with_model_and_usage(
    site: Site, fake: FakeProviders, provider: str
) -> None:
    await site.insert(ANALYTICS.example)
    daemon = await site.serve(**variables(fake, provider))
    for number, job in enumerate(JOBS, start=1):
        fake.script(Json(job.answer))
        job_id = (await site.add(job.payload, name=job.name)).id
        await site.reaches(job_id, "completed", within=15.0)
        receipt, callbacks = await site.receipt(job_id), await site.core_api.wait_for(number)
        told = {"jobId": job_id, "jobType": job.name, "tenantId": job.tenant, "resultId": receipt["resultId"]}
        assert callbacks[-1].body == told
        await assert_said(site, job, receipt, provider)
        await assert_recorded(site, job, job_id, fake)
    assert await daemon.stop() == 0
    assert (len(fake.requests), fake.unplayed, len(site.core_api.received)) == (len(JOBS), [], len(JOBS))


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("job", ALL_JOBS, ids=lambda job: job.name)
async def test_run_job_asks_the_provider_that_is_set_and_writes_what_it_answers(
    site: Site, fake: FakeProviders, job: ResumeJob, provider: str
) -> None:
    await site.insert(job.example)
    fake.script(Json(job.answer))
    ours = variables(fake, provider) | {"REDIS_URL": NOWHERE}
    done = await site.run("run-job", job.name, job.example.text, "--json", **ours)
    (run,) = await site.rows("SELECT job_id FROM aiworker.runs")
    (callback,) = await site.core_api.wait_for(1)

    document, found = done.document, await site.rows(job.results)
    result = document["result"]["resultId"]
    assert (done.code, document["status"], document["error"]) == (0, "succeeded", None)
    assert [(row["id"], row["text"]) for row in found] == [(result, text) for text in job.said]
    assert document["writes"][job.table] == len(job.said)
    assert (document["result"]["provider"], document["result"]["model"]) == (provider, fake.requests[-1].model)
    assert (callback.body["jobType"], callback.body["resultId"]) == (job.name, result)
    await assert_recorded(site, job, run["job_id"], fake)
    assert (len(fake.requests), fake.unplayed) == (1, [])
    assert fake.api_key not in done.out + done.err


async def assert_said(site: Site, job: ResumeJob, receipt: Row, provider: str) -> None:
    found = await site.rows(job.results)
    assert {row["id"] for row in found} == {receipt["resultId"]}
    assert tuple(row["text"] for row in found) == job.said
    assert (receipt["provider"], receipt["writes"]) == (provider, {job.table: len(job.said)})


async def assert_recorded(site: Site, job: ResumeJob, job_id: str, fake: FakeProviders) -> None:
    seen, (call,) = fake.requests[-1], await site.rows(CALLS, job_id)
    assert (seen.provider, seen.model) == (call["provider"], call["served_model"])
    assert call["requested_model"] == REQUESTED[call["provider"]]
    assert (call["step"], call["state"], call["stop_reason"]) == (job.step, "done", "end")
    assert (call["prompt_name"], call["prompt_fingerprint"]) == (job.name, prompts.template(job.name).fingerprint)
    assert call["tokens_in"] > 100 and call["tokens_out"] > 20 and call["cost_usd"] > 0
    assert call["external_id"]


async def test_a_queue_whose_provider_has_no_key_is_not_consumed_although_another_s_is_set(
    site: Site, fake: FakeProviders
) -> None:
    job = await site.add(payload())
    ours = variables(fake, "anthropic") | {"LLM_PROVIDER": "openai"}
    done = await site.run("serve", **ours)
    assert done.code == 3
    assert "ai-jobs: OPENAI_API_KEY is not set" in done.err
    assert "set OPENAI_API_KEY (or LLM_PROVIDER and the key of another provider)" in " ".join(done.err.split())
    assert "LLM_PROVIDER=offline" in done.err
    assert fake.api_key not in done.err + done.out
    assert (await site.state(job.id), fake.requests) == ("waiting", [])


async def test_a_retired_model_is_refused_at_the_start_if_no_successor_is_wanted(
    site: Site, fake: FakeProviders
) -> None:
    done = await site.run("serve", **variables(fake, "anthropic"), LLM_RETIRED_MODEL="fail")
    assert done.code == 3
    assert "claude-sonnet-4-20250514" in done.err and "LLM_RETIRED_MODEL=successor" in done.err
    assert fake.requests == []
