"""`aiworker replay-failed` as a process: what it says, what it does, and what is left when it is stopped."""

from __future__ import annotations

import asyncio
import getpass
import json
import random
import shlex
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemon import LOADING, NOWHERE, QUEUE, eventually
from tests.e2e.desk import AUDIT, NO_DATABASE, OF_JOB, Desk, dammed, desk
from tests.integration.runtime.failing import NO_JSON, rate_limited, timed_out
from tests.support.environment import scrub
from tests.support.jobs import TENANT, payload
from tests.unit.commands.running import aiworker

__all__ = ["desk"]


def groups(document: dict[str, Any]) -> dict[str, tuple[int, bool]]:
    return {group["code"]: (group["count"], group["retryable"]) for group in document["groups"]}


# The whole of it


async def test_61_rate_limited_40_invalid_and_24_timed_out_jobs(desk: Desk) -> None:
    faults = [*(rate_limited(n + 1) for n in range(61)), *[NO_JSON] * 40, *(timed_out(n + 1) for n in range(24))]
    random.shuffle(faults)
    jobs = await desk.fail(*faults, concurrency=10)
    told = ("-Q", QUEUE, "--since", "24h", "--tenant", TENANT, "--reason", "INC-204: quota raised")

    dry = await desk.replay(*told, "--json")
    assert dry.code == 0
    assert groups(dry.document) == {
        "rate_limited": (61, True),
        "invalid_answer": (40, False),
        "timeout": (24, True),
    }
    assert (dry.document["failed"], dry.document["matched"], dry.document["to_replay"]) == (125, 125, 85)
    assert await desk.site.counts("failed", "waiting") == (125, 0)
    assert await desk.site.rows(AUDIT) == []

    before = datetime.now(UTC)
    acted = await desk.replay(*told, "--yes", "--json")
    assert (acted.code, acted.document["replayed"], acted.document["permanent_left_out"]) == (0, 85, 40)
    assert await desk.site.counts("failed", "waiting") == (40, 85)

    again = await desk.replay(*told, "--yes", "--json")
    assert (again.code, again.document["replayed"], again.document["to_replay"]) == (0, 0, 0)
    assert await desk.site.counts("failed", "waiting") == (40, 85)

    audit = await desk.site.rows(AUDIT)
    assert {entry["actor"] for entry in audit} == {getpass.getuser()}
    assert {entry["reason"] for entry in audit} == {"INC-204: quota raised"}
    assert {(entry["action"], entry["tenant_id"]) for entry in audit} == {("replay", TENANT)}
    assert all(before - timedelta(seconds=2) < entry["at"] < datetime.now(UTC) for entry in audit)
    details = [json.loads(entry["details"]) for entry in audit]
    assert Counter(each["previous_error"] for each in details) == {"rate_limited": 61, "timeout": 24}
    assert {each["job"] for each in details} == {job for job in jobs if await desk.site.state(job) == "waiting"}
    assert acted.document["audit"] == [entry["audit_id"] for entry in audit]


