"""A summary as somebody answered it: read, judged, and what can be saved of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiworker.domain import untrusted
from aiworker.domain.resume.answer import first_object, text_of
from aiworker.domain.student_texts import SUMMARY_FAILED
from aiworker.domain.students.summary_checks import Fault, Ground, check, trimmed
from aiworker.errors import InvalidAnswer

KEY = "summary"


@dataclass(frozen=True, slots=True)
class Draft:
    """A text, what is wrong with it, and what is left without its faulty sentences; None if that is no summary."""

    text: str
    faults: tuple[Fault, ...]
    trimmed: str | None


def read(raw: str, *, plain: Callable[[str], str] = str) -> str:
    """Return the summary in a model's text as one line; raises InvalidAnswer, which never quotes it.

    `plain` undoes what the profile's texts went through on their way to the model.
    """
    texts = [text_of(member.value) for member in first_object(raw, failure=SUMMARY_FAILED).members if member.key == KEY]
    # A key given twice is ambiguous.
    text = " ".join(untrusted.clean(plain(texts[0])).text.split()) if len(texts) == 1 else ""
    if not text:
        raise InvalidAnswer(SUMMARY_FAILED)
    return text


def judge(text: str, ground: Ground) -> Draft:
    """Hold a text against its profile."""
    faults = check(text, ground)
    return Draft(text, faults, trimmed(text, faults, ground) if faults else text)
