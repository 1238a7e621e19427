"""Makes a round of calls: checkpoint first, else the door, and the reply is stored before anybody parses it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain, repeat

from aiworker.errors import (
    AiworkerError,
    Cancel,
    DeadlineExceeded,
    Interrupted,
    JobFailed,
    Retry,
    ServiceUnreachable,
    Snooze,
    TransientFault,
)
from aiworker.llm.client import LLM
from aiworker.llm.reply import Garbled, no_answer
from aiworker.protocol import Abort, Call, LLMReply, Reply, Unavailable
from aiworker.runtime.ending import unhurried
from aiworker.runtime.gate import OPEN, Asking, Gate
from aiworker.runtime.killpoints import crashpoint
from aiworker.store import calls
from aiworker.store.calls import RunForgotten
from aiworker.store.database import Database

MAX_CALLS = 12
"""Calls one run may make, follow-ups and larger caps included: a ceiling on what one job can cost."""
CAP_FACTOR = 4
"""How much larger the cap of a second try is after an answer was cut."""
MOST = 0.9
"""The share of the deadline that a call must have had for its silence to be the provider's fault."""
LEAST = 0.2
"""The share of the deadline that must be left for a call that may be missed to be begun."""
CHECKPOINT_PAUSES_S = (0.1, 0.3, 1.0, 2.0)
"""The last one again and again."""
KEEPS_TRYING = timedelta(minutes=1)
"""How long a reply that was paid for is held in memory while PostgreSQL is away; locks are renewed meanwhile."""

