from __future__ import annotations

import io
import json

import pytest

from aiworker.telemetry.fields import Fields
from aiworker.telemetry.rendering import pretty_renderer, render_json

LINE: Fields = {
    "level": "info",
    "worker": "aiworker",
    "event": "job-done",
    "timestamp": "2025-11-13T10:30:00.000Z",
    "queue": "ai-jobs",
    "queues": ["a", "b"],
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_json_is_one_line_that_reads_back_the_same() -> None:
    line = render_json({**LINE, "jobId": "résumé\u2028\n\ud800"})
    assert line.endswith("}\n")
    assert line.count("\n") == 1
    assert line.isascii()
    assert json.loads(line) == {**LINE, "jobId": "résumé\u2028\n\ud800"}


def test_people_see_time_level_event_and_then_the_fields() -> None:
    assert pretty_renderer(io.StringIO())(LINE) == "10:30:00 info     job-done  queue=ai-jobs  queues=a,b\n"


def test_a_long_line_for_people_is_not_broken() -> None:
    assert pretty_renderer(io.StringIO())({**LINE, "jobId": "j" * 500}).count("\n") == 1


def test_a_terminal_gets_colours_unless_it_wants_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[32minfo" in pretty_renderer(Terminal())(LINE)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in pretty_renderer(Terminal())(LINE)


def test_a_value_cannot_move_the_cursor_or_add_a_line() -> None:
    line = pretty_renderer(io.StringIO())({**LINE, "jobId": "a\x1b[2Jb\nc\u202e[bold]"})
    assert "jobId=a\\x1b[2Jb\\nc\\u202e[bold]" in line


def test_a_stream_that_knows_only_ascii_gets_escapes() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert "jobId=r\\xe9sum\\xe9" in pretty_renderer(stream)({**LINE, "jobId": "résumé"})
