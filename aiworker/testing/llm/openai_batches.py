"""OpenAI's batches: a file of requests in, a file of answers and a file of errors out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiworker.protocol import JsonValue
from aiworker.testing.llm.batches import CANCELLING, ENDED, Item, Stage, Timeline, shuffled, work
from aiworker.testing.llm.openai_files import Files
from aiworker.testing.llm.paging import openai_page
from aiworker.testing.llm.scenarios import Content
from aiworker.testing.llm.wire import (
    Answer,
    JsonObject,
    Refused,
    Seen,
    as_count,
    as_object,
    as_text,
    invalid,
    parsed,
)
from aiworker.testing.llm.world import World

ENDPOINTS = ("/v1/chat/completions", "/v1/responses")
VALIDATING = timedelta(seconds=10)
FINALIZING = timedelta(seconds=10)
MAX_REQUESTS = 50_000
MAX_BYTES = 200 * 1024 * 1024
STATUS: dict[Stage, str] = {
    "canceling": "cancelling",
    "canceled": "cancelled",
}
NEVER_RUN: dict[Stage, tuple[str, str]] = {
    "expired": ("batch_expired", "This request could not be executed before the completion window expired."),
    "canceled": ("batch_cancelled", "This request was cancelled before it was executed."),
}

Problem = tuple[int | None, str, str]
CompleteOne = Callable[[str, JsonObject, Content | None], JsonObject]


@dataclass(slots=True)
class Batch:
    """One batch; with problems in its file it fails and nothing is worked."""

    id: str
    endpoint: str
    input_file: str
    metadata: JsonValue
    timeline: Timeline
    problems: list[Problem] = field(default_factory=list[Problem])
    output_file: str | None = None
    error_file: str | None = None
    settled: bool = False


class Batches:
    """The batches and files of one account."""

    def __init__(self, world: World, complete: CompleteOne) -> None:
        self._world = world
        self._complete = complete
        self._files = Files(world)
        self._batches: dict[str, Batch] = {}

    def answer(self, seen: Seen) -> Answer | None:
        """Answer a request about batches or files; None if it is about something else."""
        for batch in self._batches.values():
            self._settle(batch)
        match seen.method, seen.route.removeprefix("/v1/").split("/"):
            case "POST", ["batches"]:
                return Answer.json(self._shown(self._create(seen.object)))
            case "GET", ["batches"]:
                newest = list(self._batches)[::-1]
                return Answer.json(openai_page(newest, seen.query, lambda one: self._shown(self._get(one))))
            case "GET", ["batches", batch_id]:
                return Answer.json(self._shown(self._get(batch_id)))
            case "POST", ["batches", batch_id, "cancel"]:
                return Answer.json(self._shown(self._cancel(batch_id)))
            case _:
                return self._files.answer(seen)

    def _get(self, batch_id: str) -> Batch:
        if batch_id not in self._batches:
            raise Refused(404, "invalid_request_error", f"No batch found with id '{batch_id}'.")
        return self._batches[batch_id]

    def _create(self, body: JsonObject) -> Batch:
        endpoint, file_id = as_text(body.get("endpoint")), as_text(body.get("input_file_id"))
        if endpoint not in ENDPOINTS:
            raise invalid(f"Invalid value: '{endpoint}'.", code="invalid_value", param="endpoint")
        if body.get("completion_window") != "24h":
            raise invalid("Invalid value: only '24h' is supported.", code="invalid_value", param="completion_window")
        file = self._files.get(file_id)
        if file.purpose != "batch":
            raise invalid(f"Invalid purpose '{file.purpose}' of {file_id}; expected 'batch'.", param="input_file_id")
        problems, requests = _read(file.content, endpoint)
        complete = self._complete
        items = work(
            self._world,
            "openai",
            endpoint,
            [] if problems else requests,
            lambda request, step: complete(endpoint, request, step),
        )
        timeline = Timeline(self._world.clock.now(), self._world.batch_takes, items, VALIDATING, FINALIZING)
        batch = Batch(
            self._world.new_id("batch_"), endpoint, file_id, body.get("metadata"), timeline, problems=problems
        )
        self._batches[batch.id] = batch
        return batch

    def _cancel(self, batch_id: str) -> Batch:
        batch = self._get(batch_id)
        if self._status(batch) == "failed" or not batch.timeline.cancel(self._world.clock.now()):
            raise Refused(409, "invalid_request_error", f"Cannot cancel a batch with status '{self._status(batch)}'.")
        return batch

    def _status(self, batch: Batch) -> str:
        now = self._world.clock.now()
        if batch.problems and now >= batch.timeline.started:
            return "failed"
        stage = batch.timeline.stage(now)
        return STATUS.get(stage, stage)

    def _settle(self, batch: Batch) -> None:
        now = self._world.clock.now()
        stage = batch.timeline.stage(now)
        if batch.settled or batch.problems or stage not in ENDED:
            return
        batch.settled = True
        done = {item.custom_id: item for item in batch.timeline.finished(now)}
        answered = [item for item in done.values() if item.body is not None]
        names = {item.custom_id for item in answered}
        other = [item for item in batch.timeline.items if item.custom_id not in names]
        lines = [self._line(item, None) for item in shuffled(answered)]
        errors = [self._line(item, stage if item.custom_id not in done else None) for item in shuffled(other)]
        if lines:
            batch.output_file = self._store(f"{batch.id}_output.jsonl", lines)
        if errors:
            batch.error_file = self._store(f"{batch.id}_error.jsonl", errors)

    def _store(self, name: str, lines: list[JsonObject]) -> str:
        content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        return self._files.store(name, "batch_output", content.encode("utf-8", "surrogatepass")).id

    def _line(self, item: Item, never_run: Stage | None) -> JsonObject:
        line: JsonObject = {"id": self._world.new_id("batch_req_"), "custom_id": item.custom_id}
        if never_run:
            code, message = NEVER_RUN[never_run]
            return {**line, "response": None, "error": {"code": code, "message": message}}
        status, body = (200, item.body) if item.refused is None else (item.refused.status, error_body(item.refused))
        response: JsonObject = {
            "status_code": status,
            "request_id": self._world.new_id("req_"),
            "body": body,
        }
        return {**line, "response": response, "error": None}

    def _shown(self, batch: Batch) -> JsonObject:
        self._settle(batch)
        time, now = batch.timeline, self._world.clock.now()
        status, stage = self._status(batch), batch.timeline.stage(now)
        done = time.finished(now)
        failed = sum(item.refused is not None for item in done)
        problems: list[JsonValue] = [
            {"line": line, "code": code, "message": message, "param": None} for line, code, message in batch.problems
        ]
        models = {as_text(item.body.get("model")) for item in time.items if item.body}
        failing = status == "failed"
        return {
            "id": batch.id,
            "object": "batch",
            "endpoint": batch.endpoint,
            "model": models.pop() if len(models) == 1 else None,
            "errors": {"object": "list", "data": problems} if failing else None,
            "input_file_id": batch.input_file,
            "completion_window": "24h",
            "status": status,
            "output_file_id": batch.output_file,
            "error_file_id": batch.error_file,
            "created_at": int(time.created.timestamp()),
            "in_progress_at": None if failing else _since(time.started, now),
            "expires_at": int(time.expires.timestamp()),
            "finalizing_at": _since(time.worked, now) if time.worked and not time.cancelled else None,
            "completed_at": int(time.ends.timestamp()) if stage == "completed" and not failing else None,
            "failed_at": int(time.started.timestamp()) if failing else None,
            "expired_at": int(time.ends.timestamp()) if stage == "expired" else None,
            "cancelling_at": _since(time.cancelled, now) if time.cancelled else None,
            "cancelled_at": _since(time.cancelled + CANCELLING, now) if time.cancelled else None,
            "request_counts": {"total": len(time.items), "completed": len(done) - failed, "failed": failed},
            "usage": _usage(done) if stage in ENDED and not failing else None,
            "metadata": batch.metadata,
        }


def error_body(refused: Refused) -> JsonObject:
    """Return a refusal in OpenAI's shape."""
    detail: JsonObject = {
        "message": refused.message,
        "type": refused.kind,
        "param": refused.param,
        "code": refused.code,
    }
    return {"error": detail}


