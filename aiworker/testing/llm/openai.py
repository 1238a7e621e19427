"""OpenAI on the wire: chat completions, responses, token counts and models."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from aiworker.protocol import JsonValue
from aiworker.testing.llm import schema as schemas
from aiworker.testing.llm.cache import CacheUse, PrefixCache, Terms
from aiworker.testing.llm.faults import too_long, unknown_model
from aiworker.testing.llm.models import Model
from aiworker.testing.llm.openai_batches import Batches, error_body
from aiworker.testing.llm.questions import DECLINED, Block, Question, Reply, reply_to
from aiworker.testing.llm.scenarios import Content, Stop
from aiworker.testing.llm.wire import (
    Answer,
    JsonObject,
    Refused,
    Seen,
    as_count,
    as_list,
    as_object,
    as_text,
    invalid,
)
from aiworker.testing.llm.world import World

CHAT = "/v1/chat/completions"
RESPONSES = "/v1/responses"
GENERATES = frozenset({CHAT, RESPONSES})
FINISH: dict[Stop, str] = {"length": "length", "window": "length", "filter": "content_filter"}
IN_MEMORY = timedelta(minutes=5)
EXTENDED = timedelta(hours=24)
EXPLICIT = timedelta(minutes=30)

Route = Callable[[Seen, Content | None], Answer]


class OpenAI:
    """One account at OpenAI."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._cache = PrefixCache(world.clock)
        self._batches = Batches(world, self.complete)
        self._routes: dict[tuple[str, str], Route] = {
            ("POST", CHAT): self._generate,
            ("POST", RESPONSES): self._generate,
            ("POST", f"{RESPONSES}/input_tokens"): self._count,
            ("GET", "/v1/models"): self._models,
        }

    def answer(self, seen: Seen, step: Content | None) -> Answer:
        """Answer a request; raises Refused."""
        if route := self._routes.get((seen.method, seen.route)):
            return route(seen, step)
        if seen.method == "GET" and seen.route.startswith("/v1/models/"):
            name = seen.route.removeprefix("/v1/models/")
            return Answer.json(self._model_object(name, self._model(name)), self.headers(""))
        if answer := self._batches.answer(seen):
            return replace(answer, headers={**self.headers(""), **answer.headers})
        raise Refused(404, "invalid_request_error", f"Invalid URL ({seen.method} {seen.route})")

    def error(self, refused: Refused, model: str | None) -> Answer:
        """Return a refusal as an answer."""
        return Answer.json(error_body(refused), {**self.headers(model or ""), **refused.headers}, status=refused.status)

    def headers(self, model: str) -> dict[str, str]:
        """Return what comes with every answer."""
        requests, tokens = (self._world.limits.level(model, bucket) for bucket in ("requests", "input"))
        return {
            "x-request-id": self._world.new_id("req_"),
            "openai-version": "2020-10-01",
            "openai-organization": "org-fake",
            "openai-processing-ms": "12",
            "x-ratelimit-limit-requests": str(requests.limit),
            "x-ratelimit-remaining-requests": str(requests.remaining),
            "x-ratelimit-reset-requests": _span(requests.reset),
            "x-ratelimit-limit-tokens": str(tokens.limit),
            "x-ratelimit-remaining-tokens": str(tokens.remaining),
            "x-ratelimit-reset-tokens": _span(tokens.reset),
        }

    def complete(self, route: str, body: JsonObject, step: Content | None) -> JsonObject:
        """Answer one question; raises Refused."""
        question = self._question(route, body)
        tokens = sum(self._world.count(block.text) for block in question.blocks)
        if tokens > question.model.window:
            raise too_long("openai", tokens, question.model.window)
        reply = reply_to(question, step, self._world.count, obeying=self._world.obeying)
        use = self._cache.use(question.model, question.blocks, self._world.count, _terms(question, body))
        self._world.limits.take(question.model.name, tokens_in=use.total, tokens_out=reply.tokens)
        write = self._chat_body if route == CHAT else self._response_body
        return write(question, body, reply, use)

    def _generate(self, seen: Seen, step: Content | None) -> Answer:
        body = self.complete(seen.route, seen.object, step)
        return Answer.json(body, self.headers(self._model(seen.model or "").name))

    def _count(self, seen: Seen, step: Content | None) -> Answer:
        question = self._question(RESPONSES, seen.object)
        tokens = sum(self._world.count(block.text) for block in question.blocks)
        body: JsonObject = {"object": "response.input_tokens", "input_tokens": tokens}
        return Answer.json(body, self.headers(question.model.name))

    def _models(self, seen: Seen, step: Content | None) -> Answer:
        now = self._world.clock.now()
        data: list[JsonValue] = [
            self._model_object(name, model)
            for name, model in self._world.catalogue.listed("openai")
            if model.lifecycle(now) != "retired"
        ]
        return Answer.json({"object": "list", "data": data}, self.headers(""))

    def _model_object(self, name: str, model: Model) -> JsonObject:
        return {
            "id": name,
            "object": "model",
            "created": 1_700_000_000,
            "owned_by": "openai",
            "shutdown_date": model.retires_on.isoformat() if model.retires_on else None,
        }

    def _model(self, name: str) -> Model:
        model = self._world.catalogue.find("openai", name, self._world.clock.now())
        if model is None:
            raise unknown_model("openai", name)
        return model

    def _question(self, route: str, body: JsonObject) -> Question:
        if not as_text(body.get("model")):
            raise invalid("you must provide a model parameter")
        called = as_text(body["model"])
        model = self._model(called)
        _check_parameters(model, body)
        chat = route == CHAT
        form = as_object(body.get("response_format")) if chat else as_object(as_object(body.get("text")).get("format"))
        blocks = _chat_blocks(body) if chat else _response_blocks(body)
        json_only = form.get("type") == "json_object"
        if json_only and not any("json" in block.text.lower() for block in blocks):
            raise invalid("'messages' must contain the word 'json' in some form, to use 'json_object'.")
        caps = ("max_completion_tokens", "max_tokens") if chat else ("max_output_tokens",)
        cap = next((value for name in caps if (value := as_count(body.get(name))) is not None), None)
        if cap is not None and cap > model.output_cap:
            raise invalid(
                f"max_tokens is too large: {cap}. This model supports at most {model.output_cap} completion tokens.",
                code="invalid_value",
                param="max_tokens",
            )
        stops = body.get("stop")
        words = tuple(as_text(stop) for stop in as_list(stops)) if isinstance(stops, list) else (as_text(stops),)
        return Question(
            model=model,
            called=called,
            blocks=blocks,
            schema=_schema(form),
            json_only=json_only,
            max_tokens=cap,
            stops=tuple(filter(None, words)),
        )

    def _chat_body(self, question: Question, body: JsonObject, reply: Reply, use: CacheUse) -> JsonObject:
        refused = reply.stop == "refusal"
        empty = refused or (reply.stop == "filter" and not reply.text)
        message: JsonObject = {
            "role": "assistant",
            "content": None if empty else reply.text,
            "refusal": reply.text if refused else None,
            "annotations": [],
        }
        choice: JsonObject = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": FINISH.get(reply.stop, "stop"),
        }
        return {
            "id": self._world.new_id("chatcmpl-"),
            "object": "chat.completion",
            "created": self._world.timestamp,
            "model": question.called,
            "choices": [choice],
            "usage": {
                "prompt_tokens": use.total,
                "completion_tokens": reply.tokens,
                "total_tokens": use.total + reply.tokens,
                "prompt_tokens_details": {
                    "cached_tokens": use.read,
                    "cache_write_tokens": use.written,
                    "audio_tokens": 0,
                },
                "completion_tokens_details": {
                    "reasoning_tokens": 0,
                    "audio_tokens": 0,
                    "accepted_prediction_tokens": 0,
                    "rejected_prediction_tokens": 0,
                },
            },
            "service_tier": "default",
            "system_fingerprint": "fp_fake",
        }

    def _response_body(self, question: Question, body: JsonObject, reply: Reply, use: CacheUse) -> JsonObject:
        reasons: dict[Stop, str] = {
            "length": "max_output_tokens",
            "window": "max_output_tokens",
            "filter": "content_filter",
        }
        reason = reasons.get(reply.stop)
        part: JsonObject = {"type": "output_text", "text": reply.text, "annotations": []}
        if reply.stop == "refusal":
            part = {"type": "refusal", "refusal": DECLINED}
        message: JsonObject = {
            "id": self._world.new_id("msg_"),
            "type": "message",
            "role": "assistant",
            "status": "incomplete" if reason else "completed",
            "content": [part],
        }
        return {
            "id": self._world.new_id("resp_"),
            "object": "response",
            "created_at": self._world.timestamp,
            "status": "incomplete" if reason else "completed",
            "error": None,
            "incomplete_details": {"reason": reason} if reason else None,
            "instructions": body.get("instructions"),
            "max_output_tokens": question.max_tokens,
            "metadata": {},
            "model": question.called,
            "output": [message],
            "parallel_tool_calls": True,
            "temperature": body.get("temperature", 1.0),
            "text": body.get("text", {"format": {"type": "text"}}),
            "tool_choice": "auto",
            "tools": [],
            "top_p": body.get("top_p", 1.0),
            "truncation": "disabled",
            "usage": {
                "input_tokens": use.total,
                "input_tokens_details": {"cached_tokens": use.read, "cache_write_tokens": use.written},
                "output_tokens": reply.tokens,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": use.total + reply.tokens,
            },
        }


