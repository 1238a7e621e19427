"""A model's answer, as it is asked for and as it is read: a JSON object somewhere in its text.

Nothing is repaired: an answer cut inside "40 %" would become a valid string that says "4".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from aiworker.domain.characters import storable
from aiworker.domain.resume.spans import Malformed, Node, Object, Scalar, parse
from aiworker.domain.student_texts import REWRITE_FAILED
from aiworker.errors import InvalidAnswer
from aiworker.protocol import JsonValue

_OUTSIDE_STRING = re.compile(r'["{}]')
_INSIDE_STRING = re.compile(r'\\.|"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """The usable texts by id, the ids nobody asked for, and the ids without a usable text."""

    texts: Mapping[str, str]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]


def read_answer(raw: str, known: Collection[str]) -> Answer:
    """Return the map in the model's text; raises InvalidAnswer, whose message never quotes the text."""
    found = first_object(raw, failure=REWRITE_FAILED)
    times = Counter(member.key for member in found.members)
    texts: dict[str, str] = {}
    for member in found.members:
        text = text_of(member.value)
        # An id given twice is ambiguous: its bullet keeps the original.
        if member.key in known and times[member.key] == 1 and text.strip():
            texts[member.key] = text
    return Answer(
        texts=texts,
        unknown=tuple(storable(key) for key in times if key not in known),
        missing=tuple(key for key in known if key not in texts),
    )


def closed(fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the JSON schema of an object of exactly these fields."""
    return {
        "type": "object",
        "properties": dict(fields),
        "required": list[JsonValue](fields),
        "additionalProperties": False,
    }


def text_of(node: Node) -> str:
    """Return a string's storable text, nothing for every other value."""
    return storable(node.value) if isinstance(node, Scalar) and isinstance(node.value, str) else ""


def first_object(raw: str, *, failure: str) -> Object:
    """Return the first balanced JSON object in a model's text; raises InvalidAnswer with the text `failure`."""
    start = raw.find("{")
    while start >= 0 and (end := _balanced_end(raw, start)):
        try:
            node = parse(raw[start:end])
        except Malformed:
            # A preamble may hold braces of its own, "the {id: text} map".
            start = raw.find("{", end)
        else:
            assert isinstance(node, Object)
            return node
    raise InvalidAnswer(failure)


def _balanced_end(raw: str, start: int) -> int | None:
    depth, at, in_string = 0, start, False
    while token := (_INSIDE_STRING if in_string else _OUTSIDE_STRING).search(raw, at):
        at = token.end()
        match token[0]:
            case '"':
                in_string = not in_string
            case "{":
                depth += 1
            case "}" if depth == 1:
                return at
            case "}":
                depth -= 1
            case _:
                pass
    return None
