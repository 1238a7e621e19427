"""`aiworker db`: apply and inspect the database's migrations."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from aiworker.console.invocation import asynchronous, invocation
from aiworker.console.options import JsonFlag
from aiworker.errors import ExitCode

app = typer.Typer(no_args_is_help=True, help="Apply and inspect the database schema.")

PlatformFlag = Annotated[
    bool,
    typer.Option(
        "--platform",
        envvar="AIWORKER_PLATFORM",
        help="Also create a reference version of the platform's tables: for embedded servers, demos and tests only.",
    ),
]


def register(root: typer.Typer) -> None:
    """Add the group to the command line."""
    root.add_typer(app, name="db", rich_help_panel="Set up")


@app.command()
@asynchronous
async def migrate(ctx: typer.Context, platform: PlatformFlag = False, json: JsonFlag = False) -> None:
    """Apply the migrations that are missing; those already applied are left alone."""
    from aiworker.runtime.servers import located
    from aiworker.store import migrations

    call = invocation(ctx, json=json)
    async with located(call.settings(), need_database=True, need_redis=False) as servers:
        call.output.detail(f"database from {servers.database_origin}")
        applied = await migrations.migrate(servers.database, platform=platform)

    def human() -> None:
        for name in applied:
            call.output.line(name)
        call.output.note(f"{len(applied)} applied" if applied else "nothing to apply: the schema is up to date")

    call.output.show("aiworker.db-migrate/1", {"applied": list(applied)}, human)


@app.command()
@asynchronous
async def status(ctx: typer.Context, json: JsonFlag = False) -> None:
    """List the migrations; exit 3 if one is missing or was changed after it had been applied."""
    from aiworker.runtime.servers import located
    from aiworker.store import migrations

    call = invocation(ctx, json=json)
    async with located(call.settings(), need_database=True, need_redis=False) as servers:
        states = await migrations.status(servers.database)
    ok = all(state.ok for state in states)

    def human() -> None:
        columns = ("migration", "applied", "state")
        call.output.table(
            columns,
            [
                (state.name, state.applied_at, "ok" if state.ok else "changed" if state.applied_at else "missing")
                for state in states
            ],
        )

    call.output.show("aiworker.db-status/1", {"ok": ok, "migrations": [asdict(state) for state in states]}, human)
    if not ok:
        call.output.note("run: aiworker db migrate")
        raise typer.Exit(ExitCode.CONFIGURATION)
