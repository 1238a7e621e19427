"""What a student reads: one text per code, nothing technical, never nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from aiworker import errors
from aiworker.domain.student_texts import DEFAULT, TEXTS, TEXTS_OF_JOB, student_text
from aiworker.errors import AiworkerError, BudgetSpent, Cancel, ContextTooLong, ProviderBlocked, RateLimited

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TECHNICAL = re.compile(r"[_{}<>\[\]/\\]|redis|postgres|json|null|queue|exception|payload|retry|tenant", re.IGNORECASE)


def final_codes() -> list[str]:
    found = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AiworkerError)]
    # These three need arguments; of them one has a code of its own that ends a job.
    plain = [
        kind for kind in found if not issubclass(kind, RateLimited | BudgetSpent | errors.Decided | ContextTooLong)
    ]
    whole = [*(kind() for kind in plain), ContextTooLong(maximum=-1)]
    return sorted(error.code for error in whole if isinstance(error.outcome(NOW), Cancel))


WAITED = {ProviderBlocked.code, BudgetSpent.code, "stalled"}
"""Codes of jobs given up after waiting, and of those that only the reconciler could end."""
GIVEN = {"job_budget", "invalid_resume", "provider_quota", "provider_auth", "model_not_found"}
"""Codes that the locator and the providers' faults give to an error of the tree."""


def test_the_codes_that_end_a_job_are_known() -> None:
    known = {"invalid_payload", "unknown_job", "not_found", "invalid_answer", "poisoned"}
    assert known | {"refused", "output_cut", "context_too_long"} <= set(final_codes())


@pytest.mark.parametrize("code", final_codes())
def test_every_final_code_of_the_tree_has_a_text(code: str) -> None:
    assert student_text(code) in (*TEXTS.values(), DEFAULT)
    assert student_text(code).strip()


@pytest.mark.parametrize("code", ["poisoned", "job_failed", "too_many_calls", "structure_changed", "no such code", ""])
def test_a_code_without_a_text_of_its_own_gets_the_default(code: str) -> None:
    assert student_text(code) == DEFAULT


def test_the_document_s_text_for_an_unusable_answer_is_kept_to_the_letter() -> None:
    assert student_text("invalid_answer") == "AI rewrite failed, please try again"


@pytest.mark.parametrize(
    "text", sorted({*TEXTS.values(), DEFAULT, *(text for texts in TEXTS_OF_JOB.values() for text in texts.values())})
)
def test_a_text_is_short_and_holds_nothing_technical(text: str) -> None:
    assert len(text) <= 100
    assert not TECHNICAL.search(text)


def test_no_text_is_kept_for_a_code_that_cannot_occur() -> None:
    # A blocked provider ends a job when nobody has acted for hours.
    assert set(TEXTS) - GIVEN - WAITED <= set(final_codes())


@pytest.mark.parametrize("code", ["provider_blocked", "provider_quota", "provider_auth", "model_not_found"])
def test_a_student_is_not_told_why_the_service_is_away(code: str) -> None:
    assert student_text(code) == "The AI service is not available at the moment. Please try again later."


def test_what_could_be_another_time_is_told_as_such_and_what_the_text_causes_too() -> None:
    assert student_text("output_cut") == student_text("invalid_answer")
    assert student_text("invalid_answer", "suggest-improvements") == "AI suggestions failed, please try again"
    assert student_text("invalid_answer", "generate-analytics-summary") == "AI summary failed, please try again"
    assert student_text("stalled", "suggest-improvements") == student_text("stalled")
    assert "too long" in student_text("context_too_long")
    assert "declined" in student_text("refused")


@pytest.mark.parametrize("code", ["invalid_answer", "output_cut", "not_found", "refused", "context_too_long"])
def test_an_officer_is_told_of_no_resume(code: str) -> None:
    assert "resume" not in student_text(code, "generate-analytics-summary")


def test_a_resume_is_not_praised_because_nothing_of_an_answer_could_be_taken() -> None:
    assert (
        student_text("no_safe_change")
        == "No new text was found that says only what your resume says: it stays as it was."
    )
