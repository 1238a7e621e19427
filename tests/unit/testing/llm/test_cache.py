from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import anthropic
import openai
import pytest
from anthropic.types import Usage
from openai.types.chat import ChatCompletion

from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import Text
from tests.unit.testing.llm.asking import ask_claude, ask_gpt

HAIKU = "claude-haiku-4-5"
SONNET = "claude-sonnet-4-6"
NEWEST = "claude-haiku-5-5"


def tokens(count: int, letter: str = "x") -> str:
    return letter * 4 * count


def part(count: int, ttl: Literal["5m", "1h"] | None = "5m", letter: str = "x") -> dict[str, Any]:
    block: dict[str, Any] = {"type": "text", "text": tokens(count, letter)}
    return {**block, "cache_control": {"type": "ephemeral", "ttl": ttl}} if ttl else block


def figures(usage: Usage) -> tuple[int, int | None, int | None]:
    return (usage.input_tokens, usage.cache_creation_input_tokens, usage.cache_read_input_tokens)


async def test_the_second_request_reads_what_the_first_wrote(claude: anthropic.AsyncAnthropic) -> None:
    first = await ask_claude(claude, tokens(10), system=[part(2000)])
    second = await ask_claude(claude, tokens(20, "y"), system=[part(2000)])
    assert figures(first.usage) == (10, 2000, 0)
    assert figures(second.usage) == (20, 0, 2000)


@pytest.mark.parametrize(
    ("model", "minimum"), [(HAIKU, 4096), ("claude-haiku-4-5-20251001", 4096), (SONNET, 1024), (NEWEST, 512)]
)
async def test_below_the_minimum_nothing_is_cached_and_nobody_says_so(
    claude: anthropic.AsyncAnthropic, model: str, minimum: int
) -> None:
    for _ in range(2):
        below = await ask_claude(claude, tokens(10), model=model, system=[part(minimum - 1)])
        assert figures(below.usage) == (minimum - 1 + 10, 0, 0)
    at = await ask_claude(claude, tokens(10), model=model, system=[part(minimum, letter="y")])
    assert figures(at.usage) == (10, minimum, 0)


async def test_a_prefix_without_a_breakpoint_is_not_cached(claude: anthropic.AsyncAnthropic) -> None:
    for _ in range(2):
        answer = await ask_claude(claude, tokens(10), system=[part(2000, ttl=None)])
        assert figures(answer.usage) == (2010, 0, 0)


@pytest.mark.parametrize(
    ("ttl", "pause", "hits"),
    [
        ("5m", timedelta(minutes=4, seconds=59), True),
        ("5m", timedelta(minutes=5), False),
        ("1h", timedelta(minutes=59), True),
        ("1h", timedelta(hours=1), False),
    ],
)
async def test_an_entry_lives_as_long_as_its_ttl(
    fake: FakeProviders, claude: anthropic.AsyncAnthropic, ttl: Literal["5m", "1h"], pause: timedelta, hits: bool
) -> None:
    first = await ask_claude(claude, system=[part(2000, ttl)])
    assert first.usage.cache_creation is not None
    written = first.usage.cache_creation
    assert (written.ephemeral_5m_input_tokens, written.ephemeral_1h_input_tokens) == (
        (2000, 0) if ttl == "5m" else (0, 2000)
    )
    fake.clock.advance(pause)
    second = await ask_claude(claude, system=[part(2000, ttl)])
    assert (second.usage.cache_read_input_tokens == 2000) is hits


async def test_every_read_starts_the_ttl_again(fake: FakeProviders, claude: anthropic.AsyncAnthropic) -> None:
    await ask_claude(claude, system=[part(2000)])
    for _ in range(3):
        fake.clock.advance(timedelta(minutes=4))
        assert (await ask_claude(claude, system=[part(2000)])).usage.cache_read_input_tokens == 2000


async def test_both_ttls_in_one_request_are_told_apart(claude: anthropic.AsyncAnthropic) -> None:
    system = [part(2000, "1h"), part(1500, "5m", "y")]
    usage = (await ask_claude(claude, tokens(7), system=system)).usage
    assert usage.cache_creation is not None
    assert usage.cache_creation.ephemeral_1h_input_tokens == 2000
    assert usage.cache_creation.ephemeral_5m_input_tokens == 1500
    assert figures(usage) == (7, 3500, 0)


