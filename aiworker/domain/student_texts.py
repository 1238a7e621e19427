"""What a student is told when a job failed for good: one text per error code, no detail that could leak."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DEFAULT = "This AI task could not be finished. Please try again later."
AWAY = "The AI service is not available at the moment. Please try again later."
REWRITE_FAILED = "AI rewrite failed, please try again"
SUGGESTIONS_FAILED = "AI suggestions failed, please try again"
SUMMARY_FAILED = "AI summary failed, please try again"

TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "invalid_answer": REWRITE_FAILED,
        "invalid_payload": "This AI task could not be started. Please contact your placement office.",
        "bad_envelope": "This AI task could not be started. Please contact your placement office.",
        "unknown_job": "This AI task could not be started. Please contact your placement office.",
        "not_found": "Your resume could not be found. Please check that it still exists and try again.",
        "invalid_resume": "Your resume could not be read. Please open it, save it again and try once more.",
        "no_safe_change": "No new text was found that says only what your resume says: it stays as it was.",
        "output_cut": REWRITE_FAILED,
        "refused": "The AI service declined to work on this text. Please check your resume and try again.",
        "context_too_long": "This text is too long for the AI service. Please shorten your resume and try again.",
        "stalled": "This AI task was interrupted and could not be finished. Please start it again.",
        "budget": AWAY,
        "job_budget": AWAY,
        "provider_blocked": AWAY,
        "provider_quota": AWAY,
        "provider_auth": AWAY,
        "model_not_found": AWAY,
    }
)

TEXTS_OF_JOB: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "suggest-improvements": {
            "invalid_answer": SUGGESTIONS_FAILED,
            "output_cut": SUGGESTIONS_FAILED,
            "not_found": "Your resume or the position could not be found. Please check both and try again.",
            "no_safe_change": "No suggestion was found that says only what your resume says.",
        },
        "generate-student-summary": {
            "invalid_answer": SUMMARY_FAILED,
            "output_cut": SUMMARY_FAILED,
            "not_found": "Your profile could not be found. Please contact your placement office.",
        },
        "generate-analytics-summary": {
            "invalid_answer": SUMMARY_FAILED,
            "output_cut": SUMMARY_FAILED,
            "not_found": "No student and no position of your college could be found.",
            "refused": "The AI service declined to write this summary. Please try again later.",
            "context_too_long": "These figures are too many for the AI service. Please narrow them by a filter.",
        },
    }
)
"""Where a job has words of its own."""


def student_text(code: str, job: str = "") -> str:
    """Return the student-safe text for an error code of a job."""
    return TEXTS_OF_JOB.get(job, {}).get(code) or TEXTS.get(code, DEFAULT)
