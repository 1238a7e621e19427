"""The composition root: from settings and servers to something that runs jobs."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiworker.errors import ConfigurationError
from aiworker.llm import client
from aiworker.llm.client import LLM
from aiworker.outbound.core_api import CoreApi
from aiworker.policies import QueuePolicy
from aiworker.processors import PROCESSORS, AnyProcessor
from aiworker.runtime.execute import Runtime
from aiworker.runtime.relay import Receiver, Relay
from aiworker.runtime.servers import Servers
from aiworker.settings import Settings
from aiworker.store import keys, migrations
from aiworker.store.database import Database


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


def provider_of(queue: str, settings: Settings) -> str:
    """Return the provider whose models a queue's jobs ask."""
    if settings.llm_provider == "offline":
        return "offline"
    models = {"interview": settings.interview_model, "evaluation": settings.evaluation_model}
    return models[queue].partition(":")[0] if queue in models else settings.llm_provider


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
        missing = settings.missing_key(provider_of(policy.queue, settings))
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
) -> AsyncGenerator[Wired]:
    """Wire a runtime on an open database; `silent` ones send nothing, their messages wait for a relay."""
    chosen = provider or settings.llm_provider
    if missing := settings.missing_key(chosen):
        raise no_provider(settings, {chosen: f"{missing} is not set"})
    async with AsyncExitStack() as stack:
        llm = client.build(settings, chosen, now=utc_now, model=model)
        models = {} if provider else _own_models(settings, processors)
        for each in (llm, *models.values()):
            stack.push_async_callback(each.aclose)
        receivers: dict[str, Receiver] = {}
        if not silent and (core_api := _core_api(settings)):
            stack.push_async_callback(core_api.aclose)
            receivers["core-api"] = core_api
        relay = Relay(database, receivers, utc_now, random.random)
        runtime = Runtime(
            database=database,
            processors=processors,
            policies=settings.policies(),
            llm=llm,
            models=models,
            deliver=relay.deliver if receivers else _leave_to_the_relay,
            now=utc_now,
            worker=worker_name(),
            tag_key=await database.run(None, keys.tag_key, readonly=True),
            keep_replies=timedelta(days=settings.raw_reply_days),
        )
        yield Wired(runtime, relay)


def _own_models(settings: Settings, processors: Sequence[AnyProcessor]) -> dict[str, LLM]:
    """Build the models of the queues that have one of their own, as far as their provider has a key."""
    if settings.llm_provider == "offline":
        return {}
    configured = {"interview": settings.interview_model, "evaluation": settings.evaluation_model}
    served = {processor.queue for processor in processors}
    built: dict[str, LLM] = {}
    for queue, name in configured.items():
        provider, _, model = name.partition(":")
        if queue in served and not settings.missing_key(provider):
            built[queue] = client.build(settings, provider, now=utc_now, model=model)
    return built


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
