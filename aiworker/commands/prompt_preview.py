"""`aiworker prompt-preview`: exactly what a model would be sent, and what it would cost."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from aiworker.console.invocation import asynchronous, invocation
from aiworker.console.options import EmbeddedFlag, JsonFlag
from aiworker.errors import UsageError


def register(root: typer.Typer) -> None:
    """Add the command to the command line."""
    root.command("prompt-preview", rich_help_panel="Look at prompts")(prompt_preview)


@asynchronous
async def prompt_preview(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="The job's name, for example rewrite-resume.")] = None,
    payload: Annotated[str | None, typer.Argument(help="A file, - for standard input, or inline JSON.")] = None,
    from_job: Annotated[str | None, typer.Option(metavar="QUEUE:ID", help="A job's payload (needs Redis).")] = None,
    example: Annotated[bool, typer.Option("--example", help="The example and its rows, rolled back.")] = False,
    fixtures: Annotated[Path | None, typer.Option(metavar="DIR", help="Run a folder of cases as assertions.")] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a JUnit report of the cases.")] = None,
    provider: Annotated[str | None, typer.Option(help="openai or anthropic (LLM_PROVIDER).")] = None,
    model: Annotated[str, typer.Option(metavar="A,B,C", help="Models to compare; provider:name where needed.")] = "",
    raw: Annotated[bool, typer.Option("--raw", help="Print the wire body alone.")] = False,
    diff: Annotated[Path | None, typer.Option(metavar="FILE", help="Show what changed since a snapshot.")] = None,
    snapshot: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a snapshot.")] = None,
    check: Annotated[Path | None, typer.Option(metavar="FILE", help="Exit 1 unless it equals this snapshot.")] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Let the providers count the tokens (free).")] = False,
    send: Annotated[bool, typer.Option("--send", help="Ask the models and judge their answers.")] = False,
    repeat: Annotated[int, typer.Option(min=1, help="How often --send asks each model.")] = 1,
    max_cost: Annotated[float, typer.Option(min=0, help="US dollars --send may cost at most.")] = 0.10,
    unpriced: Annotated[bool, typer.Option("--unpriced", help="Send to models of unknown price too.")] = False,
    embedded: EmbeddedFlag = False,
    json: JsonFlag = False,
) -> None:
    """Show the production prompt, block by block, with tokens, cache and cost. Writes nothing; needs no Redis."""
    from aiworker.console.fixtures import Cases
    from aiworker.console.prompts import Subject, View
    from aiworker.runtime import subjects
    from aiworker.runtime.servers import located
    from aiworker.runtime.wiring import prepare

    call = invocation(ctx, json=json)
    if sum((payload is not None, from_job is not None, example, fixtures is not None)) != 1:
        raise UsageError("Give one of: a payload, --from-job QUEUE:ID, --example, --fixtures DIR.")
    view = View(raw, snapshot, diff, check, exact, send, repeat, Decimal(str(max_cost)), unpriced)
    settings, output = call.settings(), call.output
    models = [part.strip() for part in model.split(",") if part.strip()]
    if fixtures or junit:
        work = Cases.of(fixtures, name, junit, models, provider, view)
    else:
        envelope, shown = await subjects.chosen(settings, name, payload, from_job, output.stdin)
        work = Subject(envelope, shown, models, provider, view)
    async with located(settings, embedded=embedded, need_database=True, need_redis=False, say=output.note) as servers:
        await prepare(servers)
        await work.show(output, settings, servers.database)
