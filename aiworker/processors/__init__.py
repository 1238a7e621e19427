"""The jobs aiworker knows: one module each, one `checked` line each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiworker.processors import (
    generate_analytics_summary,
    generate_student_summary,
    rewrite_resume,
    suggest_improvements,
)
from aiworker.protocol import Call, Connection, Context, Described, F, JobPayload, P, Processor, R, Replies, Saved, Tx


@dataclass(frozen=True, slots=True)
class AnyProcessor:
    """A processor whose types have been checked and are now forgotten, so that a registry can hold many."""

    queue: str
    name: str
    payload: type[JobPayload]
    gather: Callable[[Any, Context, Connection], Awaitable[Any]]
    ask: Callable[[Any, Any, Context], tuple[Call, ...]]
    settle: Callable[[Any, Any, Replies, Context], Any]
    save: Callable[[Any, Any, Any, Tx], Awaitable[Saved]]
    asks: bool = True
    """False if `ask` never returns a call: such a job runs in one transaction."""
    is_light: bool = False
    """True if `ask` and `settle` take microseconds whatever the payload: no thread is worth it then."""
    describe: Callable[[Any, Any], Described] | None = None
    """Says of facts and result what cases may expect; None if they can expect nothing of the result itself."""


def checked(
    processor: Processor[P, F, R],
    *,
    asks: bool = True,
    is_light: bool = False,
    describe: Callable[[F, R], Described] | None = None,
) -> AnyProcessor:
    """Let the type checker compare a module with the protocol, step by step."""
    return AnyProcessor(
        processor.QUEUE,
        processor.NAME,
        processor.Payload,
        processor.gather,
        processor.ask,
        processor.settle,
        processor.save,
        asks,
        is_light,
        describe,
    )


PROCESSORS: tuple[AnyProcessor, ...] = (
    checked(rewrite_resume, describe=rewrite_resume.describe),
    checked(suggest_improvements, describe=suggest_improvements.describe),
    checked(generate_student_summary, describe=generate_student_summary.describe),
    checked(generate_analytics_summary, describe=generate_analytics_summary.describe),
)
