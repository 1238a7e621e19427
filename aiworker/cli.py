"""Builds the command line, and is the one place where an error becomes an exit code.

To add a command: write `commands/NAME.py` with a `register(app)` function and put the module into COMMANDS.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any, cast

import typer
import typer.main
from typer.core import TyperGroup, TyperOption

from aiworker import __version__
from aiworker.commands import config, db, demo, embedded, enqueue, prompt_preview, replay_failed, run_job, serve
from aiworker.console.invocation import Invocation, invocation, system_output
from aiworker.console.options import (
    ConfigOption,
    DebugFlag,
    EnvFileOption,
    JsonFlag,
    NoColorFlag,
    QuietFlag,
    VerboseFlag,
)
from aiworker.errors import AiworkerError, Decided, ExitCode, UsageError

COMMANDS = (demo, serve, enqueue, run_job, prompt_preview, replay_failed, config, db, embedded)

HELP_OPTIONS = ["-h", "--help"]

EPILOG = (
    "Exit codes: 0 ok, also after a clean drain; 1 failed for good, or unexpected; 2 usage, or invalid payload; "
    "3 configuration; 4 a service is unreachable; 5 retryable failure; 6 partial, or nothing matched; 130 interrupted"
)

app = typer.Typer(
    name="aiworker",
    help="Run, feed and look after AI jobs on BullMQ queues.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": HELP_OPTIONS},
)
for module in COMMANDS:
    module.register(app)


class UncoercedOption(TyperOption):
    """An option that leaves the absence of a value alone.

    Typer builds a pydantic adapter even for an option that was not given. A group's options are processed before a
    command's `--help` prints, which would cost each help text a tenth of a second.
    """

    def process_value(self, ctx: Any, value: Any) -> Any:
        if value is not None:
            return super().process_value(ctx, value)
        return None if self.callback is None else self.callback(ctx, self, value)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aiworker {__version__}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    config: ConfigOption = None,
    env_file: EnvFileOption = None,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    json: JsonFlag = False,
    no_color: NoColorFlag = False,
    debug: DebugFlag = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Run, feed and look after AI jobs on BullMQ queues."""
    call = invocation(ctx, json=json)
    call.config_file, call.env_file = config, env_file
    output = call.output
    output.quiet, output.verbose = quiet, verbose
    output.no_color, output.debug = no_color, debug or output.debug


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `aiworker`; the process ends with one of the documented exit codes."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(words, Invocation(system_output(os.environ))))


def run(words: Sequence[str], call: Invocation) -> int:
    """Run one command line and return its exit code; every error ends here as a few lines on stderr."""
    output = call.output
    # Also an error in the options themselves is to be told in the form that was asked for.
    output.json, output.debug = output.json or "--json" in words, output.debug or "--debug" in words
    try:
        code: object = root().main(list(words), "aiworker", standalone_mode=False, obj=call)
        output.flush()
        return code if isinstance(code, int) else ExitCode.OK
    except BrokenPipeError:
        return _reader_left()
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except typer.Abort:
        output.note("Nothing was changed.")
        return ExitCode.FAILED
    except typer.TyperException as error:
        return _usage(call, error)
    except Exception as error:  # noqa: BLE001 - the boundary: nothing above prints it
        problem = _innermost(error)
        output.print_error(problem)
        return problem.exit_code if isinstance(problem, AiworkerError) else ExitCode.FAILED


def root() -> TyperGroup:
    """Build the command tree."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    _leave_absent_options_alone(group)
    return group


def _leave_absent_options_alone(group: TyperGroup) -> None:
    # `get_params` rather than `params`: only it holds the option --help, which is processed like any other.
    for parameter in group.get_params(typer.Context(group, help_option_names=HELP_OPTIONS)):
        if isinstance(parameter, TyperOption):
            parameter.__class__ = UncoercedOption
    for command in group.commands.values():
        if isinstance(command, TyperGroup):
            _leave_absent_options_alone(command)


def _usage(call: Invocation, error: typer.TyperException) -> int:
    message = error.format_message()
    if message:  # without one, Typer has just printed the help of a group that was called bare
        path = getattr(getattr(error, "ctx", None), "command_path", "aiworker")
        call.output.print_error(UsageError(message, remedy=f"{path} --help"))
    return error.exit_code


def _innermost(error: Exception) -> Exception:
    if isinstance(error, Decided):
        return error.error
    if not isinstance(error, ExceptionGroup):
        return error
    group = cast("ExceptionGroup[Exception]", error)
    return _innermost(group.exceptions[0]) if len(group.exceptions) == 1 else group


def _reader_left() -> int:
    # What is still buffered must go somewhere, or Python complains at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.FAILED
