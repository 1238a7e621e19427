"""The composition root: from settings and servers to something that runs jobs."""

from __future__ import annotations

import logging
import os
import random
import socket
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiworker.domain.pacing import Rules
from aiworker.errors import ConfigurationError
from aiworker.llm import client
from aiworker.llm.client import LLM
from aiworker.outbound.core_api import CoreApi
from aiworker.policies import QueuePolicy
from aiworker.processors import PROCESSORS, AnyProcessor
from aiworker.queue.limits import NoLimits, SharedLimits
from aiworker.runtime.execute import Runtime
from aiworker.runtime.gate import GuardedGate
from aiworker.runtime.relay import Receiver, Relay
from aiworker.runtime.servers import Servers
from aiworker.settings import Settings
from aiworker.store import keys, migrations
from aiworker.store.budgets import Caps
from aiworker.store.database import Database

log = logging.getLogger("aiworker.runtime")


@dataclass(frozen=True, slots=True)
class Wired:
    """What runs jobs and what sends their messages."""

    runtime: Runtime
    relay: Relay


def utc_now() -> datetime:
    """Return the wall clock in UTC."""
    return datetime.now(UTC)


def worker_name() -> str:
    """Name this process for dashboards and for the run it claims."""
    return f"aiworker@{socket.gethostname()}-{os.getpid()}"


def model_of(queue: str, settings: Settings) -> tuple[str, str | None]:
    """Return the provider whose model a queue's jobs ask, and the model if the queue has one of its own."""
    if settings.llm_provider == "offline":
        return "offline", None
    models = {"interview": settings.interview_model, "evaluation": settings.evaluation_model}
    if queue not in models:
        return settings.llm_provider, None
    provider, _, model = models[queue].partition(":")
    return provider, model


@dataclass(frozen=True, slots=True)
class Consumable:
    """The queues that can be worked, and of the others why not."""

    policies: tuple[QueuePolicy, ...]
    left_out: Mapping[str, str]


def consumable(settings: Settings, queues: Sequence[str] = ()) -> Consumable:
    """Choose the queues that have a processor and a provider; ConfigurationError if none is left."""
    wanted = queues or settings.worker_queues or ()
    served = {processor.queue for processor in PROCESSORS}
    unserved = [queue for queue in wanted if queue not in served]
    if unserved:
        raise ConfigurationError(f"No job of this version runs on queue {', '.join(unserved)}.")
    policies: list[QueuePolicy] = []
    left_out: dict[str, str] = {}
    for policy in settings.policies():
        if policy.queue not in (wanted or served):
            continue
        missing = settings.missing_key(model_of(policy.queue, settings)[0])
        if missing:
            left_out[policy.queue] = f"{missing} is not set"
        else:
            policies.append(policy)
    if not policies:
        raise no_provider(settings, left_out)
    return Consumable(tuple(policies), left_out)


def no_provider(settings: Settings, left_out: Mapping[str, str]) -> ConfigurationError:
    """Say that no model can be asked, with both remedies."""
    reasons = "; ".join(f"{queue}: {reason}" for queue, reason in left_out.items())
    missing = sorted({reason.removesuffix(" is not set") for reason in left_out.values()})
    return ConfigurationError(
        f"No model can be asked with LLM_PROVIDER={settings.llm_provider} ({reasons}).",
        remedy=f"set {' or '.join(missing)} (or LLM_PROVIDER and the key of another provider),\n"
        "or set LLM_PROVIDER=offline: a rule engine without a model, free of charge",
    )


async def prepare(servers: Servers) -> None:
    """Bring embedded databases up to date, and require the schema of every other."""
    if servers.database_origin == "embedded":
        await migrations.migrate(servers.database, platform=True)
    else:
        await migrations.require(servers.database)


