"""One job and what becomes of it: results, outcomes, policy and the text a failure shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from aiworker.envelope import Envelope, to_milliseconds
from aiworker.errors import BadEnvelope, Interrupted, NotFound, RateLimited, TransientFault
from aiworker.protocol import Abort, JsonValue
from aiworker.queue.delivery import Retention
from aiworker.queue.events import EventKind, QueueEvent
from aiworker.queue.isolation import Handler
from tests.integration.queue.room import Gate, Room, done, eventually, policy, raising, returning, utc_now


async def test_a_result_is_stored_as_the_jobs_return_value(room: Room) -> None:
    await room.start(returning({"resultId": "variant-1", "texts": ["naïve", "₹"]}))
    job = await room.add()
    await room.reaches(job, "completed")
    assert json.loads(await room.field(job, "returnvalue") or "") == {
        "resultId": "variant-1",
        "texts": ["naïve", "₹"],
    }


async def test_the_envelope_holds_the_delivery_and_its_data_to_the_digit(room: Room) -> None:
    gate = Gate()
    await room.start(gate)
    job = await room.add({}, priority=7, attempts=4, tm="trace-1")
    await eventually(lambda: gate.seen, "the job starts")
    gate.opened.set()
    seen = gate.seen[0]
    assert (seen.prefix, seen.queue, seen.name, seen.job_id) == (room.prefix, "ai-jobs", "rewrite-resume", job)
    assert (seen.attempts_made, seen.attempts_started, seen.attempts_allowed) == (0, 1, 4)
    assert (seen.priority, seen.stalled_count, dict(seen.trace)) == (7, 0, {"tm": "trace-1"})
    assert to_milliseconds(seen.added_at) == int(await room.field(job, "timestamp") or 0)
    assert seen.data == "{}"


async def test_data_keeps_the_producers_own_spelling(room: Room) -> None:
    gate = Gate()
    job = await room.add(delay=60_000)
    text = '{ "b" : 8.40, "a":"\\u0939 हिन्दी" }'
    await room.write_field(job, "data", text)
    await room.start(gate)
    await room.queue.promoteJobs()
    await eventually(lambda: gate.seen, "the job starts")
    gate.opened.set()
    assert gate.seen[0].data == text


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (asyncio.CancelledError(), "CancelledError"),
        (SystemExit(1), "SystemExit"),
        (TimeoutError(), "TimeoutError"),
        (ValueError("the student's phone number"), "ValueError"),
    ],
)
async def test_nothing_a_handler_raises_ends_the_worker_or_leaves_the_reason_empty(
    room: Room, error: BaseException, name: str
) -> None:
    running = await room.start(raising(error), policy=policy(attempts=1))
    first = await room.add()
    await room.reaches(first, "failed")
    assert await room.field(first, "failedReason") == f"internal: {name}"
    second = await room.add()
    await room.reaches(second, "failed")
    assert running.worker.is_consuming
    assert running.count(EventKind.WORKER_RESTARTING) == 0


async def test_a_cancelled_sub_task_fails_the_attempt_only(room: Room) -> None:
    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        if envelope.attempts_made == 0:
            sub = asyncio.create_task(asyncio.Event().wait())
            sub.cancel()
            await sub
        return {}

    await room.start(handle)
    job = await room.add()
    await room.reaches(job, "completed")


async def test_a_retry_spends_attempts_and_then_fails_with_the_safe_text(room: Room) -> None:
    gate_events: list[QueueEvent] = []
    await room.start(raising(TransientFault("the platform is away", code="platform_away")), on_event=gate_events.append)
    job = await room.add()
    await room.reaches(job, "failed")
    assert await room.field(job, "failedReason") == "platform_away: the platform is away"
    assert await room.field(job, "atm") == "3"
    failures = [event for event in gate_events if event.kind is EventKind.JOB_FAILED]
    assert [event.is_final for event in failures] == [False, False, True]
    assert all(event.was_handled for event in failures)


async def test_a_cancel_fails_at_once(room: Room) -> None:
    running = await room.start(raising(NotFound("resume r-1")))
    job = await room.add()
    await room.reaches(job, "failed")
    assert await room.field(job, "failedReason") == "not_found: resume r-1"
    assert await room.field(job, "atm") == "1"
    assert (await running.heard(EventKind.JOB_FAILED))[0].is_final


async def test_a_snooze_waits_until_its_time_and_spends_no_attempt(room: Room) -> None:
    seen: list[tuple[Envelope, datetime]] = []

    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        seen.append((envelope, utc_now()))
        if len(seen) == 1:
            raise RateLimited(retry_after=timedelta(milliseconds=400))
        return {}

    running = await room.start(handle)
    job = await room.add(attempts=1)
    await room.reaches(job, "completed")
    (first, began), (second, resumed) = seen
    assert (second.attempts_made, second.attempts_started) == (0, 2)
    assert first.identity == second.identity
    assert timedelta(milliseconds=380) < resumed - began < timedelta(milliseconds=900)
    assert running.count(EventKind.JOB_SNOOZED) == 1


async def test_the_policys_attempts_and_doubling_waits_apply_when_the_producer_set_none(room: Room) -> None:
    times: list[float] = []

    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        times.append(asyncio.get_running_loop().time())
        assert envelope.attempts_allowed == 3
        raise TransientFault("again")

    await room.start(handle, policy=policy(backoff_ms=150))
    job = await room.add()
    await room.reaches(job, "failed")
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert [0.14 < waits[0] < 0.9, 0.29 < waits[1] < 0.95, len(waits)] == [True, True, 2]


async def test_a_producers_own_attempts_win(room: Room) -> None:
    await room.start(raising(TransientFault("again")))
    job = await room.add(attempts=1)
    await room.reaches(job, "failed")
    assert await room.field(job, "atm") == "1"


@pytest.mark.parametrize(
    "backoff",
    [
        {"type": "no-such-kind", "delay": 5},
        {"type": "exponential"},
        {"type": "fixed", "delay": "soon"},
        {"type": "exponential", "delay": 1e308},
        {"type": "fixed", "delay": 1e300, "jitter": 0.5},
        "soon",
    ],
)
async def test_a_backoff_bullmq_cannot_compute_with_does_not_strand_the_job(room: Room, backoff: object) -> None:
    await room.start(raising(TransientFault("again")))
    job = await room.add(attempts=2, backoff=backoff)
    await room.reaches(job, "failed")
    assert await room.field(job, "atm") == "2"


@pytest.mark.parametrize("attempts", ["3", 0, -1, True, None])
async def test_an_attempt_count_bullmq_cannot_compare_counts_as_not_set(room: Room, attempts: object) -> None:
    await room.start(raising(TransientFault("again")))
    job = await room.add(attempts=attempts)
    await room.reaches(job, "failed")
    assert await room.field(job, "atm") == "3"


@pytest.mark.parametrize(
    "result",
    [{"score": float("nan")}, {"at": datetime(2026, 1, 1, tzinfo=UTC)}, {"tags": {"a"}}, {"raw": b"x"}, None, 7],
)
async def test_a_result_json_cannot_hold_is_refused_before_the_job_is_confirmed(room: Room, result: object) -> None:
    running = await room.start(returning(result))
    job = await room.add()
    await room.reaches(job, "failed")
    assert (await room.field(job, "failedReason") or "").startswith("bad_result: ")
    assert await room.field(job, "atm") == "1"
    assert running.count(EventKind.JOB_COMPLETED) == 0


async def test_a_failures_text_and_trace_hold_no_foreign_text_and_no_absolute_path(room: Room) -> None:
    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        try:
            json.loads("secret-of-the-student")
        except ValueError as error:
            raise KeyError("secret-of-the-student") from error
        return {}

    await room.start(handle)
    job = await room.add(attempts=7)
    await room.reaches(job, "failed")
    traces = json.loads(await room.field(job, "stacktrace") or "")
    everything = "\n".join(traces) + (await room.field(job, "failedReason") or "")
    assert "secret" not in everything
    assert "/" + "work" not in everything and "site-packages" not in everything and " /" not in everything
    assert "test_jobs.py" in traces[0] and "KeyError" in traces[0] and "JSONDecodeError" in traces[0]
    assert len(traces) == 5


async def test_a_delivery_says_which_start_failed_last(room: Room) -> None:
    seen: list[Envelope] = []

    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        seen.append(envelope)
        if len(seen) in (1, 3):
            raise TransientFault("again")
        if len(seen) == 2:
            raise RateLimited(retry_after=timedelta(milliseconds=1))
        return {}

    await room.start(handle)
    job = await room.add()
    await room.reaches(job, "completed")
    assert [(e.attempts_started, e.failed_start, e.attempts_made) for e in seen] == [
        (1, 0, 0),
        (2, 1, 1),
        (3, 1, 1),
        (4, 3, 2),
    ]


async def test_finished_jobs_are_kept_by_the_workers_retention(room: Room) -> None:
    await room.start(done, retention=Retention(completed=2, failed=1))
    for _ in range(5):
        job = await room.add()
        await room.reaches(job, "completed")
    counts = await room.queue.getJobCounts("completed")
    assert counts["completed"] == 2


async def test_a_delay_is_exact(room: Room) -> None:
    started: list[datetime] = []

    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        started.append(utc_now())
        return {}

    await room.start(handle)
    job = await room.add(delay=700)
    await room.reaches(job, "completed")
    due = int(await room.field(job, "timestamp") or 0) + 700
    assert 0 <= to_milliseconds(started[0]) - due < 120


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("data", '{"resumeId": "r-1", '),
        ("opts", "[1, 2]"),
        ("opts", "{"),
        ("timestamp", "9" * 30),
        ("priority", "x"),
        *(("timestamp", f"1{'0' * zeros}") for zeros in (16, 20, 23)),
    ],
)
async def test_a_job_that_cannot_be_read_is_handed_on_as_such_and_does_not_stop_the_queue(
    room: Room, name: str, text: str
) -> None:
    seen: list[Envelope] = []

    async def refuse_unreadable(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        seen.append(envelope)
        if not envelope.is_readable:
            raise BadEnvelope
        return {}

    job = await room.add(delay=60_000)
    await room.write_field(job, name, text)
    running = await room.start(refuse_unreadable)
    await room.queue.promoteJobs()
    await room.reaches(job, "failed")
    assert (await room.field(job, "failedReason") or "").startswith("bad_envelope: ")
    (event,) = await running.heard(EventKind.JOB_FAILED)
    assert (event.is_final, event.job_id) == (True, job)
    assert (seen[0].is_readable, seen[0].data == text) == (False, name == "data")
    healthy = await room.add()
    await room.reaches(healthy, "completed")


async def test_data_that_is_not_utf_8_is_refused_instead_of_fetched_for_ever(room: Room) -> None:
    async def read(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        assert "\udcff" in envelope.data
        raise BadEnvelope

    job = await room.add(delay=60_000)
    await room.redis.hset(room.queue.toKey(job), "data", b'{"a":"\xff"}')
    await room.start(read)
    await room.queue.promoteJobs()
    await room.reaches(job, "failed")
    assert (await room.field(job, "failedReason") or "").startswith("bad_envelope: ")


@pytest.mark.parametrize(
    ("why", "text"),
    [("stalled", "job stalled more than allowable limit"), ("failed_children", "child bull:ai-jobs:7 failed")],
)
async def test_a_job_that_bullmq_gave_up_fails_without_its_handler(room: Room, why: str, text: str) -> None:
    gate = Gate()
    job = await room.add(delay=60_000)
    await room.write_field(job, "defa", text)
    running = await room.start(gate)
    await room.queue.promoteJobs()
    await room.reaches(job, "failed")
    assert await room.field(job, "failedReason") == f"{why}: {text}"
    assert gate.seen == []
    assert [event.was_handled for event in await running.heard(EventKind.JOB_FAILED)] == [False]


@pytest.mark.parametrize("handle", [done, raising(TransientFault("again"))])
async def test_a_raising_listener_changes_no_job(room: Room, handle: Handler) -> None:
    calls: list[EventKind] = []

    def listener(event: QueueEvent) -> None:
        calls.append(event.kind)
        raise RuntimeError

    wanted: Mapping[object, str] = {done: "completed"}
    await room.start(handle, on_event=listener)
    job = await room.add()
    await room.reaches(job, wanted.get(handle, "failed"))
    assert EventKind.JOB_STARTED in calls


async def test_an_interrupted_handler_gives_its_job_back(room: Room) -> None:
    deliveries: list[int] = []

    async def handle(envelope: Envelope, abort: Abort) -> Mapping[str, JsonValue]:
        deliveries.append(envelope.attempts_made)
        if len(deliveries) == 1:
            raise Interrupted
        return {}

    await room.start(handle)
    job = await room.add(attempts=1)
    await room.reaches(job, "completed")
    assert deliveries == [0, 0]


async def test_the_worker_leaves_metrics_for_node_to_read(room: Room) -> None:
    await room.start(done)
    job = await room.add()
    await room.reaches(job, "completed")
    assert await room.redis.exists(room.key("metrics:completed")) == 1
