from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from anthropic import AsyncAnthropic
from httpx2 import AsyncClient
from openai import AsyncOpenAI

from aiworker.testing.llm import FakeProviders
from tests.support.providers import anthropic_client, in_process, openai_client


@pytest.fixture
def fake() -> FakeProviders:
    return FakeProviders()


@pytest.fixture
async def http(fake: FakeProviders) -> AsyncGenerator[AsyncClient]:
    async with in_process(fake) as client:
        yield client


@pytest.fixture
def gpt(fake: FakeProviders, http: AsyncClient) -> AsyncOpenAI:
    return openai_client(fake, http)


@pytest.fixture
def claude(fake: FakeProviders, http: AsyncClient) -> AsyncAnthropic:
    return anthropic_client(fake, http)
