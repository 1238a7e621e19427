"""`aiworker config`: what the settings are, where each came from, and whether they are usable."""

from __future__ import annotations

from dataclasses import asdict

import typer

from aiworker.console.invocation import invocation
from aiworker.console.options import JsonFlag

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
            "remove_on_complete": policy.remove_on_complete,
            "remove_on_fail": policy.remove_on_fail,
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
    from aiworker.settings import checks

    call = invocation(ctx, json=json)
    settings = call.settings()
    for warning in (warnings := [*checks.models_without_key(settings), *checks.half_set(settings)]):
        call.output.warn(warning)
    call.output.show("aiworker.config-check/1", {"warnings": warnings}, lambda: call.output.line("usable"))
