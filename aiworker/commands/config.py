"""`aiworker config`: what the settings are, where each came from, and whether they are usable."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from aiworker.console import JsonFlag, invocation
from aiworker.errors import ConfigurationError

if TYPE_CHECKING:
    from aiworker.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Show and check the settings.")


def register(root: typer.Typer) -> None:
    """Add the group to the command line."""
    root.add_typer(app, name="config", rich_help_panel="Set up")


@app.command()
def show(ctx: typer.Context, json: JsonFlag = False) -> None:
    """Print every setting with its value (secrets masked) and its origin, and the queue policies."""
    from aiworker.settings.values import format_duration, format_size
    from aiworker.settings.view import explain

    call = invocation(ctx, json=json)
    settings = call.settings()
    rows = [asdict(row) for row in explain(settings)]
    queues: list[dict[str, object]] = [
        {
            "queue": policy.queue,
            "concurrency": policy.concurrency,
            "attempts": policy.attempts,
            "backoff": f"exponential {format_duration(policy.backoff)}",
            "max_payload": format_size(policy.max_payload),
        }
        for policy in settings.policies()
    ]

    def human() -> None:
        call.output.table(("setting", "value", "from"), [tuple(row.values()) for row in rows])
        call.output.line("")
        call.output.table(tuple(queues[0]), [tuple(queue.values()) for queue in queues])

    call.output.show("aiworker.config/1", {"settings": rows, "queues": queues}, human)


@app.command()
def check(ctx: typer.Context, json: JsonFlag = False) -> None:
    """Check the settings without connecting anywhere; exit 3 if they are wrong or no model can be asked."""
    call = invocation(ctx, json=json)
    settings = call.settings()
    for warning in (warnings := [*_models_without_key(settings), *_half_set(settings)]):
        call.output.warn(warning)
    call.output.show("aiworker.config-check/1", {"warnings": warnings}, lambda: call.output.line("usable"))


def _models_without_key(settings: Settings) -> list[str]:
    """Warn of each model that cannot be asked; ConfigurationError if none can."""
    models = {"LLM_PROVIDER": settings.llm_provider}
    if settings.llm_provider != "offline":
        models["INTERVIEW_MODEL"] = settings.interview_model.partition(":")[0]
        models["EVALUATION_MODEL"] = settings.evaluation_model.partition(":")[0]
    missing = {name: key for name, provider in models.items() if (key := settings.missing_key(provider))}
    if len(missing) == len(models):
        raise ConfigurationError(
            f"No model can be asked: {' and '.join(dict.fromkeys(missing.values()))} not set.",
            remedy="set one of them, or LLM_PROVIDER=offline for the rule engine",
        )
    return [f"{name} needs {key}, which is not set: its queue is not worked" for name, key in missing.items()]


def _half_set(settings: Settings) -> list[str]:
    """Warn of an address without the secret that goes there."""
    pairs = (("core_api_internal_url", "core_api_internal_secret"), ("interview_api_url", "internal_api_key"))
    half = [pair for pair in pairs if getattr(settings, pair[0]) and not getattr(settings, pair[1])]
    return [f"{address.upper()} is set without {secret.upper()}" for address, secret in half]
