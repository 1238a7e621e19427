"""Settings: durations and sizes, what is masked, what the list shows, which key is missing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.errors import UsageError
from aiworker.policies import KIB, MIB, policy_for
from aiworker.settings import Settings, load
from aiworker.settings.values import duration_option, format_duration, format_size, parse_duration, parse_size
from aiworker.settings.view import explain, mask_address, mask_key
from tests.support.environment import scrub

KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz3f9a"


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scrub(monkeypatch, tmp_path)
    monkeypatch.delenv("AIWORKER_DATA_DIR")


def row(settings: Settings, name: str) -> tuple[str | None, str]:
    return next((found.value, found.origin) for found in explain(settings) if found.name == name)


# Durations and sizes


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60s", 60), ("5m", 300), ("24h", 86400), ("7d", 604800), ("90", 90), ("250ms", 0.25), (1.5, 1.5)],
)
def test_a_duration_is_read(text: object, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@given(
    st.timedeltas(timedelta(0), timedelta(days=1)).map(
        lambda found: timedelta(milliseconds=found // timedelta(milliseconds=1))
    )
)
def test_a_written_duration_is_read_back(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


def test_a_duration_given_as_one_stays_as_it_is() -> None:
    assert Settings(shutdown_timeout=timedelta(seconds=3)).shutdown_timeout == timedelta(seconds=3)


def test_a_commands_duration_is_refused_in_words_of_its_flag() -> None:
    assert duration_option("--delay", "10m") == timedelta(minutes=10)
    with pytest.raises(UsageError, match="--delay must be a duration such as 60s"):
        duration_option("--delay", "soon")


@pytest.mark.parametrize(("text", "size"), [("256KB", 256 * KIB), ("4 mib", 4 * MIB), ("77", 77), (77, 77), ("9B", 9)])
def test_a_size_is_read(text: object, size: int) -> None:
    assert parse_size(text) == size


@given(st.integers(1, 10**9))
def test_a_written_size_is_read_back(size: int) -> None:
    assert parse_size(format_size(size)) == size


# Secrets


def test_no_secret_shows_in_repr_or_in_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "hunter2-hunter2-hunter2-hunter2-hunter2"
    for name in [
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "REDIS_PASSWORD",
        "CORE_API_INTERNAL_SECRET",
        "INTERNAL_API_KEY",
    ]:
        monkeypatch.setenv(name, secret)
    monkeypatch.setenv("REDIS_URL", f"rediss://me:{secret}@redis:6379/0")
    monkeypatch.setenv("DATABASE_URL", f"postgresql://me:{secret}@db/name?password={secret}")
    monkeypatch.setenv("CORE_API_INTERNAL_URL", f"http://me:{secret}@core:4000")

    settings = load()

    assert "hunter2-hunter2" not in f"{settings!r}{settings}{explain(settings)}"
    assert row(settings, "database_url")[0] == "postgresql://me:****@db/name?password=****"
    assert row(settings, "redis_url")[0] == "rediss://me:****@redis:6379/0"
    assert row(settings, "redis_password")[0] == "****"


@pytest.mark.parametrize(
    ("key", "masked"), [(KEY, "sk-****3f9a"), ("short-key", "****"), ("x" * 30 + "9876", "****9876")]
)
def test_only_a_long_key_shows_its_last_four_characters(key: str, masked: str) -> None:
    assert mask_key(key) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("redis://redis:6379/0", "redis://redis:6379/0"),
        ("redis://:pw@redis", "redis://:****@redis"),
        ("redis://me@redis", "redis://me@redis"),
        ("redis://:p/w@x@redis", "redis://:****@redis"),
        ("postgresql://aiworker@/postgres?host=/run/s", "postgresql://aiworker@/postgres?host=/run/s"),
        ("postgresql:///db?user=me&sslpassword=a@b&x=1", "postgresql:///db?user=me&sslpassword=****&x=1"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, masked: str) -> None:
    assert mask_address(address) == masked


@given(st.text(min_size=4).filter(lambda text: not set(text) & set("*:/@h")))
def test_a_password_never_survives_masking(password: str) -> None:
    assert password not in mask_address(f"x://u:{password}@h")


def test_the_list_shows_queue_tables_with_their_file() -> None:
    Path("aiworker.toml").write_text('[queues.ai-jobs]\nmax_payload = "1MB"\nbackoff = 2\n')

    settings = load()

    assert row(settings, "queues.ai-jobs.max_payload") == ("1MB", "aiworker.toml")
    assert row(settings, "queues.ai-jobs.backoff") == ("2s", "aiworker.toml")


def test_the_list_shows_lists_as_they_are_written() -> None:
    settings = load(overrides={"worker_queues": "ai-jobs,interview", "worker_concurrency": "interview=20,evaluation=8"})

    assert row(settings, "worker_queues")[0] == "ai-jobs,interview"
    assert row(settings, "worker_concurrency")[0] == "interview=20,evaluation=8"


def test_a_setting_that_is_not_set_has_no_value() -> None:
    assert row(load(), "database_url") == (None, "default")


# Providers


@pytest.mark.parametrize(
    ("provider", "missing"), [("openai", "OPENAI_API_KEY"), ("anthropic", "ANTHROPIC_API_KEY"), ("offline", None)]
)
def test_the_missing_key_of_a_provider_is_named(provider: str, missing: str | None) -> None:
    assert load().missing_key(provider) == missing


def test_a_key_that_is_there_is_not_missing() -> None:
    assert load(overrides={"openai_api_key": KEY}).missing_key("openai") is None


@pytest.mark.parametrize(("text", "kept"), [("true", True), ("false", False), ("50", 50)])
def test_how_many_ended_jobs_stay_is_set_per_queue(text: str, kept: int | bool) -> None:
    Path("aiworker.toml").write_text(f"[queues.ai-jobs]\nremove_on_complete = {text}\nremove_on_fail = {text}\n")

    found = policy_for("ai-jobs", load().policies())

    assert (found.remove_on_complete, found.remove_on_fail) == (kept, kept)
    assert type(found.remove_on_fail) is type(kept)
    assert policy_for("interview", load().policies()).remove_on_fail == 5_000
