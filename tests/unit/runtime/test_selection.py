"""How options of bulk commands are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from aiworker.errors import UsageError
from aiworker.policies import POLICIES
from aiworker.protocol import JsonValue
from aiworker.runtime.selection import moment, pace, parse_changes, queues, value_of

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("15m", NOW - timedelta(minutes=15)),
        ("24h", NOW - timedelta(hours=24)),
        (" 7d ", NOW - timedelta(days=7)),
        ("2026-11-19", datetime(2026, 11, 19, tzinfo=UTC)),
        ("2026-11-19T08:00", datetime(2026, 11, 19, 8, tzinfo=UTC)),
        ("2026-11-19T08:00Z", datetime(2026, 11, 19, 8, tzinfo=UTC)),
        ("2026-11-19T08:00+05:30", datetime(2026, 11, 19, 8, tzinfo=timezone(timedelta(hours=5, minutes=30)))),
    ],
)
def test_a_time_is_a_span_before_now_or_iso(text: str, at: datetime) -> None:
    assert moment("--since", text, NOW) == at


def test_no_time_is_none() -> None:
    assert moment("--since", None, NOW) is None


@pytest.mark.parametrize("text", ["", "soon", "24", "9999999d", "99999999d", "2026-13-01", "-5m"])
def test_any_other_time_is_refused_with_the_flag(text: str) -> None:
    with pytest.raises(UsageError, match="--until takes 15m, 24h, 7d"):
        moment("--until", text, NOW)


@pytest.mark.parametrize(
    ("text", "pause"),
    [
        (None, timedelta(0)),
        ("5/s", timedelta(milliseconds=200)),
        ("0.5 / s", timedelta(seconds=2)),
        ("30/m", timedelta(seconds=2)),
        ("100/h", timedelta(seconds=36)),
    ],
)
def test_a_rate_is_a_pause_between_jobs(text: str | None, pause: timedelta) -> None:
    assert pace(text) == pause


@pytest.mark.parametrize("text", ["", "5", "fast", "0/s", "5/d", "-1/s"])
def test_any_other_rate_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--rate takes a rate such as 5/s"):
        pace(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("concise", "concise"),
        ("", ""),
        ('"7"', "7"),
        ("7", 7),
        ("null", None),
        ("[1, 2]", [1, 2]),
        ("NaN", "NaN"),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_a_value_that_is_json_counts_as_such_and_any_other_is_a_text(text: str, value: JsonValue) -> None:
    assert value_of(text, int | list[int] | None) == value


@pytest.mark.parametrize("kind", [str, str | None])
@pytest.mark.parametrize("text", ["42", "1e5", "true", "-0.50"])
def test_a_number_for_a_text_field_is_a_text_as_it_was_typed(text: str, kind: object) -> None:
    assert value_of(text, kind) == text
    assert value_of("null", kind) is None


def test_several_fields_can_be_set_and_the_last_one_wins() -> None:
    assert parse_changes(["a=1", "b=2=2", "a=3"]) == {"a": "3", "b": "2=2"}


@pytest.mark.parametrize("text", ["tone", "=concise", ""])
def test_a_setting_needs_a_field_and_a_sign_and_the_error_quotes_no_value(text: str) -> None:
    with pytest.raises(UsageError, match="--set takes field=value, for example"):
        parse_changes([text])


def test_without_a_queue_all_are_meant() -> None:
    assert queues((), POLICIES) == ("ai-jobs", "interview", "evaluation", "notification")
    assert queues(("evaluation", "evaluation"), POLICIES) == ("evaluation",)


def test_an_unknown_queue_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"--queue names an unknown queue \(did you mean evaluation\?\)"):
        queues(("evalution",), POLICIES)
