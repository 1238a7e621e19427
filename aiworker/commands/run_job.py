"""`aiworker run-job`: one payload through the daemon's own path, without a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aiworker.console.invocation import asynchronous, invocation
from aiworker.console.options import EmbeddedFlag, JsonFlag
from aiworker.console.output import Output
from aiworker.errors import UsageError

if TYPE_CHECKING:
    from aiworker.runtime.oneshot import OneShot


def register(root: typer.Typer) -> None:
    """Add the command to the command line."""
    root.command("run-job", rich_help_panel="Run jobs")(run_job)


@asynchronous
async def run_job(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The job's name, for example rewrite-resume.")],
    payload: Annotated[str | None, typer.Argument(help="A file, - for standard input, or inline JSON.")] = None,
    example: Annotated[
        bool, typer.Option("--example", help="Print the job's example payload; with --dry-run, run it on its own rows.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything, then roll back and send nothing.")] = False,
    provider: Annotated[str | None, typer.Option(help="openai, anthropic or offline (LLM_PROVIDER).")] = None,
    embedded: EmbeddedFlag = False,
    json: JsonFlag = False,
) -> None:
    """Run one payload and print the outcome as JSON. Needs PostgreSQL, never Redis; its run has a fresh identity."""
    from aiworker.processors import PROCESSORS
    from aiworker.runtime import admit, examples, oneshot, payloads
    from aiworker.runtime.servers import located
    from aiworker.runtime.wiring import prepare

    call = invocation(ctx, json=json)
    output = call.output
    processor = admit.find(name, PROCESSORS)
    if example == (payload is not None):
        raise UsageError("Give either a payload or --example.", remedy=f"aiworker run-job {name} --example > job.json")
    shown = examples.load(name) if example else None
    if shown and not dry_run:
        output.line(shown.text)
        return
    settings = call.settings(llm_provider=provider)
    data = shown.text if shown else payloads.read(str(payload), output.stdin)
    payloads.check(processor, settings.policies(), data)
    async with located(settings, embedded=embedded, need_database=True, need_redis=False, say=output.note) as servers:
        await prepare(servers)
        outcome = await oneshot.run_once(processor, data, settings, servers.database, dry_run=dry_run, example=shown)
    _tell(output, outcome, dry_run=dry_run)


def _tell(output: Output, outcome: OneShot, *, dry_run: bool) -> None:
    output.document("aiworker.run-job/1", outcome.document(dry_run=dry_run))
    if outcome.error:
        raise outcome.error
    rows = ", ".join(f"{count} {table}" for table, count in outcome.writes.items())
    output.note(f"{'would have written' if dry_run else 'wrote'}: {rows} ({outcome.result['provider']})")
    for message in outcome.messages:
        output.note(f"{'would have sent' if dry_run else message['state']}: {message['event']} to {message['target']}")
