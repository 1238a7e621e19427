"""What a daemon says when it starts."""

from __future__ import annotations

from collections.abc import Mapping

from aiworker.console.output import Output
from aiworker.runtime.servers import Servers
from aiworker.runtime.wiring import Consumable
from aiworker.settings import Settings


def show_banner(
    output: Output,
    settings: Settings,
    servers: Servers,
    chosen: Consumable,
    counts: Mapping[str, Mapping[str, int]],
    port: int | None,
) -> None:
    """Say what is worked, with which model, on which servers, and which queues are left out and why."""
    rules = " (rule engine, no model)" if settings.llm_provider == "offline" else ""
    output.note(
        f"provider={settings.llm_provider}{rules}  redis={servers.redis_origin}  postgres={servers.database_origin}"
    )
    for policy in chosen.policies:
        jobs = counts[policy.queue]
        waiting = jobs.get("waiting", 0) + jobs.get("prioritized", 0)
        output.note(f"{policy.queue}: {policy.concurrency} at once, {waiting} waiting, {jobs.get('failed', 0)} failed")
    for name, reason in chosen.left_out.items():
        output.warn(f"queue {name} is not consumed: {reason}")
    output.note(f"health http://{settings.host}:{port}/health" if port else "health is off")
