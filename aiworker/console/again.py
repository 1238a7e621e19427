"""The command line that was given, written so that it can be given again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import cast

import typer


def command_line(ctx: typer.Context, *, add: Sequence[str] = ()) -> str:
    """Return the command with the options a person typed, global ones too, and `add` at its end."""
    words = _words(ctx)
    return shlex.join([*words, *(word for word in add if word not in words)])


def _words(ctx: typer.Context) -> list[str]:
    parent = cast("typer.Context | None", ctx.parent)
    before = _words(parent) if parent is not None else []
    return [*before, ctx.info_name or "", *_given(ctx)]


def _given(ctx: typer.Context) -> Iterator[str]:
    for parameter in ctx.command.params:
        source = ctx.get_parameter_source(parameter.name or "")
        if source is not None and source.name == "COMMANDLINE":
            yield from _written(parameter.opts, parameter.secondary_opts, ctx.params[parameter.name or ""])


def _written(names: Sequence[str], negatives: Sequence[str], value: object) -> Iterator[str]:
    match value:
        case bool():
            yield names[0] if value else negatives[0]
        case list() | tuple():
            for each in cast("list[object]", value):
                yield from (names[0], str(each))
        case _:
            yield from (names[0], str(value))
