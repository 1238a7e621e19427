"""No connection is held while a model is asked: a small pool serves many jobs at once."""

from __future__ import annotations

import asyncio
from typing import Any

from aiworker.protocol import LLMReply, LLMRequest
from aiworker.runtime.execute import execute
from aiworker.store.database import opened
from tests.support.jobs import ScriptedModel, envelope, processor, runtime

JOBS = 20


class Together(ScriptedModel):
    """Answers nobody before all have asked."""

    def __init__(self) -> None:
        super().__init__()
        self.all_here = asyncio.Barrier(JOBS)

    async def answer(self, request: LLMRequest) -> LLMReply:
        await self.all_here.wait()
        return await super().answer(request)


async def test_a_pool_smaller_than_the_jobs_in_hand_serves_them_all(database_url: str) -> None:
    async with opened(database_url, size=2) as database, asyncio.timeout(20):
        wired = runtime(database, llm=Together(), processors=[processor(name="test-job")])
        receipts: list[Any] = await asyncio.gather(*(execute(envelope(name="test-job"), wired) for _ in range(JOBS)))
    assert len({receipt["runId"] for receipt in receipts}) == JOBS
