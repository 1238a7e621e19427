"""A folder of cases for a job's own validators: read whole, and refused whole, before any of them is run.

A case is one JSON file of the folder itself; what lies deeper are files that the rows of a case name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from aiworker.errors import AiworkerError, UsageError
from aiworker.processors import PROCESSORS, AnyProcessor
from aiworker.runtime import examples
from aiworker.runtime.admit import WORDS, decode, find
from aiworker.runtime.examples import WRITTEN_KINDS, Example

MAX_CASE = 4 * 1024 * 1024
"""Bytes; a case holds a payload, its rows and an answer."""
OF_RESULT = ("changed", "kept", "findings", "notes", "contains", "lacks")
"""What can be expected only of a result that its job describes."""

FORM_WORDS: Mapping[str, str] = {
    "dict_type": "must be an object",
    "list_type": "must be a list",
    "greater_than_equal": "is too small",
}

_PLAIN = re.compile(r"[^\w.-]")


class _Form(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True, extra="forbid", strict=True, frozen=True)


class Finding(_Form):
    """A guard's finding: the place, which is a bullet's id where there are bullets, and the rule."""

    bullet: str
    rule: str


class Expected(_Form):
    """What must hold; a list or map names some of what is there, an empty one says that there is nothing."""

    status: Literal["ok", "failed"] = "ok"
    code: str | None = None
    changed: list[str] | None = None
    kept: list[str] | None = None
    findings: list[Finding] | None = None
    notes: dict[str, str] | None = None
    contains: list[str] = []
    lacks: list[str] = []
    prompt_contains: list[str] = []
    prompt_lacks: list[str] = []
    max_prompt_tokens: int | None = Field(None, ge=1)


class File(_Form):
    """A case as it is written; `payload` alone is the whole payload, beside `example` it changes fields of it."""

    job: str
    name: str = Field(min_length=1, max_length=200)
    payload: dict[str, JsonValue] | None = None
    example: int | None = Field(None, ge=0)
    rows: dict[str, list[dict[str, JsonValue]]] = {}
    answer: JsonValue = None
    answers: list[JsonValue] | None = None
    expect: Expected


@dataclass(frozen=True, slots=True)
class Case:
    """A case that can be run: its payload as JSON, the rows it works on and, if they are given, the answers."""

    file: str
    name: str
    processor: AnyProcessor
    payload: str
    rows: Example | None
    answers: tuple[str, ...] | None
    expect: Expected


class _Fault(Exception):
    """What is wrong with a case: the key and why."""


def read(folder: Path, job: str | None = None, processors: Sequence[AnyProcessor] = PROCESSORS) -> list[Case]:
    """Return the cases of a folder, or of one job, by file name; UsageError names each file and key that is wrong."""
    if job is not None:
        find(job, processors)
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.")
    found: list[Case] = []
    faults: list[str] = []
    for file in sorted(folder.glob("*.json")):
        try:
            found.append(_case(file, processors))
        except _Fault as fault:
            faults.append(f"{_shown(file.name)}: {fault}")
    if faults:
        raise UsageError(f"{len(faults)} of {len(faults) + len(found)} cases are malformed.\n" + "\n".join(faults))
    chosen = [case for case in found if job in (None, case.processor.name)]
    if not chosen:
        raise UsageError(
            f"There is no case{f' of {job}' if job else ''} in {folder}.",
            remedy="a case is a .json file: docs/prompts.md",
        )
    return chosen


def _case(file: Path, processors: Sequence[AnyProcessor]) -> Case:
    given = _parsed(file)
    try:
        processor = find(given.job, processors)
    except AiworkerError as error:
        raise _Fault(f"job: {error.message}") from error
    if faults := "; ".join(_contradictions(given, processor)):
        raise _Fault(faults)
    example = examples.load(given.job) if given.job in examples.names() else None
    payload = _payload(given, example)
    return Case(
        file=file.name,
        name=given.name,
        processor=processor,
        payload=json.dumps(payload, ensure_ascii=False),
        rows=_rows(given, payload, example, file.parent),
        answers=_answers(given),
        expect=given.expect,
    )


def _parsed(file: Path) -> File:
    try:
        return File.model_validate(decode(file.read_text("utf-8"), limit=MAX_CASE))
    except ValidationError as error:
        faults = (_told(detail) for detail in error.errors(include_url=False, include_input=False))
        raise _Fault("; ".join(faults)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise _Fault(f"it cannot be read ({type(error).__name__})") from error
    except AiworkerError as error:
        raise _Fault(error.message.replace("The payload", "it")) from error


def _contradictions(given: File, processor: AnyProcessor) -> Iterator[str]:
    expect = given.expect
    of_result = [key for key in OF_RESULT if key in expect.model_fields_set]
    if of_result and expect.status == "failed":
        yield f"expect.{of_result[0]}: a job that fails has no result"
    elif of_result and processor.describe is None:
        known = ", ".join(key for key in Expected.model_fields if key not in OF_RESULT)
        yield f"expect.{of_result[0]}: {processor.name} does not describe its result; known: {known}"
    if expect.code is not None and expect.status == "ok":
        yield "expect.code: only with status failed"
    if {"answer", "answers"} <= given.model_fields_set:
        yield "answers: not beside answer"
    for kind in given.rows:
        if kind not in WRITTEN_KINDS:
            yield f"rows.{_shown(kind)}: unknown; known: {', '.join(WRITTEN_KINDS)}"


def _payload(given: File, example: Example | None) -> Mapping[str, JsonValue]:
    if given.example is None:
        if given.payload is None:
            raise _Fault("payload: missing, and so is example")
        return given.payload
    payloads = example.payloads if example else ()
    if given.example >= len(payloads):
        raise _Fault(f"example: {given.job} has {len(payloads)} payloads, counted from 0")
    return {**payloads[given.example], **(given.payload or {})}


def _rows(given: File, payload: Mapping[str, JsonValue], example: Example | None, folder: Path) -> Example | None:
    if not given.rows:
        return example
    tenant = example.tenant if example else str(payload.get("tenant_id", ""))
    content = {"job": given.job, "tenant": tenant, "payloads": [dict(payload)], "rows": given.rows}
    try:
        _require_inside(folder, given.rows)
        own = examples.read(content, folder)
    except KeyError as lacking:
        raise _Fault(f"rows: one has no {lacking.args[0]}") from lacking
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise _Fault(f"rows: they cannot be read ({type(error).__name__})") from error
    return examples.joined(example, own) if example else own


def _require_inside(folder: Path, rows: Mapping[str, list[dict[str, JsonValue]]]) -> None:
    for kind, several in rows.items():
        for number, row in enumerate(several):
            file = (folder / str(row.get("file", "."))).resolve()
            if "file" in row and not (file.is_relative_to(folder.resolve()) and file.is_file()):
                raise _Fault(f"rows.{kind}.{number}.file: there is no such file in the folder")


def _answers(given: File) -> tuple[str, ...] | None:
    if given.answers is None and "answer" not in given.model_fields_set:
        return None
    answers = [given.answer] if given.answers is None else given.answers
    return tuple(each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in answers)


def _told(detail: ErrorDetails) -> str:
    key = ".".join(_shown(str(part)) for part in detail["loc"]) or "the file"
    match detail["type"]:
        case "extra_forbidden":
            return f"{key}: unknown; known: {', '.join(_form_at(detail['loc']).model_fields)}"
        case "missing":
            return f"{key}: missing"
        case "literal_error":
            return f"{key}: not one of ok, failed"
        case kind:
            return f"{key}: {FORM_WORDS.get(kind) or WORDS.get(kind, kind.replace('_', ' '))}"


def _form_at(key: tuple[int | str, ...]) -> type[BaseModel]:
    match key:
        case ("expect", "findings", _, _):
            return Finding
        case ("expect", _):
            return Expected
        case _:
            return File


def _shown(name: str) -> str:
    return _PLAIN.sub("?", name)[:64]