def _check_parameters(model: Model, body: JsonObject) -> None:
    if body.get("stream"):
        raise invalid("This fake does not stream.", param="stream")
    if "max_tokens" in body and not model.takes_max_tokens:
        raise invalid(
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            code="unsupported_parameter",
            param="max_tokens",
        )
    if not model.takes_temperature and body.get("temperature", 1) not in (1, None):
        raise invalid(
            "Unsupported value: 'temperature' does not support this value with this model. Only the default (1) value "
            "is supported.",
            code="unsupported_value",
            param="temperature",
        )
    if "prompt_cache_options" in body and not model.writes_cache:
        raise invalid("Unsupported parameter: 'prompt_cache_options'.", param="prompt_cache_options")


def _schema(form: JsonObject) -> JsonObject | None:
    if form.get("type") != "json_schema":
        return None
    # Chat wraps name and schema once more than responses do.
    given = as_object(form.get("json_schema")) or form
    schema = as_object(given.get("schema"))
    if given.get("strict"):
        schemas.refuse_for_openai(as_text(given.get("name")), schema)
    return schema


def _chat_blocks(body: JsonObject) -> tuple[Block, ...]:
    messages = as_list(body.get("messages"))
    if not messages:
        raise invalid("Missing required parameter: 'messages'.", param="messages")
    return (*_tools(body), *_message_blocks(messages))


