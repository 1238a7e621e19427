"""Makes a round of calls: checkpoint first, else the door, and the reply is stored before anybody parses it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiworker.errors import (
    AiworkerError,
    DeadlineExceeded,
    Interrupted,
    JobFailed,
    ServiceUnreachable,
    TransientFault,
)
from aiworker.llm.client import LLM
from aiworker.protocol import Abort, Call, LLMReply, Reply, Unavailable
from aiworker.store import calls
from aiworker.store.database import Database

MAX_CALLS = 12
"""Calls one run may make, follow-ups and larger caps included: a ceiling on what one job can cost."""


CHECKPOINT_PAUSES_S = (0.1, 0.3, 1.0, 2.0)


@dataclass(slots=True)
class Performer:
    """The calls of one run. No database connection is held while a call is under way."""

    database: Database
    llm: LLM
    run_id: str
    tenant: str
    deadline: timedelta
    keep_replies: timedelta
    now: Callable[[], datetime]
    abort: Abort | None = None
    made: int = 0
    replies: dict[str, LLMReply] = field(default_factory=dict[str, LLMReply])
    _known: calls.Checkpoints | None = None

    async def round(self, requests: Sequence[Call], *, first_start: bool) -> dict[str, Reply]:
        """Perform one round concurrently; every reply that came is stored, then the first fault is raised."""
        if self._known is None:
            self._known = {} if first_start else await self._recall()
        if self.made + len(requests) > MAX_CALLS:
            raise JobFailed(f"The job asked for more than {MAX_CALLS} calls.", code="too_many_calls")
        self.made += len(requests)
        answers = await asyncio.gather(*(self._one(request) for request in requests), return_exceptions=True)
        replies: dict[str, Reply] = {}
        for request, answer in zip(requests, answers, strict=True):
            if isinstance(answer, BaseException):
                replies[request.step] = _unavailable(request, answer)
            else:
                replies[request.step] = self.replies[request.step] = answer
        return replies

    async def _one(self, request: Call) -> LLMReply:
        assert self._known is not None
        if known := self._known.get((request.step, request.hash)):
            return known
        if self.abort and self.abort.aborted:
            raise Interrupted()
        try:
            async with asyncio.timeout(self.deadline.total_seconds()):
                reply = await self.llm.answer(request)
        except TimeoutError as error:
            raise DeadlineExceeded(f"No answer within {self.deadline.total_seconds():g} s.") from error
        return await self._store(request, reply)

    async def _store(self, request: Call, reply: LLMReply) -> LLMReply:
        """Store a reply that was paid for, trying again for some seconds: giving up means paying twice."""
        for pause in CHECKPOINT_PAUSES_S:
            try:
                return await self._checkpoint(request, reply)
            except (ServiceUnreachable, TransientFault):
                await asyncio.sleep(pause)
        return await self._checkpoint(request, reply)

    async def _checkpoint(self, request: Call, reply: LLMReply) -> LLMReply:
        return await self.database.run(
            self.tenant,
            lambda db: calls.checkpoint(
                db, self.run_id, self.tenant, request, reply, now=self.now(), keep=self.keep_replies
            ),
        )

    async def _recall(self) -> calls.Checkpoints:
        return await self.database.run(
            self.tenant, lambda db: calls.recall(db, self.run_id, self.tenant), readonly=True
        )


def _unavailable(request: Call, error: BaseException) -> Unavailable:
    if request.required or not isinstance(error, AiworkerError):
        raise error
    return Unavailable(error.code, retryable=not isinstance(error, JobFailed))
