"""What the log is told about models and prompts, once each, and by which count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from aiworker.llm.anthropic import AnthropicMessages
from aiworker.llm.caching import is_cached, prefix_tokens
from aiworker.llm.capabilities import Model, resolve
from aiworker.llm.notices import Notices
from aiworker.protocol import Block, Prompt
from aiworker.testing.llm import FakeProviders
from tests.support.doors import asking, door, request
from tests.support.providers import in_process

TODAY = date(2026, 11, 2)
TASK = Block("task", "user", "Go.")


def model(provider: str, name: str) -> Model:
    return resolve(provider, name, TODAY).served


HAIKU = model("anthropic", "claude-haiku-4-5")


def prompt(words: int, *, name: str = "long", is_cached: bool = True) -> Prompt:
    return Prompt(name, "f" * 12, (Block("rules", "system", "Rules. " * words, is_cached=is_cached), TASK))


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [vars(record)["fields"] for record in caplog.records if record.message == "prompt-not-cached"]


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_a_prefix_below_the_minimum_is_told_once_with_both_figures(
    caplog: pytest.LogCaptureFixture, provider: str
) -> None:
    fake = FakeProviders()
    async with in_process(fake) as http:
        asked = asking(fake, provider, http, model={"openai": "gpt-4o", "anthropic": "claude-haiku-4-5"}[provider])
        for text in (prompt(100), prompt(101), prompt(100)):
            await asked.answer(request(text))
        await asked.answer(request(prompt(100, name="other")))
    served = {"openai": model("openai", "gpt-4o"), "anthropic": HAIKU}[provider]
    first = {
        "task": "long",
        "servedModel": served.name,
        "prefixTokens": prefix_tokens(prompt(100).blocks, served),
        "minimumTokens": {"openai": 1_024, "anthropic": 4_096}[provider],
    }
    assert told(caplog) == [first, {**first, "task": "other"}]
    assert {r.levelname for r in caplog.records if r.message == "prompt-not-cached"} == {"WARNING"}


async def test_what_is_told_is_what_keeps_the_breakpoint_from_being_sent(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeProviders()
    claude = door(fake, "anthropic", model="claude-haiku-4-5")
    assert isinstance(claude, AnthropicMessages)
    for words in range(1_400, 1_700, 25):
        what, notices = request(prompt(words)), Notices()
        caplog.clear()
        notices.of_prompt(what, HAIKU)
        assert bool(told(caplog)) == ("cache_control" not in str(claude.body(what))), words


@pytest.mark.parametrize(
    ("text", "of"),
    [
        (prompt(100, is_cached=False), HAIKU),
        (prompt(5_000), HAIKU),
        (prompt(100), replace(HAIKU, min_cache_tokens=None)),
        (prompt(100), resolve("openai", "llama3.3", TODAY, compatible=True).served),
        (Prompt("none", "none", ()), HAIKU),
    ],
    ids=["nobody asked", "long enough", "no minimum known", "compatible", "no prompt"],
)
def test_otherwise_nothing_is_told(caplog: pytest.LogCaptureFixture, text: Prompt, of: Model) -> None:
    Notices().of_prompt(request(text), of)
    assert caplog.records == []


def test_a_model_s_warning_is_told_once_and_another_one_again(caplog: pytest.LogCaptureFixture) -> None:
    notices = Notices()
    for day in (date(2026, 12, 1), date(2026, 12, 2), date(2027, 1, 14), date(2027, 1, 15)):
        notices.of_model(resolve("openai", "gpt-4o", day))
    assert [record.message for record in caplog.records] == ["model-ending", "model-replaced"]


def test_a_model_without_a_warning_is_not_mentioned(caplog: pytest.LogCaptureFixture) -> None:
    Notices().of_model(resolve("anthropic", "claude-haiku-4-5", TODAY))
    assert caplog.records == []


# The prefix


BLOCKS = (
    Block("rules", "system", "one two three"),
    Block("vacancy", "user", "four five", is_untrusted=True),
    Block("resume", "user", "six seven eight nine", is_untrusted=True),
)
GPT = model("openai", "gpt-4o")


def marked(*names: str) -> tuple[Block, ...]:
    return tuple(replace(block, is_cached=block.name in names) for block in BLOCKS)


@pytest.mark.parametrize(
    ("blocks", "tokens"),
    [
        (marked(), 3),
        (marked("rules"), 3),
        (marked("vacancy"), 5),
        (marked("rules", "vacancy"), 5),
        (marked("rules", "resume"), 9),
        ((), 0),
    ],
)
def test_the_prefix_ends_with_the_last_breakpoint_or_where_jobs_differ(blocks: tuple[Block, ...], tokens: int) -> None:
    assert prefix_tokens(blocks, GPT) == tokens


def test_the_minimum_itself_is_enough() -> None:
    assert [is_cached(tokens, GPT) for tokens in (1_023, 1_024)] == [False, True]
    assert not is_cached(10**6, replace(GPT, min_cache_tokens=None))