def _response_blocks(body: JsonObject) -> tuple[Block, ...]:
    instructions = as_text(body.get("instructions"))
    given = body.get("input")
    system = [Block("system", instructions)] if instructions else []
    inputs = [Block("user", given)] if isinstance(given, str) else _message_blocks(as_list(given))
    return (*_tools(body), *system, *inputs)


def _tools(body: JsonObject) -> list[Block]:
    tools = as_list(body.get("tools"))
    return [Block("tools", json.dumps(tools))] if tools else []


def _message_blocks(messages: Sequence[JsonValue]) -> list[Block]:
    blocks: list[Block] = []
    for message in map(as_object, messages):
        role = as_text(message.get("role")) or "user"
        content = message.get("content")
        if isinstance(content, str):
            blocks.append(Block(role, content))
        for part in map(as_object, as_list(content)):
            text = as_text(part.get("text")) or json.dumps(part)
            blocks.append(Block(role, text, breaks="prompt_cache_breakpoint" in part))
    return blocks


def _terms(question: Question, body: JsonObject) -> Terms:
    options = as_object(body.get("prompt_cache_options"))
    lifetime = EXPLICIT if question.model.writes_cache else IN_MEMORY
    if body.get("prompt_cache_retention") == "24h":
        lifetime = EXTENDED
    blocks = None
    if options.get("mode") == "explicit":
        blocks = max((at for at, block in enumerate(question.blocks, 1) if block.breaks), default=0)
    return Terms(as_text(body.get("prompt_cache_key")), lifetime, blocks)


def _span(span: timedelta) -> str:
    seconds = span.total_seconds()
    return f"{int(seconds * 1000)}ms" if seconds < 1 else f"{seconds:g}s"
