"""How a replay is shown to a person, to a pipe and to a machine."""

from __future__ import annotations

import io
import json
import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import typer
import typer.main

from aiworker.console import replays
from aiworker.console.again import command_line
from aiworker.console.invocation import Invocation
from aiworker.console.output import Output
from aiworker.domain.failures import Estimate, Failure, group
from aiworker.runtime.replay import Plan, Tally

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
COMMAND = "aiworker replay-failed --yes"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def output(*, tty: bool = False, answer: str = "", json: bool = False) -> Output:
    stream = Terminal if tty else io.StringIO
    return Output(stream(), stream(), stream(answer), {"COLUMNS": "200"}, json=json)


def text(stream: object) -> str:
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def failure(number: int, reason: str = "timeout: No answer within 30 s.", ago: timedelta = timedelta(0)) -> Failure:
    return Failure("ai-jobs", str(number), "rewrite-resume", reason, NOW - ago)


def plan(*jobs: Failure, permanent: tuple[Failure, ...] = (), beyond: int = 0, refused: tuple[str, ...] = ()) -> Plan:
    found = [*jobs, *permanent]
    return Plan(
        jobs=jobs,
        groups=tuple(group(found)),
        seen=5_000,
        matched=len(found),
        permanent=len(permanent),
        beyond_limit=beyond,
        refused=refused,
        cost=Estimate(1.371, 2),
    )


def shown(what: Plan, *, tty: bool = False) -> list[str]:
    out = output(tty=tty)
    replays.show_plan(out, what, command=COMMAND, now=NOW)
    return text(out.stdout).splitlines()


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=2), "2 d ago"),
    ],
)
def test_a_person_reads_how_long_ago_the_oldest_failed(ago: timedelta, told: str) -> None:
    assert any(told in line for line in shown(plan(failure(1, ago=ago)), tty=True))


def test_a_failure_without_a_time_has_none() -> None:
    (line,) = [line for line in shown(plan(replace(failure(1), at=None)), tty=True) if "timeout" in line]

    assert " - " in line


def test_a_pipe_reads_whole_values() -> None:
    assert shown(plan(failure(1)))[2] == f"timeout: No answer within N s.\t1\tyes\t{NOW}\tai-jobs:1"


def test_what_is_left_out_is_told() -> None:
    lines = shown(plan(failure(1), permanent=(failure(2, "not_found: x"),), beyond=1_200, refused=("ai-jobs:3: no",)))

    assert "to replay: 1 (1 permanent left out, 1,200 beyond --limit, 1 refused)" in lines
    assert "ai-jobs:3: no" in lines
    assert lines[0] == "2 of 5,000 failed jobs match (dry run: nothing changed)"


def test_the_estimate_says_what_it_does_not_know() -> None:
    lines = shown(plan(failure(1)))

    assert "estimated cost: $1.37 (mean of completed runs; without 2 jobs of which none has completed yet)" in lines
    assert lines[-1] == f"to run: {COMMAND}"


def test_without_anything_to_do_no_command_is_offered() -> None:
    assert shown(plan()) == ["0 of 5,000 failed jobs match (dry run: nothing changed)"]
    assert not any("to run" in line for line in shown(plan(permanent=(failure(1, "not_found: x"),))))


def test_a_reason_cannot_steer_the_terminal() -> None:
    lines = shown(plan(failure(1, "boom \x1b[2J\x07")))

    assert not any("\x1b" in line for line in lines)


def test_a_job_without_a_reason_is_named_so() -> None:
    assert shown(plan(failure(1, "")))[2].startswith("(no reason)\t")


def many(count: int = 101) -> Plan:
    return plan(*(failure(number) for number in range(count)))


@pytest.mark.parametrize("answer", ["1001\n", "1,001\n", " 1001 \n"])
def test_the_number_may_be_typed_with_a_comma(answer: str) -> None:
    out = output(tty=True, answer=answer)
    replays.confirm(out, many(1_001), now=NOW)

    assert "Type 1001 to replay 1001 jobs: " in text(out.stderr)


