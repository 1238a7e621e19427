"""From raw data to a checked payload: every limit, every error, and never a value in a message."""

from __future__ import annotations

import json
import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.envelope import Scope
from aiworker.errors import BadEnvelope, Cancel, InvalidPayload, UnknownJob
from aiworker.policies import MAX_PAYLOAD_DEPTH, POLICIES, policy_for
from aiworker.processors import PROCESSORS, AnyProcessor
from aiworker.processors.rewrite_resume import Payload
from aiworker.protocol import JobPayload, JsonValue
from aiworker.runtime import examples
from aiworker.runtime.admit import CLI_QUEUE, Admitted, admit, decode, find, validate
from tests.support.jobs import NOW, TENANT, envelope, payload, processor

KNOWN = ", ".join(processor.name for processor in PROCESSORS)
LIMIT = policy_for("ai-jobs").max_payload
INTERVIEWER = replace(processor(name="session-started"), queue="interview")


def admitted(data: object = None) -> Admitted:
    admission = admit(envelope(data), PROCESSORS, POLICIES)
    assert isinstance(admission, Admitted)
    return admission


def refused(
    data: object = None,
    *,
    name: str = "rewrite-resume",
    queue: str = "ai-jobs",
    processors: tuple[AnyProcessor, ...] = PROCESSORS,
) -> str:
    admission = admit(envelope(data, name=name, queue=queue), processors, POLICIES)
    assert isinstance(admission, InvalidPayload)
    assert admission.outcome(NOW) == Cancel()
    return admission.message


def bad(data: str, *, limit: int = LIMIT) -> str:
    with pytest.raises(BadEnvelope) as raised:
        decode(data, limit=limit)
    return raised.value.message


def without(field: str, **others: JsonValue) -> dict[str, JsonValue]:
    return {key: value for key, value in payload(**others).items() if key != field}


# What is admitted


def test_a_valid_payload_comes_with_processor_policy_and_scope() -> None:
    found = admitted()
    assert found.processor is PROCESSORS[0]
    assert found.policy == policy_for("ai-jobs")
    assert isinstance(found.payload, Payload) and found.payload.tone == "professional"
    assert found.scope == Scope(TENANT, student=str(payload()["student_id"]))


def test_fields_nobody_knows_are_left_out() -> None:
    assert not hasattr(admitted(payload(callbackUrl="x")).payload, "callbackUrl")


def test_of_a_repeated_key_the_last_one_counts_as_everywhere_in_json() -> None:
    data = json.dumps(payload()).replace('"tone"', '"tone": "concise", "tone"')
    found = admitted(data).payload
    assert isinstance(found, Payload) and found.tone == "professional"


# Names and queues


@pytest.mark.parametrize("name", ["rewrite_resume", "Rewrite-Resume", "rewrite-resum", "rewriteResume"])
def test_a_name_that_is_nearly_right_gets_a_suggestion(name: str) -> None:
    assert f"known: {KNOWN}. (did you mean rewrite-resume?)" in refused(name=name)


def test_a_name_that_is_not_near_gets_the_list_alone() -> None:
    assert refused(name="send-invoice").endswith(f"known: {KNOWN}.")


def test_a_job_on_the_wrong_queue_is_unknown_there() -> None:
    both = (*PROCESSORS, INTERVIEWER)
    assert "on queue interview; known: session-started." in refused(queue="interview", processors=both)
    assert f"known: {KNOWN}." in refused(name="session-started", processors=both)


def test_a_queue_without_any_job_says_so() -> None:
    assert refused(queue="notification") == "There is no job of that name on queue notification; known: none."


@pytest.mark.parametrize("wanted", [*PROCESSORS, INTERVIEWER], ids=lambda p: p.name)
def test_one_shot_runs_may_be_any_job_under_its_own_queue_s_policy(wanted: AnyProcessor) -> None:
    data = "{}" if wanted is INTERVIEWER else examples.load(wanted.name).text
    delivery = envelope(data, queue=CLI_QUEUE, name=wanted.name)
    found = admit(delivery, (*PROCESSORS, INTERVIEWER), POLICIES)
    assert isinstance(found, Admitted)
    assert (found.processor, found.policy.queue) == (wanted, wanted.queue)


