"""The demo's story: plain marks in a pipe, colours on a terminal, the same words in both."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest

from aiworker.console.output import Output
from aiworker.console.story import QUOTED, QUOTED_LINES, Story

ANSI = re.compile(r"\x1b\[[0-9;]*m")
SECONDS = re.compile(r"\d+\.\d+ s")


def told(*tell: Callable[[Story], None], **environ: str) -> str:
    stdout = io.StringIO()
    story = Story(Output(stdout, io.StringIO(), io.StringIO(), {"COLUMNS": "200", **environ}))
    for part in tell:
        part(story)
    return stdout.getvalue()


def coloured(*tell: Callable[[Story], None]) -> str:
    return told(*tell, FORCE_COLOR="1", TERM="xterm-256color")


def change(before: str, after: str) -> Callable[[Story], None]:
    return lambda story: story.change("work.0.bullets.1", before, after)


def step(story: Story) -> None:
    with story.step("schema and rows"):
        pass


def test_a_change_in_a_pipe_is_marked_in_plain_characters() -> None:
    assert told(change("Made 3 tools daily", "Built 3 tools")) == (
        "    work.0.bullets.1  [-Made-]{+Built+} 3 tools [-daily-]\n"
    )


def test_a_change_on_a_terminal_is_coloured_and_not_marked() -> None:
    line = coloured(change("Made 3 tools", "Built 3 tools"))
    assert ANSI.sub("", line).rstrip() == "    work.0.bullets.1  MadeBuilt 3 tools"
    assert re.search(r"\x1b\[[0-9;]*9;31mMade\x1b\[0m", line), "what went is struck out in red"
    assert re.search(r"\x1b\[1;32mBuilt\x1b\[0m", line), "what came is bold and green"
    assert not re.search(r"\[-|\{\+", ANSI.sub("", line))


def test_a_terminal_without_colours_gets_the_marks() -> None:
    line = told(change("Made it", "Built it"), FORCE_COLOR="1", TERM="xterm-256color", NO_COLOR="1")
    assert "[-Made-]{+Built+} it" in ANSI.sub("", line)
    assert "\x1b[31m" not in line and "\x1b[1;32m" not in line


@pytest.mark.parametrize("text", ["[bold]not markup[/bold]", "100 [%] of {x}", "₹1.2 lakh"])
def test_texts_are_shown_as_they_are(text: str) -> None:
    for shown in (told(change(text, text)), coloured(change(text, text))):
        assert text in ANSI.sub("", shown)


def test_the_title_says_first_what_must_be_known() -> None:
    assert told(lambda story: story.title("Rewriting", "Offline rules, no model.")) == (
        "Rewriting\nOffline rules, no model.\n"
    )
    framed = coloured(lambda story: story.title("Rewriting", "Offline rules, no model."))
    assert "Rewriting" in framed and "Offline rules, no model." in framed and "╭" in framed


def test_a_step_is_told_when_it_is_done_with_its_time() -> None:
    assert SECONDS.sub("N s", told(step)) == "  ok  schema and rows  N s\n"


def test_a_step_that_fails_is_not_called_done() -> None:
    def fail(story: Story) -> None:
        with story.step("schema and rows"):
            raise ValueError

    story = io.StringIO()
    with pytest.raises(ValueError):
        fail(Story(Output(story, io.StringIO(), io.StringIO(), {})))
    assert story.getvalue() == ""


def test_a_heading_stands_on_a_line_of_its_own() -> None:
    assert told(lambda s: s.heading("4 jobs")) == "\n4 jobs\n"


def table(story: Story) -> None:
    story.table(("job", "state"), [("ai-jobs:1", "completed"), ("ai-jobs:12", "")])


def test_a_table_is_laid_out_under_its_columns_names() -> None:
    assert told(table).splitlines() == ["  job         state", "  ai-jobs:1   completed", "  ai-jobs:12"]


def test_what_was_written_is_named_by_its_table_and_what_it_is_about() -> None:
    assert told(lambda story: story.written("resumes", "is_ai_variant True")) == "  resumes  is_ai_variant True\n"


def test_of_a_long_text_the_beginning_is_quoted_in_short_lines() -> None:
    assert told(lambda story: story.quote("Short.")) == "    Short.\n"
    shown = told(lambda story: story.quote("well-known " * 90)).splitlines()
    assert len(shown) == QUOTED_LINES
    assert all(line.startswith("    well-known ") and len(line) <= QUOTED + 4 for line in shown)
    assert shown[-1].endswith("well-known ...")


def test_a_request_is_shown_with_headers_and_body() -> None:
    shown = told(lambda story: story.request("POST /x", {"x-internal-secret": "****"}, {"jobId": "1"}))
    assert shown == '  POST /x\n    x-internal-secret: ****\n    {"jobId": "1"}\n'


def test_the_closing_tells_the_time_and_what_to_try_next() -> None:
    shown = told(lambda story: story.closing("4 resumes rewritten", {"aiworker": "help", "aiworker serve": "work"}))
    assert SECONDS.sub("N s", shown).splitlines() == [
        "",
        "4 resumes rewritten in N s. Try next:",
        "  aiworker         help",
        "  aiworker serve   work",
    ]


def test_terminal_and_pipe_tell_the_same_words() -> None:
    parts: list[Callable[[Story], None]] = [
        lambda s: s.heading("Before and after"),
        step,
        change("same text", "same text"),
        table,
        lambda s: s.written("resumes", "base_resume_id res-1"),
        lambda s: s.quote("The student is in the third year."),
        lambda s: s.request("POST /x", {"a": "b"}, {"c": 1}),
        lambda s: s.closing("done", {"a": "b"}),
    ]
    plain, rich = (SECONDS.sub("N s", ANSI.sub("", shown)) for shown in (told(*parts), coloured(*parts)))
    assert [line.rstrip() for line in rich.splitlines()] == plain.splitlines()
