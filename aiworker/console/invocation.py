"""One run of the command line, and the wrapper for `async` commands, since Typer runs none by itself."""

from __future__ import annotations

import contextlib
import functools
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import typer

from aiworker.console.output import Output

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from aiworker.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

TERMINATED = 143
"""Exit code of a command that SIGTERM ended: 128 + 15, as shells have it."""


@dataclass(slots=True)
class Invocation:
    """One run of the command line: its output and where it finds its settings."""

    output: Output
    config_file: Path | None = None
    env_file: Path | None = None

    def settings(self, **overrides: object) -> Settings:
        """Load the settings; `overrides` are the command's own flags (None means not given)."""
        from aiworker.settings import load

        return load(self.config_file, self.env_file, overrides)


def invocation(ctx: typer.Context, *, json: bool = False) -> Invocation:
    """Return this run's invocation; `json` is the command's own --json."""
    found = ctx.find_object(Invocation)
    if found is None:
        raise AssertionError("commands run through aiworker.cli.run")
    found.output.json = found.output.json or json
    return found


def system_output(environ: Mapping[str, str]) -> Output:
    """Return the output of this process."""
    return Output(sys.stdout, sys.stderr, sys.stdin, environ)


def asynchronous(command: Callable[P, Coroutine[object, object, R]]) -> Callable[P, R]:
    """Make an `async` command one that Typer can run; Ctrl-C exits 130, SIGTERM 143, both after `finally` blocks."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        import asyncio

        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(_until_terminated(command(*args, **kwargs)))

    return run


async def _until_terminated(work: Coroutine[object, object, R]) -> R:
    import asyncio

    task = asyncio.ensure_future(work)
    terminated = False

    def terminate() -> None:
        nonlocal terminated
        terminated = True
        task.cancel()

    with contextlib.suppress(NotImplementedError):  # Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
    try:
        return await task
    except asyncio.CancelledError:
        if terminated:
            raise typer.Exit(TERMINATED) from None
        raise


def _loop_factory() -> Callable[[], AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
