from __future__ import annotations

import json

import anthropic
import openai
import pytest
from httpx2 import AsyncClient

from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import (
    NAMED,
    BadJson,
    ContextTooLong,
    Forbidden,
    ModelNotFound,
    Overloaded,
    Quota,
    Ramp,
    RateLimited,
    Reset,
    ServerError,
    SpendCap,
    Step,
    Unauthorized,
    WrongShape,
)
from tests.support.providers import anthropic_client, openai_client
from tests.unit.testing.llm.asking import ask_claude, ask_gpt

OPENAI: list[tuple[Step, type[openai.APIStatusError], int, str | None]] = [
    (RateLimited(retry_after=7), openai.RateLimitError, 429, "rate_limit_exceeded"),
    (Ramp(), openai.RateLimitError, 429, "rate_limit_exceeded"),
    (Quota(), openai.RateLimitError, 429, "insufficient_quota"),
    (SpendCap(), openai.RateLimitError, 429, "insufficient_quota"),
    (Overloaded(), openai.InternalServerError, 529, None),
    (ServerError(), openai.InternalServerError, 500, None),
    (ServerError(503), openai.InternalServerError, 503, None),
    (ServerError(502, html=True), openai.InternalServerError, 502, None),
    (ContextTooLong(130_000, 128_000), openai.BadRequestError, 400, "context_length_exceeded"),
    (Unauthorized(), openai.AuthenticationError, 401, "invalid_api_key"),
    (Forbidden(), openai.PermissionDeniedError, 403, "unsupported_country_region_territory"),
    (ModelNotFound(), openai.NotFoundError, 404, "model_not_found"),
]
ANTHROPIC: list[tuple[Step, type[anthropic.APIStatusError], int, str | None, str | None]] = [
    (RateLimited(retry_after=7), anthropic.RateLimitError, 429, "rate_limit_error", None),
    (Ramp(), anthropic.RampLimitExceededError, 429, "rate_limit_error", "ramp_limit_exceeded"),
    (Quota(), anthropic.PaymentRequiredError, 402, "billing_error", None),
    (SpendCap(), anthropic.EnforcedSpendLimitReachedError, 429, "rate_limit_error", "enforced_spend_limit_reached"),
    (
        SpendCap("contract"),
        anthropic.ContractSpendLimitReachedError,
        429,
        "rate_limit_error",
        "contract_spend_limit_reached",
    ),
    (
        SpendCap("linked-organisation"),
        anthropic.LinkedOrganizationSpendLimitReachedError,
        402,
        "billing_error",
        "linked_organization_spend_limit_reached",
    ),
    (Overloaded(), anthropic.OverloadedError, 529, "overloaded_error", None),
    (ServerError(), anthropic.InternalServerError, 500, "api_error", None),
    (ServerError(503), anthropic.ServiceUnavailableError, 503, "api_error", None),
    (ServerError(504), anthropic.GatewayTimeoutError, 504, "timeout_error", None),
    (ServerError(502, html=True), anthropic.InternalServerError, 502, None, None),
    (ContextTooLong(200_001, 200_000), anthropic.BadRequestError, 400, "invalid_request_error", None),
    (Unauthorized(), anthropic.AuthenticationError, 401, "authentication_error", None),
    (Forbidden(), anthropic.PermissionDeniedError, 403, "permission_error", None),
    (ModelNotFound(), anthropic.NotFoundError, 404, "not_found_error", None),
]


@pytest.mark.parametrize(("step", "error", "status", "code"), OPENAI, ids=str)
async def test_openai_raises_the_class_of_each_fault(
    fake: FakeProviders,
    gpt: openai.AsyncOpenAI,
    step: Step,
    error: type[openai.APIStatusError],
    status: int,
    code: str | None,
) -> None:
    fake.script(step)
    with pytest.raises(openai.APIStatusError) as raised:
        await ask_gpt(gpt)
    assert type(raised.value) is error
    assert (raised.value.status_code, raised.value.code) == (status, code)
    assert len(fake.requests) == 1


@pytest.mark.parametrize(("step", "error", "status", "kind", "code"), ANTHROPIC, ids=str)
async def test_anthropic_raises_the_class_of_each_fault(
    fake: FakeProviders,
    claude: anthropic.AsyncAnthropic,
    step: Step,
    error: type[anthropic.APIStatusError],
    status: int,
    kind: str | None,
    code: str | None,
) -> None:
    fake.script(step)
    with pytest.raises(anthropic.APIStatusError) as raised:
        await ask_claude(claude)
    assert type(raised.value) is error
    assert (raised.value.status_code, raised.value.type, raised.value.error_code) == (status, kind, code)
    assert len(fake.requests) == 1


async def test_both_spend_caps_are_rate_limit_errors_by_class(
    fake: FakeProviders, claude: anthropic.AsyncAnthropic
) -> None:
    fake.script(SpendCap("enforced"), SpendCap("contract"))
    for _ in range(2):
        with pytest.raises(anthropic.RateLimitError) as raised:
            await ask_claude(claude)
        assert raised.value.response.headers["x-should-retry"] == "false"
        assert "retry-after" not in raised.value.response.headers


