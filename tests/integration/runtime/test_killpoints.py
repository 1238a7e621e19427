"""Kill points do nothing unless they are named, and production refuses to start with one."""

from __future__ import annotations

import ast
import os
import signal
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from aiworker.errors import ConfigurationError
from aiworker.runtime import execute, killpoints, perform, relay
from aiworker.runtime.execute import execute as run_job
from aiworker.runtime.killpoints import ENVIRONMENT, NAMES, VARIABLE, armed, check, crashpoint
from aiworker.store.database import Database
from tests.support.jobs import envelope, insert_example, runtime


@pytest.fixture(autouse=True)
def forgotten() -> Generator[None]:
    armed.cache_clear()
    yield
    armed.cache_clear()


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Note kills instead of dying."""
    kills: list[tuple[int, int]] = []

    def kill(pid: int, sent: int) -> None:
        kills.append((pid, sent))

    monkeypatch.setattr(os, "kill", kill)
    return kills


def pass_all() -> None:
    for name in NAMES:
        crashpoint(name)


def test_they_are_inert_by_default(killed: list[tuple[int, int]]) -> None:
    pass_all()
    check()
    assert killed == []


async def test_a_job_runs_through_all_of_them_unharmed(database: Database, killed: list[tuple[int, int]]) -> None:
    await insert_example(database)
    await run_job(envelope(), runtime(database))
    assert killed == []


@pytest.mark.parametrize("name", NAMES)
def test_the_one_that_is_named_kills_this_process(
    name: str, killed: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(VARIABLE, name)
    pass_all()
    assert killed == [(os.getpid(), signal.SIGKILL)]
    assert [line.message for line in caplog.records] == ["killed-at"]


def test_a_number_says_at_which_pass(killed: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "in_tx:3")
    counts = list[int]()
    for _ in range(5):
        crashpoint("in_tx")
        counts.append(len(killed))
    assert counts == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("setting", ["somewhere", "in_tx:soon", "in_tx:-1"])
def test_a_kill_point_that_does_not_exist_is_refused(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, setting)
    with pytest.raises(ConfigurationError, match="names no kill point"):
        check()


@pytest.mark.parametrize("word", ["production", "Production "])
def test_production_refuses_to_start_and_is_never_killed(
    word: str, killed: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "claimed")
    monkeypatch.setenv(ENVIRONMENT, word)
    with pytest.raises(ConfigurationError, match="production"):
        check()
    pass_all()
    assert killed == []


def test_each_of_them_stands_somewhere() -> None:
    placed = set[str]()
    for module in (execute, perform, relay):
        for node in ast.walk(ast.parse(Path(str(sys.modules[module.__name__].__file__)).read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="crashpoint"), args=[ast.Constant(value=str(name))]):
                    placed.add(name)
                case _:
                    pass
    assert placed == set(NAMES)
    assert killpoints.__doc__
