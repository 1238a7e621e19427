"""A model's answer read and judged."""

from __future__ import annotations

import json

import pytest

from aiworker.domain import untrusted
from aiworker.domain.student_texts import SUMMARY_FAILED
from aiworker.domain.students.draft import judge, read
from aiworker.domain.students.summary_checks import Ground
from aiworker.errors import InvalidAnswer
from tests.unit.domain.students.profiles import of_example
from tests.unit.domain.students.summaries import FIRST, FOUR, GOOD, SECOND, THIRD, with_sentence

GROUND = Ground.of(of_example())


@pytest.mark.parametrize(
    "raw",
    [
        '{"summary": "One text."}',
        'Here you are:\n```json\n{"summary": "One text."}\n```',
        '{"summary": " One\\n\\ttext. ", "note": "more"}',
        '{"summary": "One\\u200b te\\u202ext."}',
    ],
)
def test_the_text_is_read_as_one_line_wherever_it_stands(raw: str) -> None:
    assert read(raw) == "One text."


def test_what_the_prompt_escaped_is_undone() -> None:
    raw = json.dumps({"summary": "R&amp;D for &lt;users>"})
    assert read(raw, plain=untrusted.unescape) == "R&D for <users>"
    assert read(raw) == "R&amp;D for &lt;users>"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "canary",
        '["canary"]',
        '{"text": "canary"}',
        '{"summary": "canary',
        '{"summary": ""}',
        '{"summary": " \\u200b "}',
        '{"summary": ["canary"]}',
        '{"summary": "canary", "summary": "canary"}',
    ],
)
def test_an_answer_without_a_text_is_unusable_and_not_quoted(raw: str) -> None:
    with pytest.raises(InvalidAnswer) as raised:
        read(raw)
    assert raised.value.message == SUMMARY_FAILED


def test_a_text_without_fault_is_taken_whole() -> None:
    draft = judge(GOOD, GROUND)
    assert (draft.text, draft.faults, draft.trimmed) == (GOOD, (), GOOD)


def test_a_text_with_a_faulty_sentence_is_trimmed() -> None:
    draft = judge(with_sentence("They are outstanding.", 3), GROUND)
    assert draft.trimmed == " ".join((FIRST, SECOND, THIRD))
    assert [fault.rule for fault in draft.faults] == ["praise"]


def test_a_text_that_cannot_be_trimmed_is_kept_for_what_it_was() -> None:
    text = " ".join(FOUR[:2])
    draft = judge(text, GROUND)
    assert draft.trimmed is None and draft.text == text and draft.faults