def _read(content: bytes, endpoint: str) -> tuple[list[Problem], list[tuple[str, JsonObject]]]:
    problems: list[Problem] = []
    requests: dict[str, JsonObject] = {}
    lines = [line for line in content.splitlines() if line.strip()]
    for number, line in enumerate(lines, 1):
        request = as_object(parsed(line))
        custom_id = as_text(request.get("custom_id"))
        problems += [(number, code, message) for code, message in _problems(request, custom_id in requests, endpoint)]
        requests[custom_id] = as_object(request.get("body"))
    if not lines:
        problems.append((None, "empty_file", "The input file is empty."))
    if len(lines) > MAX_REQUESTS or len(content) > MAX_BYTES:
        problems.append((None, "file_too_large", "The input file has too many requests or bytes."))
    return problems, list(requests.items())


def _problems(request: JsonObject, twice: bool, endpoint: str) -> Iterator[tuple[str, str]]:
    if not request:
        yield "invalid_json_line", "This line is not parseable as valid JSON."
        return
    for name in ("custom_id", "method", "url", "body"):
        if name not in request:
            yield "missing_required_parameter", f"Missing required parameter: '{name}'."
    if twice:
        yield "duplicate_custom_id", "The custom_id of this request is a duplicate of another request in the batch."
    if request.get("url", endpoint) != endpoint:
        yield "mismatched_url", "The URL of this request does not match the batch endpoint."


def _usage(done: list[Item]) -> JsonObject:
    usages = [as_object(item.body.get("usage")) for item in done if item.body]
    total_in = sum(_of(usage, "prompt_tokens", "input_tokens") for usage in usages)
    total_out = sum(_of(usage, "completion_tokens", "output_tokens") for usage in usages)
    details = [as_object(usage.get("prompt_tokens_details") or usage.get("input_tokens_details")) for usage in usages]
    return {
        "input_tokens": total_in,
        "input_tokens_details": {"cached_tokens": sum(_of(detail, "cached_tokens") for detail in details)},
        "output_tokens": total_out,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": total_in + total_out,
    }


def _of(usage: JsonObject, *names: str) -> int:
    return next((found for name in names if (found := as_count(usage.get(name))) is not None), 0)


def _since(at: datetime | None, now: datetime) -> int | None:
    return int(at.timestamp()) if at is not None and now >= at else None
