"""From raw data to a checked payload: size, depth, name, model. Errors name fields and codes, never values."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import pydantic_core
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from aiworker.envelope import MAX_JOB_ID, Envelope, Scope
from aiworker.errors import BadEnvelope, InvalidPayload, UnknownJob
from aiworker.policies import MAX_PAYLOAD_DEPTH, QueuePolicy, policy_for
from aiworker.processors import AnyProcessor
from aiworker.protocol import JobPayload, JsonValue

CLI_QUEUE = "cli"
"""The queue of one-shot runs: every job may run there, under the policy of its own queue."""


WORDS: Mapping[str, str] = {
    "model_type": "must be an object",
    "string_type": "must be a text",
    "string_too_short": "is empty",
    "string_too_long": "is too long",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
}

_NAME = re.compile(r"[\w.-]{1,64}\Z")
"""What may be shown of a payload's own keys: nothing that steers a terminal or carries a text."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A delivery that may be worked on."""

    processor: AnyProcessor
    policy: QueuePolicy
    payload: JobPayload
    scope: Scope


def admit(
    envelope: Envelope, processors: Sequence[AnyProcessor], policies: tuple[QueuePolicy, ...]
) -> Admitted | InvalidPayload:
    """Check a delivery without raising: its run is claimed either way, and then needs the error."""
    try:
        if not envelope.is_readable:
            raise BadEnvelope("The job's data or options are not valid JSON.")
        if len(envelope.job_id) > MAX_JOB_ID:
            raise BadEnvelope(f"The job's id has {len(envelope.job_id):,} characters; the limit is {MAX_JOB_ID}.")
        processor = find(envelope.name, processors, queue=envelope.queue)
        policy = policy_for(processor.queue, policies)
        payload = validate(processor, decode(envelope.data, limit=policy.max_payload))
    except InvalidPayload as error:
        return error
    return Admitted(processor, policy, payload, payload.scope())


def find(name: str, processors: Sequence[AnyProcessor], *, queue: str = CLI_QUEUE) -> AnyProcessor:
    """Return the processor of a job's name; UnknownJob names those there are."""
    here = [processor for processor in processors if queue in (CLI_QUEUE, processor.queue)]
    for processor in here:
        if processor.name == name:
            return processor
    known = ", ".join(processor.name for processor in here) or "none"
    where = "" if queue == CLI_QUEUE else f" on queue {queue}"
    raise UnknownJob(f"There is no job of that name{where}; known: {known}.{_near(name, [p.name for p in here])}")


def decode(data: str, *, limit: int) -> JsonValue:
    """Parse a job's data within its limits (bytes, depth); raise BadEnvelope."""
    size = len(data.encode("utf-8", "surrogatepass"))
    if size > limit:
        raise BadEnvelope(f"The payload has {size:,} bytes; the limit is {limit:,}.")
    try:
        value = cast("JsonValue", pydantic_core.from_json(data, allow_inf_nan=False))
    except (ValueError, TypeError) as error:  # TypeError: the text holds half a character
        raise BadEnvelope("The payload is not valid JSON, or nested too deeply to read.") from error
    _walk(value)
    return value


def validate(processor: AnyProcessor, value: JsonValue) -> JobPayload:
    """Fit a decoded payload into the job's model; InvalidPayload names each field and what is wrong with it."""
    try:
        return processor.payload.model_validate(value)
    except ValidationError as error:
        given = list(value) if isinstance(value, dict) else []
        faults = "; ".join(_fault(detail, given, processor.payload) for detail in _details(error))
        raise InvalidPayload(
            f"The payload does not fit {processor.name}: {faults}.",
            remedy=f"aiworker run-job {processor.name} --example > job.json",
        ) from None


def _details(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_url=False, include_context=True, include_input=True)


def _fault(detail: ErrorDetails, given: Iterable[str], model: type[JobPayload]) -> str:
    field = ".".join(str(part) for part in detail["loc"]) or "payload"
    match detail["type"]:
        case "missing":
            unknown = [key for key in given if key not in model.model_fields]
            return f"{field}: missing{_near(field, unknown)}"
        case "literal_error":
            expected = [part.strip("'") for part in str(detail.get("ctx", {}).get("expected", "")).split(" or ")]
            names = [name.strip("' ") for part in expected for name in part.split(",")]
            return f"{field}: not one of {', '.join(names)}{_near(str(detail.get('input')), names)}"
        case kind:
            return f"{field}: {WORDS.get(kind, kind.replace('_', ' '))}"


def _near(word: str, given: Sequence[str]) -> str:
    known = [name for name in given if _NAME.match(name)]
    found = difflib.get_close_matches(_folded(word), [_folded(name) for name in known], n=1, cutoff=0.6)
    match = next((name for name in known if found and _folded(name) == found[0]), None)
    return f" (did you mean {match}?)" if match else ""


def _folded(word: str) -> str:
    return word.replace("_", "").replace("-", "").casefold()


def _walk(value: JsonValue) -> None:
    level, depth = [value], 0
    while level:
        for item in level:
            _check_scalar(item)
        containers = [item for item in level if isinstance(item, dict | list)]
        depth += bool(containers)
        if depth > MAX_PAYLOAD_DEPTH:
            raise BadEnvelope(f"The payload is nested deeper than {MAX_PAYLOAD_DEPTH} levels.")
        level = [child for item in containers for child in _children(item)]


def _check_scalar(value: JsonValue) -> None:
    if isinstance(value, str) and "\x00" in value:
        raise BadEnvelope("The payload holds a NUL character, which no database text can.")
    if isinstance(value, float) and not math.isfinite(value):
        raise BadEnvelope("The payload holds a number that is too large.")


def _children(container: dict[str, JsonValue] | list[JsonValue]) -> Iterable[JsonValue]:
    return [*container.keys(), *container.values()] if isinstance(container, dict) else container
