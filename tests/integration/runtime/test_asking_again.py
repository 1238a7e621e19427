"""A prompt that a model finds too long is paid for again only if it comes out shorter."""

from __future__ import annotations

import pytest

from aiworker.testing.llm import scenarios as play
from tests.integration.runtime.one_job import OneJob, one
from tests.integration.runtime.rows import errors, runs
from tests.support.doors import PROVIDERS

__all__ = ["one"]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_prompt_with_nothing_to_leave_out_is_not_sent_twice(one: OneJob, provider: str) -> None:
    one.fake.script(play.ContextTooLong(130_000, 120_000), play.EchoMap())
    error = await one.fails(provider)
    assert error.code == "context_too_long"
    assert len(one.bodies()) == 1
    assert [(run["state"], run["error_code"]) for run in await runs(one.database)] == [("failed", "context_too_long")]
    assert len(await errors(one.database)) == 1
