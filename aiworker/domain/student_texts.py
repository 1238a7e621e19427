"""What a student is told when a job failed for good: one text per error code, no detail that could leak."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DEFAULT = "This AI task could not be finished. Please try again later."
AWAY = "The AI service is not available at the moment. Please try again later."

TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "invalid_answer": "AI rewrite failed, please try again",
        "invalid_payload": "This AI task could not be started. Please contact your placement office.",
        "bad_envelope": "This AI task could not be started. Please contact your placement office.",
        "unknown_job": "This AI task could not be started. Please contact your placement office.",
        "not_found": "Your resume could not be found. Please check that it still exists and try again.",
        "invalid_resume": "Your resume could not be read. Please open it, save it again and try once more.",
        "no_safe_change": "Your resume already reads well for this position: no change was made.",
        "output_cut": "AI rewrite failed, please try again",
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


def student_text(code: str) -> str:
    """Return the student-safe text for an error code."""
    return TEXTS.get(code, DEFAULT)
