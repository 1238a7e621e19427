"""`aiworker replay-failed`: send failed jobs back, after showing which, why and at what cost."""

from __future__ import annotations

from typing import Annotated

import typer

from aiworker.console import filters
from aiworker.console.invocation import asynchronous, invocation
from aiworker.console.options import JsonFlag, QueuesOption
from aiworker.errors import ExitCode


def register(root: typer.Typer) -> None:
    """Add the command to the command line."""
    root.command("replay-failed", rich_help_panel="Look after jobs")(replay_failed)


@asynchronous
async def replay_failed(
    ctx: typer.Context,
    queue: QueuesOption = None,
    name: filters.NamesOption = None,
    error: filters.ErrorOption = None,
    tenant: filters.TenantOption = None,
    student: filters.StudentOption = None,
    session: filters.SessionOption = None,
    job_id: filters.JobIdsOption = None,
    since: filters.SinceOption = None,
    until: filters.UntilOption = None,
    limit: filters.LimitOption = None,
    include_permanent: Annotated[bool, typer.Option("--include-permanent", help="Also what fails again.")] = False,
    changes: Annotated[list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Edit the payload.")] = None,
    reset: Annotated[bool, typer.Option("--reset/--keep-attempts", help="All attempts again, or one.")] = True,
    rate: filters.RateOption = None,
    reason: filters.ReasonOption = "",
    actor: filters.ActorOption = None,
    yes: filters.ReallyFlag = False,
    fail_on_empty: filters.EmptyFlag = False,
    json: JsonFlag = False,
) -> None:
    """Replay failed jobs as new runs, each with an audit record. A dry run unless --yes."""
    from aiworker.console import again, replays
    from aiworker.runtime import replay, selection
    from aiworker.runtime.servers import located
    from aiworker.runtime.wiring import utc_now

    call, now = invocation(ctx, json=json), utc_now()
    settings, output = call.settings(), call.output
    chosen = selection.Filters(
        queues=selection.queues(queue or (), settings.policies()),
        names=tuple(name or ()),
        error=error,
        tenant=tenant,
        student=student,
        session=session,
        job_ids=tuple(job_id or ()),
        since=selection.moment("--since", since, now),
        until=selection.moment("--until", until, now),
        limit=limit,
    )
    edits, pause = selection.parse_changes(changes or ()), selection.pace(rate)
    async with (
        located(settings, need_database=True, need_redis=True, say=output.note) as servers,
        replay.replaying(settings, servers, actor=actor, reason=reason, changes=edits, reset=reset) as replaying,
    ):
        plan = await replaying.plan(chosen, include_permanent=include_permanent)
        tally = replay.Tally()
        if yes:
            replays.confirm(output, plan, now=now)
            with replays.progress(output, plan, tally) as advance:
                async for _ in replaying.run(plan, tally, pause=pause):
                    advance()
            replays.show_tally(output, plan, tally)
        else:
            replays.show_plan(output, plan, command=again.command_line(ctx, add=["--yes"]), now=now)
    if tally.is_partial or (fail_on_empty and not plan.jobs):
        raise typer.Exit(ExitCode.PARTIAL)
