from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from aiworker.testing.llm.schema import example, rewritten


class Node(BaseModel):
    name: str = Field(min_length=3, max_length=12)
    score: int = Field(ge=2, le=4)
    share: float = Field(gt=0, lt=1)
    tags: list[str] = Field(min_length=2)
    parent: Node | None
    children: list[Node]


def test_a_recursive_model_gets_a_valid_value() -> None:
    value = example(Node.model_json_schema())
    assert Node.model_validate(value).score == 2


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": 7}, 7),
        ({"enum": ["low", "high"]}, "low"),
        ({"type": ["null", "string"]}, "Text for answer."),
        ({"type": "null"}, None),
        ({"type": "boolean"}, True),
        ({"type": "integer"}, 1),
        ({"type": "integer", "minimum": 7, "multipleOf": 5}, 10),
        ({"type": "integer", "exclusiveMinimum": 7}, 8),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 0}, []),
        ({"type": "string", "format": "date"}, "2026-11-02"),
        ({"type": "string", "maxLength": 4}, "Text"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 1),
        ({"allOf": [{"type": "integer"}, {"minimum": 5}]}, 5),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"const": "b"}}}, "b"),
        ({"properties": {"a": {"const": 1}}}, {"a": 1}),
    ],
)
def test_each_keyword_is_honoured(schema: dict[str, Any], value: object) -> None:
    assert example(schema) == value


@given(low=st.integers(-50, 50), width=st.integers(0, 20))
def test_whole_numbers_stay_in_bounds(low: int, width: int) -> None:
    value = example({"type": "integer", "minimum": low, "maximum": low + width})
    assert isinstance(value, int)
    assert low <= value <= low + width


@given(low=st.integers(-50, 50), width=st.floats(0.001, 20))
def test_open_intervals_stay_open(low: int, width: float) -> None:
    schema: dict[str, Any] = {"type": "number", "exclusiveMinimum": low, "exclusiveMaximum": low + width}
    value = example(schema)
    assert isinstance(value, (int, float))
    assert low < value < low + width


def test_properties_come_in_the_order_of_the_schema() -> None:
    properties: dict[str, Any] = {name: {"type": "string"} for name in ("evidence", "reasoning", "score")}
    value = example({"type": "object", "properties": properties})
    assert isinstance(value, dict)
    assert list(value) == list(properties)


def test_every_scalar_is_rewritten_with_its_own_schema() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "texts": {"type": "array", "items": {"anyOf": [{"type": "string", "title": "T"}, {"type": "null"}]}},
            "score": {"$ref": "#/$defs/S"},
        },
        "$defs": {"S": {"type": "integer", "title": "S"}},
    }
    value: dict[str, Any] = {"texts": ["a", None], "score": 3, "unknown": "b"}
    assert rewritten(value, schema, lambda leaf, node: [leaf, node.get("title")]) == {
        "texts": [["a", "T"], [None, None]],
        "score": [3, "S"],
        "unknown": ["b", None],
    }
