"""The guard with what the model was told: nothing speaks against an unchanged bullet, and only our own words do.

A failure prints the example and the blob that brings it back.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from aiworker.domain.resume import locator
from aiworker.domain.resume.guard import Guard, claims
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.reading import Reading, Rewording
from aiworker.domain.resume.guard.words import STOP_WORDS, words
from aiworker.domain.resume.phrases import Tone
from aiworker.llm import prompts
from aiworker.processors import rewrite_resume, suggest_improvements
from tests.support.jobs import EXAMPLE
from tests.unit.domain.resume.documents import DOCUMENTS
from tests.unit.domain.resume.guard.test_properties import RESUMES, TEXTS, TONES

OURS = tuple(prompts.template(module.NAME).instructions for module in (rewrite_resume, suggest_improvements))
LINES = [line for text in OURS for line in text.splitlines() if line.strip()]
SEARCHED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
EXAMPLES = st.sampled_from([resume.body for resume in EXAMPLE.resumes])
RECITING = st.lists(st.one_of(TEXTS, st.sampled_from(LINES)), min_size=1, max_size=3).map(
    lambda texts: json.dumps({"work": [{"position": "Palash", "highlights": texts}]})
)
"""Resumes whose bullets say what we tell a model."""
DOCUMENT = locator.read(json.dumps({"work": [{"highlights": ["Packed 4 boxes of lychees for Palash"]}]}))


@st.composite
def told(draw: st.DrawFn, document: str) -> str:
    """Return instructions: ours, random ones, or such as quote the resume's own words."""
    bullets = [bullet.text for bullet in locator.read(document).bullets]
    quoted = st.lists(st.sampled_from([*bullets, *LINES]), max_size=4).map(" ".join)
    return draw(st.one_of(st.sampled_from(OURS), TEXTS, quoted))


def recited(guard: Guard, bullet: str, text: str) -> list[Finding]:
    source = guard.sources[bullet]
    return list(claims.recited(source, Rewording.of(text, source), guard.instructions))


@SEARCHED
@given(st.data(), st.one_of(EXAMPLES, DOCUMENTS, RESUMES, RECITING), TONES)
def test_every_unchanged_bullet_is_taken_whatever_was_told_and_wanted(
    data: st.DataObject, text: str, tone: Tone | None
) -> None:
    document = locator.read(text)
    vacancy, instructions = data.draw(told(text)), data.draw(told(text))
    guard = Guard.of(document, vacancy=vacancy, instructions=instructions, tone=tone)
    for bullet in document.bullets:
        event("bullet")
        for same in (bullet.text, f"{bullet.text} ", f"\n{bullet.text}"):
            assert not any(finding.is_violation for finding in guard.check(bullet.id, same))


@SEARCHED
@given(st.data(), st.one_of(EXAMPLES, DOCUMENTS, RESUMES, RECITING))
def test_the_resume_s_own_words_are_never_recited(data: st.DataObject, text: str) -> None:
    document = locator.read(text)
    guard = Guard.of(document, instructions=data.draw(told(text)))
    # An order of the resume's own is no evidence; the guard refuses it by another rule.
    own = [bullet for bullet in document.bullets if bullet.id not in guard.flagged]
    for bullet in own:
        for other in own:
            event("bullet")
            assert recited(guard, bullet.id, other.text) == []


@SEARCHED
@given(st.one_of(EXAMPLES, DOCUMENTS, RESUMES), TEXTS, st.one_of(TEXTS, st.sampled_from(LINES)), TONES)
def test_nothing_told_makes_the_guard_fail_or_change_its_mind(
    text: str, instructions: str, new: str, tone: Tone | None
) -> None:
    document = locator.read(text)
    guard, again = (Guard.of(document, instructions=instructions, tone=tone) for _ in range(2))
    for bullet in document.bullets:
        found = guard.check(bullet.id, new)
        assert guard.check(bullet.id, new) == again.check(bullet.id, new) == found


@SEARCHED
@given(st.one_of(st.sampled_from(OURS), TEXTS), st.one_of(TEXTS, st.sampled_from(LINES)))
def test_what_is_recited_stands_in_the_instructions_and_not_in_the_resume(instructions: str, new: str) -> None:
    guard = Guard.of(DOCUMENT, instructions=instructions)
    resume = guard.sources["b0"].resume
    for finding in recited(guard, "b0", new):
        event("recited")
        assert (finding.rule, finding.is_violation) == ("copied", True)
        (run,) = Reading(finding.token).runs(claims.RECITED_WORDS)
        assert run in guard.instructions.runs(claims.RECITED_WORDS)
        assert run not in resume.runs(claims.RECITED_WORDS)
        assert not STOP_WORDS & set(words(finding.token))


@pytest.mark.parametrize("instructions", OURS, ids=["rewrite", "suggest"])
def test_three_words_of_content_from_our_instructions_are_found_in_any_bullet(instructions: str) -> None:
    guard = Guard.of(DOCUMENT, instructions=instructions)
    runs = guard.instructions.runs(claims.RECITED_WORDS).values()
    telling = [run for run in runs if not STOP_WORDS & set(words(run))]
    assert len(telling) > 20
    for run in telling:
        (finding,) = recited(guard, "b0", f"Packed 4 boxes and {run}")
        assert finding.rule == "copied"
