from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import anthropic
import pytest
from httpx2 import AsyncClient

from aiworker.testing.llm import FakeProviders, VirtualClock
from aiworker.testing.llm.models import Model
from aiworker.testing.llm.scenarios import ContentFilter, Cut, Json, Refusal, Text, WindowExceeded
from tests.support.providers import IN_PROCESS, anthropic_client, in_process
from tests.unit.testing.llm.asking import CLAUDE, ask_claude, said_by_claude

RETIRED = "claude-sonnet-4-20250514"
SCHEMA = {
    "type": "object",
    "properties": {"b0": {"type": "string"}, "b1": {"type": "string"}},
    "required": ["b0", "b1"],
    "additionalProperties": False,
}


def structured(schema: dict[str, Any]) -> dict[str, Any]:
    return {"format": {"type": "json_schema", "schema": schema}}


async def test_a_plain_question_gets_text_and_usage(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    fake.script(Text("12345678"))
    answer = await ask_claude(claude, "1234567890", system="1234")
    assert said_by_claude(answer) == "12345678"
    assert (answer.stop_reason, answer.model) == ("end_turn", CLAUDE)
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (4, 2)
    assert answer.usage.service_tier == "standard"


async def test_success_carries_request_id_and_limits(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    raw = await claude.messages.with_raw_response.create(
        model=CLAUDE, max_tokens=50, messages=[{"role": "user", "content": "x" * 400}]
    )
    assert raw.headers["request-id"].startswith("req_")
    names = [f"{bucket}-{part}" for bucket in ("requests", "input-tokens", "output-tokens") for part in ("limit",)]
    assert all(f"anthropic-ratelimit-{name}" in raw.headers for name in names)
    assert raw.headers["anthropic-ratelimit-input-tokens-remaining"] == str(2_000_000 - 100)
    reset = datetime.fromisoformat(raw.headers["anthropic-ratelimit-requests-reset"])
    assert timedelta() < reset - fake.clock.now() < timedelta(seconds=1)


async def test_a_schema_is_answered_with_a_valid_value(claude: anthropic.AsyncAnthropic) -> None:
    answer = await ask_claude(claude, output_config=structured(SCHEMA))
    assert json.loads(said_by_claude(answer)) == {"b0": "Text for b0.", "b1": "Text for b1."}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "object", "properties": {}}, "additionalProperties"),
        ({**SCHEMA, "properties": {"n": {"type": "integer", "minimum": 1}}}, "'minimum' is not supported"),
        ({**SCHEMA, "properties": {"s": {"type": "string", "maxLength": 9}}}, "'maxLength' is not supported"),
        ({**SCHEMA, "properties": {"a": {"type": "array", "minItems": 2}}}, "'minItems' values other than"),
        ({**SCHEMA, "properties": {"s": {"type": "string", "format": "iban"}}}, "format 'iban'"),
        ({**SCHEMA, "properties": {f"p{n}": {"type": "string"} for n in range(25)}}, "25 optional"),
        (
            {**SCHEMA, "properties": {f"b{n}": {"type": ["string", "null"]} for n in range(17)}, "required": []},
            "17 union-typed",
        ),
    ],
)
async def test_structured_output_refuses_other_schemas(
    claude: anthropic.AsyncAnthropic, schema: dict[str, Any], said: str
) -> None:
    with pytest.raises(anthropic.BadRequestError, match=said):
        await ask_claude(claude, output_config=structured(schema))


async def test_what_the_sdk_transforms_is_taken(claude: anthropic.AsyncAnthropic) -> None:
    schema = anthropic.transform_schema(
        {
            "type": "object",
            "properties": {"n": {"type": "integer", "minimum": 1}, "a": {"type": "array", "items": {"type": "string"}}},
            "required": ["n", "a"],
        }
    )
    answer = await ask_claude(claude, output_config=structured(schema))
    assert json.loads(said_by_claude(answer)) == {"n": 1, "a": ["Text for a."]}


