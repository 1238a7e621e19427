"""Logs: one event name with its fields apart, one line each, written by a thread of its own.

Modules write `logging.getLogger("aiworker.room").info("event-name", extra={"fields": {...}})`; nothing else of them
is shown. Lines of libraries come out as the event "library". Nobody who logs ever waits for the stream.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Literal, TextIO

from aiworker.telemetry.fields import Fields, add_to_job_context, event_fields, job_context
from aiworker.telemetry.rendering import Renderer, pretty_renderer, render_json
from aiworker.telemetry.repeats import Repeats

__all__ = ["add_to_job_context", "configure", "event_fields", "job_context", "shutdown"]

BACKLOG = 10_000
"""Lines that may wait for the stream; further ones are dropped and counted."""
BATCH = 100
TICK_S = 1.0
REST_S = 0.01
"""Between two looks at the queue: to wake this thread for each line costs the event loop more than the line."""
STOP_WITHIN_S = 2.0
OWN = "aiworker"


def configure(
    format: Literal["json", "pretty"],
    stream: TextIO,
    level: int | str = logging.INFO,
    *,
    worker: str = OWN,
    clock: Callable[[], float] = time.monotonic,
    backlog: int = BACKLOG,
) -> None:
    """Send every log line and warning of this process to `stream`, and only there.

    Ours are shown from `level` on, those of libraries from WARNING on. Calling it again replaces the former choice.
    """
    shutdown()
    root, own = logging.getLogger(), logging.getLogger(OWN)
    render = render_json if format == "json" else pretty_renderer(stream)
    handler = EventHandler(Writer(stream, render, Repeats(clock), backlog=backlog, worker=worker), worker=worker)
    # What basicConfig left behind would print the same lines a second time, unredacted.
    for other in list(root.handlers):
        if other.__class__ is logging.StreamHandler:
            root.removeHandler(other)
    handler.former_levels = (root.level, own.level)
    own.setLevel(level)
    root.setLevel(max(own.level, logging.WARNING))
    root.addHandler(handler)
    logging.captureWarnings(True)


def shutdown() -> None:
    """Write what still waits, stop the thread and undo `configure`; safe to call twice."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, EventHandler)]:
        logging.captureWarnings(False)
        root.removeHandler(handler)
        handler.close()
        root.setLevel(handler.former_levels[0])
        logging.getLogger(OWN).setLevel(handler.former_levels[1])


class Writer:
    """A bounded queue of lines and the daemon thread that writes them."""

    def __init__(self, stream: TextIO, render: Renderer, repeats: Repeats, *, backlog: int, worker: str) -> None:
        self._stream = stream
        self._render = render
        self._repeats = repeats
        self._worker = worker
        self._lines: queue.Queue[Fields | None] = queue.Queue(backlog)
        self._dropped = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="aiworker-logs", daemon=True)
        self._thread.start()

    def put(self, fields: Fields) -> None:
        """Take a line, or count it as dropped; never waits."""
        try:
            self._lines.put_nowait(fields)
        except queue.Full:
            self.drop()

    def drop(self) -> None:
        """Count a line that will not be written."""
        with self._lock:
            self._dropped += 1

    def stop(self) -> None:
        """Write what waits and end the thread; gives up on a stream that takes nothing."""
        self._stopping.set()
        with suppress(queue.Full):
            self._lines.put_nowait(None)
        self._thread.join(STOP_WITHIN_S)

    def _run(self) -> None:
        while not (self._stopping.is_set() and self._lines.empty()):
            lines = self._next()
            self._write_all(self._repeats.due())
            self._write_all([fields for fields in lines if self._repeats.admits(fields)])
            self._tell_losses()
            self._stopping.wait(REST_S)
        self._write_all(self._repeats.due(at_end=True))
        self._tell_losses()

    def _next(self) -> list[Fields]:
        """Wait for a line and take those behind it; none if it is time to look at the counts, or to stop."""
        lines: list[Fields | None] = []
        with suppress(queue.Empty):
            lines.append(self._lines.get(timeout=TICK_S if self._repeats.is_counting else None))
            while len(lines) < BATCH:
                lines.append(self._lines.get_nowait())
        return [fields for fields in lines if fields is not None]

    def _tell_losses(self) -> None:
        count = self._dropped
        if count and self._write(_losses(count, worker=self._worker)):
            with self._lock:
                self._dropped -= count

    def _write_all(self, lines: list[Fields]) -> None:
        for fields in lines:
            if not self._write(fields):
                self.drop()

    def _write(self, fields: Fields) -> bool:
        try:
            self._stream.write(self._render(fields))
            self._stream.flush()
        # A line that cannot be written must not end the thread, and there is nowhere else to report it.
        except Exception:  # noqa: BLE001
            return False
        return True


def _losses(count: int, *, worker: str) -> Fields:
    record = logging.LogRecord(OWN, logging.WARNING, "", 0, "log-lines-dropped", None, None)
    record.__dict__["fields"] = {"count": count}
    return event_fields(record, worker=worker)


class EventHandler(logging.Handler):
    """Turns a record into its fields where it was logged (context, traceback), and leaves the rest to the writer."""

    def __init__(self, writer: Writer, *, worker: str) -> None:
        super().__init__()
        self.former_levels: tuple[int, int] = (logging.WARNING, logging.NOTSET)
        self._writer = writer
        self._worker = worker

    def emit(self, record: logging.LogRecord) -> None:
        """Hand over the line; whoever logs is not troubled, and no text reaches stderr, whatever goes wrong."""
        try:
            self._writer.put(event_fields(record, worker=self._worker))
        except Exception:  # noqa: BLE001
            self._writer.drop()

    def close(self) -> None:
        self._writer.stop()
        super().close()
