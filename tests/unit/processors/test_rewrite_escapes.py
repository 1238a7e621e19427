"""What a prompt escapes is never stored escaped."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from aiworker.domain.resume import locator
from aiworker.errors import NoSafeChange
from aiworker.processors import rewrite_resume
from aiworker.processors.rewrite_resume import Facts, Rewrite
from aiworker.protocol import Context, Limits, LLMReply
from tests.support.jobs import payload

ORIGINAL = "Built R&amp;D tools for <user> input & more"
CTX = Context("run", 0, False, datetime(2026, 11, 20, tzinfo=UTC), Limits(100_000, 10_000), b"key")


def settled(answer: str, provider: str) -> Rewrite:
    document = locator.read(json.dumps({"experience": [{"bullets": [ORIGINAL]}]}))
    facts = Facts("Resume", document, "Intern", "A vacancy.", "row")
    reply = LLMReply(json.dumps({"b0": answer}), provider, "model", "model", "end")
    checked = rewrite_resume.Payload.model_validate(payload())
    result = rewrite_resume.settle(checked, facts, {rewrite_resume.STEP: reply}, CTX)
    assert isinstance(result, Rewrite)
    return result


def shown() -> str:
    document = locator.read(json.dumps({"experience": [{"bullets": [ORIGINAL]}]}))
    facts = Facts("Resume", document, "Intern", "A vacancy.", "row")
    (request,) = rewrite_resume.ask(rewrite_resume.Payload.model_validate(payload()), facts, CTX)
    text = request.prompt.text("user")
    return next(line for line in text.splitlines() if line.startswith("b0: ")).removeprefix("b0: ")


def test_a_model_that_echoes_a_bullet_changes_nothing() -> None:
    with pytest.raises(NoSafeChange):
        settled(shown(), "openai")


def test_a_rewrite_of_escaped_text_is_stored_plain() -> None:
    rewritten = settled(shown().replace("Built", "Developed"), "anthropic")
    assert rewritten.changed == {"b0": ORIGINAL.replace("Built", "Developed")}


def test_the_rule_engine_sees_the_text_itself() -> None:
    assert settled("Wrote R&amp;D tools", "offline").changed == {"b0": "Wrote R&amp;D tools"}
