"""The command line as a process: exit codes, signals, pipes, and the error boundary."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer

import aiworker as package
from aiworker import cli, embedded
from aiworker.console.invocation import Invocation
from aiworker.errors import AiworkerError, Cancel, Decided, NotFound, ServiceUnreachable, TransientFault
from tests.support.environment import scrub, scrubbed
from tests.unit.commands.running import Ran, aiworker


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scrub(monkeypatch, tmp_path)


def process(directory: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aiworker", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=directory,
        env=scrubbed(directory, **variables),
    )


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException, *words: str) -> Ran:
    """Run a command line whose command raises `error`."""

    def fail(self: Invocation, **overrides: object) -> None:
        raise error

    monkeypatch.setattr(Invocation, "settings", fail)
    return aiworker(*words, "config", "check")


# Usage


def test_the_version_is_printed(tmp_path: Path) -> None:
    done = process(tmp_path, "--version")

    assert (done.returncode, done.stdout) == (0, f"aiworker {package.__version__}\n")


def test_the_version_is_printed_before_anything_else_is_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert aiworker("--version", "nonsense").code == 0
    assert capsys.readouterr().out == f"aiworker {package.__version__}\n"


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_documents_commands_and_exit_codes(tmp_path: Path, flag: str) -> None:
    done = process(tmp_path, flag)

    assert done.returncode == 0
    assert all(name in done.stdout for name in ("config", "db", "embedded", "Exit codes", "130 interrupted"))


@pytest.mark.parametrize("words", [(), ("config",)])
def test_a_bare_group_prints_its_help_and_exits_2(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = process(tmp_path, *words)

    assert done.returncode == 2
    assert "Usage: aiworker" in done.stdout + done.stderr
    assert "error:" not in done.stderr


def test_a_mistyped_command_gets_a_suggestion() -> None:
    ran = aiworker("confg")

    assert ran.code == 2
    assert ran.err == "error: No such command 'confg'. Did you mean 'config'?\ntry:   aiworker --help\n"


def test_a_mistyped_option_points_to_the_help_of_its_command() -> None:
    ran = aiworker("config", "show", "--jsn")

    assert ran.code == 2
    assert "--json" in ran.err
    assert "try:   aiworker config show --help" in ran.err


def test_a_usage_error_with_json_is_a_document_on_stderr_too(tmp_path: Path) -> None:
    done = process(tmp_path, "config", "show", "--json", "--bogus")

    assert (done.returncode, done.stdout) == (2, "")
    assert json.loads(done.stderr)["error"]["code"] == "usage"


# The error boundary


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound("no such run"), 1),
        (ServiceUnreachable("Redis is away"), 4),
        (TransientFault("try later"), 5),
        (ExceptionGroup("group", [ExceptionGroup("inner", [ServiceUnreachable("Redis is away")])]), 4),
        (Decided(TransientFault("try later"), Cancel()), 5),
        (ZeroDivisionError("hunter2"), 1),
        (ExceptionGroup("group", [ValueError("hunter2"), KeyError("hunter2")]), 1),
        (KeyboardInterrupt(), 130),
        (typer.Abort(), 1),
        (typer.Exit(6), 6),
    ],
)
def test_every_error_becomes_its_exit_code(monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int) -> None:
    ran = raising(monkeypatch, error)

    assert (ran.code, ran.out) == (code, "")
    assert "hunter2" not in ran.err
    assert "Traceback" not in ran.err


def test_debug_shows_the_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Traceback" in raising(monkeypatch, ZeroDivisionError(), "--debug").err


def test_errors_are_told_in_json_if_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = raising(monkeypatch, AiworkerError("no", code="nope", remedy="yes"), "--json")

    assert json.loads(ran.err)["error"] == {"code": "nope", "message": "no", "remedy": "yes"}


def test_a_wrong_setting_exits_3(tmp_path: Path) -> None:
    done = process(tmp_path, "config", "show", PORT="many")

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error: PORT should be")


def test_no_database_at_all_exits_4_and_starts_nothing(tmp_path: Path) -> None:
    done = process(tmp_path, "db", "status")

    assert done.returncode == 4
    assert "pip install 'aiworker[embedded]'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_does_not_answer_exits_4_without_its_password(tmp_path: Path) -> None:
    done = process(tmp_path, "db", "status", DATABASE_URL="postgresql://me:hunter2@127.0.0.1:1/x")

    assert done.returncode == 4
    assert "hunter2" not in done.stdout + done.stderr


# Pipes and signals


def test_a_reader_that_leaves_is_not_complained_about(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "aiworker", "config", "show"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=scrubbed(tmp_path),
    ) as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        assert running.stderr.read() == ""


SLEEPER = """
import asyncio, sys, typer
from aiworker import cli
from aiworker.console.invocation import asynchronous

@cli.app.command()
@asynchronous
async def sleeper() -> None:
    '''Sleep until somebody ends it.'''
    try:
        print("ready", flush=True)
        await asyncio.sleep(30)
    finally:
        await asyncio.sleep(0)
        print("cleaned up", flush=True)

cli.main(["sleeper"])
"""


@contextmanager
def sleeper(directory: Path) -> Generator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", SLEEPER],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=directory,
        env=scrubbed(directory),
    ) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == "ready\n"
            yield running
        finally:
            running.kill()


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_lets_finally_blocks_run_and_sets_the_exit_code(
    tmp_path: Path, sent: signal.Signals, code: int
) -> None:
    with sleeper(tmp_path) as running:
        running.send_signal(sent)
        out, err = running.communicate(timeout=10)

    assert (running.returncode, out, err) == (code, "cleaned up\n", "")


# Completion


def test_commands_complete_in_the_shell(tmp_path: Path) -> None:
    done = process(tmp_path, _AIWORKER_COMPLETE="complete_bash", COMP_WORDS="aiworker con", COMP_CWORD="1")

    assert done.stdout.split() == ["config"]


def test_one_module_list_registers_every_command() -> None:
    names = (module.__name__.rpartition(".")[2].replace("_", "-") for module in cli.COMMANDS)

    assert sorted(cli.root().commands) == sorted(names)


# With real servers


def test_a_running_embedded_instance_is_joined(
    servers: embedded.Servers, servers_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIWORKER_DATA_DIR", str(servers_dir))

    assert "running\tyes" in aiworker("embedded", "status").out
    assert aiworker("embedded", "psql-url").out == servers.database_url + "\n"
    assert "core/0001_runs" in aiworker("db", "status").out


def test_a_migrated_database_is_up_to_date(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)

    assert aiworker("db", "status").code == 0
    assert "nothing to apply" in aiworker("db", "migrate", "--platform").err
