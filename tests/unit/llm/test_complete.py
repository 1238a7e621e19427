"""The documents' client: one prompt in, one text out, on every provider."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from httpx2 import AsyncClient

from aiworker.errors import ConfigurationError, DeadlineExceeded, OutputCut, ProviderBlocked, RateLimited, Refused
from aiworker.llm.client import DEADLINE, LLMClient
from aiworker.llm.offline import OfflineModel
from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import ContentFilter, Cut, Hang, Refusal, Step, Text, Unauthorized
from aiworker.testing.llm.scenarios import RateLimited as Limited
from tests.support.doors import PROVIDERS, asking
from tests.support.jobs import ScriptedModel
from tests.support.providers import in_process


@pytest.fixture
def fake() -> FakeProviders:
    return FakeProviders()


@pytest.fixture
async def http(fake: FakeProviders) -> AsyncGenerator[AsyncClient]:
    async with in_process(fake) as client:
        yield client


def test_it_is_called_as_the_documents_say() -> None:
    signature = inspect.signature(LLMClient.complete)
    assert str(signature) == "(self, prompt: 'str', max_tokens: 'int' = 2000) -> 'str'"


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_prompt_is_answered_with_text(fake: FakeProviders, http: AsyncClient, provider: str) -> None:
    fake.script(Text("Hello, Zoë 🙂"))
    client = LLMClient(asking(fake, provider, http))
    assert await client.complete("Say hello.") == "Hello, Zoë 🙂"
    assert len(fake.requests) == 1


async def test_openai_gets_the_prompt_as_one_message_with_a_cap_of_2_000(
    fake: FakeProviders, http: AsyncClient
) -> None:
    await LLMClient(asking(fake, "openai", http)).complete("Say hello.")
    body = fake.requests[0].object
    assert body["messages"] == [{"role": "user", "content": "Say hello."}]
    assert body["max_completion_tokens"] == 2000
    assert "response_format" not in body


async def test_anthropic_gets_the_prompt_as_one_message_with_a_cap_of_2_000(
    fake: FakeProviders, http: AsyncClient
) -> None:
    await LLMClient(asking(fake, "anthropic", http)).complete("Say hello.")
    body = fake.requests[0].object
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Say hello."}]}]
    assert body["max_tokens"] == 2000
    assert "system" not in body and "output_config" not in body


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_the_cap_can_be_given(fake: FakeProviders, http: AsyncClient, provider: str) -> None:
    fake.script(Text("Hello."))
    await LLMClient(asking(fake, provider, http)).complete("Say hello.", max_tokens=7)
    body = fake.requests[0].object
    assert 7 in (body.get("max_completion_tokens"), body.get("max_tokens"))


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_faults_are_ours_and_not_tried_again(fake: FakeProviders, http: AsyncClient, provider: str) -> None:
    client = LLMClient(asking(fake, provider, http))
    fake.script(Limited(7), Unauthorized())
    with pytest.raises(RateLimited):
        await client.complete("Say hello.")
    with pytest.raises(ProviderBlocked):
        await client.complete("Say hello.")
    assert len(fake.requests) == 2


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("step", "error"), [(Refusal(), Refused), (ContentFilter("Half"), Refused), (Cut("Half of a sen"), OutputCut)]
)
async def test_what_is_no_whole_answer_is_an_error(
    fake: FakeProviders, http: AsyncClient, provider: str, step: Step, error: type[Exception]
) -> None:
    fake.script(step)
    with pytest.raises(error):
        await LLMClient(asking(fake, provider, http)).complete("Say hello.")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_what_utf8_cannot_hold_is_left_out_of_a_prompt(
    fake: FakeProviders, http: AsyncClient, provider: str
) -> None:
    fake.script(Text("Hello."))
    assert await LLMClient(asking(fake, provider, http)).complete("Say\ud800 hello.") == "Hello."
    assert b"Say hello." in fake.requests[0].raw


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_there_is_one_deadline_for_the_whole_call(fake: FakeProviders, http: AsyncClient, provider: str) -> None:
    assert timedelta(seconds=30) == DEADLINE
    fake.default(Hang())
    client = LLMClient(asking(fake, provider, http), deadline=timedelta(seconds=0.05))
    with pytest.raises(DeadlineExceeded, match=r"No answer within 0\.05 s"):
        await client.complete("Say hello.")


async def test_cancelling_is_no_deadline(fake: FakeProviders, http: AsyncClient) -> None:
    fake.default(Hang())
    waiting = asyncio.create_task(LLMClient(asking(fake, "openai", http)).complete("Say hello."))
    await fake.wait_for(1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_any_model_can_stand_behind_it() -> None:
    assert await LLMClient(ScriptedModel(["as scripted"])).complete("Say hello.") == "as scripted"


async def test_the_rule_engine_has_no_rules_for_a_bare_prompt_and_says_so() -> None:
    with pytest.raises(ConfigurationError, match="no rules for complete"):
        await LLMClient(OfflineModel()).complete("Say hello.")
