"""What `--help` costs: nothing heavy may be imported for it, by any command."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from aiworker.cli import app, root
from tests.support.environment import scrubbed

SERVICES = {"openai", "anthropic", "fastapi", "uvicorn", "bullmq", "redis", "asyncpg", "httpx", "httpx2"}
HEAVY = SERVICES | {"pydantic", "pydantic_settings", "jinja2", "click"}

PROBE = """
import sys
from aiworker.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def command_paths(group: TyperGroup, *above: str) -> Iterator[tuple[str, ...]]:
    yield above
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from command_paths(command, *above, name)
        else:
            yield (*above, name)


def callbacks(typer_app: typer.Typer) -> Iterator[Callable[..., object]]:
    registered = [typer_app.registered_callback, *typer_app.registered_commands]
    yield from (found.callback for found in registered if found is not None and found.callback is not None)
    for group in typer_app.registered_groups:
        assert group.typer_instance is not None
        yield from callbacks(group.typer_instance)


@pytest.mark.parametrize("path", list(command_paths(root())), ids=" ".join)
def test_the_help_of_every_command_loads_nothing_heavy(path: tuple[str, ...], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *path, "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=scrubbed(tmp_path),
    )

    assert "Usage: aiworker" in done.stdout
    assert set(done.stderr.split()) & HEAVY == set()


def test_no_registered_callback_is_a_coroutine_function() -> None:
    found = list(callbacks(app))

    assert len(found) > 5
    assert [callback.__name__ for callback in found if inspect.iscoroutinefunction(callback)] == []


def test_every_command_has_a_help_text() -> None:
    assert [callback.__name__ for callback in callbacks(app) if not callback.__doc__] == []


def test_no_option_has_an_environment_variable_without_our_prefix() -> None:
    def options(group: TyperGroup) -> Iterator[str]:
        for command in [group, *group.commands.values()]:
            for parameter in command.params:
                twin = parameter.envvar
                yield from [twin] if isinstance(twin, str) else twin or []
            if isinstance(command, TyperGroup) and command is not group:
                yield from options(command)

    settings = {"WORKER_QUEUES", "WORKER_CONCURRENCY", "HOST", "PORT", "LOG_FORMAT", "SHUTDOWN_TIMEOUT"}
    assert [name for name in options(root()) if not name.startswith("AIWORKER_") and name not in settings] == []
