"""What a replay plans, writes and sends back, on a real queue and a real database."""

from __future__ import annotations

import getpass
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aiworker.envelope import to_milliseconds
from aiworker.errors import InvalidAnswer, JobFailed, NotFound, TransientFault
from aiworker.runtime.replay import os_user
from aiworker.runtime.selection import Filters
from tests.integration.queue.room import HASTY, QUEUE, Gate, eventually, utc_now
from tests.integration.runtime.desk import ALL, AUDIT, OF_JOB, Desk, desk, tallied
from tests.integration.runtime.failing import JOB, NO_JSON, rate_limited, timed_out, working
from tests.integration.runtime.rows import outbox, runs, variants
from tests.support.jobs import TENANT, ScriptedModel, payload

__all__ = ["desk"]


# The plan


async def test_a_plan_groups_what_matches_and_leaves_out_what_is_permanent(desk: Desk) -> None:
    jobs = await desk.fail(rate_limited(17), NO_JSON, rate_limited(450), timed_out(30))
    plan = await desk.plan()

    assert [(group.code, group.count, group.verdict) for group in plan.groups] == [
        ("rate_limited", 2, "retryable"),
        ("invalid_answer", 1, "permanent"),
        ("timeout", 1, "retryable"),
    ]
    assert plan.groups[0].error == "rate_limited: openai (gpt-4o) asked us to wait N s."
    assert [each.job_id for each in plan.jobs] == [jobs[0], jobs[2], jobs[3]]
    assert (plan.seen, plan.matched, plan.permanent, plan.beyond_limit) == (4, 4, 1, 0)


async def test_a_plan_changes_nothing(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    before = await desk.redis("HGETALL", desk.room.key(job))
    await desk.plan()

    assert await desk.redis("HGETALL", desk.room.key(job)) == before
    assert await desk.rows(AUDIT) == []
    assert len(await runs(desk.database)) == 1


async def test_permanent_failures_are_planned_if_asked_for(desk: Desk) -> None:
    jobs = await desk.fail(NO_JSON, timed_out(30))

    assert {each.job_id for each in (await desk.plan(include_permanent=True)).jobs} == set(jobs)


async def test_a_limit_takes_the_oldest_failures(desk: Desk) -> None:
    jobs = await desk.fail(timed_out(1), timed_out(2), timed_out(3))
    plan = await desk.plan(replace(ALL, limit=2))

    assert [each.job_id for each in plan.jobs] == jobs[:2]
    assert (plan.matched, plan.beyond_limit) == (3, 1)


async def test_nothing_failed_is_an_empty_plan(desk: Desk) -> None:
    plan = await desk.plan()

    assert (plan.jobs, plan.groups, plan.seen, plan.cost.usd) == ((), (), 0, 0.0)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (replace(ALL, names=(JOB, "other")), "ab"),
        (replace(ALL, names=("other",)), ""),
        (replace(ALL, error="RATE_LIMITED"), "a"),
        (replace(ALL, error="no answer within"), "b"),
        (replace(ALL, tenant=TENANT), "ab"),
        (replace(ALL, tenant="another-college"), ""),
        (replace(ALL, student=str(payload()["student_id"])), "ab"),
        (replace(ALL, student="stu-nobody"), ""),
        (replace(ALL, session="ses-1"), ""),
        (replace(ALL, queues=("evaluation",)), ""),
        (replace(ALL, since=datetime(2020, 1, 1, tzinfo=UTC)), "ab"),
        (replace(ALL, until=datetime(2020, 1, 1, tzinfo=UTC)), ""),
        (replace(ALL, tenant=TENANT, error="timeout"), "b"),
    ],
)
async def test_every_filter_given_must_match(desk: Desk, filters: Filters, expected: str) -> None:
    a, b = await desk.fail(rate_limited(17), timed_out(30))
    plan = await desk.plan(filters)

    assert {each.job_id for each in plan.jobs} == {{"a": a, "b": b}[letter] for letter in expected}


async def test_jobs_can_be_named_by_id_or_by_address(desk: Desk) -> None:
    a, b, _ = await desk.fail(timed_out(1), timed_out(2), timed_out(3))
    plan = await desk.plan(replace(ALL, job_ids=(a, f"{QUEUE}:{b}", "evaluation:3")))

    assert [each.job_id for each in plan.jobs] == [a, b]


async def test_payloads_in_camel_case_are_found_too(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(1), data=payload(sessionId="ses-4711", tenantId="college-2"))

    assert [each.job_id for each in (await desk.plan(replace(ALL, session="ses-4711", tenant="college-2"))).jobs] == [
        job
    ]


