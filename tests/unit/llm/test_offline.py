"""The rule engine: answers from structured inputs, at once, at no cost, and says what it is."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from aiworker.domain.resume.rewrite_rules import Tone, rewrite
from aiworker.errors import ConfigurationError, ExitCode
from aiworker.llm import client
from aiworker.llm.offline import MODEL, PROVIDER, RULES, OfflineModel
from aiworker.processors import PROCESSORS
from aiworker.protocol import JsonValue, LLMRequest, Usage
from aiworker.runtime.wiring import utc_now
from aiworker.settings import load

BULLETS = [("b0", "was responsible for the billing service"), ("b1", "Built a cache"), ("b2", "worked on reports")]


def request(tone: str = "professional") -> LLMRequest:
    entries: list[JsonValue] = [
        {"heading": "Engineer", "tech": [], "bullets": [{"id": bullet, "text": text} for bullet, text in BULLETS[:2]]},
        {"heading": "Intern", "tech": [], "bullets": [{"id": bullet, "text": text} for bullet, text in BULLETS[2:]]},
    ]
    inputs: dict[str, JsonValue] = {"tone": tone, "entries": entries, "vacancy": {}, "skills": ""}
    return LLMRequest("rewrite", "rewrite-resume", inputs, {}, 400)


@pytest.mark.parametrize("tone", ["concise", "detailed", "professional"])
async def test_the_answer_is_the_rules_answer_for_all_bullets_as_json(tone: Tone) -> None:
    reply = await OfflineModel().answer(request(tone))
    assert json.loads(reply.text) == dict(rewrite(BULLETS, tone))
    assert json.loads(reply.text)


async def test_the_same_question_has_the_same_answer() -> None:
    assert await OfflineModel().answer(request()) == await OfflineModel().answer(request())


async def test_every_reply_says_who_answered_and_costs_nothing() -> None:
    reply = await OfflineModel().answer(request())
    assert (reply.provider, reply.requested_model, reply.served_model) == (PROVIDER, MODEL, MODEL)
    assert (reply.stop_reason, reply.usage, reply.external_id) == ("end", Usage(), None)


async def test_letters_of_every_language_stay_letters() -> None:
    entries: list[JsonValue] = [{"bullets": [{"id": "b0", "text": "responsable de la facturación de ₹1.2 lakh"}]}]
    reply = await OfflineModel().answer(replace(request(), inputs={"tone": "professional", "entries": entries}))
    assert "facturación" in reply.text and "₹" in reply.text


async def test_a_task_without_rules_is_a_configuration_error_with_a_remedy() -> None:
    with pytest.raises(ConfigurationError, match="no rules for interview-question") as raised:
        await OfflineModel().answer(replace(request(), task="interview-question"))
    assert raised.value.exit_code is ExitCode.CONFIGURATION
    assert raised.value.remedy == "set LLM_PROVIDER=openai"


def test_every_job_can_be_asked_offline() -> None:
    assert set(RULES) >= {processor.name for processor in PROCESSORS}


# The client


def test_offline_is_one_of_the_clients() -> None:
    model = client.build(load(), "offline", now=utc_now)
    assert (model.provider, model.model) == ("offline", "offline-rules-1")
    assert model.limits.window > model.limits.output_cap > 0


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_provider_without_its_key_is_never_replaced_silently(provider: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{provider} cannot be asked") as raised:
        client.build(load(), provider, now=utc_now)
    assert raised.value.remedy == f"set {provider.upper()}_API_KEY"


async def test_there_is_nothing_to_warm_or_to_close() -> None:
    model = OfflineModel()
    model.warm()
    await model.aclose()
    assert json.loads((await model.answer(request())).text)
