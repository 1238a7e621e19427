"""Calls: the checkpoint of every question and delivery to the outside."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import asyncpg

from aiworker.domain.characters import storable
from aiworker.errors import TransientFault
from aiworker.protocol import Connection, JsonValue, LLMReply, LLMRequest, Usage

RECALL = """
SELECT step, request_hash, reply, provider, requested_model, served_model, stop_reason,
       tokens_in, tokens_out, tokens_cached, tokens_cache_written, cost_usd, external_id
FROM aiworker.calls
WHERE run_id = $1 AND tenant_id = $2 AND state = 'done' AND reply IS NOT NULL
"""

CHECKPOINT = """
WITH tenant AS MATERIALIZED (SELECT set_config('app.tenant_id', $4, true) AS tenant_id)
INSERT INTO aiworker.calls
    (run_id, step, request_hash, tenant_id, kind, state, provider, requested_model, served_model, reply,
     stop_reason, tokens_in, tokens_out, tokens_cached, tokens_cache_written, cost_usd, price_date, external_id,
     created_at, expires_at, prompt_name, prompt_fingerprint, prompt_removed, prompt_flags)
SELECT $1, $2, $3, tenant_id, 'llm', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
       $20, $21, $22, $23::json
FROM tenant
ON CONFLICT (run_id, step, request_hash) DO UPDATE
SET reply = coalesce(aiworker.calls.reply, excluded.reply), expires_at = excluded.expires_at
RETURNING step, request_hash, reply, provider, requested_model, served_model, stop_reason,
       tokens_in, tokens_out, tokens_cached, tokens_cache_written, cost_usd, external_id
"""

USAGE = """
SELECT count(*) AS calls, coalesce(sum(tokens_in), 0) AS tokens_in, coalesce(sum(tokens_out), 0) AS tokens_out,
       CASE WHEN count(*) = count(cost_usd) THEN coalesce(sum(cost_usd), 0) END AS cost_usd
FROM aiworker.calls WHERE run_id = $1 AND tenant_id = $2
"""

MEAN_COST = """
SELECT name, avg(usd)::float8 AS mean
FROM (
    SELECT runs.name, coalesce(sum(calls.cost_usd), 0) AS usd
    FROM aiworker.runs LEFT JOIN aiworker.calls ON calls.run_id = runs.run_id AND calls.tenant_id = runs.tenant_id
    WHERE runs.state = 'succeeded' AND runs.finished_at > $1
    GROUP BY runs.run_id, runs.name
    HAVING count(calls.run_id) = count(calls.cost_usd)
) AS priced
GROUP BY name
"""

PURGE = """
WITH expired AS (
    SELECT run_id, step, request_hash, tenant_id FROM aiworker.calls
    WHERE reply IS NOT NULL AND expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED),
purged AS (
    UPDATE aiworker.calls c SET reply = NULL FROM expired e
    WHERE (c.run_id, c.step, c.request_hash) = (e.run_id, e.step, e.request_hash) AND c.tenant_id = e.tenant_id
    RETURNING 1)
SELECT count(*) FROM purged
"""


class RunForgotten(TransientFault):
    """The run that a reply belongs to is not there: a crash of the server took its claim, which had not waited."""


Checkpoints = dict[tuple[str, str], LLMReply]
"""The replies a run already has, by step and request hash."""


async def recall(db: Connection, run_id: str, tenant: str) -> Checkpoints:
    """Return every reply this run has paid for."""
    rows = [dict(row) for row in await db.fetch(RECALL, run_id, tenant)]
    return {(str(row["step"]), str(row["request_hash"])): _reply(row) for row in rows}


async def checkpoint(
    db: Connection, run_id: str, tenant: str, request: LLMRequest, reply: LLMReply, *, now: datetime, keep: timedelta
) -> LLMReply:
    """Store a reply before anybody parses it, in one statement; if another copy stored one first, return that one.

    What the call itself told, time and allowances, is not stored but handed on. Raises RunForgotten.
    """
    try:
        row = await _insert(db, run_id, tenant, request, reply, "done", now, keep)
    except asyncpg.ForeignKeyViolationError as error:
        raise RunForgotten("PostgreSQL has lost the claim of this run.") from error
    return replace(_reply(row), seconds=reply.seconds, rate_limits=reply.rate_limits)


async def keep_garbled(
    db: Connection, run_id: str, tenant: str, request: LLMRequest, came: LLMReply, *, now: datetime, keep: timedelta
) -> None:
    """Store the head of a body that was no reply, the first of its request; it is never taken for a checkpoint."""
    evidence = replace(request, step=f"{request.step}/garbled")
    await _insert(db, run_id, tenant, evidence, came, "failed", now, keep)


async def _insert(
    db: Connection,
    run_id: str,
    tenant: str,
    request: LLMRequest,
    reply: LLMReply,
    state: str,
    now: datetime,
    keep: timedelta,
) -> dict[str, object]:
    usage = reply.usage
    row = await db.fetchrow(
        CHECKPOINT,
        run_id,
        request.step,
        request.hash,
        tenant,
        state,
        reply.provider,
        reply.requested_model,
        storable(reply.served_model),
        storable(reply.text),
        storable(reply.stop_reason),
        usage.tokens_in,
        usage.tokens_out,
        usage.tokens_cached,
        usage.tokens_cache_written,
        None if usage.cost_usd is None else Decimal(usage.cost_usd),
        now.date(),
        None if reply.external_id is None else storable(reply.external_id),
        now,
        now + keep,
        request.prompt.name,
        request.prompt.fingerprint,
        request.prompt.removed,
        json.dumps(request.prompt.flags),
    )
    return dict(row)


async def usage(db: Connection, run_id: str, tenant: str) -> dict[str, JsonValue]:
    """Return what a run used so far: calls, tokens, and dollars as exact text, None if a price is not known."""
    row = await db.fetchrow(USAGE, run_id, tenant)
    return {
        "calls": int(row["calls"]),
        "tokensIn": int(row["tokens_in"]),
        "tokensOut": int(row["tokens_out"]),
        "costUsd": _exact(row["cost_usd"]),
    }


async def mean_costs(db: Connection, *, since: datetime) -> dict[str, float]:
    """Return what a completed run cost on average since then, in dollars by job name, over all tenants.

    Runs with a call whose price is not known are left out.
    """
    return {str(row["name"]): float(row["mean"]) for row in await db.fetch(MEAN_COST, since)}


async def purge(db: Connection, *, now: datetime, limit: int = 1_000) -> int:
    """Delete reply texts past their day and return how many; the rows stay, with tokens, cost and prompt."""
    return int(str(await db.fetchval(PURGE, now, limit)))


def _reply(row: dict[str, object]) -> LLMReply:
    return LLMReply(
        text=str(row["reply"]),
        provider=str(row["provider"]),
        requested_model=str(row["requested_model"]),
        served_model=str(row["served_model"]),
        stop_reason=str(row["stop_reason"]),
        usage=Usage(
            int(str(row["tokens_in"])),
            int(str(row["tokens_out"])),
            int(str(row["tokens_cached"])),
            _exact(row["cost_usd"]),
            int(str(row["tokens_cache_written"])),
        ),
        external_id=str(row["external_id"]) if row["external_id"] else None,
    )


def _exact(dollars: object) -> str | None:
    return None if dollars is None else str(dollars)