log = logging.getLogger("aiworker.runtime")


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
    restore: Callable[[], Awaitable[None]]
    """Writes the run's claim again if PostgreSQL has lost it."""
    abort: Abort | None = None
    gate: Gate = OPEN
    made: int = 0
    replies: dict[str, LLMReply] = field(default_factory=dict[str, LLMReply])
    _latest: dict[str, LLMReply] = field(default_factory=dict[str, LLMReply])
    """The replies of the latest round: what `settle` found unusable is among them."""
    _known: calls.Checkpoints | None = None
    _ends_at: float | None = None
    """When the run's calls must be done, by the loop's clock; one deadline for all of them."""
    _waited: timedelta = timedelta(0)
    """The longest a call of this round waited at the gate."""

    async def round(self, requests: Sequence[Call], *, first_start: bool) -> dict[str, Reply]:
        """Perform one round concurrently; every reply that came is stored, then the gravest fault is raised."""
        if self._known is None:
            self._known = {} if first_start else await self._recall()
        self._latest, self._waited = {}, timedelta(0)
        self._count(len(requests))
        answers = await asyncio.gather(*(self._one(request) for request in requests), return_exceptions=True)
        pairs, now = list(zip(requests, answers, strict=True)), self.now()
        faults = [answer for request, answer in pairs if isinstance(answer, BaseException) and _ends(request, answer)]
        if faults:
            raise min(faults, key=lambda fault: _patience(fault, now))
        return {request.step: self._noted(request, answer, now) for request, answer in pairs}

    def _noted(self, request: Call, answer: LLMReply | BaseException, now: datetime) -> Reply:
        if isinstance(answer, AiworkerError):
            return Unavailable(answer.code, retryable=not isinstance(answer.outcome(now), Cancel))
        assert isinstance(answer, LLMReply)
        self.replies[request.step] = self._latest[request.step] = answer
        return answer

    async def _one(self, request: Call) -> LLMReply:
        """Ask, and once more with a larger cap if the answer was cut; refusals are stored, then raised."""
        step, reply = request.step, await self._reply(request)
        if reply.stop_reason == "length":
            larger = min(request.max_tokens * CAP_FACTOR, self.llm.limits.output_cap)
            if larger > request.max_tokens:
                self._count(1)
                step = f"{request.step}/cap"
                reply = await self._reply(replace(request, step=step, max_tokens=larger))
        if error := no_answer(reply.stop_reason):
            self.tell_unusable({step: reply})
            raise error
        return reply

    def _is_late(self) -> bool:
        if self._ends_at is None:
            return False
        return self._ends_at - asyncio.get_running_loop().time() < LEAST * self.deadline.total_seconds()

    def tell_unusable(self, replies: Mapping[str, LLMReply] | None = None) -> None:
        """Log of replies (the latest round's, if not given) what tells no texts; `sha256` finds the row."""
        for step, reply in (self._latest if replies is None else replies).items():
            fields = {
                "runId": self.run_id,
                "step": step,
                "provider": reply.provider,
                "servedModel": reply.served_model,
                "externalId": reply.external_id,
                "stopReason": reply.stop_reason,
                "length": len(reply.text),
                "sha256": hashlib.sha256(reply.text.encode("utf-8", "surrogatepass")).hexdigest(),
                "firstByte": first_byte(reply.text),
            }
            log.warning("answer-unusable", extra={"fields": fields})

    def _count(self, more: int) -> None:
        self.made += more
        if self.made > MAX_CALLS:
            raise JobFailed(f"The job asked for more than {MAX_CALLS} calls.", code="too_many_calls")

    async def _reply(self, request: Call) -> LLMReply:
        assert self._known is not None
        if self._known and (known := self._known.get((request.step, request.hash))):
            return known
        if self.abort and self.abort.aborted:
            raise Interrupted()
        if not request.required and self._is_late():
            raise DeadlineExceeded("Too little of the deadline is left for a call that may be missed.")
        if request.truncated:
            log.info("prompt-truncated", extra={"fields": {"step": request.step, "kind": "/".join(request.truncated)}})
        asking = Asking(self.run_id, self.tenant, request, self.llm, self.deadline, self.abort)
        async with self.gate.passage(asking) as passage:
            passage.reply = await self._answer(request, passage.waited)
            crashpoint("llm_received")
            # Before the gate is told: what is between the answer and this INSERT would be paid twice.
            stored = await self._store(request, passage.reply)
            crashpoint("checkpointed")
        return stored

    async def _answer(self, request: Call, waited: timedelta) -> LLMReply:
        """Ask within the deadline of the run's calls; what a round waited at the gate is not the provider's time."""
        began = asyncio.get_running_loop().time()
        if self._ends_at is None:
            self._ends_at = began + self.deadline.total_seconds()
        elif waited > self._waited:
            self._ends_at += (waited - self._waited).total_seconds()
        self._waited = max(self._waited, waited)
        had = self._ends_at - began
        try:
            async with asyncio.timeout_at(self._ends_at):
                crashpoint("llm_sent")
                return await self.llm.answer(request)
        except Garbled as fault:
            await self._keep(request, fault)
            raise
        except TimeoutError as error:
            whole = self.deadline.total_seconds()
            raise DeadlineExceeded(f"No answer within {whole:g} s.", had_all=had >= MOST * whole) from error

    async def _keep(self, request: Call, fault: Garbled) -> None:
        """Store what came instead of a reply; if that fails too, the job still ends by the provider's fault."""
        came = fault.evidence
        if came is None:
            return
        try:
            await self.database.run_one(
                lambda db: calls.keep_garbled(
                    db, self.run_id, self.tenant, request, came, now=self.now(), keep=self.keep_replies
                )
            )
        except AiworkerError as error:
            log.warning("garbled-not-kept", extra={"fields": {"step": request.step, "errorCode": error.code}})

    async def _store(self, request: Call, reply: LLMReply) -> LLMReply:
        """Store a reply that was paid for, also while being cancelled: giving up means paying twice."""
        try:
            return await self._persist(request, reply)
        except asyncio.CancelledError:
            # What was under way has been withdrawn.
            await unhurried(self._persist(request, reply))
            raise

    async def _persist(self, request: Call, reply: LLMReply) -> LLMReply:
        loop, is_forgotten = asyncio.get_running_loop(), False
        until = loop.time() + KEEPS_TRYING.total_seconds()
        for pause in chain(CHECKPOINT_PAUSES_S, repeat(CHECKPOINT_PAUSES_S[-1])):
            try:
                if is_forgotten:
                    await self.restore()
                return await self._checkpoint(request, reply)
            except (ServiceUnreachable, TransientFault) as error:
                is_forgotten = isinstance(error, RunForgotten)
                if loop.time() >= until:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def _checkpoint(self, request: Call, reply: LLMReply) -> LLMReply:
        return await self.database.run_one(
            lambda db: calls.checkpoint(
                db, self.run_id, self.tenant, request, reply, now=self.now(), keep=self.keep_replies
            )
        )

    async def _recall(self) -> calls.Checkpoints:
        return await self.database.run(
            self.tenant, lambda db: calls.recall(db, self.run_id, self.tenant), readonly=True
        )


def first_byte(text: str) -> str:
    """Say what kind of text this is by its beginning, without quoting it."""
    match text.lstrip("\ufeff \t\r\n")[:1]:
        case "":
            return "empty"
        case "{":
            return "object"
        case "[":
            return "array"
        case "`":
            return "fence"
        case letter:
            return "word" if letter.isalnum() else "other"


def _ends(request: Call, fault: BaseException) -> bool:
    """Say whether a fault ends the round; without an optional call's answer the job goes on."""
    return request.required or not isinstance(fault, AiworkerError)


def _patience(fault: BaseException, now: datetime) -> int:
    """Rank faults: one that only waits must not hide one that spends an attempt, at every delivery anew."""
    if not isinstance(fault, AiworkerError):
        return 0
    match fault.outcome(now):
        case Cancel():
            return 1
        case Retry():
            return 2
        case Snooze():
            return 3
