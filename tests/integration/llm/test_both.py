"""What holds for both providers' clients: keys, imports, connections, cancellation, one request per answer."""

from __future__ import annotations

import asyncio
import gc
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient

from aiworker.errors import (
    AiworkerError,
    Cancel,
    ConfigurationError,
    ExitCode,
    TransientFault,
)
from aiworker.llm import client
from aiworker.llm.client import LLM
from aiworker.runtime.wiring import utc_now
from aiworker.settings import load
from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm import scenarios as play
from aiworker.testing.llm.models import Model
from aiworker.testing.llm.wire import Provider
from aiworker.testing.server import LoopbackServer, Receive, Scope, Send
from tests.support.doors import MAP, PROVIDERS, asking, on, request, settings
from tests.support.environment import scrub, scrubbed
from tests.support.jobs import NOW
from tests.support.providers import in_process, on_loopback

BOTH = pytest.mark.parametrize("provider", PROVIDERS)
PLAYED = sorted(set(play.NAMED) - {"hang", "drip"})


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scrub(monkeypatch, tmp_path)


# Keys and models


@BOTH
def test_without_a_key_nothing_is_built_and_the_variable_is_named(provider: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        client.build(load(overrides={"llm_provider": provider}), provider, now=utc_now)
    error, name = raised.value, f"{provider.upper()}_API_KEY"
    assert (error.exit_code, error.remedy) == (ExitCode.CONFIGURATION, f"set {name}")
    assert error.message == f"{provider} cannot be asked: {name} is not set."
    assert error.outcome(NOW) == Cancel()


@BOTH
def test_a_key_of_the_other_provider_does_not_help(fake: FakeProviders, provider: str) -> None:
    other = next(each for each in PROVIDERS if each != provider)
    with pytest.raises(ConfigurationError):
        client.build(settings(fake, other), provider, now=utc_now)


@BOTH
async def test_only_the_configured_key_is_sent_whatever_the_sdk_would_find(
    fake: FakeProviders, http: AsyncClient, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "canary-of-the-environment")
    await asking(fake, provider, http).answer(request())
    (seen,) = fake.requests
    assert fake.api_key in f"{seen.headers.get('authorization')} {seen.headers.get('x-api-key')}"
    keys = {name: value for name, value in seen.headers.items() if name in ("authorization", "x-api-key")}
    assert not any("canary" in value for value in keys.values())


@BOTH
async def test_a_model_named_by_the_command_wins_over_the_setting(
    fake: FakeProviders, http: AsyncClient, provider: str
) -> None:
    model = {"openai": "gpt-5.4-mini", "anthropic": "claude-haiku-5-5"}[provider]
    setting: dict[str, Any] = {f"{provider}_model": "other"}
    reply = await asking(fake, provider, http, model=model, **setting).answer(request())
    assert (reply.requested_model, reply.served_model, fake.requests[0].model) == (model, model, model)


@BOTH
def test_limits_are_those_of_the_model_that_answers(fake: FakeProviders, provider: str) -> None:
    limits = asking(fake, provider).limits
    window, cap = {"openai": (128_000, 16_384), "anthropic": (1_000_000, 128_000)}[provider]
    assert (limits.window, limits.output_cap) == (window, cap)
    assert limits.count("one two three") == {"openai": 3, "anthropic": 4}[provider]


@BOTH
async def test_a_model_without_a_price_has_no_cost_rather_than_none(
    fake: FakeProviders, http: AsyncClient, provider: Provider
) -> None:
    fake.serve_model(Model(provider, ("nobody-s-model",), 8_192, 4_096))
    reply = await asking(fake, provider, http, model="nobody-s-model").answer(request())
    assert (reply.usage.cost_usd, reply.usage.tokens_in > 0) == (None, True)


@pytest.mark.parametrize(
    ("provider", "model", "event"),
    [
        ("anthropic", "claude-sonnet-4-20250514", "model-replaced"),
        ("openai", "gpt-4o", "model-ending"),
        ("openai", "gpt-9", "model-unlisted"),
        ("anthropic", "claude-haiku-4-5", None),
    ],
)
def test_the_log_warns_of_a_model_that_is_replaced_ends_or_is_unknown(
    fake: FakeProviders, caplog: pytest.LogCaptureFixture, provider: str, model: str, event: str | None
) -> None:
    assert asking(fake, provider, model=model).provider == provider
    told = [(record.levelname, record.message) for record in caplog.records]
    assert told == ([("WARNING", event)] if event else [])


# Imports

LAZY = """
import sys
from aiworker.llm import client
from aiworker.runtime.wiring import utc_now
from aiworker.settings import Settings
provider = sys.argv[1]
def loaded():
    return [name for name in ("openai", "anthropic", "httpx2", "genai_prices") if name in sys.modules]
chosen = Settings.model_validate({"openai_api_key": "sk-test", "anthropic_api_key": "sk-test"})
model = client.build(chosen, provider, now=utc_now)
model.limits, model.provider, model.model
print(*loaded(), sep=",")
model.warm()
print(*loaded(), sep=",")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("provider", "after"),
    [("openai", "openai,httpx2,genai_prices"), ("anthropic", "anthropic,httpx2,genai_prices"), ("offline", "")],
)
def test_an_sdk_is_imported_when_it_is_warmed_and_only_that_one(tmp_path: Path, provider: str, after: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LAZY, provider],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=scrubbed(tmp_path),
    )
    assert done.stdout.splitlines() == ["", after]


# Connections


class Watched:
    """The fake behind an application that sees how each request ends."""

    def __init__(self, fake: FakeProviders) -> None:
        self.fake = fake
        self.ended = asyncio.Queue[str]()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.fake.app(scope, receive, send)
        except ConnectionResetError:
            self.ended.put_nowait("gone")
        else:
            self.ended.put_nowait("answered")


@BOTH
async def test_cancelling_closes_the_request(fake: FakeProviders, provider: str) -> None:
    fake.script(play.Hang())
    watched = Watched(fake)
    async with LoopbackServer(watched.app) as server, on_loopback() as http:
        url = f"{server.url}/v1" if provider == "openai" else server.url
        model = asking(fake, provider, http, url=url)
        waiting = asyncio.create_task(model.answer(request()))
        await fake.wait_for(1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await asyncio.wait_for(watched.ended.get(), 5) == "gone"
        # The pool is as good as before.
        assert (await model.answer(request())).text
        assert len(fake.requests) == 2


@BOTH
async def test_a_client_of_its_own_is_closed_with_the_model(fake: FakeProviders, provider: str) -> None:
    async with fake:
        model = asking(fake, provider, url=on(fake, provider))
        assert (await model.answer(request(schema=MAP))).text
        await model.aclose()
        # Only OpenAI's SDK lets the closed client's own error out.
        with pytest.raises((TransientFault, RuntimeError)):
            await model.answer(request())
    assert len(fake.requests) == 1
    del model
    # An open connection would warn, and a warning is an error.
    gc.collect()


@BOTH
async def test_closing_a_model_that_was_never_asked_costs_nothing(fake: FakeProviders, provider: str) -> None:
    model = asking(fake, provider)
    await model.aclose()


@BOTH
async def test_a_given_client_is_closed_too(fake: FakeProviders, provider: str) -> None:
    http = in_process(fake)
    model = asking(fake, provider, http)
    model.warm()
    await model.aclose()
    assert http.is_closed


@BOTH
async def test_one_client_serves_all_calls_of_a_process(fake: FakeProviders, provider: str) -> None:
    ports = set[int]()

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        ports.add(scope["client"][1])
        await fake.app(scope, receive, send)

    async with LoopbackServer(counted) as server:
        url = f"{server.url}/v1" if provider == "openai" else server.url
        model = asking(fake, provider, url=url)
        for _ in range(3):
            await model.answer(request())
        await model.aclose()
    assert len(fake.requests) == 3 and len(ports) == 1


# One request per answer


async def outcome(model: LLM) -> str:
    try:
        return (await model.answer(request())).stop_reason
    except AiworkerError as error:
        return error.code


@BOTH
async def test_every_fault_costs_one_request(fake: FakeProviders, provider: str) -> None:
    async with fake:
        model = asking(fake, provider, url=on(fake, provider))
        for sent, name in enumerate(PLAYED, 1):
            fake.script(play.NAMED[name])
            assert await outcome(model), name
            assert len(fake.requests) == sent, name
        assert {seen.headers["x-stainless-retry-count"] for seen in fake.requests} == {"0"}
        await model.aclose()


@BOTH
async def test_nobody_listening_is_one_fault_and_no_wait(fake: FakeProviders, provider: str) -> None:
    async with fake:
        url = on(fake, provider)
    model = asking(fake, provider, url=url)
    assert await outcome(model) == "provider_unreachable"
    await model.aclose()


# What is told of it


@BOTH
async def test_neither_prompt_nor_answer_nor_key_is_logged(
    fake: FakeProviders, http: AsyncClient, caplog: pytest.LogCaptureFixture, provider: str
) -> None:
    caplog.set_level(logging.INFO)
    fake.script(play.Text("canary of the answer"), play.BadJson("canary of the body"), play.Unauthorized())
    model = asking(fake, provider, http)
    assert [await outcome(model) for _ in range(3)] == ["end", "provider_garbled", "provider_auth"]
    told = " ".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert not any(word in told for word in ("canary", "Say hello", fake.api_key))
