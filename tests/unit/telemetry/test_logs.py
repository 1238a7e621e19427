from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from typing import cast

import pytest

from aiworker.telemetry.logs import configure, job_context, shutdown
from tests.support.waiting import wait_until

CANARY = "canary-8f3a"


class Stream(io.StringIO):
    """Keeps what was written, and can be made to wait or to fail."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = threading.Event()
        self.opened.set()
        self.waiting = threading.Event()
        self.broken = False
        self.failures = 0

    def write(self, text: str, /) -> int:
        if not self.opened.is_set():
            self.waiting.set()
            assert self.opened.wait(10)
        if self.broken:
            self.failures += 1
            raise BrokenPipeError
        return super().write(text)

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def stream() -> Iterator[Stream]:
    made = Stream()
    yield made
    made.opened.set()
    shutdown()


def test_a_module_logs_one_json_line_with_its_fields_and_context(stream: Stream) -> None:
    configure("json", stream, "INFO", worker="interview-agent")
    with job_context(sessionId="123", queue="interview"):
        logging.getLogger("aiworker.runtime").info("ai-interaction", extra={"fields": {"durationMs": 12}})
    shutdown()
    (line,) = stream.lines()
    assert str(line.pop("timestamp")).endswith("Z")
    assert line == {
        "level": "info",
        "worker": "interview-agent",
        "sessionId": "123",
        "event": "ai-interaction",
        "queue": "interview",
        "durationMs": 12,
    }


def test_context_is_that_of_the_moment_of_logging(stream: Stream) -> None:
    configure("json", stream, "INFO")
    stream.opened.clear()
    with job_context(jobId="1"):
        logging.getLogger("aiworker").info("inside")
    logging.getLogger("aiworker").info("outside")
    stream.opened.set()
    shutdown()
    assert [line.get("jobId") for line in stream.lines()] == ["1", None]


@pytest.mark.parametrize("name", ["uvicorn.error", "bullmq", "redis", "asyncio"])
def test_libraries_lines_from_warning_on_come_out_as_library(stream: Stream, name: str) -> None:
    configure("json", stream, "INFO")
    logging.getLogger(name).info("hello")
    logging.getLogger(name).warning("lost %s", CANARY)
    shutdown()
    (line,) = stream.lines()
    assert (line["event"], line["logger"], line["message"]) == ("library", name, "lost …")


def test_warnings_come_out_as_library_lines(stream: Stream) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        configure("json", stream, "INFO")
        warnings.warn("Eviction policy is volatile-lru", UserWarning, stacklevel=1)
        shutdown()
    (line,) = stream.lines()
    assert (line["logger"], line["message"]) == ("py.warnings", "UserWarning: Eviction policy is volatile-lru")


def test_lines_below_the_level_are_not_shown(stream: Stream) -> None:
    configure("json", stream, logging.WARNING)
    logging.getLogger("aiworker.queue").info("job-done")
    shutdown()
    assert stream.lines() == []


def test_no_text_of_an_exception_or_an_argument_is_written(stream: Stream) -> None:
    configure("json", stream, "DEBUG")
    log = logging.getLogger("aiworker.runtime")
    try:
        raise ValueError(CANARY) from RuntimeError(CANARY)
    except ValueError:
        log.exception("job-failed", extra={"fields": {"resume": CANARY, "error": f"got {CANARY}", "reason": CANARY}})
        log.error("failed: %s", CANARY, stack_info=True)
    shutdown()
    assert len(stream.lines()) == 2
    assert CANARY not in stream.getvalue()


def test_a_line_that_cannot_be_made_is_dropped_without_a_word_on_stderr(
    stream: Stream, capsys: pytest.CaptureFixture[str]
) -> None:
    class Odd(Mapping[str, object]):
        def __getitem__(self, key: str) -> object:
            raise RuntimeError(CANARY)

        def __iter__(self) -> Iterator[str]:
            return iter(["jobId"])

        def __len__(self) -> int:
            return 1

    configure("json", stream, "INFO")
    logging.getLogger("aiworker").info("odd", extra={"fields": Odd()})
    shutdown()
    assert CANARY not in stream.getvalue()
    assert capsys.readouterr().err == ""


def test_a_stream_that_takes_nothing_makes_nobody_wait_and_losses_are_counted(stream: Stream) -> None:
    configure("json", stream, "INFO", backlog=5)
    log = logging.getLogger("aiworker")
    stream.opened.clear()
    log.info("first")
    assert stream.waiting.wait(10)
    for number in range(25):
        log.info("tick", extra={"fields": {"count": number}})
    stream.opened.set()
    shutdown()
    events = [line["event"] for line in stream.lines()]
    assert events.count("tick") == 5
    assert [line["count"] for line in stream.lines() if line["event"] == "log-lines-dropped"] == [20]


def test_losses_on_a_broken_stream_are_told_when_it_works_again(stream: Stream) -> None:
    configure("json", stream, "INFO")
    log = logging.getLogger("aiworker")
    stream.broken = True
    for _ in range(3):
        log.info("lost")
    wait_until(lambda: stream.failures >= 3, "the writer has tried all lines")
    stream.broken = False
    log.info("back")
    shutdown()
    told = sum(cast("int", line["count"]) for line in stream.lines() if line["event"] == "log-lines-dropped")
    shown = sum(line["event"] == "lost" for line in stream.lines())
    assert told >= 1
    assert told + shown == 3


def test_identical_errors_are_one_line_and_then_a_count(stream: Stream) -> None:
    clock = Clock()
    configure("json", stream, "INFO", clock=clock)
    log = logging.getLogger("aiworker.queue")
    for _ in range(5):
        log.error("redis-lost", extra={"fields": {"host": "redis", "attempt": 1}})
    log.info("marker")
    wait_until(lambda: "marker" in stream.getvalue(), "the marker is written")
    assert [line.get("repeated") for line in stream.lines()] == [None, None]
    clock.now = 10.0
    wait_until(lambda: "repeated" in stream.getvalue(), "the count is written with no further line to prompt it")
    assert stream.lines()[-1]["repeated"] == 4
    assert stream.lines()[-1]["event"] == "redis-lost"


def test_counts_still_open_are_written_at_shutdown(stream: Stream) -> None:
    configure("json", stream, "INFO", clock=Clock())
    for _ in range(3):
        logging.getLogger("aiworker").error("redis-lost")
    shutdown()
    assert [line.get("repeated") for line in stream.lines()] == [None, 2]


def test_configuring_again_replaces_and_shutdown_restores_what_was_there(stream: Stream) -> None:
    before = (logging.getLogger().level, logging.getLogger("aiworker").level, list(logging.getLogger().handlers))
    other = Stream()
    configure("json", other, "INFO")
    configure("json", stream, "DEBUG")
    logging.getLogger("aiworker").debug("once")
    shutdown()
    shutdown()
    assert (other.lines(), len(stream.lines())) == ([], 1)
    assert before == (
        logging.getLogger().level,
        logging.getLogger("aiworker").level,
        list(logging.getLogger().handlers),
    )
    assert not [thread for thread in threading.enumerate() if thread.name == "aiworker-logs"]


def test_a_handler_left_by_basic_config_does_not_print_the_line_again(stream: Stream) -> None:
    root, leftover = logging.getLogger(), Stream()
    root.addHandler(logging.StreamHandler(leftover))
    configure("json", stream, "INFO")
    logging.getLogger("aiworker").info("once")
    shutdown()
    assert leftover.getvalue() == ""


def test_the_pretty_format_is_for_reading(stream: Stream) -> None:
    configure("pretty", stream, "INFO")
    logging.getLogger("aiworker").info("job-done", extra={"fields": {"queue": "ai-jobs"}})
    shutdown()
    assert stream.getvalue()[9:] == "info     job-done  queue=ai-jobs\n"


def test_a_process_that_ends_without_shutdown_still_writes_its_lines() -> None:
    program = (
        "import logging, sys\n"
        "from aiworker.telemetry.logs import configure\n"
        "configure('json', sys.stdout, 'INFO')\n"
        "for n in range(500): logging.getLogger('aiworker').info('tick', extra={'fields': {'count': n}})\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True)
    assert [json.loads(line)["count"] for line in done.stdout.splitlines()] == list(range(500))
    assert done.stderr == ""
