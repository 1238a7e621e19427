"""Models that end: before we start, while we run, and earlier than anybody told us."""

from __future__ import annotations

from datetime import timedelta

import pytest
from httpx2 import AsyncClient

from aiworker.errors import Cancel, ConfigurationError, ExitCode, JobFailed
from aiworker.llm import client
from aiworker.llm.capabilities import models
from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm import scenarios as play
from tests.support.doors import PROVIDERS, asking, request, settings
from tests.support.jobs import NOW

BOTH = pytest.mark.parametrize("provider", PROVIDERS)
# Anthropic's SDK has a calendar of its own.
pytestmark = pytest.mark.filterwarnings("ignore:The model 'claude:DeprecationWarning")


RETIRED = [("anthropic", "claude-sonnet-4-20250514"), ("openai", "gpt-4o-2024-05-13")]


@pytest.mark.parametrize(("provider", "model"), RETIRED)
def test_a_retired_model_can_be_made_an_error(fake: FakeProviders, provider: str, model: str) -> None:
    chosen = settings(fake, provider, llm_retired_model="fail")
    with pytest.raises(ConfigurationError) as raised:
        client.build(chosen, provider, now=fake.clock.now, model=model)
    error = raised.value
    assert (error.code, error.exit_code) == ("retired_model", ExitCode.CONFIGURATION)
    assert model in error.message and "LLM_RETIRED_MODEL=successor" in (error.remedy or "")


@pytest.mark.parametrize(("provider", "model"), RETIRED)
async def test_by_default_its_successor_answers_and_both_names_are_told(
    fake: FakeProviders, http: AsyncClient, caplog: pytest.LogCaptureFixture, provider: str, model: str
) -> None:
    reply = await asking(fake, provider, http, model=model).answer(request())
    assert reply.requested_model == model
    assert reply.served_model == fake.requests[0].model != model
    (warning,) = caplog.records
    assert (warning.levelname, warning.message) == ("WARNING", "model-replaced")
    assert vars(warning)["fields"] == {"requestedModel": model, "servedModel": reply.served_model}


ENDING = [("anthropic", "claude-sonnet-4-5", "claude-sonnet-4-6", 31), ("openai", "gpt-4o", "gpt-6-luna", 100)]


@pytest.mark.parametrize(("provider", "model", "successor", "days"), ENDING)
async def test_a_model_that_retires_while_we_run_is_replaced_from_that_day_on_and_told_once(
    fake: FakeProviders,
    http: AsyncClient,
    caplog: pytest.LogCaptureFixture,
    provider: str,
    model: str,
    successor: str,
    days: int,
) -> None:
    fake.clock.advance(timedelta(days=-100))
    asked = asking(fake, provider, http, model=model)
    assert (await asked.answer(request())).served_model == asked.model == model
    caplog.clear()
    fake.clock.advance(timedelta(days=100 + days))
    replies = [await asked.answer(request()) for _ in range(3)]
    assert {(reply.requested_model, reply.served_model) for reply in replies} == {(model, successor)}
    assert [seen.model for seen in fake.requests] == [model, *[successor] * 3]
    assert asked.model == successor and asked.limits.window == next(m.window for m in models() if m.name == successor)
    assert [record.message for record in caplog.records] == ["model-replaced"]


@pytest.mark.parametrize(("provider", "model", "successor", "days"), ENDING)
async def test_under_the_policy_fail_every_request_then_says_so_and_nobody_is_asked(
    fake: FakeProviders, http: AsyncClient, provider: str, model: str, successor: str, days: int
) -> None:
    asked = asking(fake, provider, http, model=model, llm_retired_model="fail")
    assert (await asked.answer(request())).served_model == model
    fake.clock.advance(timedelta(days=days))
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=f"The model {model} .* was retired on") as raised:
            await asked.answer(request())
        assert (raised.value.code, raised.value.outcome(NOW)) == ("retired_model", Cancel())
        assert successor in (raised.value.remedy or "")
    assert len(fake.requests) == 1


@BOTH
async def test_a_model_that_ends_elsewhere_first_is_not_found_and_final(
    fake: FakeProviders, http: AsyncClient, provider: str
) -> None:
    with pytest.raises(JobFailed) as raised:
        await asking(fake, provider, http, model="gone-1").answer(request())
    assert raised.value.reason == f"model_not_found: {provider} does not know the model gone-1."
    assert raised.value.remedy is None


@pytest.mark.parametrize(
    ("provider", "model", "change"),
    [
        ("openai", "gpt-4o", "OPENAI_MODEL=gpt-6-luna"),
        ("openai", "gpt-4o-2024-08-06", "OPENAI_MODEL=gpt-6-luna"),
        ("anthropic", "claude-sonnet-4-5", "EVALUATION_MODEL=anthropic:claude-sonnet-4-6"),
    ],
)
async def test_where_a_successor_is_known_it_is_named_with_the_setting_to_change(
    fake: FakeProviders, http: AsyncClient, provider: str, model: str, change: str
) -> None:
    fake.clock.advance(timedelta(days=-100))
    fake.script(play.ModelNotFound())
    with pytest.raises(JobFailed) as raised:
        await asking(fake, provider, http, model=model).answer(request())
    assert raised.value.message == f"{provider} does not know the model {model}; {change} names its successor."
    assert (raised.value.code, raised.value.remedy) == ("model_not_found", f"set {change}")


async def test_a_compatible_server_s_unknown_model_has_no_successor(fake: FakeProviders, http: AsyncClient) -> None:
    fake.script(play.ModelNotFound())
    with pytest.raises(JobFailed) as raised:
        await asking(fake, "openai", http, model="gpt-4o", llm_compatible=True).answer(request())
    assert raised.value.remedy is None
