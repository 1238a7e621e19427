"""The output door: what goes where, in which form, and how an error is told."""

from __future__ import annotations

import io
import json
import typing
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from aiworker.console import options
from aiworker.console.invocation import Invocation, asynchronous, invocation
from aiworker.console.output import Output
from aiworker.errors import AiworkerError, ConfigurationError, ServiceUnreachable, UsageError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def output(*, tty: bool = False, answer: str = "", **environ: str) -> Output:
    stream = Terminal if tty else io.StringIO
    return Output(stream(), stream(), stream(answer), environ)


def data(out: Output) -> str:
    assert isinstance(out.stdout, io.StringIO)
    return out.stdout.getvalue()


def remarks(out: Output) -> str:
    assert isinstance(out.stderr, io.StringIO)
    return out.stderr.getvalue()


# Data


def test_a_table_in_a_pipe_is_tab_separated_with_whole_values() -> None:
    out = output()

    out.table(("setting", "value"), [("a", "x" * 300), ("b", None)])

    assert data(out) == f"setting\tvalue\na\t{'x' * 300}\nb\t-\n"


def test_a_cell_cannot_break_its_row_or_steer_the_terminal() -> None:
    out = output()

    out.table(("value",), [("one\ttwo\nthree\x1b[2J",)])

    assert data(out).splitlines() == ["value", r"one\ttwo\nthree\x1b[2J"]


def test_lists_and_truth_values_are_written_for_people() -> None:
    out = output()

    out.table(("a", "b", "c"), [([1, 2], True, False)])

    assert data(out).splitlines()[1] == "1, 2\tyes\tno"


def test_a_table_on_a_terminal_is_laid_out_and_coloured() -> None:
    out = output(tty=True, TERM="xterm-256color")

    out.table(("setting",), [("[bold]not markup[/bold]",)])

    assert "\t" not in data(out)
    assert "\x1b[" in data(out)
    assert "[bold]not markup[/bold]" in data(out)


def test_a_terminal_too_narrow_for_a_value_still_gets_all_of_it() -> None:
    out = output(tty=True, TERM="xterm", COLUMNS="20")

    out.table(("value",), [("0123456789" * 5,)])

    assert data(out).replace("\n", "").count("0123456789") == 5


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}])
def test_colour_is_left_out_where_it_is_not_wanted(environ: dict[str, str]) -> None:
    out = output(tty=True, **environ)

    out.warn("careful")

    assert "\x1b[3" not in remarks(out)
    assert "warning:" in remarks(out)


def test_no_color_as_a_flag_is_the_same_as_the_variable() -> None:
    out = output(tty=True, TERM="xterm")
    out.no_color = True

    out.warn("careful")

    assert "\x1b[33m" not in remarks(out)


def test_force_color_colours_a_pipe() -> None:
    out = output(FORCE_COLOR="1")

    out.warn("careful")

    assert "\x1b[33m" in remarks(out)


def test_a_terminal_with_json_is_not_rich() -> None:
    out = output(tty=True, TERM="xterm")
    out.json = True

    assert not out.is_rich


def test_json_is_one_document_that_names_its_schema() -> None:
    out = output()
    out.json = True

    out.show("aiworker.thing/1", {"when": datetime(2026, 1, 2, tzinfo=UTC), "where": Path("a/b")}, lambda: None)

    assert json.loads(data(out)) == {"schema": "aiworker.thing/1", "when": "2026-01-02T00:00:00+00:00", "where": "a/b"}


def test_without_json_the_human_view_is_printed() -> None:
    out = output()

    out.show("aiworker.thing/1", {"a": 1}, lambda: out.line("a is 1"))

    assert data(out) == "a is 1\n"


def test_a_stream_has_one_object_a_line() -> None:
    out = output()

    out.record({"text": "one\ntwo"})
    out.record({"text": "三"})

    assert [json.loads(line)["text"] for line in data(out).splitlines()] == ["one\ntwo", "三"]


def test_a_value_without_a_json_form_is_a_programming_error() -> None:
    with pytest.raises(TypeError, match="object cannot be written as JSON"):
        output().record({"a": object()})


@given(st.text())
def test_any_text_can_be_printed_to_an_ascii_terminal(text: str) -> None:
    raw = io.BytesIO()
    out = Output(io.TextIOWrapper(raw, encoding="ascii"), io.StringIO(), io.StringIO(), {})

    out.line(text)
    out.record({"text": text})

    assert json.loads(raw.getvalue().splitlines()[-1])["text"] == text


# Remarks


def test_remarks_go_to_stderr() -> None:
    out = output()

    out.note("working")

    assert (data(out), remarks(out)) == ("", "working\n")


def test_quiet_silences_remarks_but_not_warnings() -> None:
    out = output()
    out.quiet = True

    out.note("working")
    out.warn("careful")

    assert remarks(out) == "warning: careful\n"


def test_details_are_for_verbose_only() -> None:
    out = output()

    out.detail("one")
    out.verbose = True
    out.detail("two")

    assert remarks(out) == "two\n"


