"""The resume jobs: what each leaves, what an honest model answers, and whose rows it needs."""

from __future__ import annotations

import json
from dataclasses import dataclass

from aiworker.protocol import JsonValue
from aiworker.runtime import examples
from aiworker.runtime.examples import Example
from tests.integration.suggesting import ANSWER, BETTER
from tests.support.injections import TRUE_OF_SEASON
from tests.support.jobs import EXAMPLE, HONEST, REWRITTEN
from tests.unit.domain.students.summaries import GOOD


@dataclass(frozen=True, slots=True)
class ResumeJob:
    """A job with its example; `results` selects the id its receipt names and each text it wrote."""

    example: Example
    table: str
    results: str
    step: str
    answer: JsonValue
    said: tuple[str, ...]
    """The texts that are written where the model gives this answer."""

    @property
    def name(self) -> str:
        return self.example.job

    @property
    def tenant(self) -> str:
        return self.example.tenant

    @property
    def payload(self) -> dict[str, JsonValue]:
        return self.example.payload


REWRITE = ResumeJob(
    EXAMPLE,
    table="resumes",
    results="SELECT id, body #>> '{experience,0,bullets,0,text}' AS text FROM resumes WHERE is_ai_variant",
    step="rewrite",
    answer=json.loads(REWRITTEN),
    said=(HONEST,),
)
SUGGEST = ResumeJob(
    examples.load("suggest-improvements"),
    table="aiworker.resume_suggestions",
    results="SELECT run_id::text AS id, suggested AS text FROM aiworker.resume_suggestions ORDER BY section",
    step="suggest",
    answer=json.loads(ANSWER),
    said=tuple(BETTER.values()),
)
SUMMARY = ResumeJob(
    examples.load("generate-student-summary"),
    table="aiworker.student_ai_summaries",
    results="SELECT id::text, summary AS text FROM aiworker.student_ai_summaries",
    step="summary",
    answer={"summary": GOOD},
    said=(GOOD,),
)
ANALYTICS = ResumeJob(
    examples.load("generate-analytics-summary"),
    table="aiworker.analytics_summaries",
    results="SELECT id::text, summary AS text FROM aiworker.analytics_summaries",
    step="summary",
    answer={"summary": TRUE_OF_SEASON},
    said=(
        "In the season 144 students were registered. With 61 placed students the placement rate was 42.4% (61 of 144"
        " registered students). The median package was ₹7.0 lakh.",
    ),
)
JOBS = (SUGGEST, SUMMARY, ANALYTICS)
"""The jobs beside rewrite-resume. Their rows are those of its example, and a campus of its own for the analytics."""
ALL_JOBS = (REWRITE, *JOBS)
