from __future__ import annotations

import json

import pytest
from hypothesis import given

from aiworker.domain.resume.spans import Array, Malformed, Number, Object, Scalar, named, parse, plain
from tests.unit.domain.resume.documents import OPAQUE, patient


def test_every_token_knows_its_place() -> None:
    text = ' { "a" : [ 8.40 , "x\\u00e9" ] } '
    root = parse(text)
    assert isinstance(root, Object)
    array = root.members[0].value
    assert isinstance(array, Array)
    assert [text[item.start : item.end] for item in array.items] == ["8.40", '"x\\u00e9"']
    assert text[root.start : root.end] == text.strip()


def test_numbers_keep_the_text_they_were_written_with() -> None:
    assert plain(parse("[8.40, 1e5, -0]")) == [Number("8.40"), Number("1e5"), Number("-0")]
    assert str(Number("8.40")) == "8.40"


@pytest.mark.parametrize(
    "text",
    [
        *("{", "[1", "[1,]", "{,}", '{"a"}', '{"a":}', '{"a":1,}', "{a:1}", "'a'", '"a', '"\\x"', '"\\u12_4"'),
        *("NaN", "Infinity", "01", "+1", "1.", ".5", "1e", "nul", "[1 2]"),
        "",
        " ",
        '"\n"',
        "1 2",
        "\ufeff{}",
    ],
)
def test_text_that_is_not_strict_json_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text)


def test_64_levels_are_read_and_65_are_not() -> None:
    assert parse("[" * 64 + "]" * 64)
    assert parse("[" * 64 + "1" + "]" * 64)
    with pytest.raises(Malformed, match="deeper than 64"):
        parse("[" * 65 + "]" * 65)
    with pytest.raises(Malformed, match="deeper than 64"):
        parse('{"a":' * 100_000)


def test_members_are_looked_up_by_name_in_document_order() -> None:
    root = parse('{"b": 1, "x": 2, "a": 3}')
    assert isinstance(root, Object)
    assert [member.key for member in named(root, ("a", "b"))] == ["b", "a"]


def test_a_repeated_member_is_refused_only_when_it_is_asked_for() -> None:
    root = parse('{"a": 1, "a": 2, "b": 3}')
    assert isinstance(root, Object)
    assert len(named(root, ("b",))) == 1
    with pytest.raises(Malformed, match="repeated"):
        named(root, ("a",))


@patient
@given(OPAQUE)
def test_values_are_those_of_the_standard_library(text: str) -> None:
    assert plain(parse(text)) == json.loads(text, parse_int=Number, parse_float=Number)


def test_a_malformed_text_is_never_quoted() -> None:
    with pytest.raises(Malformed) as caught:
        parse('{"phone": 0000-secret}')
    assert "secret" not in str(caught.value)
    assert isinstance(parse("1"), Scalar)
