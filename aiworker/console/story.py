"""Tells the demo as a person would like to see it: colours on a terminal, plain marks in a pipe."""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

from rich.panel import Panel
from rich.text import Text

from aiworker.console.output import Output
from aiworker.console.wording import Kind, word_diff

STYLES: Mapping[Kind, str] = {"same": "", "gone": "red strike", "new": "bold green"}
QUOTED, QUOTED_LINES = 110, 3
"""Characters of a line, and lines, of a quoted text."""
MARKS: Mapping[Kind, tuple[str, str]] = {"same": ("", ""), "gone": ("[-", "-]"), "new": ("{+", "+}")}


class Story:
    """Prints titles, timed steps, tables, word diffs, texts and requests in the order they happen."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._began = time.monotonic()

    def title(self, text: str, note: str) -> None:
        """Open the story and say what the reader must know before believing it."""
        if self._output.is_rich:
            self._output.data.print(Panel(Text.assemble((text, "bold"), "\n", (note, "yellow")), expand=False))
        else:
            self._output.line(f"{text}\n{note}")

    def heading(self, text: str) -> None:
        """Begin a part."""
        self._print(Text(f"\n{text}", style="bold cyan"))

    @contextmanager
    def step(self, text: str) -> Generator[None]:
        """Say that something is done, and how long it took, once it is."""
        began = time.monotonic()
        yield
        self._print(Text.assemble(("  ok  ", "green"), text, (f"  {time.monotonic() - began:.2f} s", "dim")))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """State what happened to several things, a line each."""
        widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
        for cells in (columns, *rows):
            line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
            self._print(Text(f"  {line.rstrip()}", style="dim" if cells is columns else ""))

    def quote(self, text: str) -> None:
        """Show how a text that was written begins, in lines short enough to be read."""
        for line in textwrap.wrap(text, QUOTED, max_lines=QUOTED_LINES, placeholder=" ...", break_on_hyphens=False):
            self._print(Text(f"    {line}", style="cyan"))

    def change(self, place: str, before: str, after: str) -> None:
        """Show one bullet before and after, as one coloured line of words."""
        shown = Text.assemble((f"    {place}  ", "dim"))
        for piece in word_diff(before, after):
            opening, closing = MARKS[piece.kind] if self._plain else ("", "")
            # Spaces around a piece stay outside its marks, or nothing could be read.
            body = piece.text.strip() if piece.kind != "same" else piece.text
            left, _, right = piece.text.partition(body) if body else ("", "", piece.text)
            marked = f"{opening}{body}{closing}" if body else ""
            shown.append(left).append(marked, style=STYLES[piece.kind] or "default").append(right)
        self._print(shown)

    def written(self, table: str, about: str) -> None:
        """Name the table in which a row was written, and what it is about."""
        self._print(Text.assemble((f"  {table}", "bold"), f"  {about}"))

    def request(self, line: str, headers: Mapping[str, str], body: Mapping[str, object]) -> None:
        """Show an HTTP request that was received."""
        self._print(Text(f"  {line}", style="bold"))
        for name, value in headers.items():
            self._print(Text.assemble(f"    {name}: ", (value, "cyan")))
        self._print(Text(f"    {json.dumps(dict(body))}", style="cyan"))

    def closing(self, text: str, commands: Mapping[str, str]) -> None:
        """Say how long all of it took and what to try next."""
        self.heading(f"{text} in {time.monotonic() - self._began:.1f} s. Try next:")
        width = max(map(len, commands), default=0)
        for command, what in commands.items():
            self._print(Text.assemble((f"  {command:<{width}}", "bold"), f"   {what}"))

    @property
    def _plain(self) -> bool:
        return not self._output.is_rich or self._output.no_color or bool(self._output.environ.get("NO_COLOR"))

    def _print(self, text: Text) -> None:
        if self._output.is_rich:
            self._output.data.print(text, soft_wrap=False)
        else:
            self._output.line(text.plain)
