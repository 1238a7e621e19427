"""OpenAI's client, through the real SDK: what goes over the wire, and what is made of the answer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from httpx2 import AsyncClient

from aiworker.domain.resume.answer import read_answer
from aiworker.errors import AiworkerError
from aiworker.llm.openai import OpenAIChat, wire
from aiworker.protocol import Block, JsonValue, LLMReply, LLMRequest, Prompt, Usage
from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm import scenarios as play
from aiworker.testing.llm.models import Model
from tests.support.doors import MAP, asking, door, on, request

LONG = Prompt(
    "long",
    "feedfacecafe",
    (Block("rules", "system", "Rules. " * 1_000, is_cached=True), Block("task", "user", "Go.")),
)
LLAMA = Model("openai", ("llama3.2",), 8_192, 4_096)


ANYWHERE = pytest.mark.parametrize("http", ["in process", "on loopback"], indirect=True)


def openai(fake: FakeProviders, http: AsyncClient, **more: Any) -> OpenAIChat:
    made = door(fake, "openai", http, url=on(fake, "openai"), **more)
    assert isinstance(made, OpenAIChat)
    return made


async def answered(fake: FakeProviders, http: AsyncClient, what: LLMRequest | None = None, **more: Any) -> LLMReply:
    return await asking(fake, "openai", http, url=on(fake, "openai"), **more).answer(what or request())


# What goes over the wire


@ANYWHERE
async def test_a_plain_question_is_the_prompt_s_blocks_by_role(fake: FakeProviders, http: AsyncClient) -> None:
    fake.script(play.Text("Hello."))
    reply = await answered(fake, http)
    assert reply.text == "Hello."
    assert fake.requests[0].object == {
        "model": "gpt-4o",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello."}],
        "max_completion_tokens": 500,
        "prompt_cache_key": "plain-0123456789ab",
        "temperature": 0.3,
    }


@ANYWHERE
async def test_a_structured_question_has_a_strict_schema_under_the_task_s_name(
    fake: FakeProviders, http: AsyncClient
) -> None:
    fake.script(play.EchoMap())
    reply = await answered(fake, http, request(schema=MAP, task="rewrite-resume"))
    assert read_answer(reply.text, ["b0", "b1"]).texts == {"b0": "Improved: b0", "b1": "Improved: b1"}
    assert fake.requests[0].object["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "rewrite_resume", "strict": True, "schema": dict(MAP)},
    }


ODD = Prompt("odd", "1" * 12, (Block("task", "user", 'é🙂 "quoted" \\ \u2028 \x7f </data> ₹ ـ\n\t{x}'),))


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-mini", "gpt-5.4-mini", "gpt-6-luna"])
@pytest.mark.parametrize("what", [request(), request(schema=MAP), request(ODD), request(LONG, schema=MAP)])
@pytest.mark.parametrize("compatible", [False, True])
async def test_the_body_we_show_is_what_the_fake_received_byte_by_byte(
    fake: FakeProviders, http: AsyncClient, model: str, what: LLMRequest, compatible: bool
) -> None:
    chat = openai(fake, http, model=model, llm_compatible=compatible)
    try:
        await chat.send(what)
    except AiworkerError as error:
        assert (compatible, error.code) == (True, "provider_refused")
    assert wire(chat.body(what)) == fake.requests[-1].raw


async def test_the_cap_never_exceeds_the_model_s(fake: FakeProviders, http: AsyncClient) -> None:
    await answered(fake, http, request(max_tokens=1_000_000))
    assert fake.requests[0].object["max_completion_tokens"] == 16_384


async def test_a_model_nobody_lists_gets_only_what_every_model_takes(fake: FakeProviders, http: AsyncClient) -> None:
    fake.serve_model(Model("openai", ("gpt-9",), 400_000, 128_000, takes_temperature=False, takes_max_tokens=False))
    await answered(fake, http, request(schema=MAP), openai_model="gpt-9")
    assert fake.requests[0].object.keys() == {"model", "messages", "max_completion_tokens", "prompt_cache_key"}


async def test_the_cache_key_is_that_of_the_prompt_s_version(fake: FakeProviders, http: AsyncClient) -> None:
    for fingerprint in ("aaa", "bbb"):
        await answered(fake, http, request(replace(LONG, fingerprint=fingerprint)))
    assert [seen.object["prompt_cache_key"] for seen in fake.requests] == ["long-aaa", "long-bbb"]


async def test_nobody_streams_or_asks_twice(fake: FakeProviders, http: AsyncClient) -> None:
    await answered(fake, http)
    (seen,) = fake.requests
    assert (seen.method, seen.route) == ("POST", "/v1/chat/completions")
    assert "stream" not in seen.object and "n" not in seen.object
    assert seen.headers["x-stainless-retry-count"] == "0"


# What is made of the answer


@ANYWHERE
async def test_usage_cost_and_names_are_told(fake: FakeProviders, http: AsyncClient) -> None:
    fake.script(play.Text("x" * 400))
    reply = await answered(fake, http)
    tokens_in, tokens_out = 3 + 3, 100
    cost = (Decimal("2.50") * tokens_in + Decimal(10) * tokens_out) / 1_000_000
    assert reply.usage == Usage(tokens_in, tokens_out, 0, str(cost.normalize()), 0)
    assert (reply.provider, reply.requested_model, reply.served_model) == ("openai", "gpt-4o", "gpt-4o")
    assert reply.stop_reason == "end"


async def test_cached_tokens_are_part_of_the_prompt_and_cost_half(fake: FakeProviders, http: AsyncClient) -> None:
    fake.default(play.Text("x" * 40))
    first, second = await answered(fake, http, request(LONG)), await answered(fake, http, request(LONG))
    total = 1_750 + 1
    assert (first.usage.tokens_in, first.usage.tokens_cached) == (total, 0)
    assert second.usage.tokens_in == total
    cached = second.usage.tokens_cached
    assert cached >= 1_024 and cached % 128 == 0
    expected = (Decimal("2.50") * (total - cached) + Decimal("1.25") * cached + Decimal(10) * 10) / 1_000_000
    assert Decimal(second.usage.cost_usd or "none") == expected < Decimal(first.usage.cost_usd or "none")


async def test_a_cache_write_is_paid_where_it_costs_extra(fake: FakeProviders, http: AsyncClient) -> None:
    fake.default(play.Text("x" * 40))
    usage = (await answered(fake, http, request(LONG), model="gpt-6-luna")).usage
    assert usage.tokens_cache_written >= 1_024
    assert (usage.tokens_in, usage.tokens_cached) == (1_751, 0)
    rest = usage.tokens_in - usage.tokens_cache_written
    # gpt-6-luna: $0.10 and $0.50 a million, a written token 1.25 times as much as a read one.
    written = Decimal("0.125") * usage.tokens_cache_written
    assert Decimal(usage.cost_usd or "none") == (Decimal("0.10") * rest + written + Decimal("0.50") * 10) / 1_000_000


@pytest.mark.parametrize(
    ("step", "stop", "text"),
    [
        (play.Text("All."), "end", "All."),
        (play.Text("", stop="end"), "end", ""),
        (play.Cut('{"b0": "Wrote 4'), "length", '{"b0": "Wrote 4'),
        (play.Refusal(), "refusal", "I'm sorry, but I can't help with that."),
        (play.ContentFilter(), "filter", ""),
        (play.ContentFilter("So far"), "filter", "So far"),
        (play.WindowExceeded("So far"), "length", "So far"),
        (play.WindowExceeded(), "length", ""),
    ],
)
async def test_why_it_stopped_is_told_in_our_words_and_the_text_kept(
    fake: FakeProviders, http: AsyncClient, step: play.Step, stop: str, text: str
) -> None:
    fake.script(step)
    reply = await answered(fake, http)
    assert (reply.stop_reason, reply.text) == (stop, text)
    assert reply.usage.tokens_in > 0 and reply.external_id


# Servers that only speak the protocol


def compatible(fake: FakeProviders, http: AsyncClient) -> OpenAIChat:
    fake.serve_model(LLAMA)
    return openai(fake, http, openai_model="llama3.2", llm_compatible=None)


@ANYWHERE
async def test_a_compatible_server_gets_the_old_words_and_no_extras(fake: FakeProviders, http: AsyncClient) -> None:
    await compatible(fake, http).send(request(schema=MAP, max_tokens=9_999))
    assert fake.requests[0].object == {
        "model": "llama3.2",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello."}],
        "max_tokens": 4_096,
        "temperature": 0.3,
    }


@pytest.mark.parametrize(
    "text", ['```json\n{"b0": "New"}\n```', 'Sure! Here is it:\n{"b0": "New"}\nHope it helps.', '\ufeff{"b0":"New"}']
)
async def test_its_fenced_answer_is_read(fake: FakeProviders, http: AsyncClient, text: str) -> None:
    fake.script(play.Text(text))
    reply = await compatible(fake, http).send(request(schema=MAP))
    assert reply.text == text
    assert read_answer(reply.text, ["b0", "b1"]).texts == {"b0": "New"}


MESSAGE: dict[str, JsonValue] = {"role": "assistant", "content": "Hi."}


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [{"message": MESSAGE}]},
        {"choices": [{"message": MESSAGE, "finish_reason": None}], "usage": None},
        {"choices": [{"message": MESSAGE, "finish_reason": "eos"}], "usage": {}, "id": "", "model": None},
        {"choices": [{"message": MESSAGE, "finish_reason": "stop"}], "usage": {"prompt_tokens": "7"}},
        {"choices": [{"message": MESSAGE, "finish_reason": "stop"}], "usage": {"prompt_tokens_details": [1]}},
        {"choices": [{"message": MESSAGE, "finish_reason": "stop"}], "usage": {"prompt_tokens": -3}},
    ],
)
async def test_what_it_leaves_out_or_gets_wrong_in_its_usage_is_no_fault(
    fake: FakeProviders, http: AsyncClient, body: JsonValue
) -> None:
    fake.serve_model(LLAMA)
    fake.script(play.WrongShape(body))
    reply = await answered(fake, http, openai_model="llama3.2", llm_compatible=None, strict=False)
    assert (reply.text, reply.stop_reason, reply.usage.tokens_in) == ("Hi.", "end", 0)
    assert reply.served_model == "llama3.2"


async def test_its_cached_figures_are_never_more_than_the_prompt(fake: FakeProviders, http: AsyncClient) -> None:
    usage: JsonValue = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 99, "cache_write_tokens": 99},
    }
    fake.script(play.WrongShape({"choices": [{"message": MESSAGE, "finish_reason": "stop"}], "usage": usage}))
    reply = await answered(fake, http, strict=False)
    assert (reply.usage.tokens_in, reply.usage.tokens_cached) == (10, 10)