@pytest.mark.parametrize("step", [Cut("Wrote 45"), Json({"b0": "A long bullet about a lot of work."})])
async def test_a_cut_answer_says_max_tokens(
    fake: FakeProviders, claude: anthropic.AsyncAnthropic, step: Cut | Json
) -> None:
    fake.script(step)
    answer = await ask_claude(claude, max_tokens=4)
    assert answer.stop_reason == "max_tokens"
    assert answer.usage.output_tokens <= 4


async def test_no_output_at_all_may_be_asked_for_to_fill_the_cache(claude: anthropic.AsyncAnthropic) -> None:
    answer = await ask_claude(claude, max_tokens=0)
    assert (answer.content, answer.stop_reason, answer.usage.output_tokens) == ([], "max_tokens", 0)


@pytest.mark.parametrize(
    ("step", "category"), [(Refusal("cyber"), "cyber"), (Refusal(), "general_harms"), (ContentFilter(), None)]
)
async def test_a_refusal_is_empty_and_has_a_category(
    fake: FakeProviders, claude: anthropic.AsyncAnthropic, step: Refusal | ContentFilter, category: str | None
) -> None:
    fake.script(step)
    answer = await ask_claude(claude)
    assert (answer.content, answer.stop_reason) == ([], "refusal")
    assert answer.stop_details is not None
    assert answer.stop_details.category == category


async def test_a_full_window_is_a_stop_reason(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    fake.script(WindowExceeded("half a sen"))
    answer = await ask_claude(claude)
    assert (said_by_claude(answer), answer.stop_reason) == ("half a sen", "model_context_window_exceeded")


async def test_a_stop_sequence_is_named(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    fake.script(Text("one END two"))
    answer = await ask_claude(claude, stop_sequences=["never", "END"])
    assert (said_by_claude(answer), answer.stop_reason, answer.stop_sequence) == ("one ", "stop_sequence", "END")


async def test_the_window_is_enforced(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    fake.serve_model(Model("anthropic", ("claude-tiny",), window=10, output_cap=5))
    with pytest.raises(anthropic.BadRequestError) as raised:
        await ask_claude(claude, "x" * 44, model="claude-tiny", max_tokens=5)
    assert raised.value.api_message == "prompt is too long: 11 tokens > 10 maximum"


@pytest.mark.parametrize("model", ["claude-opus-4-8", "claude-sonnet-5-5", "claude-haiku-5-5"])
@pytest.mark.parametrize("name", ["temperature", "top_p"])
async def test_models_after_opus_4_6_refuse_sampling_parameters(
    claude: anthropic.AsyncAnthropic, model: str, name: str
) -> None:
    with pytest.raises(anthropic.BadRequestError) as raised:
        await ask_claude(claude, model=model, extra_body={name: 0.3})
    assert raised.value.api_message == f"`{name}` is deprecated for this model"


@pytest.mark.parametrize("model", ["claude-sonnet-4-6", "claude-opus-4-6", "claude-haiku-4-5"])
async def test_older_models_take_temperature_in_the_extra_body(
    fake: FakeProviders, claude: anthropic.AsyncAnthropic, model: str
) -> None:
    await ask_claude(claude, model=model, extra_body={"temperature": 0.3})
    assert fake.requests[0].object["temperature"] == 0.3


async def test_the_sdk_itself_takes_no_temperature(claude: anthropic.AsyncAnthropic) -> None:
    with pytest.raises(TypeError, match="temperature"):
        await ask_claude(claude, temperature=0.3)


async def test_max_tokens_is_required(http: AsyncClient, fake: FakeProviders) -> None:
    headers = {"x-api-key": fake.api_key, "anthropic-version": "2026-10-21"}
    body = {"model": CLAUDE, "messages": [{"role": "user", "content": "x"}]}
    answer = await http.post(f"{IN_PROCESS}/v1/messages", json=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"] == {"type": "invalid_request_error", "message": "max_tokens: Field required"}


async def test_the_version_header_is_required(http: AsyncClient, fake: FakeProviders) -> None:
    answer = await http.post(f"{IN_PROCESS}/v1/messages", json={}, headers={"x-api-key": fake.api_key})
    assert answer.json()["error"]["message"] == "anthropic-version: header is required"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"max_tokens": 128_001}, "128001 > 128000"),
        ({"stream": True}, "does not stream"),
        ({"messages": []}, "at least one message"),
        ({"messages": [{"role": "system", "content": "x"}]}, "Unexpected role"),
    ],
)
async def test_wrong_parameters_are_refused(claude: anthropic.AsyncAnthropic, more: dict[str, Any], said: str) -> None:
    body: dict[str, Any] = {"model": CLAUDE, "max_tokens": 9, "messages": [{"role": "user", "content": "x"}], **more}
    with pytest.raises(anthropic.BadRequestError, match=said):
        await claude.messages.create(**body, timeout=60)


