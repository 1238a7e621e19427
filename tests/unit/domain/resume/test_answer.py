from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.resume.answer import closed, read_answer
from aiworker.errors import InvalidAnswer
from tests.unit.domain.resume.documents import ANSWERS, OPAQUE, patient

MAP = '{"b0": "Built {it} with \\"care\\" }", "b1": "₹5"}'
TEXTS = {"b0": 'Built {it} with "care" }', "b1": "₹5"}
IDS = ("b0", "b1")

SHAPES = [
    "{}",
    "```json\n{}\n```",
    "```\n{}\n```",
    "~~~JSON\r\n{}~~~",
    "\ufeff{}",
    "Here is the result:\n\n{}\n\nLet me know!",
    'As asked, a {{id: "text"}} map:\n```json\n{}\n``` with "care" {{}} and }} {{',
    "[{}]",
    "<answer>{}</answer>",
    "\\{{\\}} {}",
]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_first_object_is_found_in_any_fence(shape: str) -> None:
    answer = read_answer(shape.format(MAP), IDS)
    assert (answer.texts, answer.unknown, answer.missing) == (TEXTS, (), ())


@patient
@given(st.sampled_from(SHAPES), ANSWERS)
def test_any_map_is_found_in_any_fence(shape: str, texts: dict[str, str]) -> None:
    cleaned = {key: text.replace("\x00", "").replace("\ud800", "") for key, text in texts.items() if key != "x"}
    answer = read_answer(shape.format(json.dumps(texts)), list(cleaned))
    assert answer.texts == {key: text for key, text in cleaned.items() if text.strip()}
    assert answer.unknown == tuple(key for key in texts if key == "x")


def test_unknown_and_missing_ids_are_listed_in_order() -> None:
    answer = read_answer('{"b9": "x", "b0": "a", "note": {"deep": [1]}, "b9": "y"}', ("b0", "b1", "b2"))
    assert answer.texts == {"b0": "a"}
    assert answer.unknown == ("b9", "note")
    assert answer.missing == ("b1", "b2")


@pytest.mark.parametrize("value", ['""', '"  \\n"', '"\\u0000"', "null", "4", "true", '["x"]', '{"text": "x"}'])
def test_blank_and_non_string_values_count_as_missing(value: str) -> None:
    answer = read_answer(f'{{"b0": {value}, "b1": "a"}}', IDS)
    assert (answer.texts, answer.missing) == ({"b1": "a"}, ("b0",))


def test_an_id_given_twice_is_ambiguous_and_missing() -> None:
    assert read_answer('{"b0": "a", "b0": "b", "b1": "c"}', IDS).missing == ("b0",)


def test_characters_no_database_holds_are_cleaned() -> None:
    answer = read_answer('{"b0": "a\\u0000b\\ud83dc \\ud83d\\ude42", "\\ud800": "x"}', ("b0",))
    assert (answer.texts, answer.unknown) == ({"b0": "abc 🙂"}, ("",))


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "I cannot do that.",
        '["b0", "a"]',
        '{"b0": "cut inside 40',
        '{"b0": "a", "b1": "cut',
        '{"b0": {"text": "whole"}, "b1": "cut',
        '{"b0": "a",}',
        "{'b0': 'a'}",
        '{"b0": NaN}',
        '{"b0": "line\nbreak"}',
        '{"b0":' * 70 + "1" + "}" * 70,
        "}{",
        "{" * 100_000,
    ],
)
def test_no_object_or_invalid_json_is_an_invalid_answer_that_quotes_nothing(raw: str) -> None:
    with pytest.raises(InvalidAnswer) as caught:
        read_answer(raw, IDS)
    assert caught.value.reason == "invalid_answer: AI rewrite failed, please try again"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@patient
@given(
    st.one_of(st.text(), st.text(alphabet='{}"\\:,b0 ', max_size=40), OPAQUE), st.lists(st.sampled_from(["b0", "b1"]))
)
def test_reading_raises_nothing_but_the_typed_error(raw: str, known: list[str]) -> None:
    try:
        answer = read_answer(raw, known)
    except InvalidAnswer:
        return
    assert set(answer.texts) | set(answer.missing) == set(known)


def test_what_is_asked_for_is_an_object_of_exactly_these_fields_in_their_order() -> None:
    assert closed({"text": {"type": "string"}, "id": {"enum": ["b0"]}}) == {
        "type": "object",
        "properties": {"text": {"type": "string"}, "id": {"enum": ["b0"]}},
        "required": ["text", "id"],
        "additionalProperties": False,
    }
