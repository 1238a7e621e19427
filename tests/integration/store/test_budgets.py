"""Budgets on a real PostgreSQL: never overdrawn, settled once, given back when nobody settles."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from aiworker.envelope import Scope
from aiworker.protocol import Connection
from aiworker.store import budgets, runs
from aiworker.store.budgets import Caps, Held, Hold, Spent
from aiworker.store.database import Database
from tests.integration.runtime.rows import rows
from tests.support.jobs import NOW, TENANT, envelope

LEASE = timedelta(minutes=2)
DAY = Caps(tenant_day=Decimal(1))
DAY_OF_TWO = Caps(tenant_day=Decimal(2))
JOB = Caps(job=Decimal(1))


async def new_run(database: Database, tenant: str = TENANT) -> str:
    claimed = await database.run(tenant, lambda db: runs.claim(db, envelope(), Scope(tenant), by="test", now=NOW))
    return claimed.run_id


async def hold(
    database: Database, run: str, dollars: str, caps: Caps, *, tenant: str = TENANT, now: datetime = NOW
) -> Hold | Spent | Held:
    return await database.run(
        tenant, lambda db: budgets.hold(db, run, tenant, Decimal(dollars), caps, now=now, lease=LEASE)
    )


async def held(database: Database, run: str, dollars: str, caps: Caps, *, now: datetime = NOW) -> Hold:
    granted = await hold(database, run, dollars, caps, now=now)
    assert isinstance(granted, Hold)
    return granted


async def settle(database: Database, granted: Hold, dollars: str) -> None:
    await database.run(granted.tenant, lambda db: budgets.settle(db, granted, Decimal(dollars)))


async def expire(database: Database, now: datetime) -> int:
    return await database.run(None, lambda db: budgets.expire(db, now=now))


async def day(database: Database, tenant: str = TENANT) -> tuple[Decimal, Decimal]:
    (row,) = await rows(database, "SELECT * FROM aiworker.budget_days WHERE tenant_id = $1", tenant)
    return row["spent_usd"], row["held_usd"]


async def test_what_a_call_may_cost_is_held_and_then_replaced_by_what_it_did(database: Database) -> None:
    granted = await held(database, await new_run(database), "0.40", DAY)
    assert await day(database) == (0, Decimal("0.40"))
    await settle(database, granted, "0.0123")
    assert await day(database) == (Decimal("0.0123"), 0)


async def test_a_second_settlement_changes_nothing(database: Database) -> None:
    granted = await held(database, await new_run(database), "0.40", DAY)
    await settle(database, granted, "0.1")
    await settle(database, granted, "0.3")
    assert await day(database) == (Decimal("0.1"), 0)


async def test_a_tenants_day_is_spent_over_all_its_jobs_and_says_so(database: Database) -> None:
    first, second = await new_run(database), await new_run(database)
    await settle(database, await held(database, first, "0.5", DAY), "0.7")
    assert await hold(database, second, "0.31", DAY) == Spent("tenant_day", Decimal("0.7"), Decimal(1))
    await held(database, second, "0.3", DAY)
    assert await day(database) == (Decimal("0.7"), Decimal("0.3"))


async def test_the_first_call_of_a_day_can_be_too_dear_already(database: Database) -> None:
    run = await new_run(database)
    assert await hold(database, run, "1.01", DAY) == Spent("tenant_day", Decimal(0), Decimal(1))
    assert await hold(database, run, "1.01", JOB) == Spent("job", Decimal(0), Decimal(1))
    assert await rows(database, "SELECT * FROM aiworker.budget_days") == []


async def test_a_job_has_a_budget_of_its_own(database: Database) -> None:
    first, second = await new_run(database), await new_run(database)
    await settle(database, await held(database, first, "0.9", JOB), "0.8")
    assert await hold(database, first, "0.3", JOB) == Spent("job", Decimal("0.8"), Decimal(1))
    await held(database, second, "0.3", JOB)


async def test_of_both_budgets_the_one_that_is_spent_is_named(database: Database) -> None:
    run, both = await new_run(database), Caps(job=Decimal("0.5"), tenant_day=Decimal(1))
    assert await hold(database, run, "0.6", both) == Spent("job", Decimal(0), Decimal("0.5"))
    await settle(database, await held(database, await new_run(database), "0.9", DAY), "0.9")
    assert await hold(database, run, "0.2", both) == Spent("tenant_day", Decimal("0.9"), Decimal(1))


async def test_a_new_utc_day_starts_with_a_full_budget(database: Database) -> None:
    run = await new_run(database)
    last_second = NOW.replace(hour=23, minute=59, second=59)
    await settle(database, await held(database, run, "1", DAY, now=last_second), "1")
    assert isinstance(await hold(database, run, "0.1", DAY, now=last_second), Spent)
    await held(database, run, "1", DAY, now=last_second + timedelta(seconds=1))


async def test_tenants_do_not_spend_each_others_money(database: Database) -> None:
    await held(database, await new_run(database), "1", DAY)
    other = await new_run(database, "other-tenant")
    assert isinstance(await hold(database, other, "1", DAY, tenant="other-tenant"), Hold)


async def test_another_tenant_cannot_settle_a_hold(database: Database) -> None:
    granted = await held(database, await new_run(database), "0.4", DAY)
    await settle(database, Hold(granted.hold_id, "other-tenant"), "0")
    assert await day(database) == (0, Decimal("0.4"))


async def test_what_a_dead_worker_held_is_given_back(database: Database) -> None:
    run = await new_run(database)
    await held(database, run, "1", Caps(job=Decimal(1), tenant_day=Decimal(1)))
    assert await expire(database, NOW + LEASE - timedelta(seconds=1)) == 0
    assert await expire(database, NOW + LEASE) == 1
    assert await expire(database, NOW + LEASE) == 0
    assert await day(database) == (0, 0)
    await held(database, run, "1", Caps(job=Decimal(1), tenant_day=Decimal(1)))


async def test_a_settlement_after_the_expiry_still_counts_what_was_spent(database: Database) -> None:
    granted = await held(database, await new_run(database), "0.4", DAY)
    await expire(database, NOW + LEASE)
    await settle(database, granted, "0.25")
    assert await day(database) == (Decimal("0.25"), 0)


async def test_what_a_job_spent_counts_even_if_it_was_settled_after_the_expiry(database: Database) -> None:
    run = await new_run(database)
    granted = await held(database, run, "0.4", JOB)
    await expire(database, NOW + LEASE)
    await settle(database, granted, "0.9")
    assert await hold(database, run, "0.2", JOB, now=NOW + LEASE) == Spent("job", Decimal("0.9"), Decimal(1))


async def test_a_settled_hold_never_expires(database: Database) -> None:
    await settle(database, await held(database, await new_run(database), "0.4", DAY), "0.25")
    assert await expire(database, NOW + timedelta(days=9)) == 0


# Held is not spent


async def test_a_job_whose_money_is_held_may_ask_again_when_the_first_hold_ends(database: Database) -> None:
    run, later = await new_run(database), NOW + timedelta(seconds=30)
    await settle(database, await held(database, run, "0.1", JOB), "0.1")
    await held(database, run, "0.3", JOB)
    await held(database, run, "0.3", JOB, now=later)
    assert await hold(database, run, "0.5", JOB, now=later) == Held("job", NOW + LEASE)


async def test_a_jobs_holds_end_when_their_time_is_up_swept_or_not(database: Database) -> None:
    run = await new_run(database)
    await held(database, run, "1", JOB)
    last_moment = NOW + LEASE - timedelta(milliseconds=1)
    assert await hold(database, run, "1", JOB, now=last_moment) == Held("job", NOW + LEASE)
    await held(database, run, "1", JOB, now=NOW + LEASE)


async def test_a_tenants_day_that_is_held_is_not_spent(database: Database) -> None:
    first, later = await new_run(database), NOW + timedelta(seconds=30)
    await held(database, first, "0.5", DAY)
    await held(database, await new_run(database), "0.5", DAY, now=later)
    assert await hold(database, first, "0.3", DAY, now=later) == Held("tenant_day", NOW + LEASE)


async def test_a_tenants_day_waits_for_the_sweep_of_what_nobody_settled(database: Database) -> None:
    run, late = await new_run(database), NOW + LEASE + timedelta(seconds=10)
    await held(database, run, "1", DAY)
    assert await hold(database, run, "0.5", DAY, now=late) == Held("tenant_day", late + timedelta(seconds=5))
    await expire(database, late)
    await held(database, run, "0.5", DAY, now=late)


async def test_holds_of_another_tenant_are_not_waited_for(database: Database) -> None:
    other = await new_run(database, "other-tenant")
    await hold(database, other, "1", DAY, tenant="other-tenant")
    later = NOW + timedelta(seconds=30)
    await held(database, await new_run(database), "1", DAY, now=later)
    assert await hold(database, await new_run(database), "1", DAY, now=later) == Held("tenant_day", later + LEASE)


async def test_with_holds_besides_a_budget_is_spent_only_by_what_was_paid(database: Database) -> None:
    run, both = await new_run(database), Caps(job=Decimal(1), tenant_day=Decimal(2))
    await settle(database, await held(database, run, "0.6", both), "0.6")
    await held(database, run, "0.3", both)
    assert await hold(database, run, "0.5", both) == Spent("job", Decimal("0.6"), Decimal(1))
    await settle(database, await held(database, await new_run(database), "0.8", DAY_OF_TWO), "1.1")
    assert await hold(database, run, "0.35", both) == Spent("tenant_day", Decimal("1.7"), Decimal(2))


@pytest.mark.parametrize("caps", [DAY, JOB, Caps(job=Decimal(1), tenant_day=Decimal(1))])
async def test_what_was_settled_meanwhile_is_not_waited_for(database: Database, caps: Caps) -> None:
    run = await new_run(database)
    await held(database, run, "1", caps)
    async with database.transaction(TENANT) as db:
        late = await budgets.hold(SettledMeanwhile(db), run, TENANT, Decimal(1), caps, now=NOW, lease=LEASE)
    assert isinstance(late, Held) and late.until == NOW


@dataclass
class SettledMeanwhile:
    """A connection between whose refusal and next question all that is held is settled."""

    db: Connection

    async def execute(self, query: str, *args: Any) -> str:
        return await self.db.execute(query, *args)

    async def fetch(self, query: str, *args: Any) -> Any:
        await self.db.execute("UPDATE aiworker.budget_holds SET spent_usd = 0")
        await self.db.execute("UPDATE aiworker.budget_days SET held_usd = 0")
        return await self.db.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return await self.db.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await self.db.fetchval(query, *args)


# At once


@pytest.mark.parametrize(("jobs_at_once", "caps"), [(6, DAY), (1, JOB)])
async def test_workers_asking_at_the_same_moment_never_overdraw_a_day_nor_a_job(
    database: Database, jobs_at_once: int, caps: Caps
) -> None:
    chosen = int(os.environ.get("BUDGET_SEED", random.SystemRandom().randrange(2**32)))
    sys.stdout.write(f"BUDGET_SEED={chosen}\n")
    dice = random.Random(chosen)
    jobs = [await new_run(database) for _ in range(jobs_at_once)]

    async def one(run: str, estimate: Decimal, actual: Decimal) -> Decimal:
        granted = await hold(database, run, str(estimate), caps)
        if not isinstance(granted, Hold):
            return Decimal(0)
        assert sum(await day(database)) <= 1
        await settle(database, granted, str(actual))
        return actual

    prices = [(Decimal(dice.randrange(1, 300)) / 1000, dice.randrange(0, 100)) for _ in range(60)]
    spent = await asyncio.gather(*(one(dice.choice(jobs), price, price * share / 100) for price, share in prices))
    assert await day(database) == (sum(spent), 0)
    assert sum(spent) <= 1