async def test_a_longer_prompt_reads_the_old_prefix_and_writes_the_rest(claude: anthropic.AsyncAnthropic) -> None:
    await ask_claude(claude, system=[part(2000)])
    usage = (await ask_claude(claude, tokens(5), system=[part(2000), part(300, letter="y")])).usage
    assert figures(usage) == (5, 300, 2000)


async def test_a_changed_prefix_misses(claude: anthropic.AsyncAnthropic) -> None:
    await ask_claude(claude, system=[part(2000)])
    usage = (await ask_claude(claude, tokens(5), system=[part(1, None, "z"), part(2000)])).usage
    assert figures(usage) == (5, 2001, 0)


async def test_models_do_not_share_entries(claude: anthropic.AsyncAnthropic) -> None:
    await ask_claude(claude, system=[part(2000)])
    usage = (await ask_claude(claude, model=NEWEST, system=[part(2000)])).usage
    assert usage.cache_read_input_tokens == 0


async def test_the_automatic_breakpoint_is_behind_the_last_block(claude: anthropic.AsyncAnthropic) -> None:
    for expected in ((0, 2003, 0), (0, 0, 2003)):
        answer = await ask_claude(
            claude, tokens(3), system=[part(2000, None)], cache_control={"type": "ephemeral", "ttl": "5m"}
        )
        assert figures(answer.usage) == expected


async def test_a_zero_cap_fills_the_cache(claude: anthropic.AsyncAnthropic) -> None:
    await ask_claude(claude, max_tokens=0, system=[part(2000)])
    assert (await ask_claude(claude, system=[part(2000)])).usage.cache_read_input_tokens == 2000


@pytest.mark.parametrize(
    ("system", "said"),
    [([part(1)] * 5, "maximum of 4 blocks"), ([part(2000, "5m"), part(9, "1h")], "must not come after")],
)
async def test_misplaced_breakpoints_are_refused(
    claude: anthropic.AsyncAnthropic, system: list[dict[str, Any]], said: str
) -> None:
    with pytest.raises(anthropic.BadRequestError, match=said):
        await ask_claude(claude, system=system)


@pytest.mark.parametrize(("calls", "saving"), [(1, -20.0), (2, 26.0), (5, 53.6), (20, 67.4), (200, 71.5)])
async def test_whole_call_saving_is_what_was_calculated(
    fake: FakeProviders, claude: anthropic.AsyncAnthropic, calls: int, saving: float
) -> None:
    fake.default(Text(tokens(200)))
    paid = plain = 0.0
    for number in range(calls):
        question = tokens(500, chr(ord("A") + number % 26))
        usage = (await ask_claude(claude, question, model=HAIKU, system=[part(6000)])).usage
        rest, written, read = figures(usage)
        paid += rest + 1.25 * (written or 0) + 0.1 * (read or 0) + 5 * usage.output_tokens
        plain += 6500 + 5 * 200
    assert round(100 * (1 - paid / plain), 1) == saving


async def test_events_too_far_apart_cost_more_than_no_cache(
    fake: FakeProviders, claude: anthropic.AsyncAnthropic
) -> None:
    reads: list[int | None] = []
    for _ in range(3):
        usage = (await ask_claude(claude, model=HAIKU, system=[part(4500)])).usage
        reads.append(usage.cache_read_input_tokens)
        fake.clock.advance(timedelta(seconds=400))
    assert reads == [0, 0, 0]


async def test_a_miss_is_explained_on_request(claude: anthropic.AsyncAnthropic) -> None:
    async def why(previous: str | None, **more: Any) -> object:
        answer = await ask_claude(claude, diagnostics={"previous_message_id": previous}, **more)
        return answer.diagnostics and answer.diagnostics.cache_miss_reason

    first = await ask_claude(claude, system=[part(2000)])
    assert await why(None, system=[part(2000)]) is None
    assert await why(first.id, system=[part(2000)]) is None
    changed = await why(first.id, system=[part(2000, letter="y")])
    assert getattr(changed, "type", None) == "system_changed"
    assert getattr(changed, "cache_missed_input_tokens", None) == 2000
    for expected, more in (
        ("model_changed", {"model": NEWEST, "system": [part(2000)]}),
        ("messages_changed", {"text": "Goodbye.", "system": [part(2000)]}),
        ("tools_changed", {"tools": [{"name": "t", "input_schema": {"type": "object"}}], "system": [part(2000)]}),
    ):
        assert getattr(await why(first.id, **more), "type", None) == expected
    assert getattr(await why("msg_unheard_of"), "type", None) == "previous_message_not_found"


