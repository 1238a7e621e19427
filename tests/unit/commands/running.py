"""Run a command line in this process, with streams of the test's own."""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass
from typing import Any

from aiworker.cli import run
from aiworker.console.invocation import Invocation
from aiworker.console.output import Output


class Terminal(io.StringIO):
    """A stream that says a person sits at it."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Ran:
    """What a command line left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.out)


def aiworker(*words: str, answer: str | None = None) -> Ran:
    """Run `aiworker WORDS`; `answer` is what a person types at the terminal, if there is one."""
    stdin = io.StringIO() if answer is None else Terminal(answer)
    output = Output(io.StringIO(), io.StringIO(), stdin, os.environ)
    code = run(words, Invocation(output))
    assert isinstance(output.stdout, io.StringIO)
    assert isinstance(output.stderr, io.StringIO)
    return Ran(code, output.stdout.getvalue(), output.stderr.getvalue())
