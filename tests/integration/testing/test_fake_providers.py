from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from datetime import timedelta
from itertools import islice

import anthropic
import openai
import pytest
from httpx2 import AsyncClient, ConnectError, Timeout

from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import Delay, Drip, Hang, Reset, Text
from tests.support.providers import anthropic_client, on_loopback, openai_client
from tests.unit.testing.llm.asking import CLAUDE, ask_claude, ask_gpt, said_by_claude, said_by_gpt

PER_READ = Timeout(0.2)


@pytest.fixture
async def fake() -> AsyncGenerator[FakeProviders]:
    async with FakeProviders() as opened:
        yield opened


@pytest.fixture
async def http() -> AsyncGenerator[AsyncClient]:
    async with on_loopback() as client:
        yield client


@pytest.fixture
def gpt(fake: FakeProviders, http: AsyncClient) -> openai.AsyncOpenAI:
    return openai_client(fake, http, url=fake.openai_url)


@pytest.fixture
def claude(fake: FakeProviders, http: AsyncClient) -> anthropic.AsyncAnthropic:
    return anthropic_client(fake, http, url=fake.anthropic_url)


async def test_both_sdks_are_answered_on_one_port(
    fake: FakeProviders, gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    fake.default(Text("hello"))
    assert said_by_gpt(await ask_gpt(gpt)) == said_by_claude(await ask_claude(claude)) == "hello"
    assert {model.id.split("-")[0] async for model in gpt.models.list()} >= {"gpt"}
    assert {model.id.split("-")[0] async for model in claude.models.list()} == {"claude"}


async def test_a_reset_is_a_connection_error_for_both(
    fake: FakeProviders, gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    fake.script(Reset(), Reset())
    with pytest.raises(openai.APIConnectionError) as theirs:
        await ask_gpt(gpt)
    with pytest.raises(anthropic.APIConnectionError) as others:
        await ask_claude(claude)
    assert not isinstance(theirs.value, openai.APITimeoutError)
    assert not isinstance(others.value, anthropic.APITimeoutError)
    await ask_gpt(gpt)


async def test_nobody_listening_is_a_connect_error(http: AsyncClient) -> None:
    async with FakeProviders() as gone:
        url = gone.openai_url
    with pytest.raises(openai.APIConnectionError) as raised:
        await ask_gpt(openai_client(gone, http, url=url))
    assert isinstance(raised.value.__cause__, ConnectError)
    with pytest.raises(anthropic.APIConnectionError) as other:
        await ask_claude(anthropic_client(gone, http, url=gone.anthropic_url))
    assert isinstance(other.value.__cause__, ConnectError)


async def test_hanging_is_a_read_timeout_for_both(
    fake: FakeProviders, gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    fake.default(Hang())
    with pytest.raises(openai.APITimeoutError):
        await ask_gpt(gpt, timeout=PER_READ)
    with pytest.raises(anthropic.APITimeoutError):
        await ask_claude(claude, timeout=PER_READ)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_a_drip_outlasts_the_read_timeout_and_only_a_total_deadline_ends_it(
    fake: FakeProviders, gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic, provider: str
) -> None:
    async def ask() -> object:
        return await (ask_gpt(gpt, timeout=PER_READ) if provider == "openai" else ask_claude(claude, timeout=PER_READ))

    fake.script(Drip(0.05, 8), Drip(0.05, 100))
    began = time.monotonic()
    await ask()
    assert time.monotonic() - began > 0.3
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.25):
            await ask()


async def test_a_delay_is_real_time(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.script(Delay(timedelta(seconds=0.1), Text("late")))
    before, began = fake.clock.now(), time.monotonic()
    assert said_by_gpt(await ask_gpt(gpt)) == "late"
    assert time.monotonic() - began > 0.09
    assert fake.clock.now() == before


async def test_many_at_once_each_get_their_own_step(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    fake.script(*(Delay(timedelta(seconds=0.1), Text(str(number))) for number in range(50)))
    began = time.monotonic()
    answers = await asyncio.gather(*(ask_claude(claude) for _ in range(50)))
    assert time.monotonic() - began < 5
    assert sorted(int(said_by_claude(answer)) for answer in answers) == list(range(50))
    assert len({answer.id for answer in answers}) == 50


async def test_a_batch_streams_its_results(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    batch = await claude.messages.batches.create(
        requests=[
            {
                "custom_id": f"r{number}",
                "params": {"model": CLAUDE, "max_tokens": 50, "messages": [{"role": "user", "content": "Hello."}]},
            }
            for number in islice(range(200), 200)
        ]
    )
    fake.clock.advance(timedelta(minutes=10))
    rows = [row.custom_id async for row in await claude.messages.batches.results(batch.id)]
    assert len(rows) == len(set(rows)) == 200
    assert (await claude.messages.batches.retrieve(batch.id)).results_url == (
        f"{fake.url}/v1/messages/batches/{batch.id}/results"
    )


@pytest.mark.parametrize("step", [Hang(), Drip(0.3, 100)])
async def test_closing_does_not_wait_for_those_who_wait(step: Hang | Drip, http: AsyncClient) -> None:
    async with FakeProviders() as other:
        other.script(step)
        waiting = asyncio.create_task(ask_gpt(openai_client(other, http, url=other.openai_url)))
        await other.wait_for(1)
        began = time.monotonic()
    assert time.monotonic() - began < 0.9
    with pytest.raises(openai.APIConnectionError):
        await waiting
