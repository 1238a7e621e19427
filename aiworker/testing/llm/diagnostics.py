"""Why Anthropic's cache missed, compared with an earlier message of the same client."""

from __future__ import annotations

from collections.abc import Sequence

from aiworker.protocol import JsonValue
from aiworker.testing.llm.cache import CacheUse
from aiworker.testing.llm.questions import Block, Count, Question
from aiworker.testing.llm.wire import JsonObject


class Diagnostics:
    """Remembers what each message was an answer to."""

    def __init__(self) -> None:
        self._questions: dict[str, Question] = {}

    def keep(self, message: str, question: Question) -> None:
        """Remember the question of a message."""
        self._questions[message] = question

    def explain(self, question: Question, previous: JsonValue, use: CacheUse, count: Count) -> JsonValue:
        """Return the reply's `diagnostics`; None when there was nothing to compare with or nothing missed."""
        if not isinstance(previous, str):
            return None
        before = self._questions.get(previous)
        if before is None:
            return {"cache_miss_reason": {"type": "previous_message_not_found"}}
        kind = _difference(before, question)
        if kind is None:
            return None
        missed = sum(count(block.text) for block in _upto_breakpoint(before.blocks)) - use.read
        reason: JsonObject = {"type": kind, "cache_missed_input_tokens": max(missed, 0)}
        return {"cache_miss_reason": reason}


def _difference(before: Question, after: Question) -> str | None:
    if before.model != after.model:
        return "model_changed"
    for roles, kind in ((("tools",), "tools_changed"), (("system",), "system_changed")):
        if _of(before.blocks, roles) != _of(after.blocks, roles):
            return kind
    old, new = (_of(blocks, ("user", "assistant")) for blocks in (before.blocks, after.blocks))
    return None if new[: len(old)] == old else "messages_changed"


def _of(blocks: Sequence[Block], roles: Sequence[str]) -> list[tuple[str, str]]:
    return [(block.role, block.text) for block in blocks if block.role in roles]


def _upto_breakpoint(blocks: Sequence[Block]) -> Sequence[Block]:
    last = max((at for at, block in enumerate(blocks, 1) if block.ttl), default=0)
    return blocks[:last]
