"""Every row of the error table, through the real SDKs: which error it becomes, and what the queue does with it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx2 import AsyncByteStream, AsyncClient, MockTransport, ReadError, ReadTimeout, Request, Response

from aiworker.errors import (
    AiworkerError,
    Cancel,
    ContextTooLong,
    DeadlineExceeded,
    JobFailed,
    Outcome,
    ProviderBlocked,
    RateLimited,
    Retry,
    Snooze,
    TransientFault,
)
from aiworker.llm import faults
from aiworker.llm.capabilities import resolve
from aiworker.llm.faults import DEFAULT_WAIT, LONGEST_WAIT, Fault, judge
from aiworker.llm.reply import Garbled
from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm import scenarios as play
from tests.support.doors import PROVIDERS, asking, door, request
from tests.support.providers import in_process

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
CANARY = "canary-7f3a"


def after(**span: float) -> Snooze:
    return Snooze(NOW + timedelta(**span))


BLOCKED = after(minutes=1)

Row = tuple[play.Step, type[AiworkerError], str, Outcome]
BOTH: list[Row] = [
    (play.RateLimited(7), RateLimited, "rate_limited", after(seconds=7)),
    (play.Ramp(5), RateLimited, "rate_limited", after(seconds=5)),
    (play.Overloaded(), RateLimited, "overloaded", Snooze(NOW + DEFAULT_WAIT)),
    (play.Overloaded(9), RateLimited, "overloaded", after(seconds=9)),
    (play.Quota(), ProviderBlocked, "provider_quota", BLOCKED),
    (play.SpendCap("enforced"), ProviderBlocked, "provider_quota", BLOCKED),
    (play.SpendCap("contract"), ProviderBlocked, "provider_quota", BLOCKED),
    (play.SpendCap("linked-organisation"), ProviderBlocked, "provider_quota", BLOCKED),
    (play.Unauthorized(), ProviderBlocked, "provider_auth", BLOCKED),
    (play.Forbidden(), ProviderBlocked, "provider_auth", BLOCKED),
    (play.ServerError(500), TransientFault, "provider_5xx", Retry()),
    (play.ServerError(503), TransientFault, "provider_5xx", Retry()),
    (play.ServerError(504), TransientFault, "provider_5xx", Retry()),
    (play.ServerError(502, html=True), TransientFault, "provider_5xx", Retry()),
    (play.ServerError(529, html=True), RateLimited, "overloaded", Snooze(NOW + DEFAULT_WAIT)),
    (play.Reset(), TransientFault, "provider_unreachable", Retry()),
    (play.BadJson(), Garbled, "provider_garbled", Retry()),
    (play.BadJson(""), Garbled, "provider_garbled", Retry()),
    (play.BadJson("[1]"), Garbled, "provider_garbled", Retry()),
    (play.WrongShape(), Garbled, "provider_garbled", Retry()),
    (play.WrongShape({"choices": None, "content": None}), Garbled, "provider_garbled", Retry()),
    (play.WrongShape({"choices": [], "content": [], "usage": {}}), Garbled, "provider_garbled", Retry()),
    (play.ModelNotFound(), JobFailed, "model_not_found", Cancel()),
    (play.ContextTooLong(130_000, 128_000), ContextTooLong, "context_too_long", Cancel()),
]


@pytest.fixture
def fake() -> FakeProviders:
    return FakeProviders()


@pytest.fixture
async def http(fake: FakeProviders) -> AsyncGenerator[AsyncClient]:
    async with in_process(fake) as client:
        yield client


async def fault_of(fake: FakeProviders, provider: str, http: AsyncClient, *, strict: bool = True) -> AiworkerError:
    with pytest.raises(AiworkerError) as raised:
        await asking(fake, provider, http, strict=strict).answer(request())
    return raised.value


def canned(status: int, body: object, headers: Mapping[str, str] | None = None) -> AsyncClient:
    """Return an HTTP client whose every request gets this answer."""
    content = body if isinstance(body, str) else json.dumps(body)

    def answer(request: Request) -> Response:
        return Response(status, text=content, headers={"content-type": "application/json", **(headers or {})})

    return AsyncClient(transport=MockTransport(answer))


async def fault_of_answer(provider: str, http: AsyncClient) -> AiworkerError:
    async with http:
        return await fault_of(FakeProviders(), provider, http)


# The table


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "lenient"])
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(("step", "kind", "code", "outcome"), BOTH, ids=str)
async def test_a_row_of_the_error_table(
    fake: FakeProviders,
    http: AsyncClient,
    provider: str,
    strict: bool,
    step: play.Step,
    kind: type[AiworkerError],
    code: str,
    outcome: Outcome,
) -> None:
    fake.default(step)
    error = await fault_of(fake, provider, http, strict=strict)
    assert (type(error), error.code, error.outcome(NOW)) == (kind, code, outcome)
    assert len(fake.requests) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("name", sorted(set(play.NAMED) - {"hang", "drip", "cut", "echo-map"}))
async def test_no_scenario_of_the_fake_escapes_as_an_error_that_is_not_ours(
    fake: FakeProviders, http: AsyncClient, provider: str, name: str
) -> None:
    fake.default(play.NAMED[name])
    try:
        reply = await asking(fake, provider, http).answer(request())
    except AiworkerError as error:
        assert error.code not in ("error", "internal") and error.message
    else:
        assert name in ("refusal", "content-filter", "window-exceeded") and reply.stop_reason != "end"


@pytest.mark.parametrize(("provider", "maximum"), [("openai", 128_000), ("anthropic", 200_000)])
async def test_the_stated_maximum_is_kept(fake: FakeProviders, http: AsyncClient, provider: str, maximum: int) -> None:
    fake.script(play.ContextTooLong(maximum + 1, maximum))
    error = await fault_of(fake, provider, http)
    assert isinstance(error, ContextTooLong) and error.maximum == maximum


async def test_a_prompt_may_be_too_long_without_a_maximum() -> None:
    body = {"error": {"code": "context_length_exceeded", "message": CANARY, "type": "invalid_request_error"}}
    error = await fault_of_answer("openai", canned(400, body))
    assert isinstance(error, ContextTooLong) and error.maximum == -1


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_another_bad_request_is_our_mistake_and_final(provider: str) -> None:
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": CANARY}}
    error = await fault_of_answer(provider, canned(400, body))
    assert (type(error), error.code, error.outcome(NOW)) == (JobFailed, "provider_refused", Cancel())


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [408, 409])
async def test_a_request_that_timed_out_or_collided_there_is_worth_another_try(provider: str, status: int) -> None:
    error = await fault_of_answer(provider, canned(status, {"error": {"message": CANARY}}))
    assert (type(error), error.outcome(NOW)) == (TransientFault, Retry())


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("code", sorted(faults.QUOTA))
async def test_a_quota_is_known_by_its_code_whatever_the_class(provider: str, code: str) -> None:
    body = {"error": {"code": code, "message": CANARY, "details": {"error_code": code}}}
    error = await fault_of_answer(provider, canned(429, body, {"retry-after": "3"}))
    assert (type(error), error.code, error.outcome(NOW)) == (ProviderBlocked, "provider_quota", BLOCKED)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_read_timeout_is_a_deadline(provider: str) -> None:
    def slow(request: Request) -> Response:
        raise ReadTimeout(CANARY, request=request)

    error = await fault_of_answer(provider, AsyncClient(transport=MockTransport(slow)))
    assert (type(error), error.code, error.outcome(NOW)) == (DeadlineExceeded, "timeout", Retry())
    assert CANARY not in str(error)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [200, 500])
async def test_a_connection_that_breaks_within_the_answer_is_a_broken_connection(provider: str, status: int) -> None:
    class Broken(AsyncByteStream):
        async def __aiter__(self) -> AsyncGenerator[bytes]:
            yield b'{"id": "'
            raise ReadError(CANARY)

    def answer(request: Request) -> Response:
        return Response(status, stream=Broken(), headers={"content-type": "application/json"})

    error = await fault_of_answer(provider, AsyncClient(transport=MockTransport(answer)))
    assert (type(error), error.outcome(NOW)) == (TransientFault, Retry())
    assert CANARY not in str(error)


# How long to wait


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "7"}, timedelta(seconds=7)),
        ({"retry-after": "0"}, timedelta(0)),
        ({"retry-after": "1.5"}, timedelta(seconds=1.5)),
        ({"retry-after-ms": "250"}, timedelta(milliseconds=250)),
        ({"retry-after-ms": "12345", "retry-after": "12"}, timedelta(milliseconds=12_345)),
        ({"retry-after-ms": "soon", "retry-after": "12"}, timedelta(seconds=12)),
        ({"retry-after-ms": "-1", "retry-after": "12"}, timedelta(seconds=12)),
        ({"retry-after": "4294967"}, LONGEST_WAIT),
        ({"retry-after": "1e300"}, DEFAULT_WAIT),
        ({"retry-after": "nan"}, DEFAULT_WAIT),
        ({"retry-after": "inf"}, DEFAULT_WAIT),
        ({"retry-after": "-5"}, DEFAULT_WAIT),
        ({"retry-after": "soon"}, DEFAULT_WAIT),
        ({"retry-after": ""}, DEFAULT_WAIT),
        ({}, DEFAULT_WAIT),
        (
            {"retry-after": "Fri, 20 Nov 2026 09:30:42 GMT", "date": "Fri, 20 Nov 2026 09:30:00 GMT"},
            timedelta(seconds=42),
        ),
        ({"retry-after": "Fri, 20 Nov 2026 09:30:42 GMT"}, DEFAULT_WAIT),
        (
            {"retry-after": "Fri, 20 Nov 2026 09:00:00 GMT", "date": "Fri, 20 Nov 2026 09:30:00 GMT"},
            timedelta(0),
        ),
        (
            {"retry-after": "Fri, 20 Nov 2099 09:00:00 GMT", "date": "Fri, 20 Nov 2026 09:30:00 GMT"},
            LONGEST_WAIT,
        ),
        ({"retry-after": "Fri, 20 Nov 2026 09:30:42 -0000", "date": "Fri, 20 Nov 2026 09:30:00 GMT"}, DEFAULT_WAIT),
    ],
)
async def test_a_rate_limit_waits_as_the_headers_say(provider: str, headers: dict[str, str], wait: timedelta) -> None:
    error = await fault_of_answer(provider, canned(429, {"error": {"message": CANARY}}, headers))
    assert isinstance(error, RateLimited) and error.retry_after == wait
    assert error.outcome(NOW) == Snooze(NOW + wait)


# What is told


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 409, 413, 418, 422, 429, 500, 502, 503, 504, 529])
@pytest.mark.parametrize("form", ["json", "html", "odd"])
async def test_no_message_holds_the_provider_s_text(provider: str, status: int, form: str) -> None:
    error_object: dict[str, Any] = {"type": CANARY, "message": CANARY, "param": CANARY, "code": CANARY}
    body: dict[str, object] = {
        "json": {"type": "error", "error": {**error_object, "details": {"error_code": CANARY}}, "request_id": CANARY},
        "html": f"<html><h1>{CANARY}</h1></html>",
        "odd": [CANARY],
    }
    error = await fault_of_answer(provider, canned(status, body[form], {"x-request-id": CANARY}))
    assert CANARY not in f"{error.reason} {error} {error.remedy} {error!r} {error.args}"
    # "from None": the SDK's error and its body must not be printed with ours.
    assert error.__cause__ is None and error.__suppress_context__


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("body", [f'{{"{CANARY}', f'"{CANARY}"', f'{{"x": "{CANARY}"}}', f"{CANARY} <html>"])
async def test_a_broken_answer_is_not_quoted(provider: str, body: str) -> None:
    error = await fault_of_answer(provider, canned(200, body))
    assert error.code == "provider_garbled"
    assert CANARY not in f"{error.reason} {error!r}"
    assert error.__cause__ is None and (error.__suppress_context__ or error.__context__ is None)


async def test_a_message_says_who_and_what_but_not_the_key(fake: FakeProviders, http: AsyncClient) -> None:
    fake.api_key = "sk-test-another-key-0000"
    for provider, model in (("openai", "gpt-4o"), ("anthropic", "claude-sonnet-4-6")):
        wrong: dict[str, Any] = {f"{provider}_api_key": "sk-test-wrong-key-1234"}
        asked = asking(fake, provider, http, **wrong)
        with pytest.raises(ProviderBlocked) as raised:
            await asked.answer(request())
        assert raised.value.reason == f"provider_auth: {provider} ({model}) refused our key (status 401)."


def test_a_door_does_not_show_its_key_or_its_client(fake: FakeProviders) -> None:
    shown = repr(door(fake, "openai"))
    assert fake.api_key not in shown


def test_an_error_no_sdk_knows_is_a_broken_answer() -> None:
    error = faults.translate(ValueError(CANARY), resolve("openai", "gpt-4o", NOW.date()).served, "OPENAI_MODEL")
    assert (error.code, error.outcome(NOW)) == ("provider_garbled", Retry())
    assert CANARY not in error.message


def test_headers_are_read_without_regard_to_who_sent_them() -> None:
    error = judge(Fault("anthropic", "m", 429, None, "", {"retry-after": "4"}))
    assert error.outcome(NOW) == after(seconds=4)
