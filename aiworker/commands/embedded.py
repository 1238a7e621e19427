"""`aiworker embedded`: look at, stop and clear the bundled servers. None of these commands starts them."""

from __future__ import annotations

from typing import Annotated

import typer

from aiworker.console.invocation import invocation
from aiworker.console.options import JsonFlag, ShowSecretsFlag, YesFlag
from aiworker.errors import ExitCode, ServiceUnreachable

app = typer.Typer(no_args_is_help=True, help="Look after the bundled servers (Valkey and PostgreSQL).")

ForceFlag = Annotated[bool, typer.Option("--force", envvar="AIWORKER_FORCE", help="Stop them under their users.")]


def register(root: typer.Typer) -> None:
    """Add the group to the command line."""
    root.add_typer(app, name="embedded", rich_help_panel="Set up")


@app.command()
def status(ctx: typer.Context, json: JsonFlag = False, show_secrets: ShowSecretsFlag = False) -> None:
    """Say whether the servers run, where, and who uses them."""
    from aiworker import embedded
    from aiworker.settings.view import mask_address

    call = invocation(ctx, json=json)
    found = embedded.status(call.settings().aiworker_data_dir)
    fields: dict[str, object] = {"running": found.running, "data_dir": str(found.data_dir), "log": str(found.log)}
    if servers := found.servers:
        addresses = {"database_url": servers.database_url, "redis_url": servers.redis_url}
        fields |= {name: url if show_secrets else mask_address(url) for name, url in addresses.items()}
        fields |= {"postgres_pid": servers.postgres_pid, "valkey_pid": servers.valkey_pid}
        fields |= {"supervisor_pid": servers.supervisor_pid}
    fields |= {"used_by": found.holders, "error": found.error}
    call.output.show(
        "aiworker.embedded-status/1", fields, lambda: call.output.table(("what", "value"), list(fields.items()))
    )


@app.command()
def stop(ctx: typer.Context, force: ForceFlag = False) -> None:
    """Stop the servers now; refuses while somebody uses them."""
    from aiworker import embedded

    call = invocation(ctx)
    stopped = embedded.stop(call.settings().aiworker_data_dir, force=force)
    call.output.note("the embedded servers are stopped" if stopped else "no embedded servers were running")


@app.command()
def reset(ctx: typer.Context, yes: YesFlag = False) -> None:
    """Stop the servers and delete their data; asks first."""
    from aiworker import embedded

    call = invocation(ctx)
    data_dir = call.settings().aiworker_data_dir
    place = embedded.status(data_dir).data_dir
    if not yes and not call.output.confirm(f"Delete all embedded data in {place}?"):
        call.output.note("nothing was deleted")
        raise typer.Exit(ExitCode.FAILED)
    deleted = embedded.reset(data_dir)
    call.output.note(f"deleted the embedded data in {place}" if deleted else f"there was no embedded data in {place}")


@app.command("psql-url")
def psql_url(ctx: typer.Context) -> None:
    """Print the address of the running PostgreSQL, for psql "$(aiworker embedded psql-url)"."""
    from aiworker import embedded

    call = invocation(ctx)
    servers = embedded.status(call.settings().aiworker_data_dir).servers
    if servers is None:
        raise ServiceUnreachable("No embedded servers are running.", remedy="aiworker demo starts them")
    # Access is by the socket's directory mode: this address holds no password.
    call.output.line(servers.database_url)
