from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import openai
import pytest
from openai.types.responses import ResponseOutputMessage

from aiworker.testing.llm import FakeProviders, VirtualClock
from aiworker.testing.llm.models import Model
from aiworker.testing.llm.scenarios import ContentFilter, Cut, Json, Refusal, Text, WindowExceeded
from tests.support.providers import in_process, openai_client
from tests.unit.testing.llm.asking import GPT, ask_gpt, said_by_gpt

SCHEMA = {
    "type": "object",
    "properties": {"b0": {"type": "string"}, "b1": {"type": "string"}},
    "required": ["b0", "b1"],
    "additionalProperties": False,
}


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}


async def test_a_plain_question_gets_the_same_text_every_time(gpt: openai.AsyncOpenAI) -> None:
    first, second, other = (await ask_gpt(gpt), await ask_gpt(gpt), await ask_gpt(gpt, "Goodbye."))
    assert said_by_gpt(first) == said_by_gpt(second) != said_by_gpt(other)
    assert first.id != second.id
    assert first.choices[0].finish_reason == "stop"
    assert first.model == GPT


async def test_usage_counts_prompt_and_answer(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.script(Text("12345678"))
    usage = (await ask_gpt(gpt, "1234567890")).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (3, 2, 5)


async def test_a_counter_can_be_brought(fake: FakeProviders) -> None:
    words = FakeProviders(count=lambda text: len(text.split()))
    async with in_process(words) as http:
        usage = (await ask_gpt(openai_client(words, http), "one two three")).usage
    assert usage is not None
    assert usage.prompt_tokens == 3


async def test_success_carries_request_id_and_limits(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    raw = await gpt.chat.completions.with_raw_response.create(
        model=GPT, messages=[{"role": "user", "content": "x" * 40_000}]
    )
    assert raw.headers["x-request-id"].startswith("req_")
    assert raw.headers["x-ratelimit-remaining-requests"] == "999"
    assert raw.headers["x-ratelimit-remaining-tokens"] == str(2_000_000 - 10_000)
    assert raw.headers["x-ratelimit-reset-tokens"] == "300ms"
    fake.clock.advance(timedelta(minutes=1))
    again = await gpt.models.with_raw_response.list()
    assert again.headers["x-ratelimit-remaining-requests"] == again.headers["x-ratelimit-limit-requests"]


async def test_a_schema_is_answered_with_a_valid_value(gpt: openai.AsyncOpenAI) -> None:
    answer = await ask_gpt(gpt, response_format=strict(SCHEMA))
    assert json.loads(said_by_gpt(answer)) == {"b0": "Text for b0.", "b1": "Text for b1."}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({**SCHEMA, "required": ["b0"]}, "Missing 'b1'"),
        ({**SCHEMA, "additionalProperties": True}, "additionalProperties"),
        ({"type": "array", "items": {"type": "string"}}, "got 'type: array'"),
    ],
)
async def test_strict_mode_refuses_other_schemas(gpt: openai.AsyncOpenAI, schema: dict[str, Any], said: str) -> None:
    with pytest.raises(openai.BadRequestError, match=said):
        await ask_gpt(gpt, response_format=strict(schema))


async def test_json_mode_wants_the_word_in_the_prompt(gpt: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="must contain the word 'json'"):
        await ask_gpt(gpt, response_format={"type": "json_object"})
    answer = await ask_gpt(gpt, "Answer in JSON.", response_format={"type": "json_object"})
    assert "answer" in json.loads(said_by_gpt(answer))


