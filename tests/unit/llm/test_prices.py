"""Money: the note's price table, batch halves, price steps, and models nobody has a price for.

The figures are those of genai-prices 0.2.3, written out: a changed price must be seen and accepted here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from genai_prices import data_snapshot
from genai_prices.types import ClauseEquals, ModelInfo, ModelPrice, Provider
from hypothesis import given, settings
from hypothesis import strategies as st

from aiworker.llm import prices
from aiworker.llm.prices import NormalisedUsage, Price, cost, estimate

NOW = datetime(2026, 11, 21, tzinfo=UTC)
MTOK = 1_000_000

TABLE = {
    # model: input, output, cache read, 5-minute write, per million tokens
    "gpt-4o": ("2.50", "10", "1.25", None),
    "gpt-4o-mini": ("0.15", "0.60", "0.075", None),
    "gpt-5.4-mini": ("0.75", "4.50", "0.075", None),
    "gpt-6-luna": ("0.10", "0.50", "0.01", "0.125"),
    "claude-sonnet-4-20250514": ("3", "15", "0.30", "3.75"),
    "claude-sonnet-4-5": ("3", "15", "0.30", "3.75"),
    "claude-sonnet-4-6": ("3", "15", "0.30", "3.75"),
    "claude-haiku-4-5": ("1", "5", "0.10", "1.25"),
    "claude-sonnet-5-5": ("2", "10", "0.10", "2.50"),
    "claude-haiku-5-5": ("0.10", "0.50", "0.01", "0.125"),
}
BATCHED = sorted(set(TABLE) - {"claude-sonnet-4-20250514", "gpt-4o", "gpt-4o-mini"})


def provider_of(model: str) -> str:
    return "anthropic" if model.startswith("claude") else "openai"


def usd(model: str, *, at: datetime = NOW, batch: bool = False, **tokens: int) -> Decimal:
    price = cost(provider_of(model), model, NormalisedUsage(**tokens), at=at, batch=batch)
    assert price.known
    return price.usd


def rate(model: str, kind: str, *, at: datetime = NOW, batch: bool = False) -> Decimal:
    """Return the price of a million tokens of one kind, below every price step."""
    price = cost(provider_of(model), model, NormalisedUsage(**{kind: 1_000}), at=at, batch=batch)
    assert price.known
    return price.usd * 1_000


@pytest.mark.parametrize("model", TABLE)
def test_a_million_tokens_cost_what_the_price_list_says(model: str) -> None:
    expected = TABLE[model]
    assert rate(model, "input_uncached") == Decimal(expected[0])
    assert rate(model, "output") == Decimal(expected[1])
    assert rate(model, "cache_read") == Decimal(expected[2])
    if expected[3] is not None:
        assert rate(model, "cache_write_5m") == Decimal(expected[3])


@pytest.mark.parametrize("model", [name for name in TABLE if name.startswith("claude")])
def test_an_hour_in_claude_s_cache_costs_twice_the_input_price(model: str) -> None:
    assert rate(model, "cache_write_1h") == 2 * rate(model, "input_uncached")


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-mini", "gpt-5.4-mini"])
def test_models_without_a_write_price_write_at_the_input_price(model: str) -> None:
    assert rate(model, "cache_write_5m") == rate(model, "input_uncached")


@pytest.mark.parametrize("model", BATCHED)
@pytest.mark.parametrize("kind", ["input_uncached", "output", "cache_read"])
def test_a_batch_halves_everything_cache_reads_included(model: str, kind: str) -> None:
    assert rate(model, kind, batch=True) * 2 == rate(model, kind)


@pytest.mark.parametrize("model", ["claude-haiku-4-5", "claude-sonnet-4-6", "claude-haiku-5-5", "gpt-6-luna"])
def test_a_batch_halves_cache_writes_too(model: str) -> None:
    assert rate(model, "cache_write_5m", batch=True) * 2 == rate(model, "cache_write_5m")


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-mini"])
def test_a_batch_of_gpt_4o_does_not_halve_cached_input(model: str) -> None:
    assert rate(model, "input_uncached", batch=True) * 2 == rate(model, "input_uncached")
    assert rate(model, "output", batch=True) * 2 == rate(model, "output")
    assert rate(model, "cache_read", batch=True) == rate(model, "cache_read")


def test_batch_prices_are_known_from_the_day_they_were_verified_on() -> None:
    start = datetime(2026, 10, 14, tzinfo=UTC)
    assert rate("gpt-4o", "output", at=start, batch=True) == 5
    assert rate("gpt-4o", "output", at=start - timedelta(seconds=1), batch=True) == 10


def test_a_retired_model_has_no_batch_price_and_keeps_the_full_one() -> None:
    assert rate("claude-sonnet-4-20250514", "output", batch=True) == 15


def test_caching_and_batch_stack_to_77_percent_off() -> None:
    plain = usd("claude-sonnet-4-5", input_uncached=20_000, output=2_000)
    both = usd("claude-sonnet-4-5", batch=True, cache_read=18_000, input_uncached=2_000, output=2_000)
    assert 1 - both / plain == Decimal("0.77")


@pytest.mark.parametrize("kind", ["input_uncached", "cache_read", "cache_write_5m", "cache_write_1h"])
def test_haiku_5_5_costs_five_times_as_much_past_100k_of_prompt(kind: str) -> None:
    usages = (NormalisedUsage(**{kind: 100_000}), NormalisedUsage(**{kind: 100_001}))
    below, above = (cost("anthropic", "claude-haiku-5-5", usage, at=NOW).usd for usage in usages)
    assert above / 100_001 == 5 * below / 100_000


def test_the_price_step_counts_cached_tokens_and_reaches_the_output() -> None:
    small = usd("claude-haiku-5-5", input_uncached=1, cache_read=99_999, output=1_000)
    large = usd("claude-haiku-5-5", input_uncached=1, cache_read=100_000, output=1_000)
    assert large - 5 * small == 5 * Decimal("0.00000001")
    assert rate("claude-haiku-5-5", "output") == Decimal("0.5")


def test_gpt_6_luna_doubles_input_past_272k_and_output_by_half() -> None:
    assert usd("gpt-6-luna", input_uncached=272_000) == Decimal("0.0272")
    assert usd("gpt-6-luna", input_uncached=272_001) == Decimal("0.0544002")
    over = usd("gpt-6-luna", input_uncached=272_001, output=MTOK) - Decimal("0.0544002")
    assert over == Decimal("0.75")


def test_sonnet_4_6_costs_the_same_over_its_whole_window() -> None:
    assert usd("claude-sonnet-4-6", input_uncached=900_000) == Decimal("2.7")


def test_haiku_4_5_is_one_dollar_and_five_and_two_thirds_cheaper_than_sonnet_4_5() -> None:
    assert (rate("claude-haiku-4-5", "input_uncached"), rate("claude-haiku-4-5", "output")) == (1, 5)
    for kind in ("input_uncached", "output", "cache_read", "cache_write_5m"):
        saved = 1 - rate("claude-haiku-4-5", kind) / rate("claude-sonnet-4-5", kind)
        assert round(saved * 100, 1) == Decimal("66.7")


def test_haiku_5_5_is_95_percent_cheaper_than_sonnet_5_5() -> None:
    assert 1 - rate("claude-haiku-5-5", "input_uncached") / rate("claude-sonnet-5-5", "input_uncached") == Decimal(
        "0.95"
    )


@pytest.mark.parametrize(
    ("model", "tokens_in", "tokens_out", "batch", "dollars"),
    [
        ("claude-haiku-4-5", 15_000, 1_000, False, "0.020"),  # ten interview events of 1,500 + 100
        ("claude-haiku-4-5", 14_000, 1_200, False, "0.020"),  # twenty of 700 + 60
        ("claude-sonnet-4-5", 10_000, 2_000, False, "0.060"),  # an evaluation, live
        ("claude-sonnet-4-5", 10_000, 2_000, True, "0.030"),  # and as a batch
    ],
)
def test_the_note_s_sums_come_out(model: str, tokens_in: int, tokens_out: int, batch: bool, dollars: str) -> None:
    price = estimate("anthropic", model, tokens_in, tokens_out, at=NOW, batch=batch)
    assert price == Price(Decimal(dollars), known=True)


def test_an_estimate_reads_the_cached_prefix_at_the_cached_price() -> None:
    price = estimate("openai", "gpt-4o", 10_000, 0, at=NOW, cached_prefix=8_000)
    assert price.usd == Decimal("0.015")


def test_a_cached_prefix_longer_than_the_prompt_is_the_prompt() -> None:
    longer = estimate("openai", "gpt-4o", 1_000, 0, at=NOW, cached_prefix=8_000)
    assert longer == estimate("openai", "gpt-4o", 1_000, 0, at=NOW, cached_prefix=1_000)


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "llama3.3:70b"),
        ("openai", ""),
        ("nobody", "gpt-4o"),
        ("anthropic", "gpt-4o"),
        ("openai", "gpt-6-xyz"),
    ],
)
def test_a_model_without_a_price_costs_nothing_and_says_so(provider: str, model: str) -> None:
    price = cost(provider, model, NormalisedUsage(input_uncached=5, cache_read=3, output=9), at=NOW, batch=True)
    assert price == Price(Decimal(0), known=False)
    assert estimate(provider, model, 100, 100, at=NOW, cached_prefix=7) == price


def provider_with_rates(rates: dict[str, Decimal]) -> Provider:
    model = ModelInfo(id="gpt-4o", match=ClauseEquals("gpt-4o"), prices=ModelPrice(**rates))
    return Provider(id="openai", name="OpenAI", api_pattern="", models=[model])


def test_a_model_listed_without_rates_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = data_snapshot.DataSnapshot(providers=[provider_with_rates({})], from_auto_update=False)
    monkeypatch.setattr(prices, "_snapshot", lambda: snapshot)
    assert not cost("openai", "gpt-4o", NormalisedUsage(input_uncached=1), at=NOW).known


def test_the_rule_engine_is_free_for_sure() -> None:
    assert cost("offline", "offline-rules-1", NormalisedUsage(output=9), at=NOW) == Price(Decimal(0), known=True)


def test_a_dated_name_costs_what_its_family_costs() -> None:
    assert usd("claude-haiku-4-5-20251001", output=MTOK) == 5
    assert usd("gpt-4o-2024-08-06", output=MTOK) == 10


def test_a_price_in_the_past_stays_what_it_was() -> None:
    usage = NormalisedUsage(input_uncached=300_000)
    before = cost("anthropic", "claude-sonnet-4-6", usage, at=datetime(2026, 3, 12, 23, 59, tzinfo=UTC))
    since = cost("anthropic", "claude-sonnet-4-6", usage, at=datetime(2026, 3, 13, tzinfo=UTC))
    assert (before.usd, since.usd) == (Decimal("1.8"), Decimal("0.9"))


def test_openai_s_prompt_tokens_include_the_cached_ones() -> None:
    usage = NormalisedUsage.of_openai(prompt=1_500, cached=1_024, cache_write=100, output=7)
    assert usage == NormalisedUsage(input_uncached=376, cache_read=1_024, cache_write_5m=100, output=7)
    assert usage.input_total == 1_500


def test_anthropic_s_input_tokens_are_the_uncached_rest() -> None:
    usage = NormalisedUsage.of_anthropic(input_rest=50, cache_read=4_500, cache_write=700, cache_write_1h=200, output=7)
    assert usage == NormalisedUsage(
        input_uncached=50, cache_read=4_500, cache_write_5m=500, cache_write_1h=200, output=7
    )
    assert usage.input_total == 5_250


def test_a_split_without_its_total_still_counts() -> None:
    usage = NormalisedUsage.of_anthropic(input_rest=5, output=1, cache_write_1h=30)
    assert (usage.cache_write_5m, usage.cache_write_1h) == (0, 30)


@settings(deadline=None)
@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_openai_s_figures_never_go_below_zero_or_lose_a_token(prompt: int, cached: int, written: int) -> None:
    usage = NormalisedUsage.of_openai(prompt=prompt, cached=cached, cache_write=written, output=0)
    assert min(usage.input_uncached, usage.cache_read, usage.cache_write_5m) >= 0
    assert usage.input_total == prompt


@settings(deadline=None)
@given(
    st.sampled_from(sorted(TABLE)), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**5), st.booleans()
)
def test_a_call_costs_the_sum_of_its_parts(model: str, rest: int, read: int, output: int, batch: bool) -> None:
    below = 90_000  # under every price step
    rest, read = rest % below // 2, read % below // 2
    whole = usd(model, batch=batch, input_uncached=rest, cache_read=read, output=output)
    parts = (
        rest * rate(model, "input_uncached", batch=batch)
        + read * rate(model, "cache_read", batch=batch)
        + output * rate(model, "output", batch=batch)
    )
    assert whole == parts / MTOK


def test_prices_that_somebody_else_fetched_into_the_process_are_not_used() -> None:
    data_snapshot.set_custom_snapshot(data_snapshot.DataSnapshot(providers=[], from_auto_update=True))
    try:
        assert usd("gpt-4o", output=MTOK) == 10
    finally:
        data_snapshot.set_custom_snapshot(None)
