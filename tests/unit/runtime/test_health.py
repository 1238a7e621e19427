"""What a serving process says of itself in each state its workers can be in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import pytest

from aiworker.errors import AiworkerError, ServiceUnreachable, TransientFault
from aiworker.policies import QueuePolicy, policy_for
from aiworker.queue.reliable import Timing
from aiworker.queue.worker import QueueWorker, WorkerState
from aiworker.runtime.execute import Runtime
from aiworker.runtime.health import ANSWERS_WITHIN, STALE_AFTER, Health
from aiworker.runtime.relay import Relay
from aiworker.runtime.supervisor import Supervisor
from aiworker.runtime.wiring import Wired
from aiworker.store.database import Database
from tests.support.jobs import NOW, Clock, runtime

FRESH = NOW - STALE_AFTER
STALE = FRESH - timedelta(microseconds=1)
SILENT = NOW - ANSWERS_WITHIN - timedelta(microseconds=1)
SLOTS = policy_for("ai-jobs").concurrency


@dataclass
class StubWorker:
    """A worker whose state is given."""

    state: WorkerState = WorkerState.RUNNING
    is_consuming: bool = True
    last_fetch_at: datetime | None = NOW
    last_ping_at: datetime | None = NOW
    jobs_in_hand: int = 0
    policy: QueuePolicy = field(default_factory=lambda: policy_for("ai-jobs"))


@dataclass
class StubDatabase:
    """A database that answers, or fails as told."""

    fault: AiworkerError | None = None

    missing: tuple[str, ...] = ()

    async def run(self, tenant: None, work: object, *, readonly: bool) -> list[str]:
        if self.fault:
            raise self.fault
        return list(self.missing)


def health(
    *workers: StubWorker,
    draining: bool = False,
    database: AiworkerError | None = None,
    missing: tuple[str, ...] = (),
) -> Health:
    wired: Runtime = runtime(cast("Database", StubDatabase(database, missing)))
    supervisor = Supervisor(
        wired=Wired(wired, Relay(wired.database, {}, Clock(), lambda: 0.5)),
        policies=(),
        redis_url="",
        prefix="bull",
        provider="offline",
        now=Clock(),
        workers={name: cast("QueueWorker", stub) for name, stub in zip(NAMES, workers, strict=False)},
        draining=draining,
    )
    return Health(supervisor)


NAMES = ("ai-jobs", "interview")
DEAD = StubWorker(is_consuming=False)
STATES = [
    pytest.param(StubWorker(), True, id="running"),
    pytest.param(DEAD, False, id="running, its consumer ended"),
    pytest.param(StubWorker(WorkerState.RESTARTING, is_consuming=False), False, id="restarting"),
    pytest.param(StubWorker(WorkerState.STOPPED, is_consuming=False), False, id="stopped by itself"),
    pytest.param(StubWorker(last_fetch_at=FRESH), True, id="fetched just in time"),
    pytest.param(StubWorker(last_fetch_at=STALE), False, id="stale with free slots"),
    pytest.param(StubWorker(last_fetch_at=STALE, jobs_in_hand=SLOTS - 1), False, id="stale with one free slot"),
    pytest.param(StubWorker(last_fetch_at=STALE, jobs_in_hand=SLOTS), True, id="stale with every slot taken"),
]


@pytest.mark.parametrize(("worker", "fine"), STATES)
async def test_a_worker_is_alive_and_ready_as_long_as_it_consumes(worker: StubWorker, fine: bool) -> None:
    asked = health(worker)
    assert asked.live().ok is fine
    assert (await asked.ready()).ok is fine


@pytest.mark.parametrize(("worker", "fine"), STATES)
async def test_one_bad_worker_among_good_ones_is_enough(worker: StubWorker, fine: bool) -> None:
    asked = health(StubWorker(), worker)
    assert asked.live().ok is fine
    assert (await asked.ready()).ok is fine


NOT_STUCK = [
    pytest.param(StubWorker(last_fetch_at=STALE, last_ping_at=STALE), False, id="Redis just went away"),
    pytest.param(StubWorker(last_fetch_at=SILENT, last_ping_at=SILENT), False, id="Redis away"),
    pytest.param(StubWorker(last_fetch_at=STALE, last_ping_at=NOW - STALE_AFTER), False, id="pinged after the fetch"),
    pytest.param(StubWorker(last_fetch_at=SILENT - STALE_AFTER * 2, last_ping_at=SILENT), False, id="stuck, then away"),
    pytest.param(
        StubWorker(last_fetch_at=SILENT, last_ping_at=SILENT, jobs_in_hand=SLOTS), False, id="away, every slot taken"
    ),
    pytest.param(StubWorker(last_ping_at=None), True, id="started, not pinged yet"),
    pytest.param(StubWorker(last_ping_at=None, jobs_in_hand=SLOTS), True, id="busy at once, not pinged yet"),
    pytest.param(StubWorker(last_fetch_at=STALE, last_ping_at=None), False, id="away since the start"),
    pytest.param(StubWorker(last_fetch_at=None, last_ping_at=None), False, id="nothing heard of Redis yet"),
    pytest.param(StubWorker(last_ping_at=SILENT), True, id="replaced, fetching, not pinged yet"),
    pytest.param(
        StubWorker(last_fetch_at=SILENT, last_ping_at=NOW - ANSWERS_WITHIN, jobs_in_hand=SLOTS),
        True,
        id="every slot taken, pinged just in time",
    ),
]


@pytest.mark.parametrize(("worker", "is_ready"), NOT_STUCK)
async def test_a_worker_is_alive_while_redis_is_away_and_ready_only_while_it_answers(
    worker: StubWorker, is_ready: bool
) -> None:
    asked = health(StubWorker(), worker)
    assert asked.live().ok
    assert (await asked.ready()).ok is is_ready


def test_three_pings_may_fail_before_redis_counts_as_away() -> None:
    timing = Timing()
    assert 3 * (timing.ping_every + timing.ping_limit) <= ANSWERS_WITHIN


async def test_the_checks_say_why_a_running_worker_is_not_ready() -> None:
    away = StubWorker(last_fetch_at=SILENT, last_ping_at=SILENT)
    report = await health(StubWorker(last_fetch_at=STALE), away).ready()
    assert report.checks["queue ai-jobs"] == "running, fetches nothing"
    assert report.checks["queue interview"] == "running, Redis does not answer"


DRAINING = [StubWorker(WorkerState.DRAINING, is_consuming=False), StubWorker(WorkerState.STOPPED, is_consuming=False)]


@pytest.mark.parametrize("worker", DRAINING, ids=lambda worker: str(worker.state))
async def test_a_draining_process_is_alive_and_not_ready(worker: StubWorker) -> None:
    asked = health(DRAINING[0], worker, draining=True)
    assert asked.live().ok
    report = await asked.ready()
    assert not report.ok and report.checks["drain"] == "draining"


async def test_a_worker_that_is_draining_on_its_own_is_alive_and_not_ready() -> None:
    asked = health(DRAINING[0])
    assert asked.live().ok and not (await asked.ready()).ok


@pytest.mark.parametrize("workers", [(), (StubWorker(WorkerState.STARTING, is_consuming=False, last_fetch_at=None),)])
async def test_a_process_that_is_starting_is_alive_and_not_ready(workers: tuple[StubWorker, ...]) -> None:
    assert health(*workers).live().ok
    assert not (await health(*workers).ready()).ok
    assert health(*workers).health()["worker_active"] is False


async def test_a_schema_that_lacks_a_migration_is_not_ready() -> None:
    report = await health(StubWorker(), missing=("core/0009_later",)).ready()
    assert not report.ok and report.checks["schema"] == "1 migrations missing"


async def test_a_process_without_workers_is_not_active() -> None:
    assert health().health()["worker_active"] is False


@pytest.mark.parametrize("fault", [ServiceUnreachable("at canary"), TransientFault("at canary", code="contention")])
async def test_without_postgres_it_is_alive_but_not_ready_and_tells_the_code_alone(fault: AiworkerError) -> None:
    asked = health(StubWorker(), database=fault)
    assert asked.live().ok
    report = await asked.ready()
    assert not report.ok
    assert report.checks == {"queue ai-jobs": "running", "postgres": fault.code}


async def test_the_checks_name_each_queue_and_its_state() -> None:
    asked = health(StubWorker(), StubWorker(WorkerState.RESTARTING, is_consuming=False))
    expected = {"queue ai-jobs": "running", "queue interview": "restarting"}
    assert asked.live().checks == expected
    assert (await asked.ready()).checks == expected | {"postgres": "ok", "schema": "ok"}


@pytest.mark.parametrize(("workers", "active"), [((StubWorker(),), True), ((StubWorker(), DEAD), False)])
def test_the_document_s_answer_has_its_three_keys(workers: tuple[StubWorker, ...], active: bool) -> None:
    assert health(*workers).health() == {"status": "ok", "worker_active": active, "llm_provider": "offline"}
