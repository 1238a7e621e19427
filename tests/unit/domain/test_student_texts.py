"""What a student reads: one text per code, nothing technical, never nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from aiworker import errors
from aiworker.domain.student_texts import DEFAULT, TEXTS, student_text
from aiworker.errors import AiworkerError, Cancel, RateLimited

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TECHNICAL = re.compile(r"[_{}<>\[\]/\\]|redis|postgres|json|null|queue|exception|payload|retry|tenant", re.IGNORECASE)


def final_codes() -> list[str]:
    found = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AiworkerError)]
    # These two need arguments, and neither has a code of its own that ends a job.
    plain = [kind for kind in found if kind not in (RateLimited, errors.Decided)]
    return sorted(kind.code for kind in plain if isinstance(kind().outcome(NOW), Cancel))


def test_the_codes_that_end_a_job_are_known() -> None:
    assert {"invalid_payload", "unknown_job", "not_found", "invalid_answer", "poisoned"} <= set(final_codes())


@pytest.mark.parametrize("code", final_codes())
def test_every_final_code_of_the_tree_has_a_text(code: str) -> None:
    assert student_text(code) in (*TEXTS.values(), DEFAULT)
    assert student_text(code).strip()


@pytest.mark.parametrize("code", ["poisoned", "job_failed", "too_many_calls", "structure_changed", "no such code", ""])
def test_a_code_without_a_text_of_its_own_gets_the_default(code: str) -> None:
    assert student_text(code) == DEFAULT


def test_the_document_s_text_for_an_unusable_answer_is_kept_to_the_letter() -> None:
    assert student_text("invalid_answer") == "AI rewrite failed, please try again"


@pytest.mark.parametrize("text", sorted({*TEXTS.values(), DEFAULT}))
def test_a_text_is_short_and_holds_nothing_technical(text: str) -> None:
    assert len(text) <= 100
    assert not TECHNICAL.search(text)


def test_no_text_is_kept_for_a_code_that_cannot_occur() -> None:
    # The locator gives this code to a JobFailed.
    assert set(TEXTS) - {"invalid_resume"} <= set(final_codes())
