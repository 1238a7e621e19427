"""`docs/resume-jobs.md` names the payloads and callbacks that there are."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from aiworker.processors import PROCESSORS
from aiworker.processors.generate_analytics_summary import Filters
from aiworker.processors.rewrite_resume import Tone
from aiworker.testing.core_api import COMPLETE, FIELDS, IN_APP
from tests.support.jobs import processor_of
from tests.support.pages import page, table

PAGE = page("resume-jobs")
JOBS = {row[0].strip("`"): row[1] for row in table(PAGE, "# The four resume jobs")}
FIELD = re.compile(r"`(?P<names>[^`]+)`(?: \((?P<remark>[^)]*)\))?")
"""Names, and what is said of the last of them."""


def told(job: str) -> dict[str, str]:
    """Return a payload's fields with what is said of each."""
    fields: dict[str, str] = {}
    for found in FIELD.finditer(JOBS[job]):
        *others, last = found["names"].split(", ")
        fields |= {**dict.fromkeys(others, ""), last: found["remark"] or ""}
    return fields


def quoted(remark: str) -> list[str]:
    return re.findall(r"`([^`]+)`", remark)


def test_every_job_is_on_the_page() -> None:
    assert list(JOBS) == [processor.name for processor in PROCESSORS]


@pytest.mark.parametrize("job", JOBS)
def test_the_page_names_each_field_of_a_payload_and_which_may_be_missing(job: str) -> None:
    fields = processor_of(job).payload.model_fields
    assert list(told(job)) == list(fields)
    assert {name for name, remark in told(job).items() if "optional" in remark} == {
        name for name, field in fields.items() if not field.is_required()
    }


def test_the_page_names_what_a_field_may_hold() -> None:
    assert quoted(told("rewrite-resume")["tone"]) == list(get_args(Tone))
    filters = told("generate-analytics-summary")["filters"]
    assert quoted(filters) == list(Filters.model_fields)
    assert processor_of("generate-student-summary").payload.model_fields["force"].default is False
    assert "false" in told("generate-student-summary")["force"]


@pytest.mark.parametrize("path", [COMPLETE, IN_APP])
def test_the_page_names_the_fields_of_a_callback(path: str) -> None:
    body = re.search(r"`\{([^}]+)\}`", PAGE[PAGE.index(path) :])
    assert body and set(body[1].split(", ")) == FIELDS[path]
