"""Options of commands that work on many jobs at once; every filter means the same everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

NamesOption = Annotated[list[str] | None, typer.Option("--name", metavar="JOB", help="A job's name; repeatable.")]
ErrorOption = Annotated[str | None, typer.Option("--error", metavar="TEXT", help="In the reason: a code, a word.")]
TenantOption = Annotated[str | None, typer.Option("--tenant", metavar="ID", help="Of this tenant.")]
StudentOption = Annotated[str | None, typer.Option("--student", metavar="ID", help="Of this student.")]
SessionOption = Annotated[str | None, typer.Option("--session", metavar="ID", help="Of this interview session.")]
JobIdsOption = Annotated[
    list[str] | None, typer.Option("--job-id", metavar="ID", help="This job, ID or QUEUE:ID; repeatable.")
]
SinceOption = Annotated[str | None, typer.Option("--since", metavar="TIME", help="Failed since 15m, 24h, 7d, or ISO.")]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Failed before then.")]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many, the oldest failures first.")]

# No variable for this one: what a shell happens to hold must not turn a dry run into the act.
ReallyFlag = Annotated[bool, typer.Option("--yes", "-y", help="Do it; else a dry run.")]
RateOption = Annotated[str | None, typer.Option("--rate", help="So many at a time: 5/s, 30/m, 100/h.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the audit record.")]
ActorOption = Annotated[
    str | None, typer.Option("--actor", metavar="NAME", help="Who, for the audit record (your user).")
]
EmptyFlag = Annotated[bool, typer.Option("--fail-on-empty", help="Exit 6 if there is nothing to do.")]
