"""Where a command's payload comes from: inline JSON, a file, or standard input (`-`)."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from aiworker.errors import InvalidPayload, UsageError
from aiworker.policies import QueuePolicy, policy_for
from aiworker.processors import AnyProcessor
from aiworker.runtime.admit import decode, validate

MAX_FAULTS = 10
MAX_READ = 64 * 1024 * 1024
"""Characters read before giving up: a pipe that never ends must not fill the memory."""


def read(argument: str, stdin: TextIO) -> str:
    """Return the payload's text; UsageError if it cannot be read."""
    if argument.lstrip().startswith(("{", "[")):
        return argument
    text = _stdin(stdin) if argument == "-" else _file(argument)
    if len(text) > MAX_READ:
        raise UsageError(f"The input has more than {MAX_READ:,} characters.", remedy="give it in parts")
    if not text.strip():
        raise UsageError("The payload is empty.", remedy="give a file, - for standard input, or inline JSON")
    return text


def check(processor: AnyProcessor, policies: tuple[QueuePolicy, ...], data: str) -> None:
    """Raise InvalidPayload unless the worker would accept this payload."""
    validate(processor, decode(data, limit=policy_for(processor.queue, policies).max_payload))


def payloads_of(
    processor: AnyProcessor, policies: tuple[QueuePolicy, ...], text: str, *, lines: bool, skip_invalid: bool
) -> tuple[list[str], list[str]]:
    """Return the valid payloads of a text, which is one or has one a line, and what is wrong with the others."""
    if lines:
        return valid_lines(processor, policies, text, skip_invalid=skip_invalid)
    check(processor, policies, text)
    return [text], []


def valid_lines(
    processor: AnyProcessor, policies: tuple[QueuePolicy, ...], text: str, *, skip_invalid: bool
) -> tuple[list[str], list[str]]:
    """Return a JSONL text's valid payloads and what is wrong with the others.

    Raises InvalidPayload if any is invalid, unless they are to be skipped.
    """
    valid: list[str] = []
    faults: list[str] = []
    for number, data in enumerate(text.split("\n"), start=1):
        if not data.strip():
            continue
        try:
            check(processor, policies, data)
            valid.append(data)
        except InvalidPayload as error:
            faults.append(f"line {number}: {error.message}")
    if faults and not skip_invalid:
        raise InvalidPayload(
            f"{len(faults)} of {len(faults) + len(valid)} payloads are invalid; nothing was enqueued.\n"
            + "\n".join(faults[:MAX_FAULTS]),
            remedy="correct them, or add --skip-invalid",
        )
    return valid, faults


def _stdin(stdin: TextIO) -> str:
    try:
        text = stdin.read(MAX_READ + 1)
        text.encode()  # some locales let undecodable bytes through as half characters
    except UnicodeError:
        raise UsageError("Standard input is not a UTF-8 text.") from None
    return text


def _file(argument: str) -> str:
    path = Path(argument)
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(MAX_READ + 1)
    except UnicodeDecodeError:
        raise UsageError(f"{path.name} is not a UTF-8 text.") from None
    except OSError as error:
        raise UsageError(
            f"The payload file {path} cannot be read ({error.strerror}).",
            remedy="give a file, - for standard input, or inline JSON",
        ) from error
