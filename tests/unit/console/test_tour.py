"""What the demo says of its jobs is what it has seen: every callback, whichever came twice, and what each named."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from aiworker.console import tour
from aiworker.console.output import Output
from aiworker.console.story import Story
from aiworker.errors import JobFailed
from aiworker.protocol import JsonValue
from aiworker.runtime import examples

EXAMPLE = examples.load("generate-student-summary")


@dataclass
class Received:
    body: Mapping[str, JsonValue]
    path: str = "/internal/ai-jobs/complete"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def callback(job: str, result: str = "r1") -> Received:
    return Received({"jobId": job, "resultId": result})


def worked(job: str, result: str = "r1") -> tour.Worked:
    return tour.Worked(job, EXAMPLE, EXAMPLE.payload, 0.5, result)


def told() -> tuple[Story, io.StringIO]:
    stdout = io.StringIO()
    return Story(Output(stdout, io.StringIO(), io.StringIO(), {})), stdout


async def test_a_callback_that_came_twice_is_not_taken_for_another_job_s() -> None:
    arriving = [callback("1"), callback("1"), callback("2")]

    async def wait_for(count: int) -> list[Received]:
        return arriving[:count]

    assert (await tour.called_back(wait_for, 2)).keys() == {"1", "2"}


def test_each_job_is_told_in_a_line() -> None:
    story, stdout = told()
    tour.show_jobs(story, "ai-jobs", [worked("1"), worked("2", "r2")], {"1": callback("1"), "2": callback("2", "r2")})
    assert [line.split() for line in stdout.getvalue().splitlines()] == [
        ["job", "name", "state", "after", "result", "id", "callback"],
        ["ai-jobs:1", "generate-student-summary", "completed", "0.50", "s", "r1", "received"],
        ["ai-jobs:2", "generate-student-summary", "completed", "0.50", "s", "r2", "received"],
    ]


def test_a_callback_that_names_another_result_fails_the_demo() -> None:
    story, stdout = told()
    with pytest.raises(JobFailed, match="job 1 names another result"):
        tour.show_jobs(story, "ai-jobs", [worked("1")], {"1": callback("1", "other")})
    assert stdout.getvalue() == ""


def test_the_first_payloads_of_each_example_are_chosen() -> None:
    others = examples.load("suggest-improvements")
    assert tour.tasks([EXAMPLE, others], 2) == [
        *((EXAMPLE, payload) for payload in EXAMPLE.payloads[:2]),
        *((others, payload) for payload in others.payloads[:2]),
    ]
