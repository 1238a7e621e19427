"""Whatever text a model answers, a job settles it or ends with an error that is meant for it.

A failure prints the example and the blob that brings it back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from aiworker.domain.resume import locator
from aiworker.domain.student_texts import SUMMARY_FAILED
from aiworker.domain.students import draft
from aiworker.domain.students.profile import Profile
from aiworker.errors import ContextTooLong, InvalidAnswer, NoSafeChange
from aiworker.processors import generate_student_summary, rewrite_resume
from aiworker.protocol import Context, FollowUp, Limits, LLMReply, Reply, Unavailable
from tests.support.jobs import EXAMPLE, HONEST, NOW, payload
from tests.unit.domain.resume.documents import DOCUMENTS, OPAQUE, WORDS
from tests.unit.domain.students.profiles import BARE, of_example, small
from tests.unit.domain.students.summaries import FOUR

CTX = Context("run", 0, False, NOW, Limits(100_000, 10_000), b"key of a run")
REASKING = replace(CTX, reasks_refused=True, marks_verified=False)
REWRITE = rewrite_resume.Payload.model_validate(payload())
SUMMARY = generate_student_summary.Payload.model_validate(
    {"tenant_id": REWRITE.tenant_id, "student_id": REWRITE.student_id}
)
(BODY,) = (resume.body for resume in EXAMPLE.resumes if resume.resume_id == REWRITE.resume_id)
DOCUMENT = locator.read(BODY)
PROFILES = (of_example(), small(), BARE)
SEARCHED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)

SAID = """
40 1.2 12 % ₹ $ lakh million a day per week half second prize led managed best of nationwide across the country
Python Node.js SQL Palash Meera's they she The student outstanding is was CGPA 8.40 9.9 final-year B.Tech. in at
. , : ; ( ) - – / { } ** &lt; &amp; &#39; < > para los für पौधे 🙂 a@b.cd +91 00000 http://example.org
"""
BULLETS = st.sampled_from([HONEST, *(bullet.text for bullet in DOCUMENT.bullets)])
TEXTS = st.one_of(
    st.tuples(BULLETS, st.sampled_from([".", " every day", " for 40 people", "\x00", "&amp;"])).map("".join),
    st.lists(st.sampled_from([*SAID.split(), "\u0301", "\u200b", "\x00", "\n", "\ud800"]), max_size=14).map(" ".join),
    st.lists(st.sampled_from([*FOUR, "They are outstanding.", "He lives in Pune.", "..."]), max_size=6).map(" ".join),
    BULLETS,
    WORDS,
)
KEYS = st.sampled_from(["summary", "x", "", *(f"b{number}" for number in range(14))])
MAPS = st.lists(st.tuples(KEYS, st.one_of(TEXTS.map(json.dumps), OPAQUE)), max_size=8).map(
    lambda pairs: "{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in pairs) + "}"
)
"""Objects that may give a key twice, and things that are no texts."""
MAPPED = st.one_of(
    st.dictionaries(st.sampled_from([bullet.id for bullet in DOCUMENT.bullets]), TEXTS, min_size=1, max_size=5),
    st.fixed_dictionaries({"b0": st.just(HONEST), "b1": TEXTS}),
).map(json.dumps)
SUMMED_UP = st.fixed_dictionaries({"summary": TEXTS}).map(json.dumps)
RAW = st.one_of(
    MAPS,
    MAPS.map(lambda text: f"Here you are:\n```json\n{text}\n```"),
    MAPS.flatmap(lambda text: st.integers(0, len(text)).map(lambda end: text[:end])),
    st.text(alphabet='{}[]"\\:,b0su \n', max_size=40),
    st.text(),
    OPAQUE,
    # Mapped, it stands for one choice among others, however many it has.
).map(str)
UNAVAILABLE = st.just(Unavailable("timeout", retryable=True))
PROVIDERS = st.sampled_from(["scripted", "offline"])


def said(text: str | Unavailable, provider: str = "scripted") -> Reply:
    return text if isinstance(text, Unavailable) else LLMReply(text, provider, "m", "m", "end")


def replies(first: str, second: str | Unavailable | None, provider: str, step: str) -> Mapping[str, Reply]:
    """Return what came of the first question and, if there is one, of the corrective one."""
    return {step: said(first, provider)} | ({} if second is None else {"correct": said(second, provider)})


# rewrite-resume


def rewritten(document: locator.Document, ctx: Context, answers: Mapping[str, Reply]) -> None:
    """Settle the answers; what becomes of them is the resume with other texts, or an error that says why not."""
    facts = rewrite_resume.Facts("Resume", document, "Engineer", "Small REST endpoints for 40 merchants.", "row")
    try:
        result = rewrite_resume.settle(REWRITE, facts, answers, ctx)
    except (InvalidAnswer, NoSafeChange) as error:
        event(error.code)
        return
    event(type(result).__name__)
    if isinstance(result, FollowUp):
        assert ctx.reasks_refused and "correct" not in answers
        return
    result.body.encode()
    after = locator.read(result.body)
    assert [bullet.path for bullet in after.bullets] == [bullet.path for bullet in document.bullets]
    assert result.changed.keys() <= {bullet.id for bullet in document.bullets}
    for bullet in after.bullets:
        assert bullet.text == result.changed.get(bullet.id, bullet.text)


@SEARCHED
@given(MAPPED | RAW, st.none() | MAPPED | RAW | UNAVAILABLE, PROVIDERS, st.sampled_from([CTX, REASKING]))
@example(json.dumps({"b0": HONEST, "b1": "Led 40 people"}), None, "scripted", CTX)
@example(json.dumps({"b1": "Led 40 people"}), json.dumps({"b1": "Led 50 people"}), "scripted", REASKING)
def test_a_rewrite_settles_any_answer_or_says_why_not(
    first: str, second: str | Unavailable | None, provider: str, ctx: Context
) -> None:
    rewritten(DOCUMENT, ctx, replies(first, second, provider, "rewrite"))


@SEARCHED
@given(DOCUMENTS, MAPPED | RAW, PROVIDERS)
def test_a_rewrite_of_any_resume_settles_any_answer_or_says_why_not(text: str, raw: str, provider: str) -> None:
    document = locator.read(text)
    facts = rewrite_resume.Facts("Resume", document, "Engineer", "", "payload")
    try:
        rewrite_resume.ask(REWRITE, facts, CTX)
    except (NoSafeChange, ContextTooLong):
        event("nothing to ask")
        return
    rewritten(document, CTX, replies(raw, None, provider, "rewrite"))


# generate-student-summary


@SEARCHED
@given(SUMMED_UP | RAW)
def test_a_draft_is_one_line_of_text_or_unusable(raw: str) -> None:
    try:
        text = draft.read(raw)
    except InvalidAnswer as error:
        assert error.message == SUMMARY_FAILED
        return
    text.encode()
    assert text and text == " ".join(text.split())


@SEARCHED
@given(SUMMED_UP | RAW, st.none() | SUMMED_UP | RAW | UNAVAILABLE, PROVIDERS, st.sampled_from(PROFILES))
@example(json.dumps({"summary": " ".join(FOUR)}), None, "scripted", PROFILES[0])
@example(json.dumps({"summary": "They are outstanding."}), "no map", "scripted", PROFILES[0])
def test_a_summary_settles_any_answer_or_says_why_not(
    first: str, second: str | Unavailable | None, provider: str, profile: Profile
) -> None:
    facts = generate_student_summary.Facts(profile, profile.hash, NOW, None)
    answers = replies(first, second, provider, "summary")
    try:
        result = generate_student_summary.settle(SUMMARY, facts, answers, CTX)
    except InvalidAnswer as error:
        assert error.message == SUMMARY_FAILED
        return
    if isinstance(result, FollowUp):
        event("asked once more")
        assert "correct" not in answers
        return
    event(str(result.source))
    result.text.encode()
    assert result.text.strip() and "\n" not in result.text
