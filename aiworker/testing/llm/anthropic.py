"""Anthropic on the wire: messages, token counts and models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

from aiworker.protocol import JsonValue
from aiworker.testing.llm import schema as schemas
from aiworker.testing.llm.anthropic_batches import Batches
from aiworker.testing.llm.cache import BreakpointCache, CacheUse
from aiworker.testing.llm.diagnostics import Diagnostics
from aiworker.testing.llm.faults import too_long, unknown_model
from aiworker.testing.llm.limits import Bucket
from aiworker.testing.llm.models import Model, midnight
from aiworker.testing.llm.paging import anthropic_page
from aiworker.testing.llm.questions import Block, Question, Reply, Ttl, reply_to
from aiworker.testing.llm.scenarios import Content, Stop
from aiworker.testing.llm.wire import (
    Answer,
    JsonObject,
    Query,
    Refused,
    Seen,
    as_count,
    as_list,
    as_object,
    as_text,
    invalid,
)
from aiworker.testing.llm.world import World

MESSAGES = "/v1/messages"
GENERATES = frozenset({MESSAGES})
MAX_BREAKPOINTS = 4
STOPS: dict[Stop, str] = {
    "end": "end_turn",
    "length": "max_tokens",
    "stop_sequence": "stop_sequence",
    "refusal": "refusal",
    "filter": "refusal",
    "window": "model_context_window_exceeded",
}
BUCKETS: dict[str, Bucket] = {"requests": "requests", "input-tokens": "input", "output-tokens": "output"}


class Anthropic:
    """One organization at Anthropic."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._cache = BreakpointCache(world.clock)
        self._diagnostics = Diagnostics()
        self._batches = Batches(world, self.complete, error_body)

    def answer(self, seen: Seen, step: Content | None) -> Answer:
        """Answer a request; raises Refused."""
        match seen.method, seen.route:
            case "POST", "/v1/messages":
                model = self._model(seen.model or "").name if seen.model else ""
                return Answer.json(self.complete(seen.object, step), self.headers(model))
            case "POST", "/v1/messages/count_tokens":
                question = self._question(seen.object, counting=True)
                return Answer.json({"input_tokens": self._size(question)}, self.headers(question.model.name))
            case "GET", "/v1/models":
                return Answer.json(self._models(seen.query), self.headers(""))
            case "GET", route if route.startswith("/v1/models/"):
                return Answer.json(self._model_info(route.removeprefix("/v1/models/")), self.headers(""))
            case _:
                if answer := self._batches.answer(seen):
                    return replace(answer, headers={**self.headers(""), **answer.headers})
        raise Refused(404, "not_found_error", "Not found")

    def error(self, refused: Refused, model: str | None) -> Answer:
        """Return a refusal as an answer."""
        headers = {**self.headers(model or ""), **refused.headers}
        return Answer.json(error_body(refused, headers["request-id"]), headers, status=refused.status)

    def headers(self, model: str) -> dict[str, str]:
        """Return what comes with every answer."""
        headers = {
            "request-id": self._world.new_id("req_"),
            "anthropic-organization-id": "00000000-0000-4000-8000-000000000001",
        }
        for name, bucket in BUCKETS.items():
            level = self._world.limits.level(model, bucket)
            headers[f"anthropic-ratelimit-{name}-limit"] = str(level.limit)
            headers[f"anthropic-ratelimit-{name}-remaining"] = str(level.remaining)
            headers[f"anthropic-ratelimit-{name}-reset"] = _stamp(self._world.clock.now() + level.reset)
        return headers

    def complete(self, body: JsonObject, step: Content | None, tier: str = "standard") -> JsonObject:
        """Answer one question; raises Refused."""
        question = self._question(body)
        tokens = self._size(question)
        if tokens > question.model.window:
            raise too_long("anthropic", tokens, question.model.window)
        reply = reply_to(question, step, self._world.count, obeying=self._world.obeying)
        use = self._cache.use(question.model, question.blocks, self._world.count)
        # Cached tokens do not count against the input limit.
        self._world.limits.take(question.model.name, tokens_in=use.total - use.read, tokens_out=reply.tokens)
        message = self._message(question, reply, use, tier)
        self._diagnostics.keep(as_text(message["id"]), question)
        if "diagnostics" in body:
            previous = as_object(body["diagnostics"]).get("previous_message_id")
            message["diagnostics"] = self._diagnostics.explain(question, previous, use, self._world.count)
        return message

    def _message(self, question: Question, reply: Reply, use: CacheUse, tier: str) -> JsonObject:
        declined = reply.stop in ("refusal", "filter")
        details: JsonObject = {"type": "refusal", "category": reply.category, "explanation": reply.text or None}
        content: list[JsonValue] = []
        if reply.text and not declined:
            content.append({"type": "text", "text": reply.text, "citations": None})
        return {
            "id": self._world.new_id("msg_"),
            "type": "message",
            "role": "assistant",
            "model": question.called,
            "content": content,
            "stop_reason": STOPS[reply.stop],
            "stop_sequence": reply.stop_sequence,
            "stop_details": details if declined else None,
            "usage": {
                "input_tokens": use.uncached,
                "cache_creation_input_tokens": use.written,
                "cache_read_input_tokens": use.read,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": use.written_5m,
                    "ephemeral_1h_input_tokens": use.written_1h,
                },
                "output_tokens": reply.tokens,
                "service_tier": tier,
                "server_tool_use": None,
            },
        }

    def _size(self, question: Question) -> int:
        return sum(self._world.count(block.text) for block in question.blocks)

    def _model(self, name: str) -> Model:
        model = self._world.catalogue.find("anthropic", name, self._world.clock.now())
        if model is None:
            raise unknown_model("anthropic", name)
        return model

    def _question(self, body: JsonObject, *, counting: bool = False) -> Question:
        for field in ("model", "messages") if counting else ("model", "max_tokens", "messages"):
            if field not in body:
                raise invalid(f"{field}: Field required")
        called = as_text(body["model"])
        model = self._model(called)
        cap = None if counting else as_count(body["max_tokens"])
        _check_parameters(model, body, cap)
        blocks = tuple(_blocks(body))
        _check_breakpoints(blocks)
        form = as_object(as_object(body.get("output_config")).get("format"))
        schema = as_object(form.get("schema")) if form.get("type") == "json_schema" else None
        if schema is not None:
            schemas.refuse_for_anthropic(schema)
        stops = tuple(as_text(stop) for stop in as_list(body.get("stop_sequences")))
        return Question(model=model, called=called, blocks=blocks, schema=schema, max_tokens=cap, stops=stops)

    def _models(self, query: Query) -> JsonObject:
        wanted = query.get("lifecycle", ("active", "deprecated"))
        now = self._world.clock.now()
        names = [name for name, model in self._world.catalogue.listed("anthropic") if model.lifecycle(now) in wanted]
        return anthropic_page(names, query, self._model_info)

    def _model_info(self, name: str) -> JsonObject:
        model = dict(self._world.catalogue.listed("anthropic")).get(name)
        if model is None:
            raise unknown_model("anthropic", name)
        lifecycle = model.lifecycle(self._world.clock.now())
        active = lifecycle == "active"
        return {
            "id": name,
            "type": "model",
            "display_name": model.name.replace("-", " ").title(),
            "created_at": _stamp(midnight(date(2025, 5, 22))),
            "lifecycle": lifecycle,
            "deprecated_at": None if active else _day(model.deprecated_on),
            "retires_at": None if active else _day(model.retires_on),
            "max_input_tokens": model.window,
            "max_tokens": model.output_cap,
            "line": name.split("-")[1],
            "capabilities": None,
        }