async def test_a_rate_limit_says_when_to_come_back(
    fake: FakeProviders, gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    fake.script(RateLimited(retry_after=12, ms=12_345), provider="openai")
    fake.script(RateLimited(retry_after="Mon, 02 Nov 2026 09:00:30 GMT"), Ramp(3), provider="anthropic")
    with pytest.raises(openai.RateLimitError) as limited:
        await ask_gpt(gpt)
    assert limited.value.response.headers["retry-after"] == "12"
    assert limited.value.response.headers["retry-after-ms"] == "12345"
    with pytest.raises(anthropic.RateLimitError) as dated:
        await ask_claude(claude)
    assert dated.value.response.headers["retry-after"].endswith("GMT")
    with pytest.raises(anthropic.RateLimitError) as ramp:
        await ask_claude(claude)
    assert ramp.value.response.headers["retry-after"] == "3"


async def test_a_rate_limit_may_be_silent_about_when(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.script(RateLimited(retry_after=None))
    with pytest.raises(openai.RateLimitError) as limited:
        await ask_gpt(gpt)
    assert "retry-after" not in limited.value.response.headers


async def test_every_error_has_a_request_id(
    fake: FakeProviders, gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    fake.default(ServerError())
    with pytest.raises(openai.InternalServerError) as theirs:
        await ask_gpt(gpt)
    with pytest.raises(anthropic.InternalServerError) as others:
        await ask_claude(claude)
    assert (theirs.value.request_id or "").startswith("req_")
    assert (others.value.request_id or "").startswith("req_")


async def test_anthropic_states_the_maximum_only_in_the_text(
    fake: FakeProviders, claude: anthropic.AsyncAnthropic
) -> None:
    fake.script(ContextTooLong(tokens=201_234, maximum=200_000))
    with pytest.raises(anthropic.BadRequestError) as raised:
        await ask_claude(claude)
    assert raised.value.api_message == "prompt is too long: 201234 tokens > 200000 maximum"


async def test_anthropic_puts_the_html_page_into_the_message(
    fake: FakeProviders, claude: anthropic.AsyncAnthropic, gpt: openai.AsyncOpenAI
) -> None:
    fake.default(ServerError(502, html=True))
    with pytest.raises(anthropic.InternalServerError) as theirs:
        await ask_claude(claude)
    assert theirs.value.message.startswith("<html>")
    with pytest.raises(openai.InternalServerError) as others:
        await ask_gpt(gpt)
    assert others.value.message == "Error code: 502"
    assert str(others.value.body).startswith("<html>")


@pytest.mark.parametrize("strict", [True, False])
async def test_a_broken_body_escapes_both_sdks_as_it_is(fake: FakeProviders, http: AsyncClient, strict: bool) -> None:
    fake.default(BadJson())
    with pytest.raises(json.JSONDecodeError):
        await ask_gpt(openai_client(fake, http, strict=strict))
    with pytest.raises(json.JSONDecodeError):
        await ask_claude(anthropic_client(fake, http, strict=strict))


async def test_a_wrong_shape_is_an_object_of_nones_without_strict_validation(
    fake: FakeProviders, http: AsyncClient
) -> None:
    fake.default(WrongShape())
    completion = await ask_gpt(openai_client(fake, http, strict=False))
    assert (completion.choices, completion.usage) == (None, None)
    message = await ask_claude(anthropic_client(fake, http, strict=False))
    assert (message.content, message.usage) == (None, None)


async def test_a_wrong_shape_fails_strict_validation(
    fake: FakeProviders, gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    fake.default(WrongShape())
    with pytest.raises(openai.APIResponseValidationError):
        await ask_gpt(gpt)
    with pytest.raises(anthropic.APIResponseValidationError):
        await ask_claude(claude)


async def test_a_reset_in_process_is_a_connection_error(
    fake: FakeProviders, gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    fake.default(Reset())
    with pytest.raises(openai.APIConnectionError):
        await ask_gpt(gpt)
    with pytest.raises(anthropic.APIConnectionError):
        await ask_claude(claude)


async def test_a_wrong_key_is_refused_and_openai_repeats_a_part_of_it(fake: FakeProviders, http: AsyncClient) -> None:
    with pytest.raises(openai.AuthenticationError) as theirs:
        await ask_gpt(openai_client(fake, http, key="sk-test-wrong-key-1234"))
    assert theirs.value.code == "invalid_api_key"
    assert "sk-test-********1234" in theirs.value.message
    with pytest.raises(anthropic.AuthenticationError) as others:
        await ask_claude(anthropic_client(fake, http, key="sk-test-wrong-key-1234"))
    assert others.value.api_message == "invalid x-api-key"


@pytest.mark.parametrize("name", sorted(set(NAMED) - {"hang", "drip"}))
async def test_a_header_chooses_the_scenario_of_one_request(fake: FakeProviders, http: AsyncClient, name: str) -> None:
    gpt, outcome = openai_client(fake, http, strict=False), None
    try:
        answer = await ask_gpt(gpt, extra_headers={"x-fake-scenario": name})
        outcome = answer.choices and answer.choices[0].finish_reason
    except (openai.APIError, json.JSONDecodeError) as error:
        outcome = type(error)
    expected: dict[str, object] = {
        "cut": "length",
        "window-exceeded": "length",
        "echo-map": "stop",
        "refusal": "stop",
        "content-filter": "content_filter",
        "context-too-long": openai.BadRequestError,
        "unauthorized": openai.AuthenticationError,
        "forbidden": openai.PermissionDeniedError,
        "model-not-found": openai.NotFoundError,
        "overloaded": openai.InternalServerError,
        "server-error": openai.InternalServerError,
        "html-502": openai.InternalServerError,
        "bad-json": json.JSONDecodeError,
        "wrong-shape": None,
        "reset": openai.APIConnectionError,
    }
    assert outcome == expected.get(name, openai.RateLimitError)


async def test_an_unknown_scenario_is_refused_with_the_known_ones(
    fake: FakeProviders, claude: anthropic.AsyncAnthropic
) -> None:
    with pytest.raises(anthropic.BadRequestError, match="overloaded"):
        await ask_claude(claude, extra_headers={"x-fake-scenario": "tornado"})
