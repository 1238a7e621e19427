"""How far a long piece of work is: a bar on a person's terminal, one line elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from aiworker.console.output import Output


@contextmanager
def bar(output: Output, doing: str, total: int, things: str) -> Generator[Callable[[int], None]]:
    """Show on stderr how many of `total` things are done; called with that number after each."""
    console = output.remarks
    if not total:
        yield lambda done: None
        return
    if output.quiet or not console.is_terminal:
        output.note(f"{doing} {total} {things}")
        yield lambda done: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TaskProgressColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, auto_refresh=False) as shown:
        task = shown.add_task(doing, total=total)
        yield lambda done: shown.update(task, completed=done, refresh=True)
