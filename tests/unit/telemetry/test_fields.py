from __future__ import annotations

import asyncio
import logging
import re
import sys
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from types import TracebackType
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from aiworker.errors import ServiceUnreachable
from aiworker.policies import policy_for
from aiworker.telemetry.fields import MAX_TEXT, event_fields, job_context
from aiworker.telemetry.rendering import render_json

CANARY = "canary-8f3a"

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def record(
    message: object = "job-done",
    *args: object,
    name: str = "aiworker.runtime",
    level: int = logging.INFO,
    fields: object = None,
    error: BaseException | None = None,
) -> logging.LogRecord:
    exc_info: ExcInfo | None = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord(name, level, __file__, 1, message, args, exc_info)
    made.created = datetime(2025, 11, 13, 10, 30, tzinfo=UTC).timestamp()
    if fields is not None:
        made.__dict__["fields"] = fields
    return made


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except type(error) as caught:
        return caught


def test_a_line_begins_with_the_documents_keys_in_their_order() -> None:
    fields = {"durationMs": 12, "jobId": "7", "queue": "interview", "sessionId": "123", "worker": "interview-agent"}
    assert list(event_fields(record("ai-interaction", fields=fields)).items()) == [
        ("level", "info"),
        ("worker", "interview-agent"),
        ("sessionId", "123"),
        ("event", "ai-interaction"),
        ("timestamp", "2025-11-13T10:30:00.000Z"),
        ("queue", "interview"),
        ("jobId", "7"),
        ("durationMs", 12),
    ]


def test_the_worker_is_named_even_if_the_line_does_not() -> None:
    assert event_fields(record())["worker"] == "aiworker"
    assert event_fields(record(), worker="evaluation-agent")["worker"] == "evaluation-agent"


def test_undeclared_fields_are_dropped_and_counted() -> None:
    shown = event_fields(record(fields={"jobId": "7", "resumeText": CANARY, "name": CANARY}))
    assert shown["droppedFields"] == 2
    assert CANARY not in render_json(shown)


@pytest.mark.parametrize("name", ["message", "event", "level", "timestamp", "logger", "frames", "droppedFields"])
def test_a_caller_cannot_pass_what_only_the_formatter_writes(name: str) -> None:
    shown = event_fields(record(fields={name: CANARY}))
    assert CANARY not in render_json(shown)
    assert shown["droppedFields"] == 1


@pytest.mark.parametrize(
    "value", [{"a": CANARY}, [[CANARY]], SecretStr(CANARY), CANARY.encode(), object(), float("nan"), timedelta(1)]
)
def test_values_that_are_no_plain_value_are_dropped(value: object) -> None:
    shown = event_fields(record(fields={"jobId": value}))
    assert "jobId" not in shown
    assert shown["droppedFields"] == 1


