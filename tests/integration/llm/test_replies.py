"""What both providers' clients send and read alike: body, temperature, cap, ids, allowances, broken answers."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient

from aiworker.errors import RateLimited
from aiworker.llm.openai import wire
from aiworker.llm.reply import RAW_HEAD, Garbled
from aiworker.protocol import Allowance, Block, LLMReply, LLMRequest, Prompt, RateLimits, Usage
from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm import scenarios as play
from tests.support.doors import MAP, PROVIDERS, asking, door, on, request

BOTH = pytest.mark.parametrize("provider", PROVIDERS)
ANYWHERE = pytest.mark.parametrize("http", ["in process", "on loopback"], indirect=True)
MODELS = {"openai": "gpt-4o", "anthropic": "claude-sonnet-4-6"}
ODD = Prompt("odd", "1" * 12, (Block("task", "user", 'é🙂 "quoted" \\ \u2028 \x7f </data> ₹ ـ\n\t{x}'),))
CANARY = "canary-7f3a"


async def answered(
    fake: FakeProviders, http: AsyncClient, provider: str, what: LLMRequest | None = None, **more: Any
) -> LLMReply:
    chosen: dict[str, Any] = {"model": MODELS[provider], **more}
    return await asking(fake, provider, http, url=on(fake, provider), **chosen).answer(what or request())


# What goes over the wire


@BOTH
@pytest.mark.parametrize("http", ["on loopback"], indirect=True)
async def test_the_body_we_show_is_what_goes_over_a_socket(
    fake: FakeProviders, http: AsyncClient, provider: str
) -> None:
    made, what = door(fake, provider, http, url=on(fake, provider)), request(ODD, schema=MAP)
    await made.send(what)
    (seen,) = fake.requests
    assert wire(made.body(what)) == seen.raw
    assert seen.headers["content-length"] == str(len(seen.raw))


@pytest.mark.parametrize(
    ("provider", "model", "temperature"),
    [
        ("openai", "gpt-4o", 0.3),
        ("openai", "gpt-4o-mini", 0.3),
        ("openai", "gpt-5.4-mini", None),
        ("openai", "gpt-6-luna", None),
        ("anthropic", "claude-sonnet-4-6", 0.3),
        ("anthropic", "claude-haiku-4-5", 0.3),
        ("anthropic", "claude-haiku-5-5", None),
        ("anthropic", "claude-sonnet-5-5", None),
    ],
)
async def test_temperature_goes_only_to_models_that_take_it(
    fake: FakeProviders, http: AsyncClient, provider: str, model: str, temperature: float | None
) -> None:
    await answered(fake, http, provider, model=model)
    assert fake.requests[0].object.get("temperature") == temperature


@BOTH
@pytest.mark.parametrize("temperature", [0.0, 0.75])
async def test_temperature_can_be_set(
    fake: FakeProviders, http: AsyncClient, provider: str, temperature: float
) -> None:
    await answered(fake, http, provider, llm_temperature=temperature)
    assert fake.requests[0].object["temperature"] == temperature


# What is made of the answer


@BOTH
async def test_the_cap_cuts_and_is_told_as_such(fake: FakeProviders, http: AsyncClient, provider: str) -> None:
    fake.script(play.Text("word " * 100))
    reply = await answered(fake, http, provider, request(max_tokens=10))
    assert (reply.stop_reason, reply.usage.tokens_out) == ("length", 10)


@BOTH
@ANYWHERE
async def test_the_request_id_is_kept_for_support(fake: FakeProviders, http: AsyncClient, provider: str) -> None:
    replies = [await answered(fake, http, provider) for _ in range(2)]
    ids = [reply.external_id or "" for reply in replies]
    assert len(set(ids)) == 2 and all(each.startswith("req_") for each in ids)


MINUTE = timedelta(minutes=1)
ALLOWED = {
    "openai": RateLimits(
        Allowance(1_000, 999, MINUTE / 1_000),
        # Six tokens in, 100 out: each bucket is back in a minute if it is empty. OpenAI tells whole milliseconds.
        Allowance(2_000_000, 1_999_994, timedelta(0)),
    ),
    "anthropic": RateLimits(
        Allowance(1_000, 999, MINUTE / 1_000),
        Allowance(2_000_000, 1_999_994, MINUTE * 6 / 2_000_000),
        Allowance(400_000, 399_900, MINUTE * 100 / 400_000),
    ),
}


@BOTH
async def test_what_the_provider_still_allows_comes_with_the_reply_in_one_form(
    fake: FakeProviders, http: AsyncClient, provider: str
) -> None:
    fake.script(play.Text("x" * 400))
    assert (await answered(fake, http, provider)).rate_limits == ALLOWED[provider]


@BOTH
async def test_a_reply_tells_how_long_the_provider_took(fake: FakeProviders, http: AsyncClient, provider: str) -> None:
    fake.script(play.Delay(timedelta(seconds=0.1), play.Text("Hello.")))
    assert 0.1 <= (await answered(fake, http, provider)).seconds < 10


@BOTH
@ANYWHERE
async def test_answers_find_their_questions(fake: FakeProviders, http: AsyncClient, provider: str) -> None:
    model = asking(fake, provider, http, url=on(fake, provider))
    fake.script(*(play.Text(str(n)) for n in range(20)), play.RateLimited(3))
    results = await asyncio.gather(*(model.answer(request()) for _ in range(21)), return_exceptions=True)
    texts = [int(result.text) for result in results if isinstance(result, LLMReply)]
    assert sorted(texts) == list(range(20))
    assert sum(isinstance(result, RateLimited) for result in results) == 1


# A 200 that is no reply


@BOTH
@pytest.mark.parametrize(
    "step", [play.BadJson(f'{{"{CANARY}": ' + "x" * 5_000), play.WrongShape({CANARY: "x" * 5_000})], ids=str
)
async def test_the_head_of_a_body_that_is_no_reply_travels_on_the_error_and_in_no_text_of_it(
    fake: FakeProviders, http: AsyncClient, provider: str, step: play.Step
) -> None:
    fake.script(step)
    with pytest.raises(Garbled) as raised:
        await answered(fake, http, provider, strict=False)
    error = raised.value
    assert len(error.raw_head) == RAW_HEAD and error.raw_head.startswith(f'{{"{CANARY}": ')
    assert CANARY not in f"{error} {error!r} {error.reason} {error.remedy} {error.args}"
    came, model = error.evidence, MODELS[provider]
    assert came is not None and came.text == error.raw_head
    assert (came.provider, came.requested_model, came.served_model) == (provider, model, model)
    assert (came.stop_reason, came.usage) == ("garbled", Usage(cost_usd=None))
