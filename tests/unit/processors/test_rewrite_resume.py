"""The pure steps of rewrite-resume: what is asked, and what becomes of an answer."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from pydantic import ValidationError

from aiworker.domain.resume import locator
from aiworker.envelope import Scope
from aiworker.errors import Cancel, InvalidAnswer, NoSafeChange
from aiworker.processors.rewrite_resume import ANSWER_TOKENS, TOKENS_PER_BULLET, Facts, Payload, Rewrite, ask, settle
from aiworker.protocol import Context, JsonValue, Limits, LLMReply, LLMRequest
from aiworker.runtime import examples
from tests.support.jobs import NOW, TENANT, payload

BODY = """{"basics": {"name": "Ananya Velankar", "email": "a@example.com", "phone": "+91 00000 00000"},
 "cgpa": 8.40,
 "work": [{"position": "Intern", "company": "Palash", "tech": ["Python"],
           "bullets": ["worked on refunds", {"text": "made reports", "verified": false}]}],
 "projects": [{"name": "Ledger", "highlights": ["built a ledger"]}],
 "skills": ["SQL", "Git"]}"""
PAYLOAD = Payload.model_validate(payload())
CTX = Context("run", 0, False, NOW, Limits(100_000, 10_000))
FACTS = Facts("Campus resume", locator.read(BODY), "Backend Intern", "Small REST endpoints.", "row")


def asked(facts: Facts = FACTS, ctx: Context = CTX) -> LLMRequest:
    (request,) = ask(PAYLOAD, facts, ctx)
    return request


def settled(answer: object, facts: Facts = FACTS) -> Rewrite:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    reply = LLMReply(text, "scripted", "m", "m", "end")
    result = settle(PAYLOAD, facts, {"rewrite": reply}, CTX)
    assert isinstance(result, Rewrite)
    return result


# The payload


def test_the_scope_is_tenant_and_student() -> None:
    assert PAYLOAD.scope() == Scope(TENANT, student=PAYLOAD.student_id)


@pytest.mark.parametrize("field", ["tenant_id", "student_id", "resume_id", "job_id"])
@pytest.mark.parametrize("value", ["", "x" * 201, 7, None])
def test_ids_are_texts_of_1_to_200_characters(field: str, value: JsonValue) -> None:
    with pytest.raises(ValidationError):
        Payload.model_validate(payload(**{field: value}))


@pytest.mark.parametrize("field", ["job_title", "job_description"])
def test_the_vacancy_s_texts_may_be_empty_but_not_missing(field: str) -> None:
    assert Payload.model_validate(payload(**{field: ""}))
    with pytest.raises(ValidationError):
        Payload.model_validate({key: value for key, value in payload().items() if key != field})


# What is asked


def test_the_bullets_are_asked_for_by_number_under_what_names_their_entry() -> None:
    assert asked().inputs["entries"] == [
        {
            "heading": "Intern, Palash",
            "tech": ["Python"],
            "bullets": [{"id": "b0", "text": "worked on refunds"}, {"id": "b1", "text": "made reports"}],
        },
        {"heading": "Ledger", "tech": [], "bullets": [{"id": "b2", "text": "built a ledger"}]},
    ]


def test_vacancy_tone_and_skills_are_given() -> None:
    inputs = asked().inputs
    assert inputs["vacancy"] == {"title": "Backend Intern", "description": "Small REST endpoints."}
    assert (inputs["tone"], inputs["skills"]) == ("professional", "SQL, Git")


def test_nothing_that_names_the_person_leaves_the_house() -> None:
    request = asked()
    told = json.dumps([dict(request.inputs), dict(request.schema)])
    assert not any(word in told for word in ("Ananya", "example.com", "+91", PAYLOAD.student_id, TENANT))


@pytest.mark.parametrize("resume", examples.load("rewrite-resume").resumes, ids=lambda resume: resume.resume_id)
def test_no_example_s_name_or_address_leaves_the_house(resume: examples.Resume) -> None:
    basics = json.loads(resume.body)["basics"]
    told = json.dumps(dict(asked(replace(FACTS, document=locator.read(resume.body))).inputs), ensure_ascii=False)
    assert not any(basics[key] in told for key in ("name", "email", "phone"))


def test_the_answer_must_be_a_map_of_exactly_these_ids_to_texts() -> None:
    assert asked().schema == {
        "type": "object",
        "properties": {bullet: {"type": "string"} for bullet in ("b0", "b1", "b2")},
        "required": ["b0", "b1", "b2"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(("cap", "allowed"), [(10_000, ANSWER_TOKENS + 3 * TOKENS_PER_BULLET), (500, 500)])
def test_the_answer_s_length_grows_with_the_bullets_up_to_the_model_s_cap(cap: int, allowed: int) -> None:
    assert asked(ctx=replace(CTX, limits=Limits(100_000, cap))).max_tokens == allowed


def test_the_same_facts_are_the_same_question_whatever_the_model_takes() -> None:
    assert asked().hash == asked(ctx=replace(CTX, run_id="other", limits=Limits(9_000, 500))).hash


@pytest.mark.parametrize("body", ["{}", '{"work": []}', '{"work": [{"bullets": [" ", {"text": ""}]}]}'])
def test_a_resume_without_bullets_is_not_asked_about(body: str) -> None:
    with pytest.raises(NoSafeChange, match="no bullets") as raised:
        asked(replace(FACTS, document=locator.read(body)))
    assert raised.value.outcome(NOW) == Cancel()


# What becomes of an answer


def test_new_texts_replace_old_ones_and_nothing_else_moves() -> None:
    result = settled({"b0": "Refunded 40 shops", "b2": "Built a ledger"})
    expected = BODY.replace("worked on refunds", "Refunded 40 shops").replace("built a ledger", "Built a ledger")
    assert result.body == expected.replace('"verified": false', '"verified": true')
    assert result.changed == {"b0": "Refunded 40 shops", "b2": "Built a ledger"}


def test_a_text_given_back_unchanged_is_no_change() -> None:
    result = settled({"b0": "worked on refunds", "b1": "Made reports"})
    assert result.changed == {"b1": "Made reports"}
    assert "worked on refunds" in result.body


def test_ids_the_model_made_up_are_recorded_and_ignored() -> None:
    result = settled({"b0": "New", "b9": "made up", "name": "made up"})
    assert result.ignored == ("b9", "name")
    assert "made up" not in result.body


def test_text_around_the_map_is_no_obstacle() -> None:
    assert settled('Here is the map:\n```json\n{"b0": "New"}\n```').changed == {"b0": "New"}


@pytest.mark.parametrize("answer", [{}, {"b9": "x"}, {"b0": " "}, {"b0": 7}, {"b0": "worked on refunds"}])
def test_an_answer_that_changes_nothing_is_no_rewrite(answer: object) -> None:
    with pytest.raises(NoSafeChange) as raised:
        settled(answer)
    assert raised.value.message == "The answer changed no bullet of the resume."


@pytest.mark.parametrize("answer", ["", "canary, no map", '["canary"]', '{"b0": "cut of'])
def test_an_answer_without_a_map_is_unusable_and_not_quoted(answer: str) -> None:
    with pytest.raises(InvalidAnswer) as raised:
        settled(answer)
    assert raised.value.message == "AI rewrite failed, please try again"