async def test_an_unknown_model_is_not_found(claude: anthropic.AsyncAnthropic) -> None:
    with pytest.raises(anthropic.NotFoundError) as raised:
        await ask_claude(claude, model="claude-unheard-of")
    assert raised.value.api_message == "model: claude-unheard-of"


async def test_a_retired_model_is_not_found(claude: anthropic.AsyncAnthropic) -> None:
    with pytest.warns(DeprecationWarning, match="June 15th, 2026"), pytest.raises(anthropic.NotFoundError) as raised:
        await ask_claude(claude, model=RETIRED)
    assert raised.value.api_message == f"model: {RETIRED}"


async def test_it_answered_until_it_retired() -> None:
    fake = FakeProviders(clock=VirtualClock(datetime(2026, 6, 14, 23, 59, tzinfo=UTC)))
    async with in_process(fake) as http:
        claude = anthropic_client(fake, http)
        with pytest.warns(DeprecationWarning):
            await ask_claude(claude, model=RETIRED)
        fake.clock.advance(timedelta(minutes=1))
        with pytest.warns(DeprecationWarning), pytest.raises(anthropic.NotFoundError):
            await ask_claude(claude, model=RETIRED)


async def test_models_tell_their_lifecycle_and_limits(claude: anthropic.AsyncAnthropic) -> None:
    retired, ending, active = [
        await claude.models.retrieve(name) for name in (RETIRED, "claude-sonnet-4-5", "claude-haiku-4-5")
    ]
    assert [model.lifecycle for model in (retired, ending, active)] == ["retired", "deprecated", "active"]
    assert ending.retires_at == datetime(2026, 11, 30, tzinfo=UTC)
    assert (active.retires_at, active.deprecated_at) == (None, None)
    assert (active.max_input_tokens, active.max_tokens, active.line) == (200_000, 64_000, "haiku")


async def test_models_are_listed_in_pages_without_the_retired(claude: anthropic.AsyncAnthropic) -> None:
    models = [model.id async for model in claude.models.list(limit=3)]
    assert len(models) == len(set(models)) > 6
    assert RETIRED not in models
    assert not any(name.startswith("gpt") for name in models)
    gone = [model.id async for model in claude.models.list(lifecycle=["retired"])]
    assert RETIRED in gone
    assert CLAUDE not in gone


async def test_pages_go_backwards_too(claude: anthropic.AsyncAnthropic) -> None:
    everything = [model.id async for model in claude.models.list()]
    before = await claude.models.list(before_id=everything[4], limit=2)
    assert [model.id for model in before.data] == everything[2:4]
    assert before.has_more


async def test_tokens_are_counted_without_max_tokens(claude: anthropic.AsyncAnthropic) -> None:
    counted = await claude.messages.count_tokens(
        model=CLAUDE, system="12345678", messages=[{"role": "user", "content": [{"type": "text", "text": "1234"}]}]
    )
    assert counted.input_tokens == 3


async def test_an_unknown_path_is_not_found(claude: anthropic.AsyncAnthropic) -> None:
    with pytest.raises(anthropic.NotFoundError):
        await claude.post("/v1/unheard-of", body={}, cast_to=object)


async def test_a_bearer_token_is_taken_too(fake: FakeProviders, http: AsyncClient) -> None:
    claude = anthropic.AsyncAnthropic(
        auth_token=fake.api_key, base_url=IN_PROCESS, http_client=http, max_retries=0, open_telemetry=False
    )
    await ask_claude(claude)
    assert "x-api-key" not in fake.requests[0].headers