def cached(answer: ChatCompletion) -> tuple[int, int | None, int | None]:
    assert answer.usage is not None
    assert answer.usage.prompt_tokens_details is not None
    details = answer.usage.prompt_tokens_details
    return (answer.usage.prompt_tokens, details.cached_tokens, details.cache_write_tokens)


@pytest.mark.parametrize(("size", "read"), [(1023, 0), (1024, 1024), (1151, 1024), (1152, 1152), (4000, 3968)])
async def test_openai_caches_by_itself_from_1024_tokens_in_steps_of_128(
    gpt: openai.AsyncOpenAI, size: int, read: int
) -> None:
    assert cached(await ask_gpt(gpt, tokens(size))) == (size, 0, 0)
    assert cached(await ask_gpt(gpt, tokens(size))) == (size, read, 0)


async def test_openai_reads_the_common_beginning(gpt: openai.AsyncOpenAI) -> None:
    async def ask(rest: str) -> tuple[int, int | None, int | None]:
        messages: Any = [{"role": "system", "content": tokens(2000)}, {"role": "user", "content": rest}]
        return cached(await gpt.chat.completions.create(model="gpt-4o", messages=messages))

    assert await ask(tokens(100, "a")) == (2100, 0, 0)
    assert await ask(tokens(100, "b")) == (2100, 1920, 0)


async def test_openai_with_the_variable_part_first_never_hits(gpt: openai.AsyncOpenAI) -> None:
    for title in ("Cook", "Waiter", "Porter"):
        assert cached(await ask_gpt(gpt, title + tokens(3000)))[1] == 0


async def test_openai_forgets_after_a_while(fake: FakeProviders, gpt: openai.AsyncOpenAI) -> None:
    async def read(**more: Any) -> int | None:
        return cached(await ask_gpt(gpt, tokens(2048), **more))[1]

    assert await read() == 0
    fake.clock.advance(timedelta(minutes=4))
    assert await read() == 2048
    fake.clock.advance(timedelta(minutes=5))
    assert await read(prompt_cache_retention="24h") == 0
    fake.clock.advance(timedelta(hours=23))
    assert await read() == 2048


async def test_openai_routes_by_cache_key(gpt: openai.AsyncOpenAI) -> None:
    await ask_gpt(gpt, tokens(2048), prompt_cache_key="a")
    assert cached(await ask_gpt(gpt, tokens(2048), prompt_cache_key="b"))[1] == 0
    assert cached(await ask_gpt(gpt, tokens(2048), prompt_cache_key="a"))[1] == 2048


async def test_newer_openai_models_tell_what_they_wrote_and_keep_it_for_30_minutes(
    fake: FakeProviders, gpt: openai.AsyncOpenAI
) -> None:
    async def ask() -> tuple[int, int | None, int | None]:
        return cached(await ask_gpt(gpt, tokens(2050), model="gpt-6-luna"))

    assert await ask() == (2050, 0, 2048)
    fake.clock.advance(timedelta(minutes=29))
    assert await ask() == (2050, 2048, 0)
    fake.clock.advance(timedelta(minutes=30))
    assert await ask() == (2050, 0, 2048)


async def test_explicit_mode_caches_up_to_the_last_breakpoint_only(gpt: openai.AsyncOpenAI) -> None:
    async def ask(*parts: dict[str, Any]) -> tuple[int, int | None, int | None]:
        messages: Any = [{"role": "user", "content": list(parts)}]
        return cached(
            await gpt.chat.completions.create(
                model="gpt-6-luna", messages=messages, prompt_cache_options={"mode": "explicit"}
            )
        )

    fixed = {"type": "text", "text": tokens(1024)}
    rest = {"type": "text", "text": tokens(1024, "y")}
    marked = {**fixed, "prompt_cache_breakpoint": {"mode": "explicit"}}
    assert await ask(fixed, rest) == (2048, 0, 0)
    assert await ask(marked, rest) == (2048, 0, 1024)
    assert await ask(marked, rest) == (2048, 1024, 0)


async def test_responses_count_the_cache_in_their_own_fields(gpt: openai.AsyncOpenAI) -> None:
    for expected in (0, 2048):
        answer = await gpt.responses.create(model="gpt-4o", instructions=tokens(2000), input=tokens(48))
        assert answer.usage is not None
        assert answer.usage.input_tokens == 2048
        assert answer.usage.input_tokens_details.cached_tokens == expected