@asynccontextmanager
async def wired(
    settings: Settings,
    database: Database,
    *,
    provider: str | None = None,
    model: str | None = None,
    processors: Sequence[AnyProcessor] = PROCESSORS,
    silent: bool = False,
    redis_url: str | None = None,
) -> AsyncGenerator[Wired]:
    """Wire a runtime on an open database; `silent` ones, for dry runs, send nothing: messages wait for a relay.

    Limits are shared through `redis_url`; without it there are none but the budget. Raises ConfigurationError if none
    of the processors' queues has a model that can be asked.
    """
    async with AsyncExitStack() as stack:
        if provider:
            models = dict.fromkeys(_queues(processors), _model(settings, provider, model))
        else:
            models = _models(settings, processors)
        for each in {id(llm): llm for llm in models.values()}.values():
            stack.push_async_callback(each.aclose)
        receivers: dict[str, Receiver] = {}
        if not silent and (core_api := _core_api(settings)):
            stack.push_async_callback(core_api.aclose)
            receivers["core-api"] = core_api
        limiter = NoLimits() if redis_url is None else _shared_limits(settings, redis_url)
        stack.push_async_callback(limiter.aclose)
        # What is never committed would keep the lock of the tenant's day, and every live call waiting for it.
        caps = Caps() if silent else _caps(settings)
        relay = Relay(database, receivers, utc_now, random.random)
        runtime = Runtime(
            database=database,
            processors=processors,
            policies=settings.policies(),
            models=models,
            deliver=relay.deliver if receivers else _leave_to_the_relay,
            now=utc_now,
            worker=worker_name(),
            tag_key=await database.run(None, keys.tag_key, readonly=True),
            keep_replies=timedelta(days=settings.raw_reply_days),
            gate=GuardedGate(database, limiter, caps, utc_now, random.random),
            notifies_in_app=_notifies_in_app(settings),
            reasks_refused=settings.guard_reask,
            marks_verified=settings.verify_policy == "spec",
        )
        yield Wired(runtime, relay)


def _models(settings: Settings, processors: Sequence[AnyProcessor]) -> dict[str, LLM]:
    """Build the models that the queues ask, each once, as far as there is a key."""
    built: dict[tuple[str, str | None], LLM] = {}
    models: dict[str, LLM] = {}
    left_out: dict[str, str] = {}
    for queue in _queues(processors):
        provider, model = chosen = model_of(queue, settings)
        if missing := settings.missing_key(provider):
            left_out[queue] = f"{missing} is not set"
            continue
        if chosen not in built:
            built[chosen] = client.build(settings, provider, now=utc_now, model=model)
        models[queue] = built[chosen]
    if not models:
        raise no_provider(settings, left_out)
    return models


def _model(settings: Settings, provider: str, model: str | None) -> LLM:
    if missing := settings.missing_key(provider):
        raise no_provider(settings, {provider: f"{missing} is not set"})
    return client.build(settings, provider, now=utc_now, model=model)


def _queues(processors: Sequence[AnyProcessor]) -> list[str]:
    return list(dict.fromkeys(processor.queue for processor in processors))


def _shared_limits(settings: Settings, redis_url: str) -> SharedLimits:
    rules = Rules(
        requests_per_minute=settings.llm_requests_per_minute,
        tokens_per_minute=settings.llm_tokens_per_minute,
        concurrency=settings.llm_max_concurrency,
        open_after=settings.llm_breaker_faults,
        open_for=settings.llm_breaker_pause,
    )
    return SharedLimits.on(redis_url, rules, prefix=settings.queue_prefix)


def _caps(settings: Settings) -> Caps:
    return Caps(job=settings.budget_per_job_usd, tenant_day=settings.budget_per_tenant_day_usd)


def _notifies_in_app(settings: Settings) -> bool:
    is_direct = settings.notify_in_app == "direct"
    if is_direct:
        # core-api notifies after `complete` as well.
        log.warning("students-may-be-told-twice", extra={"fields": {"setting": "NOTIFY_IN_APP"}})
    return is_direct


def _core_api(settings: Settings) -> CoreApi | None:
    if settings.core_api_internal_url is None:
        return None
    if settings.core_api_internal_secret is None:
        raise ConfigurationError(
            "CORE_API_INTERNAL_URL is set but CORE_API_INTERNAL_SECRET is not.",
            remedy="set CORE_API_INTERNAL_SECRET, which core-api expects as x-internal-secret",
        )
    return CoreApi(settings.core_api_internal_url, settings.core_api_internal_secret)


async def _leave_to_the_relay(run_id: str) -> None:
    return None
