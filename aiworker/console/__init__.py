"""The output door: data to stdout, remarks to stderr; Rich on a terminal, whole values in a pipe, JSON for machines.

Also what all commands share: option types, the wrapper for `async` commands (Typer runs none by itself), suggestions.
Nothing heavy is imported here, since `--help` imports it.
"""

from __future__ import annotations

import contextlib
import functools
import json as jsonlib
import re
import signal
import sys
import traceback
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, ParamSpec, TextIO, TypeVar, cast

import typer

from aiworker.errors import AiworkerError, UsageError
from aiworker.policies import POLICIES

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from rich.console import Console

    from aiworker.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

TERMINATED = 143
"""Exit code of a command that SIGTERM ended: 128 + 15, as shells have it."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(slots=True)
class Output:
    """Where a command reads and writes; tests put their own streams in."""

    stdout: TextIO
    stderr: TextIO
    stdin: TextIO
    environ: Mapping[str, str]
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    no_color: bool = False

    @property
    def is_rich(self) -> bool:
        """Whether stdout is a person's terminal rather than a pipe or a file."""
        return not self.json and _is_terminal(self.stdout, self.environ)

    @property
    def data(self) -> Console:
        """A Rich console on stdout; ask `is_rich` first."""
        return self._console(self.stdout)

    @property
    def remarks(self) -> Console:
        """A Rich console on stderr, for progress and the like."""
        return self._console(self.stderr)

    def show(self, schema: str, fields: Mapping[str, object], human: Callable[[], None]) -> None:
        """Print one result: a JSON document that names its schema, or whatever `human` prints."""
        if self.json:
            self.document(schema, fields)
        else:
            human()

    def document(self, schema: str, fields: Mapping[str, object]) -> None:
        """Print one JSON document that names its schema, whoever reads it."""
        self._write(self.stdout, self.json_text({"schema": schema, **fields}, indent=2))

    def record(self, fields: Mapping[str, object]) -> None:
        """Print one line of a `--jsonl` stream."""
        self._write(self.stdout, self.json_text(fields))

    def line(self, text: str) -> None:
        """Print a line of data."""
        self._write(self.stdout, text)

    def lines(self, *texts: str) -> None:
        """Print several lines of data."""
        for text in texts:
            self.line(text)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table: laid out on a terminal, tab-separated with whole values elsewhere."""
        cells = [[_cell(value) for value in row] for row in rows]
        if not self.is_rich:
            for row in [list(columns), *cells]:
                self._write(self.stdout, "\t".join(row))
            return
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, header_style="bold", pad_edge=False)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in cells:
            table.add_row(*map(Text, row))
        self.data.print(table)

    def note(self, text: str) -> None:
        """Remark something on stderr, unless --quiet."""
        if not self.quiet:
            self._write(self.stderr, text)

    def detail(self, text: str) -> None:
        """Remark something on stderr that only --verbose asks for."""
        if self.verbose:
            self.note(text)

    def warn(self, text: str) -> None:
        """Warn on stderr, also with --quiet."""
        self._labelled("warning:", "yellow", text)

    def confirm(self, question: str, *, flag: str = "--yes") -> bool:
        """Ask a person; without a terminal to ask on, UsageError names the flag that answers."""
        if self.json or not self.stdin.isatty():
            raise UsageError(f"{question} Nobody is here to answer.", remedy=f"add {flag}")
        self.stderr.write(f"{question} [y/N] ")
        self.stderr.flush()
        return self.stdin.readline().strip().lower() in ("y", "yes")

    def print_error(self, error: BaseException) -> None:
        """Say on stderr what went wrong, why if that is known, and what to try."""
        if self.debug:
            self._write(self.stderr, "".join(traceback.format_exception(error)).rstrip())
        code, message, remedy = _explained(error)
        if self.json:
            problem = {"code": code, "message": message, "remedy": remedy}
            document = {"schema": "aiworker.error/1", "error": problem}
            self._write(self.stderr, self.json_text(document))
            return
        self._labelled("error:", "bold red", message)
        if cause := _reason(error.__cause__):
            self._labelled("why:  ", "bold", cause)
        if remedy:
            self._labelled("try:  ", "bold green", remedy)

    def flush(self) -> None:
        """Write out what is buffered, so that a closed pipe shows inside the error boundary."""
        self.stdout.flush()
        self.stderr.flush()

    def _labelled(self, label: str, style: str, text: str) -> None:
        first, *more = text.splitlines() or [""]
        rest = "".join(f"\n       {line}" for line in more)
        if not _is_terminal(self.stderr, self.environ):
            self._write(self.stderr, f"{label} {first}{rest}")
            return
        from rich.text import Text

        self.remarks.print(Text.assemble((label, style), f" {first}{rest}"), soft_wrap=True)

    def _console(self, stream: TextIO) -> Console:
        from rich.console import Console

        plain = self.no_color or bool(self.environ.get("NO_COLOR"))
        terminal = _is_terminal(stream, self.environ)
        return Console(
            file=stream, force_terminal=terminal, no_color=plain, highlight=False, markup=False, _environ=self.environ
        )

    def json_text(self, fields: Mapping[str, object], *, indent: int | None = None) -> str:
        """Return JSON that the reader's encoding can hold."""
        utf8 = (self.stdout.encoding or "utf-8").lower().replace("-", "") == "utf8"
        return jsonlib.dumps(dict(fields), indent=indent, ensure_ascii=not utf8, default=_jsonable)

    def _write(self, stream: TextIO, text: str) -> None:
        encoding = stream.encoding or "utf-8"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        stream.flush()


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


