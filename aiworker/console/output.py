"""The output door: data to stdout, remarks to stderr; Rich on a terminal, whole values in a pipe, JSON for machines.

Rich itself is imported when something is printed with it, since `--help` imports this module.
"""

from __future__ import annotations

import json as jsonlib
import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import TYPE_CHECKING, TextIO, cast

from aiworker.errors import AiworkerError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

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
        code, message, remedy = explained(error)
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


def explained(error: BaseException) -> tuple[str, str, str | None]:
    """Return an error's code, message and remedy as anybody may read them."""
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
