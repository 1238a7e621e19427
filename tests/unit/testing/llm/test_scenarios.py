from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import anthropic
import openai
import pytest

from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import Delay, Drip, EchoMap, Hang, RateLimited, ServerError, Text
from tests.unit.testing.llm.asking import GPT, ask_claude, ask_gpt, said_by_claude, said_by_gpt

IDS = {
    "type": "object",
    "properties": {"b0": {"type": "string"}, "b1": {"type": "string"}},
    "required": ["b0", "b1"],
    "additionalProperties": False,
}
BY_SCHEMA = {"type": "json_schema", "json_schema": {"name": "rewrite", "strict": True, "schema": IDS}}


async def test_steps_are_played_in_order_and_then_the_default(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.script(Text("one"), Text("two"))
    fake.default(Text("more"))
    assert [said_by_gpt(await ask_gpt(gpt)) for _ in range(4)] == ["one", "two", "more", "more"]
    fake.default(None)
    assert said_by_gpt(await ask_gpt(gpt)).startswith("An answer of the fake")


async def test_steps_wait_for_their_provider_and_model(
    fake: FakeProviders, gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    fake.script(Text("for claude"), provider="anthropic")
    fake.script(Text("for o4"), model="o4-mini")
    fake.script(Text("for anybody"))
    assert said_by_gpt(await ask_gpt(gpt)) == "for anybody"
    assert said_by_gpt(await ask_gpt(gpt, model="o4-mini")) == "for o4"
    assert said_by_claude(await ask_claude(claude)) == "for claude"
    assert fake.unplayed == []


async def test_only_questions_use_the_script_up(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    fake.script(ServerError())
    await claude.models.list()
    await claude.messages.count_tokens(model="claude-sonnet-4-6", messages=[{"role": "user", "content": "x"}])
    with pytest.raises(anthropic.InternalServerError):
        await ask_claude(claude)


async def test_a_route_can_be_scripted(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    fake.script(RateLimited(), route="/v1/messages/count_tokens")
    await ask_claude(claude)
    with pytest.raises(anthropic.RateLimitError):
        await claude.messages.count_tokens(model="claude-sonnet-4-6", messages=[{"role": "user", "content": "x"}])


async def test_a_script_is_not_used_up_by_a_wrong_key(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.script(Text("kept"))
    with pytest.raises(openai.AuthenticationError):
        await ask_gpt(gpt.with_options(api_key="sk-wrong"))
    assert said_by_gpt(await ask_gpt(gpt)) == "kept"


@pytest.mark.parametrize(
    "prompt",
    [
        '{"bullets": [{"id": "b0", "text": "Cooked \\"paella\\""}, {"id": "b1", "text": "Served"}]}',
        '<bullet id="b0">Cooked "paella"</bullet>\n<bullet id="b1">\nServed\n</bullet>',
        'b0: Cooked "paella"\nb1: Served',
        '- [b0] Cooked "paella"\n- [b1] Served',
    ],
)
async def test_an_echo_map_puts_its_words_before_the_originals(
    fake: FakeProviders, gpt: openai.AsyncOpenAI, prompt: str
) -> None:
    fake.script(EchoMap("Better: "))
    messages: Any = [{"role": "system", "content": 'Like {"b0": "..."}.'}, {"role": "user", "content": prompt}]
    answer = await ask_gpt(gpt, messages=messages, response_format=BY_SCHEMA)
    assert json.loads(said_by_gpt(answer)) == {"b0": 'Better: Cooked "paella"', "b1": "Better: Served"}


async def test_an_echo_map_can_make_every_text(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    fake.default(EchoMap(lambda name, original: f"{name}/{original}"))
    config: Any = {"format": {"type": "json_schema", "schema": IDS}}
    answer = await ask_claude(claude, "b1: Served", output_config=config)
    assert json.loads(said_by_claude(answer)) == {"b0": "b0/", "b1": "b1/Served"}


async def test_an_echo_map_finds_the_ids_in_the_prompt_when_there_is_no_schema(
    fake: FakeProviders, gpt: openai.AsyncOpenAI
) -> None:
    fake.default(EchoMap("+ "))
    answer = await ask_gpt(gpt, "Rewrite.\nb0: Cooked\nb12: Served")
    assert json.loads(said_by_gpt(answer)) == {"b0": "+ Cooked", "b12": "+ Served"}


async def test_a_delay_is_followed_by_its_step(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.script(Delay(timedelta(milliseconds=5), Delay(timedelta(milliseconds=5), Text("late"))))
    assert said_by_gpt(await ask_gpt(gpt)) == "late"


async def test_a_drip_arrives_whole_if_one_waits(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    fake.script(Drip(0.001, 7, Text("drop by drop")))
    assert said_by_gpt(await ask_gpt(gpt)) == "drop by drop"


async def test_hanging_ends_with_the_callers_deadline(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    fake.script(Hang())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await ask_claude(claude)
    assert len(fake.requests) == 1


async def test_waiting_in_vain_says_how_many_came(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    await ask_gpt(gpt)
    assert [seen.model for seen in await fake.wait_for(1)] == [GPT]
    with pytest.raises(TimeoutError, match="1 of 2"):
        await fake.wait_for(2, 0.02)