def _is_terminal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    return bool(environ.get("FORCE_COLOR")) or (stream.isatty() and environ.get("TERM") != "dumb")


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(_cell, cast("list[object]", value)))
        case _:
            # What comes from outside must not steer the terminal, nor break a row in two.
            return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), str(value))


def _jsonable(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _explained(error: BaseException) -> tuple[str, str, str | None]:
    if isinstance(error, AiworkerError):
        return error.code, error.message, error.remedy
    # An exception's text may hold a payload's values or a password: the type and the place are enough here.
    frames = traceback.extract_tb(error.__traceback__)
    ours = next((f for f in reversed(frames) if "aiworker" in PurePath(f.filename).parts), None)
    place = f" in {ours.name} (aiworker/{_inside(ours.filename)}:{ours.lineno})" if ours else ""
    return "unexpected", f"Unexpected {type(error).__name__}{place}.", "the same command with --debug shows where"


def _inside(filename: str) -> str:
    parts = PurePath(filename).parts
    return "/".join(parts[len(parts) - parts[::-1].index("aiworker") :])


def _reason(cause: BaseException | None) -> str | None:
    match cause:
        case None:
            return None
        case AiworkerError():
            return cause.message
        case OSError() if cause.strerror:
            return cause.strerror
        case _:
            return type(cause).__name__


def _queue_names(incomplete: str) -> list[str]:
    return [policy.queue for policy in POLICIES if policy.queue.startswith(incomplete)]


JsonFlag = Annotated[bool, typer.Option("--json", envvar="AIWORKER_JSON", help="Print one JSON document.")]
YesFlag = Annotated[bool, typer.Option("--yes", "-y", envvar="AIWORKER_YES", help="Do it without asking.")]
ShowSecretsFlag = Annotated[
    bool, typer.Option("--show-secrets", envvar="AIWORKER_SHOW_SECRETS", help="Print passwords instead of ****.")
]
EmbeddedFlag = Annotated[
    bool,
    typer.Option("--embedded", envvar="AIWORKER_EMBEDDED", help="Start the bundled servers where no address is set."),
]
QueuesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--queue",
        "-Q",
        envvar="AIWORKER_QUEUES",
        metavar="QUEUE",
        help="A queue; may be given several times.",
        autocompletion=_queue_names,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", envvar="AIWORKER_CONFIG", metavar="FILE", help="Settings file (default: aiworker.toml)."),
]
EnvFileOption = Annotated[
    Path | None,
    typer.Option("--env-file", envvar="AIWORKER_ENV_FILE", metavar="FILE", help="Variables file (default: .env)."),
]
QuietFlag = Annotated[bool, typer.Option("--quiet", "-q", envvar="AIWORKER_QUIET", help="No remarks on stderr.")]
VerboseFlag = Annotated[bool, typer.Option("--verbose", "-v", envvar="AIWORKER_VERBOSE", help="More remarks.")]
NoColorFlag = Annotated[bool, typer.Option("--no-color", envvar="AIWORKER_NO_COLOR", help="No colours.")]
DebugFlag = Annotated[bool, typer.Option("--debug", envvar="AIWORKER_DEBUG", help="Show the trace of an error.")]