@pytest.mark.parametrize("answer", ["", "y\n", "100\n"])
def test_any_other_answer_stops_it(answer: str) -> None:
    with pytest.raises(typer.Abort):
        replays.confirm(output(tty=True, answer=answer), many(), now=NOW)


def test_few_jobs_a_pipe_and_a_machine_are_not_asked() -> None:
    for out, what in [
        (output(tty=True), many(100)),
        (output(), many()),
        (output(tty=True, json=True), many()),
    ]:
        replays.confirm(out, what, now=NOW)
        assert text(out.stderr) == ""


def test_progress_is_a_bar_at_a_terminal_and_a_line_elsewhere() -> None:
    for out, expected in [(output(tty=True), "2/2"), (output(), "replaying 2 jobs\n")]:
        what, tally = plan(failure(1), failure(2)), Tally()
        with replays.progress(out, what, tally) as advance:
            for _ in what.jobs:
                tally.done += 1
                advance()
        assert expected in text(out.stderr)
        assert text(out.stdout) == ""


def test_quiet_has_no_progress_and_nothing_to_do_has_none_either() -> None:
    quiet, idle = output(tty=True), output()
    quiet.quiet = True
    for out, what in [(quiet, plan(failure(1))), (idle, plan())]:
        with replays.progress(out, what, Tally()) as advance:
            advance()
        assert text(out.stderr) == ""


def test_cut_short_it_says_how_far_it_came() -> None:
    out, what = output(), plan(failure(1), failure(2))
    with pytest.raises(KeyboardInterrupt), replays.progress(out, what, Tally(done=1)):
        raise KeyboardInterrupt

    assert "stopped after 1 of 2 jobs; the same command does the rest" in text(out.stderr)


def test_the_end_tells_every_count_and_the_audit() -> None:
    out = output()
    tally = Tally(replayed=85, receipts=1, gone=2, locked=3, refused=["ai-jobs:9: tone"], audit=[311, 396])
    replays.show_tally(out, plan(failure(1), permanent=(failure(2, "not_found: x"),)), tally)

    first, *rest = text(out.stdout).splitlines()
    assert first == (
        "85 replayed, 1 answered by their receipt, 2 gone, 3 locked, 1 refused, 1 permanent left out"
        "   audit #311 to #396"
    )
    assert rest == ["refused", "ai-jobs:9: tone"]


def test_a_machine_reads_one_document_either_way() -> None:
    dry, acted = output(json=True), output(json=True)
    replays.show_plan(dry, plan(failure(1)), command=COMMAND, now=NOW)
    replays.show_tally(acted, plan(failure(1)), Tally(replayed=1, audit=[7]))

    planned, done = json.loads(text(dry.stdout)), json.loads(text(acted.stdout))
    assert (planned["schema"], planned["dry_run"], planned["command"]) == ("aiworker.replay-failed/1", True, COMMAND)
    assert planned["groups"][0]["oldest"] == NOW.isoformat()
    assert (done["dry_run"], done["replayed"], done["audit"]) == (False, 1, [7])


# The command to give again


@pytest.mark.parametrize(
    "words",
    [
        "replay",
        "replay --queue a --queue 'b c' --flag",
        "replay --no-flag --count 7",
        "--config 'my file' replay --text '$HOME; rm'",
    ],
)
def test_a_command_line_is_written_as_it_was_typed(words: str) -> None:
    assert given_again(words) == f"app {words} --yes"


def test_what_is_there_already_is_not_added_again_and_defaults_are_left_out() -> None:
    assert given_again("replay --yes") == "app replay --yes"


def given_again(words: str) -> str:
    """Run a small command line that writes itself."""
    app, seen = typer.Typer(), list[str]()

    @app.callback()
    def options(config: str = "") -> None:
        """Take a global option."""

    @app.command()
    def replay(
        ctx: typer.Context,
        queue: list[str] | None = None,
        flag: bool = True,
        count: int = 3,
        text: str = "",
        yes: bool = typer.Option(False, "--yes"),
    ) -> None:
        seen.append(command_line(ctx, add=["--yes"]))

    typer.main.get_command(app).main(shlex.split(words), "app", standalone_mode=False, obj=Invocation(output()))
    return seen[0]
