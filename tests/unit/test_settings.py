"""Settings: order of the sources, wording of errors, the Redis address, the policy table."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker import settings as room
from aiworker.errors import ConfigurationError
from aiworker.policies import MIB, POLICIES, QueuePolicy
from aiworker.settings import Settings, load
from aiworker.settings.view import explain
from tests.support.environment import scrub

KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz3f9a"


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scrub(monkeypatch, tmp_path)
    monkeypatch.delenv("AIWORKER_DATA_DIR")


def row(settings: Settings, name: str) -> tuple[str | None, str]:
    return next((found.value, found.origin) for found in explain(settings) if found.name == name)


def policy(settings: Settings, queue: str) -> QueuePolicy:
    return next(found for found in settings.policies() if found.queue == queue)


def refused(**variables: object) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(overrides=variables)
    return caught.value.message


# The order of the sources


def test_a_flag_wins_over_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "2")
    Path(".env").write_text("PORT=3\n")
    Path("aiworker.toml").write_text("port = 4\n")

    assert row(load(overrides={"port": 1}), "port") == ("1", "flag")


def test_the_environment_wins_over_both_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "2")
    Path(".env").write_text("PORT=3\n")
    Path("aiworker.toml").write_text("port = 4\n")

    assert row(load(), "port") == ("2", "env PORT")


def test_the_env_file_wins_over_the_toml_file() -> None:
    Path(".env").write_text("PORT=3\n")
    Path("aiworker.toml").write_text("port = 4\n")

    assert row(load(), "port") == ("3", ".env")


def test_the_toml_file_wins_over_the_defaults() -> None:
    Path("aiworker.toml").write_text("port = 4\n")

    assert row(load(), "port") == ("4", "aiworker.toml")


def test_without_any_source_the_documented_defaults_hold() -> None:
    settings = load()

    assert settings.llm_provider == "openai"
    assert (settings.openai_model, settings.anthropic_model) == ("gpt-4o", "claude-sonnet-4-20250514")
    assert settings.interview_model == "anthropic:claude-haiku-4-5"
    assert settings.evaluation_model == "anthropic:claude-sonnet-4-5"
    assert (settings.host, settings.port, settings.queue_prefix) == ("127.0.0.1", 4002, "bull")
    assert (settings.interview_tenant, settings.raw_reply_days) == ("interviewlm", 7)
    assert settings.shutdown_timeout == timedelta(seconds=60)
    assert (settings.llm_temperature, settings.llm_retired_model, settings.llm_compatible) == (0.3, "successor", None)
    assert (settings.llm_requests_per_minute, settings.llm_tokens_per_minute, settings.llm_max_concurrency) == (
        None,
    ) * 3
    assert (settings.llm_breaker_faults, settings.llm_breaker_pause) == (5, timedelta(seconds=30))
    assert (settings.budget_per_job_usd, settings.budget_per_tenant_day_usd) == (None, None)
    assert {found.origin for found in explain(settings)} == {"default"}


def test_a_flag_that_was_not_given_changes_nothing() -> None:
    assert load(overrides={"port": None}).port == 4002


def test_the_constructor_reads_nothing_but_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "2")
    Path(".env").write_text("PORT=3\n")

    assert Settings().port == 4002


def test_files_with_other_names_are_read_and_named() -> None:
    Path("prod.env").write_text("PORT=3\n")
    Path("prod.toml").write_text('host = "0.0.0.0"\n')

    settings = load(Path("prod.toml"), Path("prod.env"))

    assert row(settings, "port") == ("3", "prod.env")
    assert row(settings, "host") == ("0.0.0.0", "prod.toml")


@pytest.mark.parametrize("which", ["config_file", "env_file"])
def test_a_named_file_that_is_missing_is_an_error(which: str) -> None:
    missing = Path("nowhere.conf")

    with pytest.raises(ConfigurationError, match=r"nowhere\.conf does not exist"):
        load(missing) if which == "config_file" else load(None, missing)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_PASSWORD", "")
    Path("aiworker.toml").write_text('openai_api_key = ""\n')

    settings = load()

    assert settings.redis_url() is None
    assert settings.missing_key("openai") == "OPENAI_API_KEY"


def test_a_line_break_at_the_end_of_a_mounted_secret_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY + "\n")

    key = load().openai_api_key

    assert key is not None
    assert key.get_secret_value() == KEY


def test_other_tools_variables_in_the_env_file_are_let_be() -> None:
    Path(".env").write_text("NEXT_PUBLIC_URL=x\nQUEUES=x\n")

    assert load().queues == {}


def test_every_documented_variable_is_a_setting() -> None:
    documented = (
        "LLM_PROVIDER OPENAI_API_KEY ANTHROPIC_API_KEY REDIS_URL DATABASE_URL CORE_API_INTERNAL_URL "
        "CORE_API_INTERNAL_SECRET REDIS_HOST REDIS_PORT REDIS_PASSWORD REDIS_USERNAME REDIS_DB WORKER_CONCURRENCY "
        "INTERNAL_API_KEY WORKER_QUEUES INTERVIEW_API_URL INTERVIEW_MODEL EVALUATION_MODEL INTERVIEW_TENANT "
        "RAW_REPLY_DAYS HOST PORT LOG_FORMAT QUEUE_PREFIX SHUTDOWN_TIMEOUT OPENAI_MODEL ANTHROPIC_MODEL "
        "OPENAI_BASE_URL ANTHROPIC_BASE_URL DATABASE_POOL_SIZE AIWORKER_DATA_DIR "
        "LLM_TEMPERATURE LLM_RETIRED_MODEL LLM_COMPATIBLE "
        "LLM_REQUESTS_PER_MINUTE LLM_TOKENS_PER_MINUTE LLM_MAX_CONCURRENCY LLM_BREAKER_FAULTS LLM_BREAKER_PAUSE "
        "BUDGET_PER_JOB_USD BUDGET_PER_TENANT_DAY_USD NOTIFY_IN_APP GUARD_REASK VERIFY_POLICY"
    )

    assert set(documented.split()) == {name.upper() for name in room.FIELDS} - {"QUEUES"}


# Errors


def test_a_wrong_variable_is_named_as_users_set_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_PORT", "planet")

    with pytest.raises(ConfigurationError) as caught:
        load()

    assert caught.value.message.startswith("REDIS_PORT should be a valid integer")
    assert "planet" not in caught.value.message


def test_a_wrong_value_from_a_file_is_told_with_the_file() -> None:
    Path(".env").write_text("LLM_PROVIDER=opnai\n")

    with pytest.raises(ConfigurationError, match=r"LLM_PROVIDER \(from \.env\) should be 'openai', 'anthropic'"):
        load()


def test_all_wrong_values_are_told_at_once() -> None:
    message = refused(port=-1, log_format="xml")

    assert "PORT" in message
    assert "LOG_FORMAT" in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "mysql://me:hunter2@db/x"),
        ("redis_url", "http://me:hunter2@redis"),
        ("redis_url", "redis://me:hunter2@redis:port"),
        ("redis_url", "redis://[hunter2"),
        ("core_api_internal_url", "ftp://hunter2"),
        ("interview_api_url", "hunter2"),
        ("interview_api_url", "http://"),
        ("interview_model", "hunter2"),
        ("evaluation_model", "hunter2:x"),
        ("interview_model", "anthropic:"),
        ("worker_concurrency", "hunter2"),
        ("worker_concurrency", "0"),
        ("worker_concurrency", "interview=hunter2"),
        ("worker_concurrency", "hunter2=3"),
        ("worker_concurrency", True),
        ("worker_queues", "hunter2"),
        ("shutdown_timeout", "hunter2"),
        ("shutdown_timeout", "-5s"),
        ("shutdown_timeout", True),
        ("queue_prefix", "hunter 2"),
        ("raw_reply_days", 0),
        ("database_pool_size", 0),
        ("llm_requests_per_minute", 0),
        ("llm_tokens_per_minute", "hunter2"),
        ("llm_max_concurrency", 0),
        ("llm_breaker_faults", 0),
        ("llm_breaker_pause", "hunter2"),
        ("budget_per_job_usd", "hunter2"),
        ("budget_per_tenant_day_usd", "NaN"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_without_being_shown(name: str, value: object) -> None:
    message = refused(**{name: value})

    assert name.upper() in message
    assert "hunter2" not in message


def test_the_error_does_not_carry_the_values_in_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "hunter2")

    with pytest.raises(ConfigurationError) as caught:
        load()

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_mistyped_queue_gets_a_suggestion() -> None:
    assert "did you mean ai-jobs?" in refused(worker_queues="ai-job")


def test_an_unknown_setting_in_the_toml_file_gets_a_suggestion() -> None:
    Path("aiworker.toml").write_text('redis_ulr = "redis://x"\n')

    with pytest.raises(ConfigurationError, match="unknown setting 'redis_ulr'") as caught:
        load()

    assert caught.value.remedy == "did you mean redis_url?"


def test_an_unlike_unknown_setting_points_to_the_list() -> None:
    Path("aiworker.toml").write_text("zzz = 1\n")

    with pytest.raises(ConfigurationError) as caught:
        load()

    assert caught.value.remedy == "aiworker config show lists every setting"


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("[queues.ai-jobs]\nconcurency = 3", r"queues\.ai-jobs\.concurency \(from aiworker\.toml\)"),
        ("[queues.ai-job]\nconcurrency = 3", "did you mean ai-jobs"),
        ("[queues.ai-jobs]\nmax_payload = 0", "must be a size such as 256KB"),
        ("[queues.ai-jobs]\nremove_on_fail = 0", r"remove_on_fail"),
    ],
)
def test_a_wrong_queue_table_is_told_by_its_path(table: str, complaint: str) -> None:
    Path("aiworker.toml").write_text(table)

    with pytest.raises(ConfigurationError, match=complaint):
        load()


def test_a_toml_file_that_is_not_toml_is_told_with_the_line() -> None:
    Path("aiworker.toml").write_text("port = \n")

    with pytest.raises(ConfigurationError, match=r"aiworker\.toml cannot be read: .*line 1"):
        load()


def test_an_env_file_that_is_not_text_is_a_configuration_error() -> None:
    Path(".env").write_bytes(b"PORT=\xff\xfe\n")

    with pytest.raises(ConfigurationError, match=r"\.env cannot be read"):
        load()


# Redis


def test_no_redis_variable_means_no_redis_address() -> None:
    assert load().redis_url() is None


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({"redis_host": "redis"}, "redis://redis:6379/0"),
        ({"redis_port": "6380"}, "redis://localhost:6380/0"),
        ({"redis_db": "2"}, "redis://localhost:6379/2"),
        ({"redis_password": "p@ss:w/rd#"}, "redis://:p%40ss%3Aw%2Frd%23@localhost:6379/0"),
        ({"redis_username": "me", "redis_password": "pw"}, "redis://me:pw@localhost:6379/0"),
        ({"redis_username": "m e"}, "redis://m%20e@localhost:6379/0"),
        ({"redis_host": "::1"}, "redis://[::1]:6379/0"),
        ({"redis_url": "rediss://:pw@redis:6380/1"}, "rediss://:pw@redis:6380/1"),
        ({"redis_url": "redis://a", "redis_host": "a"}, "redis://a"),
    ],
)
def test_the_redis_address_is_composed_of_what_is_set(variables: dict[str, object], url: str) -> None:
    found = load(overrides=variables).redis_url()

    assert found is not None
    assert found.get_secret_value() == url


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_password_survives_the_address(password: str) -> None:
    found = Settings.checked({"redis_password": password}, {}).redis_url()

    assert found is not None
    parts = urlsplit(found.get_secret_value())
    assert unquote(parts.password or "") == password
    assert (parts.hostname, parts.port) == ("localhost", 6379)


def test_two_disagreeing_redis_addresses_are_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        settings = load(overrides={"redis_url": "redis://a:1/3", "redis_host": "b", "redis_port": 1, "redis_db": 0})
        settings.redis_url()
        settings.redis_url()

    assert [record.getMessage() for record in caplog.records] == [
        "REDIS_URL wins over REDIS_HOST, REDIS_DB, which would point elsewhere"
    ]


def test_two_agreeing_redis_addresses_are_not_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    load(overrides={"redis_url": "redis://u:p%40@a", "redis_host": "a", "redis_port": 6379, "redis_password": "p@"})

    assert not caplog.records


# Concurrency and policies


@pytest.mark.parametrize("value", ["20", 20, " 20 "])
def test_one_number_is_the_concurrency_of_all_queues(value: object) -> None:
    assert {found.concurrency for found in load(overrides={"worker_concurrency": value}).policies()} == {20}


def test_named_queues_get_their_own_concurrency() -> None:
    settings = load(overrides={"worker_concurrency": "interview=20, evaluation=8"})

    assert [found.concurrency for found in settings.policies()] == [3, 20, 8, 5]


def test_without_overrides_the_table_is_the_default_one() -> None:
    assert load().policies() == POLICIES


def test_a_queue_table_of_the_toml_file_overrides_its_row() -> None:
    Path("aiworker.toml").write_text(
        '[queues.ai-jobs]\nconcurrency = 7\nattempts = 2\nbackoff = "500ms"\nmax_payload = "1MB"\n'
    )

    found = policy(load(), "ai-jobs")

    assert (found.concurrency, found.attempts, found.max_payload) == (7, 2, MIB)
    assert found.backoff == timedelta(milliseconds=500)


def test_worker_concurrency_wins_over_the_toml_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKER_CONCURRENCY", "interview=20")
    Path("aiworker.toml").write_text("[queues.interview]\nconcurrency = 7\n[queues.ai-jobs]\nconcurrency = 6\n")

    settings = load()

    assert (policy(settings, "interview").concurrency, policy(settings, "ai-jobs").concurrency) == (20, 6)


def test_worker_concurrency_may_be_a_toml_table() -> None:
    Path("aiworker.toml").write_text("[worker_concurrency]\ninterview = 4\n")

    assert policy(load(), "interview").concurrency == 4


@pytest.mark.parametrize("value", ["ai-jobs,interview", "ai-jobs interview ai-jobs", ["ai-jobs", "interview"]])
def test_queues_may_be_listed_in_several_ways(value: object) -> None:
    assert load(overrides={"worker_queues": value}).worker_queues == ("ai-jobs", "interview")