def test_exact_values_become_text_and_none_is_left_out() -> None:
    moment = datetime(2025, 11, 13, 16, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    exact = {"costUsd": Decimal("0.0012"), "runId": UUID(int=1), "state": moment}
    shown = event_fields(record(fields={**exact, "queues": ("ai-jobs", "interview"), "model": None}))
    assert shown["state"] == "2025-11-13T10:30:00.000Z"
    assert shown["costUsd"] == "0.0012"
    assert shown["runId"] == "00000000-0000-0000-0000-000000000001"
    assert shown["queues"] == ["ai-jobs", "interview"]
    assert "model" not in shown
    assert "droppedFields" not in shown


def test_a_sentence_in_a_code_field_is_dropped() -> None:
    shown = event_fields(record(fields={"error": f"no row for {CANARY}", "errorCode": "not_found"}))
    assert "error" not in shown
    assert shown["errorCode"] == "not_found"


def test_a_secret_inside_a_declared_field_is_hidden_and_long_text_cut() -> None:
    shown = event_fields(record(fields={"jobId": "for canary@example.org", "model": "m" * 9_999}))
    assert shown["jobId"] == "for [redacted]"
    assert len(str(shown["model"])) == MAX_TEXT


@given(st.dictionaries(st.text(), st.none() | st.text() | st.floats() | st.binary() | st.lists(st.text())))
def test_any_fields_give_one_line_of_json(fields: dict[str, object]) -> None:
    line = render_json(event_fields(record(fields={**fields, "jobId": "".join(map(str, fields.values()))})))
    assert line.isascii()
    assert line.count("\n") == 1


def test_context_is_on_every_line_inside_and_the_line_wins() -> None:
    with job_context(queue="ai-jobs", jobId="7"), job_context(jobId="8", attempt=1):
        shown = event_fields(record(fields={"attempt": 2}))
    assert (shown["queue"], shown["jobId"], shown["attempt"]) == ("ai-jobs", "8", 2)
    assert "queue" not in event_fields(record())


async def test_context_reaches_tasks_started_inside_and_no_others() -> None:
    async def job(number: str) -> str:
        with job_context(jobId=number):
            await asyncio.sleep(0)
            return await asyncio.create_task(line())

    async def line() -> str:
        return str(event_fields(record())["jobId"])

    assert await asyncio.gather(job("1"), job("2"), job("3")) == ["1", "2", "3"]


def test_an_exception_shows_class_and_places_but_no_text() -> None:
    with pytest.raises(KeyError) as caught:
        policy_for(CANARY)
    shown = event_fields(record(level=logging.ERROR, error=caught.value))
    assert shown["error"] == "KeyError"
    assert re.fullmatch(r"\['aiworker/policies\.py:\d+'\]", str(shown["frames"]))
    assert CANARY not in render_json(shown)


def test_the_classes_of_causes_are_shown_and_our_code_is_taken_over() -> None:
    error = raised(ServiceUnreachable(CANARY), raised(OSError(CANARY), raised(ValueError(CANARY))))
    shown = event_fields(record(level=logging.ERROR, error=error))
    assert shown["error"] == "aiworker.errors.ServiceUnreachable"
    assert shown["causes"] == ["OSError", "ValueError"]
    assert shown["errorCode"] == "unreachable"
    assert CANARY not in render_json(shown)


def test_a_deep_recursion_gives_a_short_list_of_causes() -> None:
    error: BaseException = ValueError()
    for _ in range(sys.getrecursionlimit() // 10):
        error = raised(RuntimeError(), error)
    assert event_fields(record(error=error))["causes"] == ["RuntimeError"] * 5


def test_a_librarys_line_keeps_its_words_and_numbers_but_no_texts_put_into_it() -> None:
    shown = event_fields(record("Executing %s took %.3f seconds", CANARY, 0.25, name="asyncio", level=logging.WARNING))
    assert shown["event"] == "library"
    assert shown["logger"] == "asyncio"
    assert shown["level"] == "warning"
    assert shown["message"] == "Executing … took 0.250 seconds"


@pytest.mark.parametrize(
    ("message", "arguments", "shown"),
    [
        (f"Task exception was never retrieved\nfuture: {CANARY}", (), "Task exception was never retrieved"),
        ("Request: %s\n%s", (CANARY, CANARY), "Request: %s"),
        ("%d jobs", (CANARY,), "%d jobs"),
        ("%(name)s failed", ({"name": CANARY},), "%(name)s failed"),
        ("connected to redis://:canary@redis", (), "connected to redis://[redacted]@redis"),
        (ValueError(CANARY), (), "ValueError"),
    ],
)
def test_a_librarys_message_shows_no_data(message: object, arguments: tuple[object, ...], shown: str) -> None:
    line = event_fields(record(message, *arguments, name="bullmq"))
    assert line["message"] == shown
    assert CANARY not in render_json(line)


def test_a_warning_is_told_without_the_path_it_came_from() -> None:
    text = "/somewhere/bullmq/worker.py:12: UserWarning: Eviction policy is volatile-lru\n  warnings.warn(x)\n"
    shown = event_fields(record("%s", text, name="py.warnings", level=logging.WARNING))
    assert shown["message"] == "UserWarning: Eviction policy is volatile-lru"


def test_prose_of_ours_is_a_remark_and_not_an_event() -> None:
    shown = event_fields(record("REDIS_URL wins over %s", CANARY, name="aiworker.settings"))
    assert shown["event"] == "remark"
    assert shown["message"] == "REDIS_URL wins over …"
