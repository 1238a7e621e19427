"""The composition root: which queues can be worked, with whose models, and what is said if none can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import cast

import pytest
from pydantic import SecretStr

from aiworker.errors import ConfigurationError, ExitCode
from aiworker.llm.offline import OfflineModel
from aiworker.policies import POLICIES, policy_for
from aiworker.processors import PROCESSORS
from aiworker.runtime import wiring
from aiworker.runtime.servers import Servers
from aiworker.runtime.wiring import consumable, model_of, prepare, utc_now, wired, worker_name
from aiworker.settings import Settings, load
from aiworker.store import keys, migrations
from aiworker.store.database import Database
from tests.support.environment import scrub
from tests.support.jobs import processor

KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
INTERVIEWER = replace(processor(name="session-started"), queue="interview")
REVIEWER = replace(processor(name="analyze"), queue="evaluation")
TAG_KEY = b"key of this installation"


class KeyOnly:
    """A database that is asked for the installation's key and nothing else."""

    async def run(self, tenant: str | None, work: Callable[..., object], *, readonly: bool = False) -> bytes:
        assert (tenant, work, readonly) == (None, keys.tag_key, True)
        return TAG_KEY


UNUSED = cast("Database", KeyOnly())


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scrub(monkeypatch, tmp_path)


@pytest.fixture
def three_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "PROCESSORS", (*PROCESSORS, INTERVIEWER, REVIEWER))


def settings(*keys: str, **values: object) -> Settings:
    return load(overrides={**{KEYS[key].lower(): f"sk-{key}" for key in keys}, **values})


