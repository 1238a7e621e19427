"""`aiworker config`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.commands.running import aiworker

KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz3f9a"


def test_show_lists_every_setting_with_value_and_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    Path(".env").write_text("PORT=4003\n")

    lines = aiworker("config", "show").out.splitlines()

    assert lines[0] == "setting\tvalue\tfrom"
    assert "openai_api_key\tsk-****3f9a\tenv OPENAI_API_KEY" in lines
    assert "port\t4003\t.env" in lines
    assert "database_url\t-\tdefault" in lines


def test_show_ends_with_the_effective_queue_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKER_CONCURRENCY", "interview=20")

    lines = aiworker("config", "show").out.splitlines()

    assert lines[-5:] == [
        "queue\tconcurrency\tattempts\tbackoff\tmax_payload\tremove_on_complete\tremove_on_fail",
        "ai-jobs\t3\t3\texponential 1s\t256KB\t1000\t5000",
        "interview\t20\t3\texponential 1s\t4MB\t1000\t5000",
        "evaluation\t5\t5\texponential 1s\t4MB\t1000\t5000",
        "notification\t5\t5\texponential 2s\t256KB\t1000\t5000",
    ]


@pytest.mark.parametrize("words", [("config", "show", "--json"), ("--json", "config", "show")])
def test_show_has_a_json_form(words: tuple[str, ...]) -> None:
    document = aiworker(*words).document

    assert document["schema"] == "aiworker.config/1"
    assert {"name": "port", "value": "4002", "origin": "default"} in document["settings"]
    assert document["queues"][0]["queue"] == "ai-jobs"


def test_show_never_prints_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_PASSWORD", "hunter2")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hunter2@db/x")

    assert "hunter2" not in aiworker("config", "show").out
    assert "hunter2" not in aiworker("config", "show", "--json").out


def test_settings_files_can_be_named() -> None:
    Path("my.toml").write_text("port = 1\n")
    Path("my.env").write_text("HOST=h\n")

    lines = aiworker("--config", "my.toml", "--env-file", "my.env", "config", "show").out.splitlines()

    assert "port\t1\tmy.toml" in lines
    assert "host\th\tmy.env" in lines


def test_global_options_have_environment_twins(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("my.toml").write_text("port = 1\n")
    monkeypatch.setenv("AIWORKER_CONFIG", "my.toml")
    monkeypatch.setenv("AIWORKER_JSON", "1")

    assert {"name": "port", "value": "1", "origin": "my.toml"} in aiworker("config", "show").document["settings"]


def test_check_accepts_usable_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_PROVIDER", "offline")

    ran = aiworker("config", "check")

    assert (ran.code, ran.out, ran.err) == (0, "usable\n", "")


def test_check_exits_3_on_a_wrong_value_and_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_PORT", "hunter2")

    ran = aiworker("config", "check")

    assert (ran.code, ran.out) == (3, "")
    assert "REDIS_PORT" in ran.err
    assert "hunter2" not in ran.err


def test_check_exits_3_with_both_remedies_if_no_model_can_be_asked() -> None:
    ran = aiworker("config", "check")

    assert ran.code == 3
    assert "OPENAI_API_KEY and ANTHROPIC_API_KEY" in ran.err
    assert "LLM_PROVIDER=offline" in ran.err


def test_check_warns_of_a_model_without_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)

    ran = aiworker("config", "check")

    assert ran.code == 0
    assert "LLM_PROVIDER needs OPENAI_API_KEY" in ran.err


@pytest.mark.parametrize(
    ("name", "partner"),
    [("CORE_API_INTERNAL_URL", "CORE_API_INTERNAL_SECRET"), ("INTERVIEW_API_URL", "INTERNAL_API_KEY")],
)
def test_check_warns_of_an_address_without_its_secret(monkeypatch: pytest.MonkeyPatch, name: str, partner: str) -> None:
    monkeypatch.setenv("LLM_PROVIDER", "offline")
    monkeypatch.setenv(name, "http://peer:4000")

    assert json.loads(aiworker("config", "check", "--json").out)["warnings"] == [f"{name} is set without {partner}"]