async def test_a_replayed_job_runs_and_calls_back_under_a_new_key(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    assert (await desk.replay("--yes")).code == 0
    await desk.site.serve()
    await desk.site.reaches(job, "completed")
    (callback,) = await desk.site.core_api.wait_for(1)

    added = (await desk.site.hash(job))["timestamp"]
    assert callback.headers["idempotency-key"] == f"{QUEUE}:{job}:{added}:1:complete"
    (variant,) = await desk.site.variants()
    assert callback.body["resultId"] == variant["id"]
    assert [(run["epoch"], run["state"]) for run in await desk.site.rows(OF_JOB, job)] == [
        (0, "failed"),
        (1, "succeeded"),
    ]


# The dry run


async def test_a_dry_run_shows_groups_cost_and_the_command_that_then_does_it(desk: Desk) -> None:
    first, second, third = await desk.fail(rate_limited(17), NO_JSON, rate_limited(450))
    words = ("--queue", QUEUE, "--error", "asked us", "--since", "24h", "--reason", "quota raised, INC-204")
    done = await desk.replay(*words)

    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == "2 of 3 failed jobs match (dry run: nothing changed)"
    assert lines[1].split("\t") == ["error", "jobs", "retryable", "oldest", "jobs to look at"]
    error, count, retryable, oldest, examples = lines[2].split("\t")
    assert (error, count, retryable) == ("rate_limited: openai (gpt-4o) asked us to wait N s.", "2", "yes")
    assert datetime.fromisoformat(oldest) < datetime.now(UTC)
    assert sorted(examples.split(", ")) == sorted([f"{QUEUE}:{first}", f"{QUEUE}:{third}"])
    assert "estimated cost: $0.00" in done.out
    assert await desk.site.counts("failed") == (3,)

    command = lines[-1].removeprefix("to run: ")
    assert command == shlex.join(["aiworker", "replay-failed", *words, "--yes"])
    acted = await desk.site.run(*shlex.split(command)[1:])
    assert (acted.code, await desk.site.counts("failed", "waiting")) == (0, (1, 2))
    assert await desk.site.state(second) == "failed"


async def test_permanent_failures_are_left_out_and_the_dry_run_says_how_to_include_them(desk: Desk) -> None:
    await desk.fail(NO_JSON, timed_out(30))
    done = await desk.replay()

    assert "to replay: 1 (1 permanent left out)" in done.out
    assert "\tno*\t" in done.out
    assert "--include-permanent" in done.out

    acted = await desk.replay("--include-permanent", "--yes")
    assert (acted.code, await desk.site.counts("failed", "waiting")) == (0, (0, 2))
    assert acted.out.startswith("2 replayed, 0 answered by their receipt, 0 gone, 0 locked, 0 refused")
    assert acted.err == "replaying 2 jobs"


async def test_the_json_form_is_one_document_with_the_command(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    done = await desk.replay("--keep-attempts", "--limit", "5", "--json")

    document = done.document
    assert (document["schema"], document["dry_run"]) == ("aiworker.replay-failed/1", True)
    assert document["command"] == "aiworker replay-failed --limit 5 --keep-attempts --json --yes"
    (group,) = document["groups"]
    assert (group["error"], group["examples"]) == ("timeout: No answer within N s.", [f"{QUEUE}:{job}"])
    assert (document["estimated_cost_usd"], document["jobs_without_estimate"]) == (0.0, 1)


async def test_nothing_matched_is_ok_and_6_if_that_is_to_fail(desk: Desk) -> None:
    assert (await desk.replay()).code == 0
    assert (await desk.replay("--fail-on-empty", "--yes")).code == 6
    await desk.fail(NO_JSON)
    assert (await desk.replay("--fail-on-empty")).code == 6


async def test_no_variable_turns_a_dry_run_into_the_act(desk: Desk) -> None:
    await desk.fail(timed_out(30))
    done = await desk.replay(AIWORKER_YES="1")

    assert "dry run" in done.out
    assert await desk.site.counts("failed") == (1,)


# Acting


async def test_the_actor_can_be_named(desk: Desk) -> None:
    await desk.fail(timed_out(30))
    await desk.replay("--yes", "--actor", "support-desk", "--reason", "asked by the college")

    (entry,) = await desk.site.rows(AUDIT)
    assert (entry["actor"], entry["reason"]) == ("support-desk", "asked by the college")


async def test_an_edited_field_reaches_the_run(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    assert (await desk.replay("--set", "tone=concise", "--yes")).code == 0
    await desk.site.serve()
    await desk.site.reaches(job, "completed")

    assert json.loads((await desk.site.hash(job))["data"]) == payload(tone="concise")


async def test_an_edit_that_does_not_fit_is_refused_with_the_reason_and_exits_6(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    dry = await desk.replay("--set", "tone=Quillonde")
    acted = await desk.replay("--set", "tone=Quillonde", "--yes", "--json")

    assert (dry.code, acted.code) == (0, 6)
    assert "to replay: 0 (1 refused)" in dry.out
    (refusal,) = acted.document["refused"]
    assert refusal.startswith(f"{QUEUE}:{job}: ")
    assert "tone: not one of" in refusal
    assert await desk.site.state(job) == "failed"
    assert await desk.site.rows(AUDIT) == []


async def test_a_rate_holds_jobs_back_and_ctrl_c_leaves_the_rest_untouched(desk: Desk) -> None:
    await desk.fail(timed_out(1), timed_out(2), timed_out(3))
    running = await desk.site.start("replay-failed", "--rate", "1/h", "--yes")

    async def first_is_sent() -> bool:
        return await desk.site.counts("failed", "waiting") == (2, 1)

    await eventually(first_is_sent, "the first job is sent", within=LOADING)
    running.interrupt()

    assert await running.ended() == 130
    assert "stopped after 1 of 3 jobs; the same command does the rest" in "\n".join(running.err)
    assert await desk.site.counts("failed", "waiting") == (2, 1)
    assert len(await desk.site.rows(AUDIT)) == 1


async def test_a_replay_killed_between_the_epoch_and_redis_can_be_repeated(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    async with dammed(desk.site.variables["REDIS_URL"]) as (dam, url):
        running = await desk.site.start("replay-failed", "--yes", REDIS_URL=url)
        async with asyncio.timeout(LOADING):
            await dam.held.wait()
        await running.kill()

    assert await desk.site.state(job) == "failed"
    assert [run["state"] for run in await desk.site.rows(OF_JOB, job)] == ["failed", "replayed"]
    assert len(await desk.site.rows(AUDIT)) == 1

    assert (await desk.replay("--yes")).code == 0
    await desk.site.serve()
    await desk.site.reaches(job, "completed")
    assert [(run["epoch"], run["state"]) for run in await desk.site.rows(OF_JOB, job)] == [
        (0, "failed"),
        (1, "failed"),
        (2, "succeeded"),
    ]


# What cannot be done


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-Q", "ai-job"), "did you mean ai-jobs?"),
        (("--since", "yesterday"), "--since takes 15m"),
        (("--until", "20261120T25"), "--until takes 15m"),
        (("--since", "99999999d"), "--since takes 15m"),
        (("--rate", "fast"), "--rate takes"),
        (("--rate", "0/s"), "--rate takes"),
        (("--set", "tone"), "--set takes field=value"),
        (("--limit", "0"), "--limit"),
    ],
)
def test_an_option_that_means_nothing_exits_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    scrub(monkeypatch, tmp_path)
    ran = aiworker("replay-failed", *options)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


@pytest.mark.parametrize(
    "variables", [{"REDIS_URL": NOWHERE}, {"DATABASE_URL": NO_DATABASE}], ids=["redis", "postgres"]
)
async def test_without_a_server_it_exits_4_with_its_address(desk: Desk, variables: dict[str, str]) -> None:
    done = await desk.replay("--yes", **variables)

    assert (done.code, done.out) == (4, "")
    assert "127.0.0.1:1" in done.err
    assert "hunter2" not in done.err


async def test_a_schema_that_is_not_there_exits_3(desk: Desk) -> None:
    await desk.site.db.execute("DROP SCHEMA aiworker CASCADE")

    assert (await desk.replay()).code == 3
