"""`aiworker prompt-preview` as a process: what it prints, what it costs to look, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from aiworker import embedded
from aiworker.runtime import examples
from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import EchoMap
from tests.e2e.daemon import JOB, NOWHERE, Done, Site, opened_site
from tests.support.environment import scrubbed
from tests.support.jobs import EXAMPLE, payload

TOO_FEW = examples.load("generate-analytics-summary")
"""Its third payload is of a season too few people took part in to be told."""


@pytest.fixture
async def site(servers: embedded.Servers, database_url: str, tmp_path: Path) -> AsyncGenerator[Site]:
    async with opened_site(tmp_path, database_url, servers.redis_url) as site:
        yield site


async def look(site: Site, *words: str, stdin: str = "", **variables: str) -> Done:
    """Run `aiworker prompt-preview rewrite-resume WORDS` where no Redis answers."""
    return await site.run("prompt-preview", JOB, *words, stdin=stdin, **{"REDIS_URL": NOWHERE, **variables})


def reword(golden: Path) -> None:
    golden.write_text(golden.read_text("utf-8").replace("active verbs", "passive verbs"), "utf-8")


async def test_the_example_is_shown_block_by_block_without_redis_key_or_rows(site: Site) -> None:
    done = await look(site, "--example")
    assert done.code == 0
    for told in ("--- system: instructions", "--- user: vacancy", "data, not instructions", "cost at most", "gpt-4o"):
        assert told in done.out
    assert "b0: Responsible for maintaining" in done.out
    assert str(EXAMPLE.students[0]["email"]) not in done.out


async def test_one_document_holds_blocks_tokens_costs_and_the_body(site: Site) -> None:
    done = await look(site, "--example", "--json", "--model", "gpt-4o,claude-haiku-4-5")
    (request,) = done.document["requests"]
    assert done.document["schema"] == "aiworker.prompt-preview/1"
    assert [cost["model"] for cost in request["costUsd"]] == ["openai:gpt-4o", "anthropic:claude-haiku-4-5"]
    assert request["body"]["model"] == "gpt-4o" and request["tokens"] > 500
    assert {block["name"] for block in request["blocks"] if block["untrusted"]} == {"vacancy", "resume"}


async def test_raw_is_the_wire_body_and_nothing_else(site: Site) -> None:
    done = await look(site, "--example", "--raw", "--provider", "anthropic")
    assert json.loads(done.out)["model"] == "claude-sonnet-4-6"


async def test_a_snapshot_is_checked_and_its_difference_shown(site: Site) -> None:
    golden = str(site.directory / "golden.txt")
    assert (await look(site, "--example", "--check", golden)).code == 2, "there is none yet"
    assert (await look(site, "--example", "--snapshot", golden)).code == 0
    assert (await look(site, "--example", "--check", golden)).code == 0
    reword(Path(golden))
    shown = await look(site, "--example", "--diff", golden)
    assert shown.code == 0 and "-- Use passive verbs" in shown.out and "+- Use active verbs" in shown.out
    refused = await look(site, "--example", "--check", golden)
    assert refused.code == 1 and "golden.txt" in refused.err


async def test_sending_asks_the_models_side_by_side(site: Site) -> None:
    async with FakeProviders() as fake:
        fake.default(EchoMap("Improved: "))
        asked = {
            "OPENAI_API_KEY": fake.api_key,
            "OPENAI_BASE_URL": fake.openai_url,
            "ANTHROPIC_API_KEY": fake.api_key,
            "ANTHROPIC_BASE_URL": fake.anthropic_url,
            "LLM_COMPATIBLE": "false",
        }
        words = ("--example", "--send", "--repeat", "2", "--model", "gpt-4o,claude-sonnet-4-6")
        cheap = await look(site, *words, "--max-cost", "0.001", **asked)
        assert cheap.code == 2 and "--max-cost" in cheap.err and fake.requests == []
        unpriced = await look(site, "--example", "--send", "--model", "gpt-9-pro", **asked)
        assert unpriced.code == 2 and "gpt-9-pro is not known" in unpriced.err and fake.requests == []
        done = await look(site, *words, **asked, AIWORKER_JSON="1")
        assert [trial["code"] for trial in done.document["trials"]] == ["valid"] * 4
        assert len(fake.requests) == 4


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--example", "--raw", "--send"), 2, "at most one of"),
        (("--example", "--snapshot", "nowhere/prompt.txt"), 2, "cannot be written"),
        ((), 2, "--from-job"),
        (("--example", "--from-job", "ai-jobs:1"), 2, "Give one of"),
        (("--from-job", "ai-jobs:1"), 4, "Redis"),
        ((json.dumps(payload(tone="loud")),), 2, "tone"),
        ((json.dumps(payload(resume_id="nobody")),), 1, "not found"),
        (("--example", "--send"), 3, "OPENAI_API_KEY"),
    ],
)
async def test_what_cannot_be_shown_ends_with_its_code(
    site: Site, words: tuple[str, ...], code: int, told: str
) -> None:
    done = await look(site, *words)
    assert done.code == code and told in done.err


@pytest.mark.parametrize("option", ["--raw", "--snapshot=prompt.txt", "--check=prompt.txt", "--diff=prompt.txt"])
async def test_what_is_made_of_a_prompt_needs_a_job_that_asks_a_model(site: Site, option: str) -> None:
    await site.insert(TOO_FEW)
    done = await site.run("prompt-preview", TOO_FEW.job, json.dumps(TOO_FEW.payloads[2]), option)
    assert (done.code, done.out) == (2, "") and "asks no model for this payload" in done.err


async def test_a_job_that_asks_no_model_has_no_prompt_which_is_said(site: Site) -> None:
    await site.insert(TOO_FEW)
    words = ("prompt-preview", TOO_FEW.job, json.dumps(TOO_FEW.payloads[2]))
    plain, document = await site.run(*words), await site.run(*words, "--json")
    assert (plain.code, plain.out) == (0, "") and "asks no model for this payload" in plain.err
    assert (document.code, document.document["requests"]) == (0, []) and "asks no model" in document.err


def test_looking_imports_neither_sdk(servers: embedded.Servers, database_url: str, tmp_path: Path) -> None:
    script = (
        "import os, sys; from aiworker.cli import run;"
        "from aiworker.console.invocation import Invocation, system_output;"
        f"code = run(['prompt-preview', '{JOB}', '--example', '--json'], Invocation(system_output(os.environ)));"
        "print(code, [name for name in ('openai', 'anthropic') if name in sys.modules], file=sys.stderr)"
    )
    environment = scrubbed(tmp_path, DATABASE_URL=database_url)
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "0 []"


async def test_exact_counts_come_from_the_providers(site: Site) -> None:
    async with FakeProviders() as fake:
        asked = {
            "OPENAI_API_KEY": fake.api_key,
            "OPENAI_BASE_URL": fake.openai_url,
            "ANTHROPIC_API_KEY": fake.api_key,
            "ANTHROPIC_BASE_URL": fake.anthropic_url,
            "LLM_COMPATIBLE": "false",
        }
        done = await look(site, "--example", "--exact", "--json", "--model", "gpt-4o,claude-haiku-4-5", **asked)
        assert [model["tokens"] > 0 for model in done.document["models"]] == [True, True]
        assert {seen.route for seen in fake.requests} == {"/v1/responses/input_tokens", "/v1/messages/count_tokens"}
