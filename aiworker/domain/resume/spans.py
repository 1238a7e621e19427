"""Strict JSON in which every token knows its place in the text.

The standard library parses without spans and accepts NaN; a splice needs the spans, and PostgreSQL refuses NaN.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

MAX_DEPTH = 64

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile(r"true|false|null")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class Malformed(Exception):
    """The text is not strict JSON, or nested too deeply; the message names a position, never a value."""


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it was written: 8.40 is not 8.4."""

    source: str

    def __str__(self) -> str:
        return self.source


Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | Number | bool | None"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A string, number, true, false or null."""

    start: int
    end: int
    value: str | Number | bool | None


@dataclass(frozen=True, slots=True)
class Array:
    """An array and its items."""

    start: int
    end: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """One key and its value in an object."""

    key: str
    key_start: int
    key_end: int
    value: Node


@dataclass(frozen=True, slots=True)
class Object:
    """An object and its members, repeated keys included."""

    start: int
    end: int
    members: tuple[Member, ...]


Node: TypeAlias = "Scalar | Array | Object"


def parse(text: str) -> Node:
    """Parse the whole text as one JSON value; raises Malformed."""
    node = _value(text, _skip(text, 0), 0)
    end = _skip(text, node.end)
    if end != len(text):
        raise _unexpected(end)
    return node


def plain(node: Node) -> Tree:
    """Return the value without places; of repeated keys the last one wins."""
    if isinstance(node, Object):
        return {member.key: plain(member.value) for member in node.members}
    return [plain(item) for item in node.items] if isinstance(node, Array) else node.value


def named(node: Object, names: Iterable[str]) -> tuple[Member, ...]:
    """Return the members with these names in document order; raises Malformed if one is repeated."""
    wanted = frozenset(names)
    found = tuple(member for member in node.members if member.key in wanted)
    if len({member.key for member in found}) < len(found):
        raise Malformed(f"a key is repeated in the object at character {node.start}")
    return found


def _value(text: str, at: int, depth: int) -> Node:
    match text[at : at + 1]:
        case "{" | "[" if depth >= MAX_DEPTH:
            raise Malformed(f"nested deeper than {MAX_DEPTH} levels")
        case "{":
            return _object(text, at, depth + 1)
        case "[":
            return _array(text, at, depth + 1)
        case '"':
            return _string(text, at)
        case _:
            return _number_or_word(text, at)


def _object(text: str, start: int, depth: int) -> Object:
    members: list[Member] = []
    at = _skip(text, start + 1)
    if text[at : at + 1] == "}":
        return Object(start, at + 1, ())
    while True:
        key = _string(text, at)
        colon = _expect(text, _skip(text, key.end), ":")
        value = _value(text, _skip(text, colon), depth)
        members.append(Member(str(key.value), key.start, key.end, value))
        at = _skip(text, value.end)
        if text[at : at + 1] != ",":
            return Object(start, _expect(text, at, "}"), tuple(members))
        at = _skip(text, at + 1)


def _array(text: str, start: int, depth: int) -> Array:
    items: list[Node] = []
    at = _skip(text, start + 1)
    if text[at : at + 1] == "]":
        return Array(start, at + 1, ())
    while True:
        items.append(_value(text, at, depth))
        at = _skip(text, items[-1].end)
        if text[at : at + 1] != ",":
            return Array(start, _expect(text, at, "]"), tuple(items))
        at = _skip(text, at + 1)


def _string(text: str, at: int) -> Scalar:
    found = _STRING.match(text, at)
    if found is None:
        raise _unexpected(at)
    return Scalar(at, found.end(), json.loads(found[0]))


def _number_or_word(text: str, at: int) -> Scalar:
    if found := _NUMBER.match(text, at):
        return Scalar(at, found.end(), Number(found[0]))
    if found := _WORD.match(text, at):
        return Scalar(at, found.end(), _WORDS[found[0]])
    raise _unexpected(at)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _expect(text: str, at: int, character: str) -> int:
    if text[at : at + 1] != character:
        raise _unexpected(at)
    return at + 1


def _unexpected(at: int) -> Malformed:
    return Malformed(f"not valid JSON at character {at}")