async def test_an_answer_longer_than_the_cap_is_cut(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.script(Json({"b0": "A long bullet about a lot of work."}))
    answer = await ask_gpt(gpt, max_completion_tokens=4)
    assert (said_by_gpt(answer), answer.choices[0].finish_reason) == ('{"b0": "A long b', "length")
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 4


async def test_a_scripted_cut_is_a_length_stop(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.script(Cut("Wrote 45"), WindowExceeded("Wrote"))
    for text in ("Wrote 45", "Wrote"):
        answer = await ask_gpt(gpt)
        assert (said_by_gpt(answer), answer.choices[0].finish_reason) == (text, "length")


async def test_a_refusal_has_no_content(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.script(Refusal())
    choice = (await ask_gpt(gpt)).choices[0]
    assert (choice.message.content, choice.finish_reason) == (None, "stop")
    assert choice.message.refusal


async def test_the_content_filter_is_a_finish_reason(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.script(ContentFilter(), ContentFilter("Half a"))
    for content in (None, "Half a"):
        choice = (await ask_gpt(gpt)).choices[0]
        assert (choice.finish_reason, choice.message.content) == ("content_filter", content)


async def test_a_stop_word_ends_the_answer(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.default(Text("one END two"))
    for stop in ("END", ["never", "END"]):
        assert said_by_gpt(await ask_gpt(gpt, stop=stop)) == "one "


async def test_the_window_is_enforced(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.serve_model(Model("openai", ("gpt-tiny",), window=10, output_cap=5))
    with pytest.raises(openai.BadRequestError) as raised:
        await ask_gpt(gpt, "x" * 44, model="gpt-tiny")
    assert (raised.value.code, raised.value.param) == ("context_length_exceeded", "messages")
    assert "maximum context length is 10 tokens" in raised.value.message
    assert "resulted in 11 tokens" in raised.value.message


@pytest.mark.parametrize("model", ["o4-mini", "gpt-5.4-mini", "gpt-6-luna"])
async def test_reasoning_models_refuse_max_tokens(gpt: openai.AsyncOpenAI, model: str) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        await ask_gpt(gpt, model=model, max_tokens=10)
    assert (raised.value.code, raised.value.param) == ("unsupported_parameter", "max_tokens")
    await ask_gpt(gpt, model=model, max_completion_tokens=10)


async def test_gpt_4o_takes_max_tokens_and_temperature(gpt: openai.AsyncOpenAI) -> None:
    await ask_gpt(gpt, max_tokens=10, temperature=0.3)


async def test_o_series_takes_no_temperature(gpt: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        await ask_gpt(gpt, model="o4-mini", temperature=0.3)
    assert raised.value.code == "unsupported_value"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"max_completion_tokens": 16_385}, "at most 16384"),
        ({"stream": True}, "does not stream"),
        ({"prompt_cache_options": {"mode": "explicit"}}, "prompt_cache_options"),
        ({"messages": []}, "messages"),
    ],
)
async def test_wrong_parameters_are_refused(gpt: openai.AsyncOpenAI, more: dict[str, Any], said: str) -> None:
    with pytest.raises(openai.BadRequestError, match=said):
        body: dict[str, Any] = {"model": GPT, "messages": [{"role": "user", "content": "x"}], **more}
        await gpt.chat.completions.create(**body)


async def test_an_unknown_model_is_not_found(gpt: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        await ask_gpt(gpt, model="gpt-unheard-of")
    assert raised.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError, match="must provide a model"):
        await ask_gpt(gpt, model="")


async def test_a_model_is_gone_after_its_shutdown_date() -> None:
    fake = FakeProviders(clock=VirtualClock(datetime(2027, 1, 13, tzinfo=UTC)))
    async with in_process(fake) as http:
        gpt = openai_client(fake, http)
        assert (await gpt.models.retrieve(GPT)).shutdown_date == "2027-01-14"
        await ask_gpt(gpt)
        fake.clock.advance(timedelta(days=1))
        with pytest.raises(openai.NotFoundError):
            await ask_gpt(gpt)
        assert GPT not in [model.id async for model in gpt.models.list()]


async def test_models_are_listed(gpt: openai.AsyncOpenAI) -> None:
    models = [model async for model in gpt.models.list()]
    assert {"gpt-4o", "o4-mini", "gpt-6-luna"} <= {model.id for model in models}
    assert not any(model.id.startswith("claude") for model in models)


async def test_an_unknown_path_is_not_found(gpt: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="Invalid URL"):
        await gpt.embeddings.create(model=GPT, input="x")


async def test_responses_answer_by_schema_and_count_like_chat(gpt: openai.AsyncOpenAI) -> None:
    form: Any = {"format": {"type": "json_schema", "name": "answer", "strict": True, "schema": SCHEMA}}
    answer = await gpt.responses.create(
        model=GPT,
        instructions="12345678",
        input=[{"role": "user", "content": [{"type": "input_text", "text": "1234"}]}],
        max_output_tokens=100,
        text=form,
    )
    assert json.loads(answer.output_text) == {"b0": "Text for b0.", "b1": "Text for b1."}
    assert (answer.status, answer.max_output_tokens) == ("completed", 100)
    assert answer.usage is not None
    assert answer.usage.input_tokens == 3
    counted = await gpt.responses.input_tokens.count(model=GPT, instructions="12345678", input="1234")
    assert counted.input_tokens == 3


async def test_responses_say_why_they_are_incomplete(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.script(Cut("half a sen"), ContentFilter())
    for reason in ("max_output_tokens", "content_filter"):
        answer = await gpt.responses.create(model=GPT, input="Hello.")
        assert answer.status == "incomplete"
        assert answer.incomplete_details is not None
        assert answer.incomplete_details.reason == reason


async def test_a_response_may_be_a_refusal(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.script(Refusal())
    answer = await gpt.responses.create(model=GPT, input="Hello.")
    (message,) = answer.output
    assert isinstance(message, ResponseOutputMessage)
    assert [part.type for part in message.content] == ["refusal"]


async def test_what_came_is_kept_byte_for_byte(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    await ask_gpt(gpt, "Héllo")
    (seen,) = fake.requests
    assert (seen.provider, seen.method, seen.route, seen.model) == ("openai", "POST", "/v1/chat/completions", GPT)
    assert json.loads(seen.raw) == seen.body
    assert seen.headers["authorization"] == f"Bearer {fake.api_key}"
    assert seen.at == fake.clock.now()
