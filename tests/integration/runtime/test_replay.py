"""What a replay plans, writes and sends back, on a real queue and a real database."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncGenerator, Awaitable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, cast

import asyncpg
import pytest

from aiworker import embedded
from aiworker.envelope import to_milliseconds
from aiworker.errors import InvalidAnswer, JobFailed, NotFound, ServiceUnreachable, TransientFault
from aiworker.policies import POLICIES
from aiworker.processors import PROCESSORS
from aiworker.protocol import JsonValue
from aiworker.queue.inspection import Inspector, Sent, Standing, StoredJob
from aiworker.runtime.replay import Plan, Replay, Tally
from aiworker.runtime.selection import Filters
from aiworker.store.database import Database
from tests.integration.queue.room import HASTY, QUEUE, Gate, Room, eventually, utc_now
from tests.integration.runtime.failing import JOB, NO_JSON, failed_jobs, rate_limited, timed_out, working
from tests.integration.runtime.rows import outbox, rows, runs, variants
from tests.support.jobs import TENANT, ScriptedModel, insert_example, payload

ALL = Filters((QUEUE,))
AUDIT = "SELECT * FROM aiworker.audit ORDER BY audit_id"
OF_JOB = "SELECT * FROM aiworker.runs WHERE job_id = $1 ORDER BY epoch, created_at"


class _Commands(Protocol):
    """redis-py leaves this one's parameters untyped."""

    def execute_command(self, *words: object) -> Awaitable[Any]: ...


class Crash(Exception):
    """What a test raises in place of a kill."""


@dataclass
class Desk:
    """Where a test replays from."""

    room: Room
    database: Database
    inspector: Inspector

    def replay(self, inspector: Inspector | None = None, **given: Any) -> Replay:
        replay = Replay(
            database=self.database,
            inspector=inspector or self.inspector,
            processors=PROCESSORS,
            policies=POLICIES,
            prefix=self.room.prefix,
            now=utc_now,
            actor="meera",
            reason="INC-204 quota raised",
        )
        return replace(replay, **given)

    async def plan(self, filters: Filters = ALL, *, include_permanent: bool = False, **given: Any) -> Plan:
        return await self.replay(**given).plan(filters, include_permanent=include_permanent)

    async def run(self, plan: Plan, pause: timedelta = timedelta(0), **given: Any) -> Tally:
        tally = Tally()
        done = [each async for each in self.replay(**given).run(plan, tally, pause=pause)]
        assert len(done) == tally.done == len(plan.jobs)
        return tally

    async def replay_all(self, filters: Filters = ALL, *, include_permanent: bool = False, **given: Any) -> Tally:
        return await self.run(await self.plan(filters, include_permanent=include_permanent, **given), **given)

    async def fail(self, *faults: BaseException | str, **given: Any) -> list[str]:
        return await failed_jobs(self.room, self.database, *faults, **given)

    async def rows(self, query: str, *args: object) -> list[dict[str, Any]]:
        return await rows(self.database, query, *args)

    async def redis(self, *words: object) -> Any:
        return await cast("_Commands", self.room.redis).execute_command(*words)

    async def work(self, job: str, state: str = "completed") -> None:
        """Start a healthy worker and wait for the job."""
        await self.room.start(working(self.database))
        await self.room.reaches(job, state, within=15.0)


@pytest.fixture
async def desk(servers: embedded.Servers, database: Database) -> AsyncGenerator[Desk]:
    await insert_example(database)
    room = Room(servers.redis_url, prefix=f"t{uuid.uuid4().hex[:12]}")
    try:
        async with Inspector(room.url, prefix=room.prefix) as inspector:
            yield Desk(room, database, inspector)
    finally:
        await room.leave()


def tallied(tally: Tally) -> tuple[int, int, int, int, int]:
    return tally.replayed, tally.receipts, tally.gone, tally.locked, len(tally.refused)


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


# Editing


