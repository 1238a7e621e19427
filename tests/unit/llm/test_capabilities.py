"""Which model answers, what it can do, and what the operator is told about it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from aiworker.errors import ConfigurationError
from aiworker.llm import capabilities
from aiworker.llm.capabilities import Choice, Model, Served, models, resolve

TODAY = date(2026, 11, 21)

TABLE = {
    # name: window, max output, temperature, schema, cache minimum, end, token factor
    "gpt-4o": (128_000, 16_384, True, True, 1_024, date(2027, 1, 14), 1.0),
    "gpt-4o-2024-05-13": (128_000, 4_096, True, False, None, date(2026, 10, 23), 1.0),
    "gpt-4o-mini": (128_000, 16_384, True, True, 1_024, date(2027, 1, 14), 1.0),
    "gpt-5.4-mini": (400_000, 128_000, False, True, 1_024, None, 1.0),
    "gpt-6-luna": (1_050_000, 128_000, False, True, 1_024, None, 1.0),
    "claude-sonnet-4-20250514": (200_000, 64_000, True, False, 1_024, date(2026, 6, 15), 1.3),
    "claude-sonnet-4-5": (200_000, 64_000, True, True, 1_024, date(2026, 11, 30), 1.3),
    "claude-sonnet-4-6": (1_000_000, 128_000, True, True, 1_024, None, 1.3),
    "claude-haiku-4-5": (200_000, 64_000, True, True, 4_096, None, 1.3),
    "claude-sonnet-5-5": (1_000_000, 128_000, False, True, 512, None, 1.7),
    "claude-haiku-5-5": (1_000_000, 128_000, False, True, 512, None, 1.7),
}


def named(name: str) -> Model:
    return next(model for model in models() if model.name == name)


def test_the_table_holds_every_model_the_defaults_and_the_previews_need() -> None:
    assert {model.name for model in models()} == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_a_model_can_do_what_its_provider_documents(name: str) -> None:
    model = named(name)
    assert TABLE[name] == (
        model.window,
        model.max_output,
        model.accepts_temperature,
        model.structured_output,
        model.min_cache_tokens,
        model.retires_on,
        model.token_factor,
    )
    assert model.is_listed
    assert not model.is_compatible


@pytest.mark.parametrize("name", TABLE)
def test_every_model_that_ends_has_a_successor_that_lives_longer(name: str) -> None:
    model = named(name)
    if model.retires_on is None:
        assert model.successor is None
        assert model.serve_successor_from is None
        return
    assert model.successor is not None
    successor = named(model.successor)
    assert successor.provider == model.provider
    assert successor.retires_on is None or successor.retires_on > model.retires_on
    assert model.serve_successor_from is None or model.serve_successor_from < model.retires_on


@pytest.mark.parametrize("name", TABLE)
def test_other_scripts_never_count_fewer_tokens_than_latin(name: str) -> None:
    model = named(name)
    assert model.token_factor_other == (1.9 if model.provider == "anthropic" else 1.0)


def test_the_retired_default_of_the_resume_jobs_is_served_by_its_successor_with_a_warning() -> None:
    served = resolve("anthropic", "claude-sonnet-4-20250514", TODAY, "successor")
    assert (served.requested, served.served) == ("claude-sonnet-4-20250514", named("claude-sonnet-4-6"))
    assert served.warning == (
        "The model claude-sonnet-4-20250514 (anthropic) was retired on 2026-06-15; claude-sonnet-4-6 answers instead. "
        "Request claude-sonnet-4-6 to silence this."
    )


def test_the_policy_fail_refuses_a_retired_model_and_names_its_successor() -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve("anthropic", "claude-sonnet-4-20250514", TODAY, "fail")
    assert caught.value.code == "retired_model"
    assert caught.value.message == "The model claude-sonnet-4-20250514 (anthropic) was retired on 2026-06-15."
    assert caught.value.remedy == "request claude-sonnet-4-6, or set LLM_RETIRED_MODEL=successor"


def test_a_model_is_retired_on_its_last_day_and_not_before() -> None:
    end = date(2027, 1, 14)
    assert resolve("openai", "gpt-4o", end - timedelta(days=1)).served.name == "gpt-4o"
    assert resolve("openai", "gpt-4o", end).served.name == "gpt-6-luna"


def test_a_model_that_ends_within_90_days_answers_with_a_warning() -> None:
    served = resolve("openai", "gpt-4o", TODAY, "successor")
    assert served.served == named("gpt-4o")
    assert served.warning == ("The model gpt-4o (openai) ends on 2027-01-14, in 54 days. Its successor is gpt-6-luna.")


def test_the_warning_begins_exactly_90_days_before_the_end() -> None:
    start = date(2027, 1, 14) - timedelta(days=90)
    assert resolve("openai", "gpt-4o", start).warning is not None
    assert resolve("openai", "gpt-4o", start - timedelta(days=1)).warning is None


def test_the_evaluation_s_model_is_served_by_its_successor_before_it_ends() -> None:
    served = resolve("anthropic", "claude-sonnet-4-5", TODAY, "successor")
    assert served.served.name == "claude-sonnet-4-6"
    assert served.warning == (
        "The model claude-sonnet-4-5 (anthropic) ends on 2026-11-30; claude-sonnet-4-6 answers already. "
        "Set LLM_RETIRED_MODEL=fail to keep it until then."
    )


def test_the_early_change_has_a_first_day() -> None:
    first = date(2026, 9, 1)
    assert resolve("anthropic", "claude-sonnet-4-5", first).served.name == "claude-sonnet-4-6"
    assert resolve("anthropic", "claude-sonnet-4-5", first - timedelta(days=1)).served.name == "claude-sonnet-4-5"


def test_the_policy_fail_keeps_a_model_until_the_day_it_ends() -> None:
    kept = resolve("anthropic", "claude-sonnet-4-5", TODAY, "fail")
    assert kept.served == named("claude-sonnet-4-5")
    assert kept.warning is not None
    assert "in 9 days" in kept.warning
    with pytest.raises(ConfigurationError):
        resolve("anthropic", "claude-sonnet-4-5", date(2026, 11, 30), "fail")


def test_a_current_model_answers_without_a_word() -> None:
    served = resolve("anthropic", "claude-haiku-4-5", TODAY, "fail")
    assert (served.served, served.warning) == (named("claude-haiku-4-5"), None)


def test_a_pinned_date_keeps_its_name_and_gets_its_family_s_capabilities() -> None:
    pinned = resolve("anthropic", "claude-haiku-4-5-20251001", TODAY).served
    assert pinned.name == "claude-haiku-4-5-20251001"
    assert (pinned.min_cache_tokens, pinned.window, pinned.is_listed) == (4_096, 200_000, True)


@pytest.mark.parametrize(
    ("provider", "requested", "window"),
    [
        ("openai", "gpt-4o-2024-08-06", 128_000),
        ("openai", "gpt-4o-mini-2024-07-18", 128_000),
        ("openai", "gpt-5.4-mini-2026-03-17", 400_000),
        ("anthropic", "claude-haiku-5-5-latest", 1_000_000),
    ],
)
def test_dated_and_latest_names_are_understood(provider: str, requested: str, window: int) -> None:
    served = resolve(provider, requested, TODAY).served
    assert (served.name, served.window, served.is_listed) == (requested, window, True)


@pytest.mark.parametrize("requested", ["claude-sonnet-4-5-20250929", "claude-sonnet-4-0", "claude-sonnet-4"])
def test_dated_names_and_aliases_retire_with_their_family(requested: str) -> None:
    served = resolve("anthropic", requested, TODAY)
    assert served.requested == requested
    assert served.served.name == "claude-sonnet-4-6"
    assert served.warning is not None
    assert requested in served.warning


def test_a_successor_that_ends_itself_is_followed_and_warned_about() -> None:
    now = resolve("openai", "gpt-4o-2024-05-13", TODAY)
    assert now.served.name == "gpt-4o"
    assert now.warning is not None
    assert "was retired on 2026-10-23; gpt-4o answers instead" in now.warning
    assert "gpt-4o (openai) ends on 2027-01-14" in now.warning
    assert resolve("openai", "gpt-4o-2024-05-13", date(2027, 2, 1)).served.name == "gpt-6-luna"


def test_a_retired_model_without_successor_asks_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    lonely = capabilities.replace(named("gpt-4o"), name="lonely", successor=None)
    monkeypatch.setattr(capabilities, "_names", lambda: {("openai", "lonely"): lonely})
    with pytest.raises(ConfigurationError) as caught:
        resolve("openai", "lonely", date(2027, 2, 1), "successor")
    assert caught.value.remedy == "request another model"


@pytest.mark.parametrize(
    ("provider", "window", "max_output", "factor"),
    [("openai", 128_000, 16_384, 1.0), ("anthropic", 200_000, 32_000, 1.7)],
)
def test_an_unknown_model_gets_what_every_current_one_has(
    provider: str, window: int, max_output: int, factor: float
) -> None:
    served = resolve(provider, "brand-new-1", TODAY, "fail")
    model = served.served
    assert (model.name, model.provider, model.window, model.max_output) == ("brand-new-1", provider, window, max_output)
    assert (model.accepts_temperature, model.structured_output, model.min_cache_tokens) == (False, False, None)
    assert (model.is_listed, model.is_compatible, model.token_factor) == (False, False, factor)
    assert served.warning is not None
    assert "brand-new-1 (openai)" in served.warning or "brand-new-1 (anthropic)" in served.warning


def test_a_model_is_known_under_its_own_provider_only() -> None:
    assert not resolve("openai", "claude-haiku-4-5", TODAY).served.is_listed


def test_an_unknown_provider_is_a_configuration_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve("mistral", "large", TODAY)
    assert caught.value.remedy == "use one of openai, anthropic"


def test_a_compatible_server_speaks_the_older_dialect() -> None:
    served = resolve("openai", "gpt-4o", TODAY, base_url="http://gateway.internal:4000/v1")
    model = served.served
    assert (model.is_compatible, model.structured_output, model.min_cache_tokens) == (True, False, None)
    assert (model.window, model.accepts_temperature) == (128_000, True)
    assert served.warning is None


def test_an_unknown_model_of_a_compatible_server_is_assumed_to_be_small() -> None:
    model = resolve("openai", "llama3.3:70b", TODAY, base_url="http://localhost:11434/v1").served
    assert (model.name, model.provider) == ("llama3.3:70b", "openai")
    assert (model.window, model.max_output, model.accepts_temperature) == (8_192, 4_096, True)
    assert (model.is_compatible, model.is_listed, model.structured_output) == (True, False, False)


def test_nothing_retires_on_a_compatible_server() -> None:
    served = resolve("anthropic", "claude-sonnet-4-20250514", TODAY, "fail", base_url="http://localhost:8080")
    assert (served.served.name, served.warning) == ("claude-sonnet-4-20250514", None)


@pytest.mark.parametrize(
    ("provider", "base_url"),
    [
        ("openai", None),
        ("openai", "https://api.openai.com/v1"),
        ("openai", "https://eu.api.openai.com/v1/"),
        ("anthropic", "https://API.anthropic.com"),
    ],
)
def test_the_provider_s_own_hosts_are_not_merely_compatible(provider: str, base_url: str | None) -> None:
    assert not resolve(provider, "any", TODAY, base_url=base_url).served.is_compatible


@pytest.mark.parametrize(
    "base_url",
    ["https://api.openai.com.evil.example/v1", "https://notapi.openai.com", "http://[broken", "api.openai.com"],
)
def test_a_host_that_only_looks_like_the_provider_s_is_compatible_at_most(base_url: str) -> None:
    assert resolve("openai", "gpt-4o", TODAY, base_url=base_url).served.is_compatible


def test_a_double_of_the_real_api_can_be_declared_one() -> None:
    served = resolve("openai", "gpt-4o", TODAY, base_url="http://127.0.0.1:9000", compatible=False)
    assert served.served == named("gpt-4o")
    assert resolve("openai", "gpt-4o", TODAY, compatible=True).served.is_compatible


def test_a_choice_is_made_anew_each_day_and_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [datetime(2027, 1, 13, 23, 59, tzinfo=UTC)]
    asked: list[date] = []

    def counted(provider: str, requested: str, today: date, *more: Any, **options: Any) -> Served:
        asked.append(today)
        return resolve(provider, requested, today, *more, **options)

    monkeypatch.setattr(capabilities, "resolve", counted)
    choice = Choice("openai", "gpt-4o", "successor", lambda: now[0], "OPENAI_MODEL")
    assert [choice.served.served.name for _ in range(3)] == ["gpt-4o"] * 3
    now[0] += timedelta(minutes=1)
    assert [choice.served.served.name for _ in range(3)] == ["gpt-6-luna"] * 3
    assert asked == [date(2027, 1, 13), date(2027, 1, 14)]


def test_a_choice_under_the_policy_fail_ends_with_its_model() -> None:
    now = [datetime(2027, 1, 13, tzinfo=UTC)]
    choice = Choice("openai", "gpt-4o", "fail", lambda: now[0], "OPENAI_MODEL")
    assert choice.served.served.name == "gpt-4o"
    now[0] += timedelta(days=1)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"gpt-4o .openai. was retired on 2027-01-14"):
            _ = choice.served