def test_a_command_names_all_known_jobs() -> None:
    with pytest.raises(UnknownJob, match=f"known: {KNOWN}, session-started"):
        find("nothing-like-it", (*PROCESSORS, INTERVIEWER))


# Limits of the text


@pytest.mark.parametrize("character", ["x", "é", "₹", "🙂"])
def test_the_limit_counts_bytes_not_characters(character: str) -> None:
    fits = json.dumps(character * 10, ensure_ascii=False)
    size = len(fits.encode())
    assert decode(fits, limit=size) == character * 10
    assert bad(fits, limit=size - 1) == f"The payload has {size:,} bytes; the limit is {size - 1:,}."


def test_each_queue_has_its_own_limit() -> None:
    data = json.dumps({"tenant_id": "t", "filler": "x" * LIMIT})
    assert f"the limit is {LIMIT:,}" in refused(data)
    wide = admit(envelope(data, queue="interview", name="session-started"), [INTERVIEWER], POLICIES)
    assert isinstance(wide, Admitted)


NESTED = [("[", "]"), ('{"a":', "}")]


@pytest.mark.parametrize(("opening", "closing"), NESTED)
def test_64_levels_are_read(opening: str, closing: str) -> None:
    innermost = "{}" if opening.startswith("{") else "[]"
    around = MAX_PAYLOAD_DEPTH - 1
    assert decode(opening * around + innermost + closing * around, limit=LIMIT)


@pytest.mark.parametrize(("opening", "closing"), NESTED)
@pytest.mark.parametrize("around", [MAX_PAYLOAD_DEPTH, 150])
def test_65_levels_are_refused_with_the_limit(opening: str, closing: str, around: int) -> None:
    innermost = "{}" if opening.startswith("{") else "[]"
    assert "deeper than 64 levels" in bad(opening * around + innermost + closing * around)


def test_a_text_too_deep_for_the_parser_is_refused_like_any_other() -> None:
    assert "nested too deeply" in bad("[" * 100_000)


@pytest.mark.parametrize(
    "data",
    [
        '"\\u0000"',
        '{"a\\u0000": 1}',
        '{"a": "x\\u0000y"}',
        '{"a": [[{"b": "\\u0000"}]]}',
        '{"a": {"\\u0000": {}}}',
        '["fine", "\\u0000"]',
    ],
)
def test_a_nul_in_keys_or_values_is_refused_at_any_depth(data: str) -> None:
    assert "NUL" in bad(data)


@pytest.mark.parametrize(
    "data",
    [
        "",
        " ",
        "{",
        "{'a': 1}",
        '{"a": 1,}',
        '{"a": 1} trailing',
        "\ufeff{}",
        "NaN",
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": -Infinity}',
        '{"a": "\\ud800"}',
        '{"\\udc00": 1}',
        '{"a": "\ud800"}',
        '{"a": "\x00"}',
        "1" * 5_000,
    ],
    ids=ascii,
)
def test_what_is_not_strict_json_is_refused(data: str) -> None:
    assert bad(data) == "The payload is not valid JSON, or nested too deeply to read."


@pytest.mark.parametrize("escaped", ["\\ud83d\\ude42", "\\u20b9"])
def test_characters_written_as_escapes_are_fine(escaped: str) -> None:
    assert decode(f'"{escaped}"', limit=LIMIT) == json.loads(f'"{escaped}"')


class Measured(JobPayload):
    score: float

    def scope(self) -> Scope:
        return Scope(TENANT)


@pytest.mark.parametrize("number", ["1e400", "-1e400"])
def test_a_number_too_large_for_a_double_is_refused(number: str) -> None:
    measured = replace(processor(), payload=Measured)
    told = refused(f'{{"score": {number}}}', name=measured.name, processors=(measured,))
    assert told.endswith("a number that is too large.")


# The payload's model


@pytest.mark.parametrize("data", ["[]", '"text"', "7", "null", "true", "[{}]"])
def test_what_is_no_object_is_no_payload(data: str) -> None:
    assert refused(data) == "The payload does not fit rewrite-resume: payload: must be an object."