@pytest.mark.parametrize(
    ("answer", "agreed"), [("y\n", True), ("YES\n", True), ("\n", False), ("", False), ("n\n", False)]
)
def test_only_a_plain_yes_is_a_yes(answer: str, agreed: bool) -> None:
    assert output(tty=True, answer=answer).confirm("Really?") is agreed


def test_nobody_is_asked_without_a_terminal() -> None:
    with pytest.raises(UsageError) as caught:
        output(answer="y\n").confirm("Really?")

    assert caught.value.remedy == "add --yes"


# Errors


def test_an_error_says_what_and_what_to_try() -> None:
    out = output()

    out.print_error(ConfigurationError("PORT is not a number.", remedy="set it"))

    assert remarks(out) == "error: PORT is not a number.\ntry:   set it\n"


def test_an_error_says_why_if_the_cause_is_known() -> None:
    out = output()
    error = ServiceUnreachable("Redis does not answer.")
    error.__cause__ = ConnectionRefusedError(111, "Connection refused")

    out.print_error(error)

    assert remarks(out) == "error: Redis does not answer.\nwhy:   Connection refused\n"


@pytest.mark.parametrize(
    ("cause", "why"), [(ValueError("hunter2"), "ValueError"), (AiworkerError("the disk is full"), "the disk is full")]
)
def test_a_foreign_cause_is_named_but_not_quoted(cause: Exception, why: str) -> None:
    out = output()
    error = ServiceUnreachable("It does not answer.")
    error.__cause__ = cause

    out.print_error(error)

    assert remarks(out).splitlines()[1] == f"why:   {why}"


def test_further_lines_of_a_message_are_indented() -> None:
    out = output()

    out.print_error(ConfigurationError("Looked in:\nhere"))

    assert remarks(out) == "error: Looked in:\n       here\n"


def test_an_unexpected_error_does_not_show_its_text() -> None:
    out = output()

    out.print_error(KeyError("hunter2"))

    assert "Unexpected KeyError" in remarks(out)
    assert "--debug" in remarks(out)
    assert "hunter2" not in remarks(out)


def test_an_unexpected_error_names_our_line_without_the_machines_path() -> None:
    out = output()
    try:
        out.record({"a": object()})
    except TypeError as error:
        out.print_error(error)

    assert "in _jsonable (aiworker/console/output.py:" in remarks(out)
    assert str(Path.cwd()) not in remarks(out)


def test_debug_shows_the_trace() -> None:
    out = output()
    out.debug = True

    out.print_error(KeyError("hunter2"))

    assert "KeyError: 'hunter2'" in remarks(out)


def test_with_json_an_error_is_one_document_on_stderr() -> None:
    out = output()
    out.json = True

    out.print_error(ConfigurationError("no key", remedy="set it"))

    assert data(out) == ""
    assert json.loads(remarks(out)) == {
        "schema": "aiworker.error/1",
        "error": {"code": "configuration", "message": "no key", "remedy": "set it"},
    }


# The rest


def test_an_async_command_runs_and_returns() -> None:
    @asynchronous
    async def double(number: int) -> int:
        return number * 2

    assert double(21) == 42


def test_an_async_command_keeps_its_name_and_signature() -> None:
    async def original(number: int) -> int:
        """Say it."""
        return number

    wrapped = asynchronous(original)

    assert (wrapped.__name__, wrapped.__doc__) == ("original", "Say it.")
    assert typing.get_type_hints(wrapped) == {"number": int, "return": int}


def test_an_async_commands_own_cancellation_is_not_taken_for_sigterm() -> None:
    import asyncio

    @asynchronous
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        cancelled()


def test_without_uvloop_the_standard_loop_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "uvloop", None)

    @asynchronous
    async def answer() -> int:
        return 42

    assert answer() == 42


ALIASES = [name for name in vars(options) if name.endswith(("Flag", "Option"))]


@pytest.mark.parametrize("name", ALIASES)
def test_every_shared_option_has_an_environment_twin_and_a_help_text(name: str) -> None:
    option = typing.get_args(getattr(options, name))[1]

    assert str(option.envvar).startswith("AIWORKER_")
    assert option.help


def test_queue_names_are_completed() -> None:
    complete: Callable[[str], list[str]] = typing.get_args(options.QueuesOption)[1].autocompletion

    assert complete("e") == ["evaluation"]


def test_an_invocation_loads_settings_with_the_commands_own_flags(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my.toml").write_text("port = 1\n")

    settings = Invocation(output(), config_file=Path("my.toml")).settings(host="::1", port=None)

    assert (settings.host, settings.port) == ("::1", 1)


def test_a_command_outside_the_error_boundary_is_a_programming_error() -> None:
    app = typer.Typer()
    app.command()(lambda: None)
    context = typer.Context(typer.main.get_command(app))

    with pytest.raises(AssertionError, match=r"aiworker\.cli\.run"):
        invocation(context)