async def test_an_edited_payload_is_what_the_new_run_works_on(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    assert tallied(await desk.replay_all(changes={"tone": "concise"})) == (1, 0, 0, 0, 0)
    first, second = await desk.rows(OF_JOB, job)
    assert first["payload_hash"] != second["payload_hash"]
    await desk.work(job)

    data = json.loads(await desk.room.field(job, "data") or "")
    assert data == payload(tone="concise")
    assert [(run["epoch"], run["state"]) for run in await desk.rows(OF_JOB, job)] == [(0, "failed"), (1, "succeeded")]
    assert await desk.rows("SELECT tone FROM aiworker.resume_rewrites") == [{"tone": "concise"}]
    (entry,) = await desk.rows(AUDIT)
    assert json.loads(entry["details"])["changed"] == ["tone"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tone": "shouting"}, "tone: not one of concise, detailed, professional"),
        ({"resume_id": 7}, "resume_id: must be a text"),
        ({"colour": "red"}, "has no field colour"),
        ({"job_description": "x" * 300_000}, "the limit is 262,144"),
    ],
)
async def test_an_edit_that_makes_a_payload_invalid_is_refused_and_changes_nothing(
    desk: Desk, changes: dict[str, JsonValue], said: str
) -> None:
    (job,) = await desk.fail(timed_out(30))
    before = await desk.redis("HGETALL", desk.room.key(job))
    plan = await desk.plan(changes=changes)
    tally = await desk.run(plan, changes=changes)

    assert plan.jobs == ()
    assert tallied(tally) == (0, 0, 0, 0, 1)
    assert tally.refused[0].startswith(f"{QUEUE}:{job}: ")
    assert said in tally.refused[0]
    assert await desk.redis("HGETALL", desk.room.key(job)) == before
    assert await desk.rows(AUDIT) == []
    assert len(await runs(desk.database)) == 1


async def test_only_the_job_an_edit_does_not_fit_is_refused(desk: Desk) -> None:
    (bad,) = await desk.fail(timed_out(30), data=[1, 2])
    (good,) = await desk.fail(timed_out(30))
    plan = await desk.plan(include_permanent=True, changes={"tone": "concise"})
    tally = await desk.run(plan, changes={"tone": "concise"})

    assert tallied(tally) == (1, 0, 0, 0, 1)
    assert "no object" in tally.refused[0]
    assert (await desk.room.state(bad), await desk.room.state(good)) == ("failed", "waiting")