@pytest.mark.parametrize("field", sorted(Payload.model_fields))
def test_each_missing_field_is_named(field: str) -> None:
    assert refused(without(field)) == f"The payload does not fit rewrite-resume: {field}: missing."


@pytest.mark.parametrize(
    ("field", "given"),
    [("resume_id", "resumeId"), ("tenant_id", "tenantID"), ("job_description", "job_desc"), ("tone", "tonne")],
)
def test_a_missing_field_is_recognised_under_a_similar_name(field: str, given: str) -> None:
    told = refused({**without(field), given: "x"})
    assert told.endswith(f"{field}: missing (did you mean {given}?).")


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("student_id", 7, "must be a text"),
        ("student_id", None, "must be a text"),
        ("student_id", "", "is empty"),
        ("student_id", "x" * 201, "is too long"),
        ("job_title", ["a"], "must be a text"),
        ("tone", "profesional", "not one of concise, detailed, professional (did you mean professional?)"),
        ("tone", "Concise", "not one of concise, detailed, professional (did you mean concise?)"),
        ("tone", "shouting", "not one of concise, detailed, professional"),
        ("tone", 7, "not one of concise, detailed, professional"),
    ],
)
def test_a_wrong_value_is_told_by_field_and_kind(field: str, value: JsonValue, fault: str) -> None:
    told = refused(payload(**{field: value}))
    assert told == f"The payload does not fit rewrite-resume: {field}: {fault}."


def test_all_faults_are_told_at_once() -> None:
    told = refused({"tone": "x", "tenant_id": 7})
    assert all(field in told for field in Payload.model_fields)


def test_the_remedy_is_the_command_that_prints_an_example() -> None:
    with pytest.raises(InvalidPayload) as raised:
        validate(PROCESSORS[0], {})
    assert raised.value.remedy == "aiworker run-job rewrite-resume --example > job.json"
    assert raised.value.__cause__ is None, "the cause would hold the values"


# For any text at all

# A list, because `text` draws the rare characters rarely: half a character, NUL, and JSON's own marks.
ANY_TEXT = st.lists(st.characters() | st.sampled_from('\ud800\udfff\x00"\\{}[]:,0e-')).map("".join)
CANARY = "Zq7"
CANARIES = st.text(string.ascii_letters + string.digits, min_size=2, max_size=20).map(lambda text: CANARY + text)
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.one_of(CANARIES, st.integers(10**6, 10**12).map(lambda number: int(f"77{number}")), st.none(), st.booleans()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from([*Payload.model_fields, "resumeId", "tenant", "jobTitle", "note"])
PAYLOADS = st.dictionaries(FIELDS, VALUES | st.sampled_from(["concise", ""]), max_size=9)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Return a payload's text with a piece of any text in place of one of its own."""
    text = json.dumps(draw(PAYLOADS), ensure_ascii=draw(st.booleans()))
    start, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
    return text[:start] + draw(ANY_TEXT) + text[end:]


@given(ANY_TEXT | damaged() | PAYLOADS.map(json.dumps), ANY_TEXT | st.just("rewrite-resume"))
def test_no_text_whatsoever_makes_admission_raise(data: str, name: str) -> None:
    admission = admit(envelope(data, name=name), PROCESSORS, POLICIES)
    assert isinstance(admission, Admitted | InvalidPayload)


@given(PAYLOADS, st.sampled_from([*PROCESSORS, INTERVIEWER]))
def test_no_value_is_ever_told(data: dict[str, JsonValue], wanted: AnyProcessor) -> None:
    admission = admit(envelope(data, queue=wanted.queue, name=wanted.name), (*PROCESSORS, INTERVIEWER), POLICIES)
    if isinstance(admission, InvalidPayload):
        told = f"{admission!r} {admission.reason} {admission.remedy} {admission.__cause__}"
        assert CANARY not in told and "77" not in told


@given(damaged())
def test_no_piece_of_a_broken_text_is_ever_told(data: str) -> None:
    admission = admit(envelope(data), PROCESSORS, POLICIES)
    if isinstance(admission, BadEnvelope):
        assert CANARY not in f"{admission!r} {admission.reason} {admission.remedy}"
