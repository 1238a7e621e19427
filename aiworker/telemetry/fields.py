"""What a log line may hold: the declared fields and nothing else, whoever wrote the line.

A field is added here when a line needs it. Ids, codes, counts and durations belong in; texts of people do not.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import cast
from uuid import UUID

from aiworker.errors import AiworkerError
from aiworker.protocol import JsonValue
from aiworker.telemetry.redaction import redact

Fields = dict[str, JsonValue]

WRITTEN_BY_US = ("level", "event", "timestamp", "logger", "message", "causes", "frames", "repeated", "droppedFields")
"""Set here and in the handler; a caller who passes one of these is not heard."""

DECLARED: tuple[str, ...] = (
    *("level", "worker", "sessionId", "tenantId", "studentId", "event", "timestamp"),
    *("queue", "jobId", "jobName", "attempt", "durationMs", "provider", "model", "tokensIn", "tokensOut", "costUsd"),
    *("errorCode", "traceId", "spanId", "runId", "resultId", "messageId", "idempotencyKey", "resumeId", "vacancyId"),
    *("epoch", "fence", "attemptsAllowed", "snoozes", "stalledCount", "priority", "isFinal", "isReplay", "outcome"),
    *("state", "kind", "step", "task", "requestedModel", "servedModel", "stopReason", "tokensCached", "externalId"),
    *("status", "verdict", "waitMs", "delayMs", "backoffMs", "timeoutMs", "ageMs", "lagMs", "count", "limit"),
    *("pending", "active", "waiting", "bytes", "length", "sha256", "firstByte", "field", "setting", "queues"),
    *("concurrency", "host", "port", "pid", "version", "schemaVersion", "signal", "exitCode", "error"),
    *("finished", "handedBack", "abandoned", "prefixTokens", "minimumTokens"),
    *("causes", "frames", "logger", "message", "repeated", "droppedFields"),
)

CODES = frozenset(
    {"errorCode", "error", "outcome", "state", "kind", "step", "task", "stopReason", "verdict", "field", "setting"}
)
"""Fields that hold one word: a sentence in one of them is an exception's text that strayed in, and is dropped."""
CODE = re.compile(r"[\w.:/\[\]-]{1,128}\Z")
MAX_TEXT = 256
MAX_ITEMS = 20
MAX_CAUSES = 5
EVENT_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}\Z")
PACKAGE = Path(__file__).parent.parent
WARNING_ORIGIN = re.compile(r"\A[^\n]{0,1000}?:\d{1,9}: (?=\w{1,100}: )")

_ACCEPTED = frozenset(DECLARED) - frozenset(WRITTEN_BY_US)
_context: ContextVar[Mapping[str, object]] = ContextVar("aiworker_log_fields", default=MappingProxyType({}))


@contextmanager
def job_context(**fields: object) -> Generator[None]:
    """Add `fields` to every line logged inside, also by tasks started inside."""
    token = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def add_to_job_context(**fields: object) -> None:
    """Add `fields` to the lines of the `job_context` we are in, also to those logged after we returned."""
    current = _context.get()
    if isinstance(current, dict):
        current.update(fields)


def event_fields(record: logging.LogRecord, *, worker: str = "aiworker") -> Fields:
    """Return what a line about `record` shows, in order: declared fields only, redacted, with its context.

    `worker` is used where neither the line nor its context names one.
    """
    given: object = record.__dict__.get("fields")
    own: Mapping[str, object] = cast("Mapping[str, object]", given) if isinstance(given, Mapping) else {}
    known, dropped = _declared({**_context.get(), **own})
    if record.exc_info and record.exc_info[1] is not None:
        known = _error(record.exc_info[1]) | known
    known = {"worker": worker} | known | _named(record)
    known |= {
        "level": record.levelname.lower(),
        "timestamp": _iso(datetime.fromtimestamp(record.created, UTC)),
    }
    if dropped:
        known["droppedFields"] = dropped
    return {name: known[name] for name in DECLARED if name in known}


def _declared(given: Mapping[str, object]) -> tuple[Fields, int]:
    fields: Fields = {}
    dropped = 0
    for name, value in given.items():
        plain = _plain(value) if name in _ACCEPTED else None
        if name in CODES and not (isinstance(plain, str) and CODE.match(plain)):
            plain = None
        if plain is not None:
            fields[name] = plain
        elif value is not None:
            dropped += 1
    return fields, dropped


def _plain(value: object) -> JsonValue:
    """Return `value` as JSON; None if it is not something a line may hold."""
    match value:
        case bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case str():
            return clip(value)
        case Decimal() | UUID():
            return str(value)
        case datetime():
            return _iso(value)
        case list() | tuple() | set() | frozenset():
            items = [_plain(item) for item in list(cast("list[object]", value))[:MAX_ITEMS]]
            return None if any(item is None or isinstance(item, list) for item in items) else items
        case _:
            return None


def clip(text: str, length: int = MAX_TEXT) -> str:
    """Return `text` redacted and not longer than `length`."""
    safe = redact(text)
    return safe if len(safe) <= length else safe[: length - 1] + "…"


def _named(record: logging.LogRecord) -> Fields:
    """Return event name, and for lines that are prose (libraries, warnings) where they come from and what they say."""
    is_ours = record.name == "aiworker" or record.name.startswith("aiworker.")
    if is_ours and isinstance(record.msg, str) and EVENT_NAME.match(record.msg):
        return {"event": record.msg}
    return {"event": "remark" if is_ours else "library", "logger": clip(record.name), "message": _message(record)}


def _message(record: logging.LogRecord) -> str:
    """Return a message's first line without the texts put into it: those may be anybody's data.

    asyncio, for one, writes the repr of the exception into the second line and arguments; SDKs write whole prompts.
    """
    template: object = record.msg
    arguments: object = record.args
    if record.name == "py.warnings":
        return clip(WARNING_ORIGIN.sub("", record.getMessage()).partition("\n")[0])
    if not isinstance(template, str):
        return type(template).__name__
    first = template.partition("\n")[0]
    values = arguments if isinstance(arguments, tuple) else ()
    try:
        return clip(first % tuple(value if isinstance(value, int | float) else "…" for value in values))
    except (TypeError, ValueError, KeyError):
        return clip(first)


def _error(error: BaseException) -> Fields:
    """Return an exception's class, its causes' classes and its frames inside this package; never its text."""
    fields: Fields = {"error": _class_name(error), "frames": _frames(error.__traceback__)}
    if isinstance(error, AiworkerError):
        fields["errorCode"] = clip(error.code)
    causes: list[JsonValue] = []
    cause = _cause(error)
    while cause is not None and len(causes) < MAX_CAUSES:
        causes.append(_class_name(cause))
        cause = _cause(cause)
    if causes:
        fields["causes"] = causes
    return fields


def _cause(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _class_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _frames(trace: TracebackType | None) -> list[JsonValue]:
    places: list[JsonValue] = []
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(PACKAGE):
            places.append(f"{path.relative_to(PACKAGE.parent).as_posix()}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[-MAX_ITEMS:]


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
