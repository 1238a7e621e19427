"""Budgets: what a call may cost is held before it is made and settled with its real price, one statement each.

A hold is granted under the locks of the run and of the tenant's day: neither is overdrawn by calls that ask at the
same moment. Held is not spent: who finds a budget held by others asks again. A run's holds past their time count no
more; in the tenant's day they stand until `expire` has swept them: subtracted in the statement, those swept at the same
moment would be given back twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from aiworker.protocol import Connection

LOCK_RUN = "SELECT 1 FROM aiworker.runs WHERE run_id = $1 AND tenant_id = $2 FOR NO KEY UPDATE"

HOLD = """
WITH day AS (
    INSERT INTO aiworker.budget_days AS d (tenant_id, day, held_usd)
    SELECT $2, $3::date, $4::numeric
    WHERE ($6::numeric IS NULL OR $4::numeric <= $6::numeric)
      AND ($5::numeric IS NULL OR $4::numeric <= $5::numeric - (
          SELECT coalesce(sum(coalesce(h.spent_usd, h.held_usd)), 0) FROM aiworker.budget_holds h
          WHERE h.run_id = $1 AND h.tenant_id = $2
            AND (h.spent_usd IS NOT NULL OR NOT h.is_expired AND h.expires_at > $7)))
    ON CONFLICT (tenant_id, day) DO UPDATE SET held_usd = d.held_usd + excluded.held_usd
    WHERE $6::numeric IS NULL OR d.spent_usd + d.held_usd + excluded.held_usd <= $6::numeric
    RETURNING tenant_id, day)
INSERT INTO aiworker.budget_holds (run_id, tenant_id, day, held_usd, created_at, expires_at)
SELECT $1, day.tenant_id, day.day, $4::numeric, $7, $8 FROM day
RETURNING hold_id
"""

SETTLE = """
WITH hold AS (
    UPDATE aiworker.budget_holds SET spent_usd = $3::numeric
    WHERE hold_id = $1 AND tenant_id = $2 AND spent_usd IS NULL
    RETURNING tenant_id, day, CASE WHEN is_expired THEN 0 ELSE held_usd END AS held_usd)
UPDATE aiworker.budget_days d SET held_usd = d.held_usd - hold.held_usd, spent_usd = d.spent_usd + $3::numeric
FROM hold WHERE d.tenant_id = $2 AND d.day = hold.day
"""

EXPIRE = """
WITH gone AS (
    UPDATE aiworker.budget_holds SET is_expired = true
    WHERE hold_id IN (
        SELECT hold_id FROM aiworker.budget_holds
        WHERE spent_usd IS NULL AND NOT is_expired AND expires_at <= $1
        ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING tenant_id, day, held_usd),
sums AS (SELECT tenant_id, day, sum(held_usd) AS held_usd, count(*) AS holds FROM gone GROUP BY tenant_id, day),
given_back AS (
    UPDATE aiworker.budget_days d SET held_usd = d.held_usd - sums.held_usd
    FROM sums WHERE d.tenant_id = sums.tenant_id AND d.day = sums.day)
SELECT coalesce(sum(holds), 0)::int FROM sums
"""

STANDING = """
SELECT 'job' AS what, coalesce(sum(spent_usd), 0) AS spent,
       coalesce(sum(held_usd) FILTER (WHERE spent_usd IS NULL), 0) AS held,
       coalesce(min(expires_at) FILTER (WHERE spent_usd IS NULL), $4) AS until
FROM aiworker.budget_holds
WHERE run_id = $1 AND tenant_id = $2 AND (spent_usd IS NOT NULL OR NOT is_expired AND expires_at > $4)
UNION ALL
SELECT 'tenant_day', coalesce(sum(spent_usd), 0), coalesce(sum(held_usd), 0),
       greatest($5, (SELECT min(expires_at) FROM aiworker.budget_holds
                     WHERE tenant_id = $2 AND day = $3 AND spent_usd IS NULL AND NOT is_expired))
FROM aiworker.budget_days WHERE tenant_id = $2 AND day = $3
"""

SWEPT_SOON = timedelta(seconds=5)
"""How long to wait for a tenant's day at least: what stands in it past its time is swept each minute."""

Budget = Literal["job", "tenant_day"]


@dataclass(frozen=True, slots=True)
class Caps:
    """What may be spent, in US dollars; None is no limit."""

    job: Decimal | None = None
    tenant_day: Decimal | None = None

    @property
    def are_set(self) -> bool:
        return self.job is not None or self.tenant_day is not None

    def of(self, what: Budget) -> Decimal | None:
        """Return one of both."""
        return self.job if what == "job" else self.tenant_day


@dataclass(frozen=True, slots=True)
class Hold:
    """The right to make one call."""

    hold_id: str
    tenant: str


@dataclass(frozen=True, slots=True)
class Spent:
    """Nothing was held; the call may cost more than is left of `what`, `used` of whose `cap` dollars are paid."""

    what: Budget
    used: Decimal
    cap: Decimal


@dataclass(frozen=True, slots=True)
class Held:
    """Nothing was held, as others hold too much of `what`; `until` is when the first of them must have settled."""

    what: Budget
    until: datetime


async def hold(
    db: Connection, run_id: str, tenant: str, estimate: Decimal, caps: Caps, *, now: datetime, lease: timedelta
) -> Hold | Spent | Held:
    """Hold what a call may cost on today's (UTC) budget, or say which budget is spent, or else held by others."""
    day = now.astimezone(UTC).date()
    if caps.job is not None:
        await db.execute(LOCK_RUN, run_id, tenant)
    hold_id = await db.fetchval(HOLD, run_id, tenant, day, estimate, caps.job, caps.tenant_day, now, now + lease)
    if hold_id is not None:
        return Hold(str(hold_id), tenant)
    return _refusal(await db.fetch(STANDING, run_id, tenant, day, now, now + SWEPT_SOON), estimate, caps, now)


def _refusal(standing: Sequence[Any], estimate: Decimal, caps: Caps, now: datetime) -> Spent | Held:
    capped = [(row, cap) for row in standing if (cap := caps.of(row["what"])) is not None]
    for row, cap in capped:
        if row["spent"] + estimate > cap:
            return Spent(row["what"], row["spent"], cap)
    for row, cap in capped:
        if row["spent"] + row["held"] + estimate > cap:
            return Held(row["what"], row["until"])
    # What was in the way has been settled since.
    return Held(capped[-1][0]["what"], now)


async def settle(db: Connection, hold: Hold, actual: Decimal) -> None:
    """Replace a hold by what the call did cost; a second settlement changes nothing."""
    await db.execute(SETTLE, hold.hold_id, hold.tenant, actual)


async def expire(db: Connection, *, now: datetime, limit: int = 1_000) -> int:
    """Give back what workers held that never settled, and return how many holds that were."""
    return int(str(await db.fetchval(EXPIRE, now, limit)))
