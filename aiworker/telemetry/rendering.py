"""Two looks of the same line: JSON for machines, one coloured line for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TextIO

from rich.console import Console
from rich.text import Text

from aiworker.protocol import JsonValue
from aiworker.telemetry.fields import Fields

Renderer = Callable[[Fields], str]

STYLES = {"debug": "dim", "info": "green", "warning": "yellow", "error": "bold red", "critical": "bold red"}
IN_HEAD = frozenset({"level", "event", "timestamp", "worker"})


def render_json(fields: Fields) -> str:
    """Return one line of JSON, ASCII only: no stream's encoding and no line separator can break it."""
    return json.dumps(fields, separators=(", ", ": "), allow_nan=False) + "\n"


def pretty_renderer(stream: TextIO) -> Renderer:
    """Return a renderer for `stream`: coloured if it is a terminal and NO_COLOR is not set."""
    console = Console(file=stream, highlight=False, soft_wrap=True)
    encoding = console.encoding

    def render(fields: Fields) -> str:
        with console.capture() as captured:
            console.print(_line(fields))
        return captured.get().encode(encoding, "backslashreplace").decode(encoding)

    return render


def _line(fields: Fields) -> Text:
    level = str(fields.get("level", ""))
    line = Text()
    line.append(f"{str(fields.get('timestamp', ''))[11:19]} ", style="dim")
    line.append(f"{level:<8} ", style=STYLES.get(level, ""))
    line.append(_printable(fields.get("event")), style="bold")
    for name, value in fields.items():
        if name not in IN_HEAD:
            line.append(f"  {name}=", style="dim")
            line.append(_printable(value))
    return line


def _printable(value: JsonValue) -> str:
    """Return a value as text in which nothing can move a terminal's cursor."""
    text = ",".join(str(item) for item in value) if isinstance(value, list) else str(value)
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