async def test_since_and_until_bound_the_time_of_the_failure(desk: Desk) -> None:
    jobs = await desk.fail(timed_out(1), timed_out(2), timed_out(3))
    start = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    for number, job in enumerate(jobs):
        await desk.room.write_field(job, "finishedOn", str(to_milliseconds(start + timedelta(hours=number))))
    plan = await desk.plan(replace(ALL, since=start + timedelta(hours=1), until=start + timedelta(hours=2)))

    assert [each.job_id for each in plan.jobs] == [jobs[1]]


async def test_the_cost_is_estimated_from_completed_runs(desk: Desk) -> None:
    await desk.fail(timed_out(1), timed_out(2))
    assert (await desk.plan()).cost.unknown == 2
    await desk.work(await desk.room.add(payload()))
    async with desk.database.transaction(None) as db:
        await db.execute("UPDATE aiworker.calls SET cost_usd = 0.125 WHERE tenant_id = $1", TENANT)

    cost = (await desk.plan()).cost

    assert (cost.usd, cost.unknown) == (0.25, 0)


# Replaying


async def test_a_replayed_job_really_runs_as_a_new_epoch_with_a_key_of_its_own(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    tally = await desk.replay_all()
    await desk.work(job)

    assert tallied(tally) == (1, 0, 0, 0, 0)
    assert [(run["epoch"], run["state"]) for run in await runs(desk.database)] == [(0, "failed"), (1, "succeeded")]
    assert len(await variants(desk.database)) == 1
    (message,) = await outbox(desk.database)
    added = await desk.room.field(job, "timestamp")
    assert message["idempotency_key"] == f"{QUEUE}:{job}:{added}:1:complete"


async def test_the_audit_says_who_what_why_and_when(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    before = utc_now()
    tally = await desk.replay_all()

    (entry,) = await desk.rows(AUDIT)
    assert (entry["actor"], entry["action"], entry["reason"]) == ("meera", "replay", "INC-204 quota raised")
    assert entry["tenant_id"] == TENANT
    assert before - timedelta(seconds=1) <= entry["at"] <= utc_now() + timedelta(seconds=1)
    assert json.loads(entry["details"]) == {
        "queue": QUEUE,
        "job": job,
        "name": JOB,
        "epoch": 1,
        "answer": "new run",
        "previous_error": "timeout",
        "changed": [],
        "attempts_reset": True,
    }
    newest = (await desk.rows(OF_JOB, job))[-1]
    assert (entry["run_id"], newest["state"], newest["tenant_id"]) == (newest["run_id"], "replayed", TENANT)
    assert tally.audit == [entry["audit_id"]]


async def test_a_second_replay_finds_nothing(desk: Desk) -> None:
    await desk.fail(timed_out(30), rate_limited(17))
    await desk.replay_all()

    assert (await desk.plan()).jobs == ()


async def test_a_replayed_job_that_fails_again_can_be_replayed_again(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    for epoch in (1, 2):
        await desk.replay_all()
        running = await desk.room.start(working(desk.database, ScriptedModel([timed_out(31)])))
        await desk.room.reaches(job, "failed")
        await running.worker.drain(timedelta(seconds=5))
        assert [(run["epoch"], run["error_code"]) for run in await runs(desk.database)][-1] == (epoch, "timeout")

    assert len(await desk.rows("SELECT 1 FROM aiworker.ai_job_errors")) == 3


async def test_a_replayed_job_has_all_its_attempts_again(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30), attempts=2)
    await desk.replay_all()
    model = ScriptedModel([timed_out(31), timed_out(32), timed_out(33)])
    await desk.room.start(working(desk.database, model))
    await desk.room.reaches(job, "failed")

    assert len(model.asked) == 2


async def test_a_job_that_keeps_its_attempts_has_one_more(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30), attempts=2)
    await desk.replay_all(reset_attempts=False)
    model = ScriptedModel([timed_out(31), timed_out(32)])
    await desk.room.start(working(desk.database, model))
    await desk.room.reaches(job, "failed")

    assert len(model.asked) == 1
    assert (await desk.rows(OF_JOB, job))[-1]["epoch"] == 1


async def test_a_job_that_had_stalled_out_runs_and_survives_its_first_stall(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    await desk.room.write_field(job, "stc", "3")
    await desk.replay_all()
    gate = Gate()
    work = working(desk.database)

    async def stall_once(envelope: Any, abort: Any) -> Any:
        await gate(envelope, abort)
        return await work(envelope, abort)

    await desk.room.start(stall_once, timing=HASTY)
    await eventually(lambda: gate.seen, "the job starts")
    await desk.redis("DEL", desk.room.key(job) + ":lock")
    await eventually(lambda: gate.cancelled, "it stalls")
    gate.opened.set()
    await desk.room.reaches(job, "completed")

    assert [each.stalled_count for each in gate.seen] == [0, 1]
    assert (await desk.rows(OF_JOB, job))[-1]["state"] == "succeeded"


async def test_a_run_left_open_is_ended_before_its_job_is_replayed(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    async with desk.database.transaction(None) as db:
        await db.execute("UPDATE aiworker.runs SET state = 'running', finished_at = NULL")
    await desk.replay_all()

    assert [(run["state"], run["error_code"]) for run in await desk.rows(OF_JOB, job)] == [
        ("failed", "replayed"),
        ("replayed", None),
    ]


async def test_a_job_that_no_run_knows_is_replayed_as_its_first(desk: Desk) -> None:
    await desk.fail(timed_out(30))
    async with desk.database.transaction(None) as db:
        await db.execute("TRUNCATE aiworker.runs CASCADE")
    assert tallied(await desk.replay_all()) == (1, 0, 0, 0, 0)

    assert [(run["epoch"], run["state"]) for run in await runs(desk.database)] == [(0, "replayed")]


async def test_a_job_nobody_can_read_is_sent_back_as_it_is(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    await desk.room.write_field(job, "data", "{broken")
    assert tallied(await desk.replay_all()) == (1, 0, 0, 0, 0)
    await desk.work(job, "failed")

    assert (await desk.room.field(job, "failedReason") or "").startswith("bad_envelope: ")
    assert (await desk.rows(OF_JOB, job))[-1]["error_code"] == "bad_envelope"


async def test_a_job_with_a_result_is_sent_back_as_it_is_and_answers_with_its_receipt(desk: Desk) -> None:
    job = await desk.room.add(payload())
    await desk.work(job)
    receipt = await desk.room.field(job, "returnvalue")
    await _fail_in_redis_alone(desk, job)

    tally = await desk.replay_all(changes={"tone": "concise"})
    await desk.room.reaches(job, "completed")

    assert tallied(tally) == (0, 1, 0, 0, 0)
    assert await desk.room.field(job, "returnvalue") == receipt
    assert [(run["epoch"], run["state"]) for run in await runs(desk.database)] == [(0, "succeeded")]
    (entry,) = await desk.rows(AUDIT)
    details = json.loads(entry["details"])
    assert (entry["run_id"], details["answer"], details["changed"]) == (
        (await runs(desk.database))[0]["run_id"],
        "receipt",
        [],
    )


async def _fail_in_redis_alone(desk: Desk, job: str) -> None:
    """Do what a stall right after our commit does: the result is there, and BullMQ says failed."""
    now = to_milliseconds(utc_now())
    await desk.redis("ZREM", desk.room.key("completed"), job)
    await desk.redis("ZADD", desk.room.key("failed"), now, job)
    await desk.redis("HSET", desk.room.key(job), "failedReason", "stalled: too often", "finishedOn", now)


# Pace


async def test_a_rate_spaces_the_jobs(desk: Desk) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    await desk.fail(timed_out(1), timed_out(2), timed_out(3))
    await desk.run(await desk.plan(), pause=timedelta(hours=1), sleep=sleep)

    assert len(waits) == 2
    assert 3_500 < waits[0] <= 3_600 < waits[1] <= 7_200


async def test_without_a_rate_nothing_waits(desk: Desk) -> None:
    async def sleep(seconds: float) -> None:
        raise AssertionError

    await desk.fail(timed_out(1), timed_out(2))
    assert tallied(await desk.run(await desk.plan(), sleep=sleep)) == (2, 0, 0, 0, 0)


# Who


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", nameless)

    assert os_user() == f"uid {os.getuid()}"


# Every way to fail


@pytest.mark.parametrize(
    ("fault", "planned"),
    [
        (TransientFault("again", code="provider_5xx"), True),
        (NotFound("There is no resume res-8812."), False),
        (InvalidAnswer("no JSON"), False),
        (JobFailed("too many", code="too_many_calls"), False),
    ],
    ids=lambda value: getattr(value, "code", str(value)),
)
async def test_what_can_work_is_planned(desk: Desk, fault: BaseException, planned: bool) -> None:
    await desk.fail(fault)

    assert bool((await desk.plan()).jobs) is planned