async def test_a_job_whose_payload_stops_fitting_after_the_plan_is_refused_in_the_run(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    plan = await desk.plan(changes={"tone": "concise"})
    await desk.room.write_field(job, "data", "[]")

    assert tallied(await desk.run(plan, changes={"tone": "concise"})) == (0, 0, 0, 0, 1)


# Others at the same jobs


async def test_a_job_that_is_gone_by_its_turn_is_counted(desk: Desk) -> None:
    gone, there = await desk.fail(timed_out(30), timed_out(31))
    plan = await desk.plan()
    await desk.redis("DEL", desk.room.key(gone))

    assert tallied(await desk.run(plan)) == (1, 0, 1, 0, 0)
    assert await desk.room.state(there) == "waiting"
    assert len(await desk.rows(AUDIT)) == 1


async def test_a_job_somebody_else_has_retried_is_counted_and_its_run_is_not_ended(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    plan = await desk.plan()
    found = await desk.inspector.job(QUEUE, job)
    await desk.inspector.retry(found, data=found.data, reset_attempts=False)
    gate, work = Gate(), working(desk.database)

    async def held(envelope: Any, abort: Any) -> Any:
        await gate(envelope, abort)
        return await work(envelope, abort)

    await desk.room.start(held)
    await eventually(lambda: gate.seen, "somebody works on it")
    tally = await desk.run(plan)
    gate.opened.set()
    await desk.room.reaches(job, "completed")

    assert tallied(tally) == (0, 0, 0, 1, 0)
    assert [entry["action"] for entry in await desk.rows(AUDIT)] == ["retry-from-outside"]


async def test_a_job_that_failed_once_more_since_the_plan_is_not_the_one_that_was_planned(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    plan = await desk.plan()
    await desk.room.write_field(job, "finishedOn", "1795000000000")

    assert tallied(await desk.run(plan)) == (0, 0, 0, 1, 0)


class Meddled(Inspector):
    """An inspector behind whose back something happens right before a job is sent."""

    def __init__(self, desk: Desk, meddle: Any) -> None:
        super().__init__(desk.room.url, prefix=desk.room.prefix)
        self._meddle = meddle

    async def retry(self, job: StoredJob, *, data: str, reset_attempts: bool) -> Sent:
        await self._meddle(job)
        return await super().retry(job, data=data, reset_attempts=reset_attempts)


async def test_an_epoch_whose_job_goes_in_the_last_moment_is_withdrawn(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    plan = await desk.plan()

    async def remove(stored: StoredJob) -> None:
        await desk.redis("DEL", desk.room.key(stored.job_id))

    async with Meddled(desk, remove) as inspector:
        tally = await desk.run(plan, inspector=inspector)

    assert tallied(tally) == (0, 0, 1, 0, 0)
    last = (await desk.rows(OF_JOB, job))[-1]
    assert (last["epoch"], last["state"], last["error_code"]) == (1, "failed", "withdrawn")
    assert [entry["action"] for entry in await desk.rows(AUDIT)] == ["replay", "replay-withdrawn"]


async def test_a_job_retried_in_the_last_moment_runs_as_the_epoch_that_waits_for_it(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    plan = await desk.plan()

    async def retried_first(stored: StoredJob) -> None:
        await desk.inspector.retry(stored, data=stored.data, reset_attempts=True)

    async with Meddled(desk, retried_first) as inspector:
        tally = await desk.run(plan, inspector=inspector)
    await desk.work(job)

    assert tallied(tally) == (0, 0, 0, 1, 0)
    assert [(run["epoch"], run["state"]) for run in await desk.rows(OF_JOB, job)] == [(0, "failed"), (1, "succeeded")]


async def test_two_replays_of_the_same_jobs_at_once_send_each_back_once(desk: Desk) -> None:
    jobs = await desk.fail(*(timed_out(number) for number in range(1, 9)))
    plan = await desk.plan()
    tallies = await asyncio.gather(desk.run(plan), desk.run(plan), desk.run(plan))

    assert sum(tally.replayed for tally in tallies) == len(jobs)
    assert sum(tally.locked for tally in tallies) == 2 * len(jobs)
    await desk.room.start(working(desk.database))
    for job in jobs:
        await desk.room.reaches(job, "completed")
        assert [run["state"] for run in await desk.rows(OF_JOB, job)].count("succeeded") == 1


async def test_two_replays_with_different_edits_leave_one_run_and_lose_no_job(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))
    plan = await desk.plan()

    async def other_first(stored: StoredJob) -> None:
        assert tallied(await desk.run(plan, changes={"tone": "concise"})) == (1, 0, 0, 0, 0)

    async with Meddled(desk, other_first) as inspector:
        tally = await desk.run(plan, inspector=inspector)
    await desk.work(job)

    assert tallied(tally) == (0, 0, 0, 1, 0)
    states = [(run["state"], run["error_code"]) for run in await desk.rows(OF_JOB, job)]
    assert states == [("failed", "timeout"), ("failed", "replayed"), ("succeeded", None)]


async def test_a_job_sent_back_for_an_ended_epoch_runs_instead_of_repeating_an_error(desk: Desk) -> None:
    """A replay that is overtaken between its epoch and Redis by another one with an edit, and still is the first."""
    (job,) = await desk.fail(timed_out(30))
    plan = await desk.plan()
    overtaking = asyncio.Event()

    async def first_is_sent(stored: StoredJob) -> None:
        overtaking.set()
        await eventually(lambda: _left_failed(desk, job), "the first replay has sent it")

    async def overtaken(stored: StoredJob) -> None:
        task = asyncio.create_task(desk.run(plan, inspector=second, changes={"tone": "concise"}))
        await overtaking.wait()
        tasks.append(task)

    tasks: list[asyncio.Task[Tally]] = []
    async with Meddled(desk, first_is_sent) as second, Meddled(desk, overtaken) as first:
        tally = await desk.run(plan, inspector=first)
        (other,) = await asyncio.gather(*tasks)
    await desk.work(job)

    assert (tallied(tally), tallied(other)) == ((1, 0, 0, 0, 0), (0, 0, 0, 1, 0))
    assert [(run["state"], run["error_code"]) for run in await desk.rows(OF_JOB, job)] == [
        ("failed", "timeout"),
        ("failed", "replayed"),
        ("failed", "withdrawn"),
        ("succeeded", None),
    ]


async def _left_failed(desk: Desk, job: str) -> bool:
    return await desk.room.state(job) != "failed"


# Crashes and outages


@pytest.mark.parametrize("changes", [{}, {"tone": "concise"}], ids=["as it was", "edited"])
async def test_a_replay_that_died_between_the_epoch_and_redis_is_visible_and_can_be_repeated(
    desk: Desk, changes: dict[str, JsonValue]
) -> None:
    (job,) = await desk.fail(timed_out(30))
    plan = await desk.plan(changes=changes)

    async def die(stored: StoredJob) -> None:
        raise Crash

    async with Meddled(desk, die) as inspector:
        with pytest.raises(Crash):
            await desk.run(plan, inspector=inspector, changes=changes)
    assert await desk.room.state(job) == "failed"
    assert [run["state"] for run in await desk.rows(OF_JOB, job)] == ["failed", "replayed"]
    assert len(await desk.rows(AUDIT)) == 1

    assert tallied(await desk.replay_all(changes=changes)) == (1, 0, 0, 0, 0)
    assert [run["state"] for run in await desk.rows(OF_JOB, job)] == ["failed", "failed", "replayed"]
    await desk.work(job)
    assert [(run["epoch"], run["state"]) for run in await desk.rows(OF_JOB, job)] == [
        (0, "failed"),
        (1, "failed"),
        (2, "succeeded"),
    ]
    assert [json.loads(entry["details"])["epoch"] for entry in await desk.rows(AUDIT)] == [1, 2]


async def test_after_a_replay_that_died_an_outside_retry_runs_the_epoch_it_left(desk: Desk) -> None:
    (job,) = await desk.fail(timed_out(30))

    async def die(stored: StoredJob) -> None:
        raise Crash

    async with Meddled(desk, die) as inspector:
        with pytest.raises(Crash):
            await desk.run(await desk.plan(), inspector=inspector)
    found = await desk.inspector.job(QUEUE, job)
    await desk.inspector.retry(found, data=found.data, reset_attempts=False)
    await desk.work(job)

    assert [(run["epoch"], run["state"]) for run in await desk.rows(OF_JOB, job)] == [(0, "failed"), (1, "succeeded")]


async def test_being_cancelled_finishes_the_job_in_hand_and_leaves_the_rest(desk: Desk) -> None:
    first, second = await desk.fail(timed_out(1), timed_out(2))
    tally, plan = Tally(), await desk.plan()

    async def press_ctrl_c(stored: StoredJob) -> None:
        running.cancel()
        await asyncio.sleep(0)

    async with Meddled(desk, press_ctrl_c) as inspector:

        async def replay() -> None:
            async for _ in desk.replay(inspector=inspector).run(plan, tally):
                pass

        running = asyncio.create_task(replay())
        with pytest.raises(asyncio.CancelledError):
            await running

    assert (tally.done, tally.replayed) == (1, 1)
    assert (await desk.room.state(first), await desk.room.state(second)) == ("waiting", "failed")


async def test_without_redis_no_epoch_is_written(desk: Desk) -> None:
    class Lost(Inspector):
        async def standing(self, job: StoredJob) -> Standing:
            raise ServiceUnreachable("Redis is away.")

    await desk.fail(timed_out(30))
    async with Lost(desk.room.url, prefix=desk.room.prefix) as inspector:
        with pytest.raises(ServiceUnreachable):
            await desk.run(await desk.plan(), inspector=inspector)

    assert len(await runs(desk.database)) == 1
    assert await desk.rows(AUDIT) == []


async def test_a_deadlock_costs_a_job_nothing_and_is_counted(desk: Desk) -> None:
    class Unlucky(Inspector):
        async def standing(self, job: StoredJob) -> Standing:
            raise asyncpg.DeadlockDetectedError

    await desk.fail(timed_out(30))
    async with Unlucky(desk.room.url, prefix=desk.room.prefix) as inspector:
        assert tallied(await desk.run(await desk.plan(), inspector=inspector)) == (0, 0, 0, 1, 0)


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
