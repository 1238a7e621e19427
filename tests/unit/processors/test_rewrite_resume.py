"""The pure steps of rewrite-resume: what is asked, and what becomes of an answer."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from pydantic import ValidationError

from aiworker.domain.resume import locator
from aiworker.envelope import Scope
from aiworker.errors import Cancel, ContextTooLong, InvalidAnswer, NoSafeChange
from aiworker.processors.rewrite_resume import (
    ANSWER_TOKENS,
    TOKENS_PER_BULLET,
    Facts,
    Payload,
    Rewrite,
    ask,
    save,
    settle,
)
from aiworker.protocol import Context, JsonValue, Limits, LLMReply, LLMRequest, Tx
from aiworker.runtime import examples
from tests.support.jobs import NOW, TENANT, payload
from tests.support.resumes import owner

BODY = """{"basics": {"name": "Ananya Velankar", "email": "a@example.com", "phone": "+91 00000 00000"},
 "cgpa": 8.40,
 "work": [{"position": "Intern", "company": "Palash", "tech": ["Python"],
           "bullets": ["worked on refunds", {"text": "made reports", "verified": false}]}],
 "projects": [{"name": "Ledger", "highlights": ["built a ledger"]}],
 "skills": ["SQL", "Git"]}"""
PAYLOAD = Payload.model_validate(payload())
CTX = Context("run", 0, False, NOW, Limits(100_000, 10_000))
FACTS = Facts("Campus resume", locator.read(BODY), "Backend Intern", "Small REST endpoints.", "row")
REWRITTEN = {"b0": "Worked on the refunds"}


def asked(facts: Facts = FACTS, ctx: Context = CTX) -> LLMRequest:
    (request,) = ask(PAYLOAD, facts, ctx)
    return request


def settled(answer: object, facts: Facts = FACTS, ctx: Context = CTX) -> Rewrite:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    reply = LLMReply(text, "scripted", "m", "m", "end")
    result = settle(PAYLOAD, facts, {"rewrite": reply}, ctx)
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
    told = json.dumps(dict(asked(replace(FACTS, document=locator.read(resume.body))).inputs), ensure_ascii=False)
    assert [word for word in owner(resume.body) if word in told] == []


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


@pytest.mark.parametrize("bullet", ["x" * 2**20, "one two " * 2**17])
def test_a_resume_of_bullets_that_cannot_be_sent_whole_is_not_asked_about(bullet: str) -> None:
    facts = replace(FACTS, document=locator.read(json.dumps({"work": [{"bullets": [bullet]}]})))
    with pytest.raises(ContextTooLong, match="No bullet") as raised:
        asked(facts)
    assert raised.value.outcome(NOW) == Cancel()


def test_a_window_that_takes_no_bullet_is_not_asked() -> None:
    limits = Limits(1_000, 500)
    with pytest.raises(ContextTooLong) as raised:
        asked(ctx=replace(CTX, limits=limits))
    assert raised.value.maximum == limits.window


def test_a_title_of_megabytes_is_cut_wherever_it_goes() -> None:
    facts = replace(FACTS, vacancy_title="Backend " * 2**17)
    request = asked(facts)
    shown = request.prompt.text("user")
    assert len(shown) < 2_000 and "Position: Backend Backend" in shown
    vacancy = request.inputs["vacancy"]
    assert isinstance(vacancy, dict) and f"Position: {vacancy['title']}\n" in shown
    assert request.truncated == {"title_chars": 2**20 - len(str(vacancy["title"]))}
    assert settled(REWRITTEN, facts).truncated == dict(request.truncated)


def test_asking_again_gives_the_very_same_request() -> None:
    assert asked() == asked()


@pytest.mark.parametrize("window", [50_000, 9_000])
def test_a_question_that_cannot_get_shorter_is_the_very_same_within_tighter_limits(window: int) -> None:
    assert asked(ctx=replace(CTX, limits=replace(CTX.limits, window=window))) == asked()


def test_a_question_that_is_cut_or_may_be_answered_at_less_length_is_another_one() -> None:
    short, small = (asked(ctx=replace(CTX, limits=Limits(*limits))) for limits in ((2_150, 10_000), (100_000, 500)))
    assert short.hash != asked().hash and short.prompt != asked().prompt
    assert (small.hash, small.prompt) == (asked().hash, asked().prompt) and small != asked()


# What becomes of an answer


def test_new_texts_replace_old_ones_and_nothing_else_moves() -> None:
    result = settled({"b0": "Worked on the refunds", "b2": "Built a ledger"})
    expected = BODY.replace("worked on refunds", "Worked on the refunds").replace("built a ledger", "Built a ledger")
    assert result.body == expected.replace('"verified": false', '"verified": true')
    assert result.changed == {"b0": "Worked on the refunds", "b2": "Built a ledger"}


def test_by_the_other_policy_each_bullet_keeps_the_mark_it_had() -> None:
    result = settled({"b0": "Worked on the refunds", "b1": "Made reports"}, ctx=replace(CTX, marks_verified=False))
    expected = BODY.replace("worked on refunds", "Worked on the refunds").replace("made reports", "Made reports")
    assert result.body == expected and '"verified": false' in expected


def test_a_text_given_back_unchanged_is_no_change() -> None:
    result = settled({"b0": "worked on refunds", "b1": "Made reports"})
    assert result.changed == {"b1": "Made reports"}
    assert "worked on refunds" in result.body


@pytest.mark.parametrize("echo", ["cut  of\tcosts ", " cut of costs", "cut\xa0of\ncosts", "cut\u200b of costs"])
@pytest.mark.parametrize("is_stored", [True, False])
def test_a_text_that_differs_in_white_space_alone_is_no_change(echo: str, is_stored: bool) -> None:
    stored, given = (echo, "cut of costs") if is_stored else ("cut of costs", echo)
    body = json.dumps({"work": [{"bullets": [stored, "made reports"]}]})
    result = settled({"b0": given, "b1": "Made reports"}, replace(FACTS, document=locator.read(body)))
    assert result.changed == {"b1": "Made reports"}
    assert result.body == body.replace("made", "Made")


def test_an_answer_of_white_space_changes_is_no_rewrite() -> None:
    with pytest.raises(NoSafeChange):
        settled({"b0": "worked  on refunds", "b1": "made reports "})


def test_a_text_with_new_words_is_taken_with_its_white_space() -> None:
    assert settled({"b0": "worked  on new refunds"}).changed == {"b0": "worked  on new refunds"}


def test_ids_the_model_made_up_are_recorded_and_ignored() -> None:
    result = settled({**REWRITTEN, "b9": "made up", "name": "made up"})
    assert result.ignored == ("b9", "(no id)")
    assert "made up" not in result.body


def test_text_around_the_map_is_no_obstacle() -> None:
    assert settled(f"Here is the map:\n```json\n{json.dumps(REWRITTEN)}\n```").changed == REWRITTEN


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


# What is stored


class Noting:
    """A connection that notes what it is told to write."""

    def __init__(self) -> None:
        self.written: list[object] = []

    async def fetchval(self, query: str, *args: object) -> str:
        self.written += args
        return "variant"

    async def execute(self, query: str, *args: object) -> str:
        return "INSERT 0 1"

    async def fetch(self, query: str, *args: object) -> list[object]:
        raise NotImplementedError

    async def fetchrow(self, query: str, *args: object) -> object:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("title", "named"), [("Backend Intern", "Backend Intern"), ("Intern " * 2**17, ("Intern " * 28).strip())]
)
async def test_a_variant_is_named_after_its_vacancy_whose_title_is_cut_at_a_word(title: str, named: str) -> None:
    facts, connection = replace(FACTS, vacancy_title=title), Noting()
    tx = Tx(connection, TENANT, "run", NOW, "scripted", "m")
    assert (await save(PAYLOAD, facts, settled(REWRITTEN, facts), tx)).result_id == "variant"
    assert f"Campus resume for {named}" in connection.written
