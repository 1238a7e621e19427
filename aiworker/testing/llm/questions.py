"""A request to a model in terms both providers share, and the model's reply to it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from aiworker.testing.llm import schema as schemas
from aiworker.testing.llm.models import Model
from aiworker.testing.llm.obedience import find_orders, obeyed
from aiworker.testing.llm.scenarios import (
    Content,
    ContentFilter,
    Cut,
    EchoMap,
    Json,
    Refusal,
    RefusalCategory,
    Stop,
    Text,
    WindowExceeded,
)
from aiworker.testing.llm.wire import JsonObject

Count = Callable[[str], int]
Ttl = Literal["5m", "1h"]

DECLINED = "I'm sorry, but I can't help with that."

_ID = re.compile(r"\bb\d+\b")
_STRING = r'"(?:[^"\\]|\\.)*"'
_JSON_ITEM = re.compile(rf'"id"\s*:\s*"(?P<id>b\d+)"\s*,\s*"text"\s*:\s*(?P<json>{_STRING})')
_JSON_PAIR = re.compile(rf'"(?P<id>b\d+)"\s*:\s*(?P<json>{_STRING})')
_TAGGED = re.compile(r'<(?P<tag>[\w-]+)\s+id="(?P<id>b\d+)"[^>]*>(?P<text>.*?)</(?P=tag)[^>]*>', re.DOTALL)
_LINE = re.compile(r"^\s*[-*]?\s*\[?(?P<id>b\d+)\]?\s*[:.)|-]?\s+(?P<text>\S.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One stretch of the prompt; `ttl` puts a cache breakpoint behind it."""

    role: str
    text: str
    ttl: Ttl | None = None
    breaks: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What a request asks, whichever provider's words it came in."""

    model: Model
    called: str
    blocks: tuple[Block, ...]
    schema: JsonObject | None = None
    json_only: bool = False
    max_tokens: int | None = None
    stops: tuple[str, ...] = ()

    @property
    def data(self) -> tuple[str, ...]:
        """The blocks that hold data rather than instructions."""
        return tuple(block.text for block in self.blocks if block.role in ("user", "tool"))


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model said and why it stopped."""

    text: str
    stop: Stop
    tokens: int
    category: RefusalCategory | None = None
    stop_sequence: str | None = None


def reply_to(question: Question, step: Content | None, count: Count, *, obeying: bool) -> Reply:
    """Play a step that says something, or answer from the schema when there is none."""
    match step:
        case Refusal(category):
            return Reply(DECLINED, "refusal", count(DECLINED), category)
        case ContentFilter(text):
            return Reply(text or "", "filter", count(text or ""))
        case Cut(text):
            return _bounded(text, "length", question, count)
        case WindowExceeded(text):
            return _bounded(text, "window", question, count)
        case Text(text, stop):
            return _bounded(_obeying(text, question, obeying), stop, question, count)
        case Json(value):
            text = json.dumps(value, ensure_ascii=False)
        case EchoMap():
            text = json.dumps(_echo(step, question), ensure_ascii=False)
        case None:
            text = _default(question)
    return _bounded(_obeying(text, question, obeying), "end", question, count)


def originals(question: Question) -> dict[str, str]:
    """Return the numbered texts in the data by id, in whichever notation they were given."""
    prompt = "\n".join(question.data)
    found = {match["id"]: match["text"].strip() for match in _LINE.finditer(prompt)}
    found |= {match["id"]: match["text"].strip() for match in _TAGGED.finditer(prompt)}
    for pattern in (_JSON_PAIR, _JSON_ITEM):
        found |= {match["id"]: json.loads(match["json"], strict=False) for match in pattern.finditer(prompt)}
    return found


def _echo(step: EchoMap, question: Question) -> object:
    known = originals(question)
    make = step.make

    def text_for(name: str) -> str:
        original = known.get(name, "")
        return make + (original or name) if isinstance(make, str) else make(name, original)

    if question.schema:
        return schemas.example(question.schema, text_for)
    return {name: text_for(name) for name in dict.fromkeys(_ID.findall("\n".join(question.data)))}


def _default(question: Question) -> str:
    if question.schema:
        return json.dumps(schemas.example(question.schema), ensure_ascii=False)
    if question.json_only:
        return json.dumps({"answer": "An answer of the fake."})
    prompt = "\x1e".join(block.text for block in question.blocks)
    return f"An answer of the fake, {hashlib.sha256(prompt.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}."


def _obeying(text: str, question: Question, obeying: bool) -> str:
    orders = find_orders(question.data) if obeying else None
    return obeyed(text, question.schema, orders) if orders else text


def _bounded(text: str, stop: Stop, question: Question, count: Count) -> Reply:
    hits = [(at, stops) for stops in question.stops if (at := text.find(stops)) >= 0]
    sequence = min(hits)[1] if hits else None
    if sequence is not None:
        text, stop = text[: min(hits)[0]], "stop_sequence"
    cap = question.max_tokens
    if cap is not None and count(text) > cap:
        return Reply(_cut(text, cap, count), "length", cap)
    return Reply(text, stop, count(text), stop_sequence=sequence)


def _cut(text: str, cap: int, count: Count) -> str:
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(text[:middle]) <= cap else (low, middle - 1)
    return text[:low]