def error_body(refused: Refused, request_id: str) -> JsonObject:
    """Return a refusal in Anthropic's shape."""
    detail: JsonObject = {"type": refused.kind, "message": refused.message}
    if refused.code:
        detail["details"] = {"error_code": refused.code}
    return {"type": "error", "error": detail, "request_id": request_id}


def _check_parameters(model: Model, body: JsonObject, cap: int | None) -> None:
    if body.get("stream"):
        raise invalid("This fake does not stream.")
    for name in ("temperature", "top_p", "top_k"):
        if name in body and not model.takes_temperature:
            raise invalid(f"`{name}` is deprecated for this model")
    if cap is not None and cap > model.output_cap:
        raise invalid(
            f"max_tokens: {cap} > {model.output_cap}, which is the maximum allowed number of output tokens for "
            f"{model.name}"
        )
    messages = as_list(body["messages"])
    if not messages:
        raise invalid("messages: at least one message is required")
    if any(as_object(message).get("role") not in ("user", "assistant") for message in messages):
        raise invalid('messages: Unexpected role. The Messages API accepts "user" and "assistant"; use `system`.')


def _check_breakpoints(blocks: tuple[Block, ...]) -> None:
    spans = [block.ttl for block in blocks if block.ttl]
    if len(spans) > MAX_BREAKPOINTS:
        raise invalid(f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found {len(spans)}.")
    if "5m" in spans and "1h" in spans[spans.index("5m") :]:
        raise invalid("a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block.")


def _blocks(body: JsonObject) -> Iterator[Block]:
    blocks = [*_tools(body), *_content("system", body.get("system"))]
    for message in map(as_object, as_list(body["messages"])):
        blocks += _content(as_text(message.get("role")), message.get("content"))
    if blocks and isinstance(body.get("cache_control"), dict) and not blocks[-1].ttl:
        last = blocks.pop()
        blocks.append(Block(last.role, last.text, _ttl(body.get("cache_control"))))
    return iter(blocks)


def _tools(body: JsonObject) -> Iterator[Block]:
    for tool in map(as_object, as_list(body.get("tools"))):
        yield Block("tools", json.dumps(tool), _ttl(tool.get("cache_control")))


def _content(role: str, content: JsonValue) -> Iterator[Block]:
    if isinstance(content, str):
        yield Block(role, content)
    for part in map(as_object, as_list(content)):
        if part.get("type") == "text":
            yield Block(role, as_text(part.get("text")), _ttl(part.get("cache_control")))
        else:
            yield Block(role, json.dumps(part), _ttl(part.get("cache_control")))


def _ttl(control: JsonValue) -> Ttl | None:
    if not isinstance(control, dict):
        return None
    return "1h" if control.get("ttl") == "1h" else "5m"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _day(day: date | None) -> str | None:
    return _stamp(midnight(day)) if day else None
