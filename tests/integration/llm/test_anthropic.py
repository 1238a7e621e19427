"""Anthropic's client, through the real SDK: what goes over the wire, and what is made of the answer."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from decimal import Decimal
from typing import Any

import opentelemetry.trace
import pytest
from anthropic import AsyncAnthropic
from httpx2 import AsyncClient
from opentelemetry.trace import INVALID_SPAN, Span, Tracer, TracerProvider

from aiworker.domain.resume.answer import read_answer
from aiworker.errors import RateLimited, TransientFault
from aiworker.llm.anthropic import AnthropicMessages
from aiworker.llm.openai import wire
from aiworker.protocol import Block, JsonValue, LLMReply, LLMRequest, Prompt, Usage
from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm import scenarios as play
from aiworker.testing.llm.models import Model
from aiworker.testing.llm.wire import as_list, as_object
from tests.support.doors import MAP, asking, door, on, request

SONNET = "claude-sonnet-4-6"
HAIKU = "claude-haiku-4-5"
NEWER = "claude-haiku-5-5"


def prompt(words: int, *more: Block) -> Prompt:
    """Return a prompt whose instructions are so long."""
    return Prompt("long", "feedfacecafe", (Block("rules", "system", "Rules. " * words, is_cached=True), *more, TASK))


TASK = Block("task", "user", "Go.")
LONG = prompt(1_000)


ANYWHERE = pytest.mark.parametrize("http", ["in process", "on loopback"], indirect=True)


def claude(fake: FakeProviders, http: AsyncClient, **more: Any) -> AnthropicMessages:
    chosen: dict[str, Any] = {"model": SONNET, **more}
    made = door(fake, "anthropic", http, url=on(fake, "anthropic"), **chosen)
    assert isinstance(made, AnthropicMessages)
    return made


async def answered(fake: FakeProviders, http: AsyncClient, what: LLMRequest | None = None, **more: Any) -> LLMReply:
    chosen: dict[str, Any] = {"model": SONNET, **more}
    return await asking(fake, "anthropic", http, url=on(fake, "anthropic"), **chosen).answer(what or request())


def breakpoints(fake: FakeProviders) -> list[int]:
    """Say which blocks of the last request end in a breakpoint, system first."""
    body = fake.requests[-1].object
    (message,) = as_list(body["messages"])
    blocks = [*as_list(body.get("system")), *as_list(as_object(message)["content"])]
    return [at for at, block in enumerate(blocks) if "cache_control" in as_object(block)]


# What goes over the wire


@ANYWHERE
async def test_a_plain_question_is_the_prompt_s_blocks_by_role(fake: FakeProviders, http: AsyncClient) -> None:
    fake.script(play.Text("Hello."))
    reply = await answered(fake, http)
    assert reply.text == "Hello."
    assert fake.requests[0].object == {
        "model": SONNET,
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Say hello."}]}],
        "max_tokens": 500,
        "temperature": 0.3,
    }


@ANYWHERE
async def test_a_structured_question_has_the_schema_as_output_format(fake: FakeProviders, http: AsyncClient) -> None:
    fake.script(play.EchoMap())
    reply = await answered(fake, http, request(schema=MAP, task="rewrite-resume"))
    assert read_answer(reply.text, ["b0", "b1"]).texts == {"b0": "Improved: b0", "b1": "Improved: b1"}
    assert fake.requests[0].object["output_config"] == {"format": {"type": "json_schema", "schema": dict(MAP)}}
    assert "anthropic-beta" not in fake.requests[0].headers


ODD = Prompt("odd", "1" * 12, (Block("task", "user", 'é🙂 "quoted" \\ \u2028 \x7f </data> ₹ ـ\n\t{x}'),))
ALIKE = [request(), request(schema=MAP), request(ODD), request(LONG, schema=MAP), request(prompt(5_000))]


@pytest.mark.parametrize("model", [SONNET, HAIKU, NEWER, "claude-sonnet-5-5"])
@pytest.mark.parametrize("what", ALIKE)
@pytest.mark.parametrize("compatible", [False, True])
async def test_the_body_we_show_is_what_the_fake_received_byte_by_byte(
    fake: FakeProviders, http: AsyncClient, model: str, what: LLMRequest, compatible: bool
) -> None:
    messages = claude(fake, http, model=model, llm_compatible=compatible)
    await messages.send(what)
    assert wire(messages.body(what)) == fake.requests[-1].raw


@pytest.mark.parametrize(("model", "cap"), [(SONNET, 128_000), (HAIKU, 64_000)])
async def test_a_large_cap_is_sent_up_to_the_model_s_without_streaming(
    fake: FakeProviders, http: AsyncClient, model: str, cap: int
) -> None:
    await answered(fake, http, request(max_tokens=1_000_000), model=model)
    assert fake.requests[0].object["max_tokens"] == cap
    assert "stream" not in fake.requests[0].object


async def test_a_model_nobody_lists_gets_only_what_every_model_takes(fake: FakeProviders, http: AsyncClient) -> None:
    fake.serve_model(Model("anthropic", ("claude-next",), 400_000, 128_000, takes_temperature=False))
    await answered(fake, http, request(LONG, schema=MAP), model="claude-next")
    assert fake.requests[0].object.keys() == {"model", "messages", "max_tokens", "system"}
    assert breakpoints(fake) == []


async def test_a_compatible_server_gets_no_schema_and_no_breakpoints(fake: FakeProviders, http: AsyncClient) -> None:
    fake.script(play.Text('```json\n{"b0": "New"}\n```'))
    reply = await answered(fake, http, request(LONG, schema=MAP), llm_compatible=None)
    assert "output_config" not in fake.requests[0].object and breakpoints(fake) == []
    assert read_answer(reply.text, ["b0", "b1"]).texts == {"b0": "New"}


async def test_tokens_are_counted_on_request_for_the_same_prompt(fake: FakeProviders, http: AsyncClient) -> None:
    messages = claude(fake, http)
    counted = await messages.count_tokens(request(LONG, schema=MAP))
    assert counted == 1_750 + 1
    (seen,) = fake.requests
    assert seen.route == "/v1/messages/count_tokens"
    assert seen.object.keys() == {"model", "messages", "system", "output_config"}
    assert (await messages.send(request(LONG, schema=MAP))).usage.input_total == counted


async def test_a_count_that_fails_is_one_of_our_errors(fake: FakeProviders, http: AsyncClient) -> None:
    fake.script(play.RateLimited(3), play.ServerError(), route="/v1/messages/count_tokens")
    with pytest.raises(RateLimited):
        await claude(fake, http).count_tokens(request())
    with pytest.raises(TransientFault):
        await claude(fake, http).count_tokens(request())


# Caching


@pytest.mark.parametrize(
    ("model", "words", "marked"),
    [
        (SONNET, 100, []),
        (SONNET, 1_000, [0]),
        (HAIKU, 1_000, []),
        (HAIKU, 3_000, [0]),
        (NEWER, 100, []),
        (NEWER, 400, [0]),
    ],
)
async def test_a_breakpoint_is_set_only_where_the_prefix_reaches_the_model_s_minimum(
    fake: FakeProviders, http: AsyncClient, model: str, words: int, marked: list[int]
) -> None:
    await answered(fake, http, request(prompt(words)), model=model)
    assert breakpoints(fake) == marked


async def test_a_breakpoint_counts_everything_before_it(fake: FakeProviders, http: AsyncClient) -> None:
    blocks = [Block("vacancy", "user", "Vacancy. " * 400, is_cached=True), Block("resume", "user", "Resume. " * 400)]
    await answered(fake, http, request(prompt(200, *blocks)))
    assert breakpoints(fake) == [1]


async def test_only_blocks_that_ask_for_it_are_marked(fake: FakeProviders, http: AsyncClient) -> None:
    rules = Block("rules", "system", "Rules. " * 2_000)
    await answered(fake, http, request(Prompt("long", "f" * 12, (rules, TASK))))
    assert breakpoints(fake) == []


async def test_a_written_and_a_read_cache_are_counted_and_paid(fake: FakeProviders, http: AsyncClient) -> None:
    fake.default(play.Text("x" * 40))
    first, second = await answered(fake, http, request(LONG)), await answered(fake, http, request(LONG))
    assert first.usage.tokens_in == second.usage.tokens_in == 1_750 + 1
    assert (first.usage.tokens_cached, second.usage.tokens_cached) == (0, 1_750)
    million, rest = 1_000_000, Decimal(3) * 1 + Decimal(15) * 10
    assert (first.usage.tokens_cache_written, second.usage.tokens_cache_written) == (1_750, 0)
    assert Decimal(first.usage.cost_usd or "none") == (Decimal("3.75") * 1_750 + rest) / million
    assert Decimal(second.usage.cost_usd or "none") == (Decimal("0.30") * 1_750 + rest) / million
    fake.clock.advance(timedelta(minutes=6))
    assert (await answered(fake, http, request(LONG))).usage == first.usage


# What is made of the answer


@ANYWHERE
async def test_usage_cost_and_names_are_told(fake: FakeProviders, http: AsyncClient) -> None:
    fake.script(play.Text("x" * 400))
    reply = await answered(fake, http)
    cost = (Decimal(3) * 6 + Decimal(15) * 100) / 1_000_000
    assert reply.usage == Usage(6, 100, 0, str(cost.normalize()), 0)
    assert (reply.provider, reply.requested_model, reply.served_model) == ("anthropic", SONNET, SONNET)
    assert reply.stop_reason == "end"


@pytest.mark.parametrize(
    ("step", "stop", "text"),
    [
        (play.Text("All."), "end", "All."),
        (play.Text("So far", stop="stop_sequence"), "end", "So far"),
        (play.Cut('{"b0": "Wrote 4'), "length", '{"b0": "Wrote 4'),
        (play.Cut(""), "length", ""),
        (play.Refusal("cyber"), "refusal", ""),
        (play.ContentFilter(), "refusal", ""),
        (play.WindowExceeded("So far"), "window", "So far"),
        (play.WindowExceeded(), "window", ""),
    ],
)
async def test_why_it_stopped_is_told_in_our_words_and_the_text_kept(
    fake: FakeProviders, http: AsyncClient, step: play.Step, stop: str, text: str
) -> None:
    fake.script(step)
    reply = await answered(fake, http)
    assert (reply.stop_reason, reply.text) == (stop, text)
    assert reply.usage.tokens_in > 0 and reply.external_id


USAGE: JsonValue = {"input_tokens": 7, "output_tokens": 5, "cache_creation": [1], "cache_read_input_tokens": None}


async def test_texts_are_joined_and_other_blocks_passed_over(fake: FakeProviders, http: AsyncClient) -> None:
    blocks: list[JsonValue] = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "text", "text": '{"b0": '},
        "odd",
        {"type": "text", "text": '"New"}'},
    ]
    fake.script(play.WrongShape({"content": blocks, "usage": USAGE, "stop_reason": "end_turn"}))
    reply = await answered(fake, http, strict=False)
    assert reply.text == '{"b0": "New"}'
    assert (reply.usage.tokens_in, reply.usage.tokens_out, reply.usage.tokens_cached) == (7, 5, 0)


# Spans


class Spans(TracerProvider, Tracer):
    """Counts the spans that are started."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def get_tracer(self, *args: Any, **options: Any) -> Tracer:
        return self

    def start_span(self, name: str, *args: Any, **options: Any) -> Span:
        self.started.append(name)
        return INVALID_SPAN

    def start_as_current_span(self, name: str, *args: Any, **options: Any) -> Any:
        self.started.append(name)
        span: AbstractContextManager[Span] = nullcontext(INVALID_SPAN)
        return span


async def test_the_sdk_s_own_span_is_off(
    fake: FakeProviders, http: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans = Spans()
    monkeypatch.setattr(opentelemetry.trace, "get_tracer_provider", lambda: spans)
    await answered(fake, http)
    await claude(fake, http).count_tokens(request())
    assert spans.started == []
    # Left as it comes, it would have one.
    sdk: Any = AsyncAnthropic(api_key=fake.api_key, base_url="http://fake", http_client=http)
    await sdk.messages.create(model=SONNET, max_tokens=9, messages=[{"role": "user", "content": "Hello."}])
    assert len(spans.started) == 1
