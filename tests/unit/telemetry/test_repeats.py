from __future__ import annotations

from datetime import timedelta

from aiworker.telemetry.fields import Fields
from aiworker.telemetry.repeats import MAX_KINDS, Repeats


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def failure(**more: str | int) -> Fields:
    return {"level": "error", "event": "redis-lost", "timestamp": "t", **more}


def repeats() -> tuple[Repeats, Clock]:
    clock = Clock()
    return Repeats(clock, window=timedelta(seconds=10)), clock


def test_the_first_of_identical_errors_is_shown_and_the_rest_counted() -> None:
    limit, _ = repeats()
    assert [limit.admits(failure()) for _ in range(4)] == [True, False, False, False]


def test_the_count_comes_when_the_window_is_over_and_starts_again() -> None:
    limit, clock = repeats()
    for _ in range(4):
        limit.admits(failure())
    clock.now += 9.9
    assert limit.due() == []
    clock.now += 0.1
    assert limit.due() == [failure(repeated=3)]
    assert limit.admits(failure()) is False
    clock.now += 10
    assert limit.due() == [failure(repeated=1)]


def test_the_line_with_the_count_is_the_latest_one() -> None:
    limit, clock = repeats()
    for attempt in (1, 2, 3):
        limit.admits(failure(attempt=attempt))
    clock.now += 10
    assert limit.due() == [failure(attempt=3, repeated=2)]


def test_an_error_that_stopped_is_shown_at_once_when_it_comes_back() -> None:
    limit, clock = repeats()
    limit.admits(failure())
    clock.now += 10
    assert limit.due() == []
    assert limit.admits(failure()) is True


def test_errors_of_different_jobs_are_all_shown() -> None:
    limit, _ = repeats()
    assert all(limit.admits(failure(jobId=str(number))) for number in range(20))


def test_lines_below_error_are_never_held_back() -> None:
    limit, _ = repeats()
    assert all(limit.admits({"level": "info", "event": "tick"}) for _ in range(20))


def test_nothing_counted_is_lost_at_the_end() -> None:
    limit, _ = repeats()
    for _ in range(3):
        limit.admits(failure())
    assert limit.is_counting
    assert limit.due(at_end=True) == [failure(repeated=2)]
    assert not limit.is_counting


def test_more_kinds_than_can_be_remembered_are_shown() -> None:
    limit, _ = repeats()
    assert all(limit.admits(failure(jobId=str(number))) for number in range(MAX_KINDS + 5))
    assert limit.admits(failure(jobId=str(MAX_KINDS + 1))) is True
