"""`aiworker serve`: the daemon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from aiworker.console.invocation import Invocation, asynchronous, invocation
from aiworker.console.options import EmbeddedFlag, QueuesOption


def register(root: typer.Typer) -> None:
    """Add the command to the command line."""
    root.command(rich_help_panel="Run jobs")(serve)


@asynchronous
async def serve(
    ctx: typer.Context,
    queue: QueuesOption = None,
    concurrency: Annotated[
        str | None, typer.Option("--concurrency", "-c", help="3, or interview=20,ai-jobs=5.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Where health listens (127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="Port of health (4002).")] = None,
    no_health: Annotated[bool, typer.Option("--no-health", envvar="AIWORKER_NO_HEALTH", help="Do not listen.")] = False,
    log: Annotated[str | None, typer.Option(help="json or pretty (pretty on a terminal).")] = None,
    shutdown_timeout: Annotated[str | None, typer.Option(help="How long a drain may take (60s).")] = None,
    embedded: EmbeddedFlag = False,
) -> None:
    """Work the queues until SIGTERM or Ctrl-C, then finish the jobs in hand and exit 0."""
    from aiworker.runtime import garbage

    garbage.pause()
    try:
        overrides = {
            "worker_concurrency": concurrency,
            "host": host,
            "port": port,
            "log_format": log,
            "shutdown_timeout": shutdown_timeout,
        }
        code = await _serve(invocation(ctx), overrides, queue or (), listens=not no_health, embedded=embedded)
    finally:
        garbage.resume()
    raise typer.Exit(code)


async def _serve(
    call: Invocation, overrides: Mapping[str, object], queues: Sequence[str], *, listens: bool, embedded: bool
) -> int:
    from aiworker.console.banner import show_banner
    from aiworker.runtime import daemon, garbage
    from aiworker.runtime.health import Health
    from aiworker.runtime.servers import located
    from aiworker.runtime.wiring import consumable
    from aiworker.telemetry import logs
    from aiworker.web.health import HealthServer

    output, settings = call.output, call.settings(**overrides)
    chosen = consumable(settings, queues)
    pretty = settings.log_format == "pretty" or (settings.log_format == "auto" and output.is_rich)
    logs.configure("pretty" if pretty else "json", output.stdout)
    try:
        with daemon.StopSignals() as stop:
            async with (
                located(settings, embedded=embedded, need_database=True, need_redis=True, say=output.note) as servers,
                daemon.serving(settings, servers, chosen) as supervisor,
            ):
                health = HealthServer(Health(supervisor), host=settings.host, port=settings.port)
                # Before the first fetch: a daemon whose port is taken must not have a job in hand.
                listening = await health.start() if listens else None
                try:
                    await supervisor.start()
                    garbage.resume()
                    counts = await daemon.queue_counts(settings, servers, chosen)
                    show_banner(output, settings, servers, chosen, counts, listening)
                    return await daemon.until_stopped(supervisor, stop, settings.shutdown_timeout, say=output.note)
                finally:
                    await health.stop()
    finally:
        logs.shutdown()