def refused(chosen: Settings, *queues: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as raised:
        consumable(chosen, queues)
    assert raised.value.exit_code is ExitCode.CONFIGURATION
    return raised.value


# Providers


@pytest.mark.parametrize(
    ("provider", "queue", "asked"),
    [
        ("openai", "ai-jobs", "openai"),
        ("anthropic", "ai-jobs", "anthropic"),
        ("openai", "interview", "anthropic"),
        ("openai", "evaluation", "anthropic"),
        *(("offline", policy.queue, "offline") for policy in POLICIES),
    ],
)
def test_each_queue_asks_its_own_provider_unless_all_is_offline(provider: str, queue: str, asked: str) -> None:
    assert model_of(queue, settings(llm_provider=provider))[0] == asked


def test_interview_and_evaluation_models_can_be_of_another_provider() -> None:
    chosen = settings(interview_model="openai:gpt-4o-mini", evaluation_model="offline:rules")
    assert (model_of("interview", chosen), model_of("evaluation", chosen)) == (
        ("openai", "gpt-4o-mini"),
        ("offline", "rules"),
    )


@pytest.mark.parametrize(
    ("provider", "keys"),
    [
        ("openai", ["openai"]),
        ("openai", ["openai", "anthropic"]),
        ("anthropic", ["anthropic"]),
        ("anthropic", ["openai", "anthropic"]),
        ("offline", []),
        ("offline", ["openai"]),
    ],
)
def test_a_queue_whose_provider_has_its_key_is_worked(provider: str, keys: list[str]) -> None:
    found = consumable(settings(*keys, llm_provider=provider))
    assert [policy.queue for policy in found.policies] == ["ai-jobs"]
    assert found.left_out == {}


@pytest.mark.parametrize(
    ("provider", "keys"), [("openai", []), ("openai", ["anthropic"]), ("anthropic", []), ("anthropic", ["openai"])]
)
def test_without_its_provider_s_key_nothing_is_worked_and_both_remedies_are_told(
    provider: str, keys: list[str]
) -> None:
    error = refused(settings(*keys, llm_provider=provider))
    assert (
        error.message == f"No model can be asked with LLM_PROVIDER={provider} (ai-jobs: {KEYS[provider]} is not set)."
    )
    assert error.remedy is not None
    assert f"set {KEYS[provider]}" in error.remedy and "LLM_PROVIDER=offline" in error.remedy
    assert "sk-" not in f"{error.message} {error.remedy}"


def test_one_provider_s_key_leaves_the_queues_of_the_other_out(three_queues: None) -> None:
    found = consumable(settings("openai"))
    assert [policy.queue for policy in found.policies] == ["ai-jobs"]
    assert found.left_out == dict.fromkeys(["interview", "evaluation"], "ANTHROPIC_API_KEY is not set")


def test_with_all_keys_every_served_queue_is_worked(three_queues: None) -> None:
    found = consumable(settings("openai", "anthropic"))
    assert [policy.queue for policy in found.policies] == ["ai-jobs", "interview", "evaluation"]


# Queues


def test_queues_can_be_chosen_by_setting_and_the_flag_wins(three_queues: None) -> None:
    chosen = settings(llm_provider="offline", worker_queues="interview,ai-jobs")
    assert {policy.queue for policy in consumable(chosen).policies} == {"interview", "ai-jobs"}
    assert [policy.queue for policy in consumable(chosen, ["evaluation"]).policies] == ["evaluation"]


def test_a_queue_that_was_not_chosen_is_not_left_out_but_unwanted(three_queues: None) -> None:
    found = consumable(settings("openai"), ["ai-jobs"])
    assert [policy.queue for policy in found.policies] == ["ai-jobs"] and found.left_out == {}


def test_only_queues_without_a_key_chosen_is_a_configuration_error(three_queues: None) -> None:
    assert "(interview: ANTHROPIC_API_KEY is not set)" in refused(settings("openai"), "interview").message


@pytest.mark.parametrize("by_flag", [True, False])
def test_a_queue_no_job_runs_on_is_refused_by_name(by_flag: bool) -> None:
    chosen = settings(llm_provider="offline", worker_queues=None if by_flag else "notification,ai-jobs")
    error = refused(chosen, *(["notification", "ai-jobs"] if by_flag else []))
    assert error.message == "No job of this version runs on queue notification."


def test_policies_come_as_overridden() -> None:
    (policy,) = consumable(settings(llm_provider="offline", worker_concurrency="ai-jobs=7")).policies
    assert policy == replace(policy_for("ai-jobs"), concurrency=7)


# What is wired


async def test_offline_is_wired_with_clock_policies_and_the_time_replies_are_kept() -> None:
    async with wired(settings(llm_provider="offline", raw_reply_days=2), UNUSED) as everything:
        runtime = everything.runtime
        assert isinstance(runtime.model_of("ai-jobs"), OfflineModel)
        assert runtime.processors == PROCESSORS and runtime.policies == POLICIES
        assert runtime.keep_replies == timedelta(days=2)
        assert runtime.tag_key == TAG_KEY
        assert runtime.now().tzinfo is UTC


async def test_a_provider_of_the_command_wins_over_the_setting() -> None:
    async with wired(settings(llm_provider="openai"), UNUSED, provider="offline") as everything:
        assert everything.runtime.model_of("ai-jobs").provider == "offline"


async def test_a_provider_without_its_key_is_not_wired() -> None:
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY is not set"):
        async with wired(settings(), UNUSED):
            raise AssertionError("unreachable")


async def test_an_address_of_core_api_needs_its_secret() -> None:
    with pytest.raises(ConfigurationError, match="CORE_API_INTERNAL_SECRET is not") as raised:
        async with wired(settings(llm_provider="offline", core_api_internal_url="http://localhost:3001"), UNUSED):
            raise AssertionError("unreachable")
    assert raised.value.exit_code is ExitCode.CONFIGURATION
    assert raised.value.remedy == "set CORE_API_INTERNAL_SECRET, which core-api expects as x-internal-secret"


async def test_core_api_receives_the_messages_if_address_and_secret_are_set() -> None:
    chosen = settings(
        llm_provider="offline", core_api_internal_url="http://localhost:3001", core_api_internal_secret="s"
    )
    async with wired(chosen, UNUSED) as everything:
        assert list(everything.relay.receivers) == ["core-api"]
        assert everything.runtime.deliver == everything.relay.deliver


@pytest.mark.parametrize("silent", [True, False])
async def test_messages_wait_if_nobody_or_nothing_is_to_be_told(silent: bool) -> None:
    address = {"core_api_internal_url": "http://localhost:3001", "core_api_internal_secret": "s"} if silent else {}
    async with wired(settings(llm_provider="offline", **address), UNUSED, silent=silent) as everything:
        assert everything.relay.receivers == {}
        await everything.runtime.deliver("no database is asked")


def test_a_worker_is_named_after_its_process_and_time_is_utc() -> None:
    assert worker_name().startswith("aiworker@") and worker_name() == worker_name()
    assert utc_now().tzinfo is UTC


# The schema


@pytest.mark.parametrize(
    ("origin", "done"), [("embedded", "migrated, platform=True"), ("DATABASE_URL", "required"), (".env", "required")]
)
async def test_only_embedded_databases_are_migrated_every_other_must_be_up_to_date(
    monkeypatch: pytest.MonkeyPatch, origin: str, done: str
) -> None:
    seen: list[str] = []

    async def migrate(url: str, *, platform: bool) -> None:
        seen.append(f"migrated, platform={platform}")

    async def require(url: str) -> None:
        seen.append("required")

    monkeypatch.setattr(migrations, "migrate", migrate)
    monkeypatch.setattr(migrations, "require", require)
    await prepare(Servers(SecretStr("postgresql://x"), origin, None, "", None))
    assert seen == [done]


async def test_only_the_queues_whose_provider_has_a_key_get_a_model() -> None:
    chosen = settings("anthropic", llm_provider="openai")
    async with wired(chosen, UNUSED, processors=(*PROCESSORS, INTERVIEWER)) as everything:
        assert everything.runtime.model_of("interview").provider == "anthropic"
        with pytest.raises(ConfigurationError, match="ai-jobs"):
            everything.runtime.model_of("ai-jobs")
