"""The life of a run on the real store, driven by hypothesis: claims, zombies, ends and replays in any order."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from aiworker.envelope import Envelope, Scope
from aiworker.errors import Fenced
from aiworker.store import replays, runs
from aiworker.store.runs import Claim, Failed, Succeeded
from tests.support.jobs import NOW, TENANT, envelope, payload

SCOPE = Scope(TENANT)
PICK = st.integers(0, 20)


class Life(RuleBasedStateMachine):
    """One job; the model beside the store is an epoch, a state, a fence and what the epoch's result was."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.db: asyncpg.Connection = self.runner.run(asyncpg.connect(self.url))
        self.job = envelope(payload(), job_id=uuid.uuid4().hex)
        self.started = 0
        self.epoch, self.state, self.fence = 0, "none", 0
        self.claims: list[Claim] = []
        self.results: dict[int, str] = {}

    def teardown(self) -> None:
        self.runner.run(self.db.close())
        self.runner.close()

    def do(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Run one transaction; a Fenced is an answer."""

        async def inside() -> Any:
            async with self.db.transaction():
                return await work()

        try:
            return self.runner.run(inside())
        except Fenced as fenced:
            return fenced

    def delivery(self, started: int) -> Envelope:
        return envelope(payload(), job_id=self.job.job_id, started=started, made=0)

    def is_mine(self, claim: Claim) -> bool:
        return self.state == "running" and (claim.epoch, claim.fence) == (self.epoch, self.fence)

    def a_claim(self, pick: int) -> Claim:
        return self.claims[pick % len(self.claims)]

    @rule(ahead=st.integers(1, 3))
    def deliver(self, ahead: int) -> None:
        self.started += ahead
        self.claim(self.started)

    @precondition(lambda self: self.started > 0)
    @rule(behind=st.integers(0, 3))
    def deliver_late(self, behind: int) -> None:
        self.claim(max(self.started - behind, 1))

    def claim(self, started: int) -> None:
        answer = self.do(lambda: runs.claim(self.db, self.delivery(started), SCOPE, by="machine", now=NOW))
        match self.state:
            case "succeeded":
                assert isinstance(answer, Succeeded) and answer.receipt == {"resultId": self.results[self.epoch]}
            case "failed":
                assert isinstance(answer, Failed) and answer.epoch == self.epoch
            case "running" | "replayed" if started < self.fence:
                assert isinstance(answer, Fenced)
            case _:
                assert isinstance(answer, Claim) and (answer.epoch, answer.fence) == (self.epoch, started)
                self.state, self.fence = "running", started
                self.claims.append(answer)

    @precondition(lambda self: self.claims)
    @rule(pick=PICK)
    def succeed(self, pick: int) -> None:
        claim, result, mine = self.a_claim(pick), uuid.uuid4().hex, self.is_mine(self.a_claim(pick))

        async def finish() -> None:
            await runs.hold(self.db, claim)
            await runs.succeed(self.db, claim, {"resultId": result}, (), now=NOW)

        assert isinstance(self.do(finish), Fenced) is not mine
        if mine:
            assert self.epoch not in self.results, "one result per run and epoch"
            self.state, self.results[self.epoch] = "succeeded", result

    @precondition(lambda self: self.claims)
    @rule(pick=PICK)
    def fail(self, pick: int) -> None:
        claim, mine = self.a_claim(pick), self.is_mine(self.a_claim(pick))

        async def finish() -> None:
            await runs.hold(self.db, claim)
            await runs.fail(self.db, claim, "invalid_answer", attempt=0, now=NOW)

        assert isinstance(self.do(finish), Fenced) is not mine
        self.state = "failed" if mine else self.state

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, end=st.sampled_from([runs.snooze, runs.block]))
    def put_off(self, pick: int, end: Any) -> None:
        self.do(lambda: end(self.db, self.a_claim(pick), now=NOW + timedelta(minutes=pick)))

    @precondition(lambda self: self.state == "failed")
    @rule()
    def replay(self) -> None:
        async def reopen() -> Any:
            known = await replays.epochs(self.db, self.job.identity)
            return await replays.open_replay(
                self.db, self.job.identity, self.job.name, SCOPE, after=known, started=self.started, now=NOW
            )

        opened = self.do(reopen)
        self.epoch, self.state, self.fence = self.epoch + 1, "replayed", self.started + 1
        assert (opened.number, opened.state) == (self.epoch, "replayed")

    @precondition(lambda self: self.state == "failed")
    @rule()
    def retry_from_outside(self) -> None:
        self.started += 1
        delivery = self.delivery(self.started)

        async def reopen() -> Any:
            failed = await runs.claim(self.db, delivery, SCOPE, by="machine", now=NOW)
            assert isinstance(failed, Failed)
            return await runs.open_epoch(self.db, delivery, SCOPE, by="machine", now=NOW)

        claim = self.do(reopen)
        self.epoch, self.state, self.fence = self.epoch + 1, "running", self.started
        assert (claim.epoch, claim.fence) == (self.epoch, self.fence)
        self.claims.append(claim)

    @invariant()
    def the_store_says_the_same(self) -> None:
        if self.state == "none":
            return
        rows = self.runner.run(
            self.db.fetch(
                "SELECT epoch, state, fence, receipt, starts, clean_ends FROM aiworker.runs WHERE job_id = $1 "
                "ORDER BY epoch",
                self.job.job_id,
            )
        )
        last = rows[-1]
        assert (last["epoch"], last["state"], last["fence"]) == (self.epoch, self.state, self.fence)
        assert [row["epoch"] for row in rows] == list(range(self.epoch + 1))
        assert {row["epoch"] for row in rows if row["state"] == "succeeded"} == self.results.keys()


@pytest.mark.timeout(90)
def test_a_run_has_one_result_per_epoch_whatever_happens(database_url: str) -> None:
    machine = type("LifeHere", (Life,), {"url": database_url})
    patient = settings(
        max_examples=40,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=True,
    )
    run_state_machine_as_test(machine, settings=patient)
