"""Runs ONE job, from envelope to receipt: claim, gather, ask, calls, settle, save.

Whatever happens, the run's row tells it before BullMQ is told: a result is committed with its message, a final
failure with its error row. Errors that leave here are `Decided`: their outcome is recorded and must be followed.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from aiworker.domain.characters import storable
from aiworker.envelope import Envelope, Identity, Scope, to_milliseconds
from aiworker.errors import (
    AiworkerError,
    ConfigurationError,
    ContextTooLong,
    Decided,
    Fenced,
    Interrupted,
    InvalidAnswer,
    InvalidPayload,
    JobFailed,
    Poisoned,
    TransientFault,
)
from aiworker.llm.client import LLM
from aiworker.policies import POISON_LIMIT, QueuePolicy
from aiworker.processors import AnyProcessor
from aiworker.protocol import Abort, Call, Connection, Context, FollowUp, JsonValue, Limits, LLMReply, Reply, Saved, Tx
from aiworker.runtime import claiming
from aiworker.runtime.admit import Admitted, admit
from aiworker.runtime.ending import Ending
from aiworker.runtime.gate import OPEN, Gate
from aiworker.runtime.killpoints import crashpoint
from aiworker.runtime.perform import Performer
from aiworker.store import runs
from aiworker.store.database import Database
from aiworker.store.runs import Announcement, Claim, Succeeded
from aiworker.telemetry.logs import add_to_job_context

MAX_ROUNDS = 2
LIGHT_PAYLOAD = 64 * 1024
"""Characters that are checked within a millisecond or some; megabytes would hold up everybody's locks and limits."""
NO_MODEL = Limits(0, 0)
"""For jobs that ask nobody."""

T = TypeVar("T")
Receipt = dict[str, JsonValue]

CALLBACKS: Mapping[str, str] = {"ai-jobs": "core-api:/internal/ai-jobs/complete"}
"""Where a queue's results are announced."""

IN_APP = "core-api:/internal/notifications/in-app"
"""Where a student is notified directly, if core-api does not do so by itself."""

log = logging.getLogger("aiworker.runtime")


@dataclass(frozen=True, slots=True)
class Runtime:
    """What running a job takes; wired once by `runtime.wiring`."""

    database: Database
    processors: Sequence[AnyProcessor]
    policies: tuple[QueuePolicy, ...]
    models: Mapping[str, LLM]
    """By queue: the model its jobs ask."""
    deliver: Callable[[str], Awaitable[None]]
    """Tries to send a run's messages once; never raises."""
    now: Callable[[], datetime]
    worker: str
    tag_key: bytes = b""
    """This installation's key; from it and the run's identity come the tags around untrusted text."""
    keep_replies: timedelta = timedelta(days=7)
    gate: Gate = OPEN
    """Budget, limiter and breaker."""
    notifies_in_app: bool = False
    reasks_refused: bool = False
    marks_verified: bool = True

    def model_of(self, queue: str) -> LLM:
        """Return the model that the jobs of a queue ask; ConfigurationError if it has none."""
        try:
            return self.models[queue]
        except KeyError:
            raise ConfigurationError(f"Jobs of {queue} have no model that can be asked.") from None


async def execute(envelope: Envelope, runtime: Runtime, abort: Abort | None = None) -> Receipt:
    """Work on one delivery and return the receipt; raises an AiworkerError whose outcome the queue follows."""
    admission = await _admission(envelope, runtime)
    scope = admission.scope if isinstance(admission, Admitted) else None
    if scope:
        add_to_job_context(tenantId=scope.tenant, studentId=scope.student, sessionId=scope.session)
    if isinstance(admission, Admitted) and not admission.processor.asks:
        receipt = await _at_once(envelope, admission, runtime, abort)
        if receipt is not None:
            return receipt
    return await _in_steps(envelope, admission, scope, runtime, abort)


async def _admission(envelope: Envelope, runtime: Runtime) -> Admitted | InvalidPayload:
    if len(envelope.data) <= LIGHT_PAYLOAD:
        return admit(envelope, runtime.processors, runtime.policies)
    return await asyncio.to_thread(admit, envelope, runtime.processors, runtime.policies)


async def _in_steps(
    envelope: Envelope, admission: Admitted | InvalidPayload, scope: Scope | None, runtime: Runtime, abort: Abort | None
) -> Receipt:
    standing = await claiming.claim(runtime.database, envelope, scope, by=runtime.worker, now=runtime.now())
    if isinstance(standing, Succeeded):
        await runtime.deliver(standing.run_id)
        return standing.receipt
    crashpoint("claimed")
    delivery = _Delivery(envelope, standing, runtime, abort)
    ending = Ending(envelope, scope, standing, runtime.database, runtime.now)
    try:
        receipt = await delivery.work(_able(admission, standing))
    except (asyncio.CancelledError, SystemExit) as error:
        if _is_cancelled():
            await ending.last_words()
            raise
        # Nobody cancelled us: something the job awaited was. Let out, it would end the worker without a word.
        raise await ending.ended(_crash(error, envelope)) from error
    except Fenced:
        raise
    except AiworkerError as error:
        raise await ending.ended(error) from error
    except Exception as error:
        log.exception("job-crashed", extra={"fields": {"errorCode": "internal"}})
        raise await ending.ended(_crash(error, envelope)) from error
    return await _told(standing.run_id, receipt, runtime)


def _able(admission: Admitted | InvalidPayload, claim: Claim) -> Admitted:
    if claim.crashes >= POISON_LIMIT:
        raise Poisoned(f"The job took its worker down {claim.crashes} times.")
    if not isinstance(admission, Admitted):
        raise admission
    return admission


async def _told(run_id: str, receipt: Receipt, runtime: Runtime) -> Receipt:
    """Send a committed result's messages before BullMQ hears of it."""
    crashpoint("committed")
    await runtime.deliver(run_id)
    crashpoint("before_ack")
    return receipt


async def _at_once(envelope: Envelope, admitted: Admitted, runtime: Runtime, abort: Abort | None) -> Receipt | None:
    """Run a job that asks nobody in one transaction, claim and all.

    Returns None if it did not succeed: nothing is written then, and the job is done again in steps, so that its
    start and the way it ends are recorded as everybody's are.
    """

    async def work(db: Connection) -> tuple[str, Receipt]:
        standing = await claiming.claim_in(db, envelope, admitted.scope, by=runtime.worker, now=runtime.now())
        if isinstance(standing, Succeeded):
            return standing.run_id, standing.receipt
        if isinstance(standing, Decided):
            raise standing
        return standing.run_id, await _Delivery(envelope, standing, runtime, abort).at_once(db, admitted)

    try:
        run_id, receipt = await runtime.database.run(admitted.scope.tenant, work)
    except (Exception, asyncio.CancelledError, SystemExit) as error:
        # Whatever it is, it is met again and told where it can be recorded.
        if _is_cancelled():
            raise
        log.info("done-again-in-steps", extra={"fields": {"error": type(error).__name__}})
        return None
    return await _told(run_id, receipt, runtime)


def run_tag_key(key: bytes, identity: Identity, epoch: int) -> bytes:
    """Derive a run's tag key: from its identity, so that a preview of the job builds the same request."""
    run = f"{identity.prefix}|{identity.queue}|{identity.job_id}|{identity.payload_hash}|{epoch}"
    return hmac.new(key, run.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def tighter(limits: Limits, maximum: int) -> Limits:
    """Return limits for asking once more: a fifth below what the provider stated, or half of what we thought."""
    window = int(maximum * 0.8) if maximum > 0 else limits.window // 2
    return replace(limits, window=min(window, limits.window // 2))


async def _pure(processor: AnyProcessor, step: Callable[..., T], *args: object) -> T:
    """Run a pure step: off the loop unless it is light, so that locks are renewed meanwhile."""
    return step(*args) if processor.is_light else await asyncio.to_thread(step, *args)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _crash(error: BaseException, envelope: Envelope) -> TransientFault:
    return TransientFault(f"{type(error).__name__} in {storable(envelope.name)}.", code="internal")


@dataclass(frozen=True, slots=True)
class _Delivery:
    envelope: Envelope
    claim: Claim
    runtime: Runtime
    abort: Abort | None

    async def at_once(self, db: Connection, admitted: Admitted) -> Receipt:
        """Do all there is to do, in a transaction that has claimed or holds the run."""
        _able(admitted, self.claim)
        processor, payload, ctx = admitted.processor, admitted.payload, self._context(NO_MODEL)
        facts = await processor.gather(payload, ctx, db)
        result = processor.settle(payload, facts, {}, ctx)
        if isinstance(result, FollowUp):
            raise JobFailed(f"{processor.name} asks nobody, and yet it wants to.", code="too_many_rounds")
        if self.abort and self.abort.aborted:
            raise Interrupted()
        return await self._finish(db, admitted, facts, result, None)

    async def work(self, admitted: Admitted) -> Receipt:
        processor, payload, tenant = admitted.processor, admitted.payload, admitted.scope.tenant
        database = self.runtime.database
        if not processor.asks:
            return await self._held(tenant, lambda db: self.at_once(db, admitted))
        llm = self.runtime.model_of(processor.queue)
        ctx = self._context(llm.limits)
        facts = await database.read(tenant, lambda db: processor.gather(payload, ctx, db))
        performer = Performer(
            database=database,
            llm=llm,
            run_id=self.claim.run_id,
            tenant=tenant,
            deadline=admitted.policy.deadline,
            keep_replies=self.runtime.keep_replies,
            now=self.runtime.now,
            restore=lambda: self._restored(admitted.scope),
            abort=self.abort,
            gate=self.runtime.gate,
        )
        result = await self._settled(admitted, facts, ctx, performer)
        if self.abort and self.abort.aborted:
            raise Interrupted()
        answered = next(iter(performer.replies.values()), None)
        return await self._held(tenant, lambda db: self._finish(db, admitted, facts, result, answered))

    async def _restored(self, scope: Scope) -> None:
        by, now = self.runtime.worker, self.runtime.now()
        await self.runtime.database.run_one(
            lambda db: runs.restore(db, self.claim, self.envelope, scope, by=by, now=now)
        )

    async def _held(self, tenant: str, work: Callable[[Connection], Awaitable[Receipt]]) -> Receipt:
        """Run `work` in a transaction in which nobody else can claim or end the run."""

        async def guarded(db: Connection) -> Receipt:
            await runs.hold(db, self.claim)
            return await work(db)

        return await self.runtime.database.run(tenant, guarded)

    async def _settled(self, admitted: Admitted, facts: object, ctx: Context, performer: Performer) -> object:
        processor, payload = admitted.processor, admitted.payload
        ctx, replies = await self._asked(admitted, facts, ctx, performer)
        for round_number in range(1, MAX_ROUNDS + 1):
            try:
                result = await _pure(processor, processor.settle, payload, facts, replies, ctx)
            except InvalidAnswer:
                performer.tell_unusable()
                raise
            if not isinstance(result, FollowUp):
                return result
            if round_number < MAX_ROUNDS:
                replies |= await performer.round(result.calls, first_start=self.claim.starts == 1)
        raise JobFailed(f"No result after {MAX_ROUNDS} rounds of calls.", code="too_many_rounds")

    async def _asked(
        self, admitted: Admitted, facts: object, ctx: Context, performer: Performer
    ) -> tuple[Context, dict[str, Reply]]:
        """Ask, and once more within tighter limits if the model could not take it; return the limits that held."""
        first = self.claim.starts == 1
        requests = await self._requests(admitted, facts, ctx)
        try:
            return ctx, await performer.round(requests, first_start=first) if requests else {}
        except ContextTooLong as error:
            ctx = replace(ctx, limits=tighter(ctx.limits, error.maximum))
            shorter = await self._requests(admitted, facts, ctx)
            if shorter == requests:
                raise
            log.warning("prompt-shortened", extra={"fields": {"limit": ctx.limits.window}})
        short = [replace(request, step=f"{request.step}/short") for request in shorter]
        replies = await performer.round(short, first_start=first)
        return ctx, {step.removesuffix("/short"): reply for step, reply in replies.items()}

    async def _requests(self, admitted: Admitted, facts: object, ctx: Context) -> tuple[Call, ...]:
        return await _pure(admitted.processor, admitted.processor.ask, admitted.payload, facts, ctx)

    async def _finish(
        self, db: Connection, admitted: Admitted, facts: object, result: object, answered: LLMReply | None
    ) -> Receipt:
        now, tenant = self.runtime.now(), admitted.scope.tenant
        tx = Tx(
            connection=db,
            tenant=tenant,
            run_id=self.claim.run_id,
            now=now,
            provider=answered.provider if answered else "none",
            model=answered.served_model if answered else "none",
        )
        saved = await admitted.processor.save(admitted.payload, facts, result, tx)
        receipt = self._receipt(saved, tx)
        json.dumps(receipt, allow_nan=False)
        await runs.succeed(db, self.claim, receipt, self._announcements(admitted, saved), now=now)
        crashpoint("in_tx")
        return receipt

    def _receipt(self, saved: Saved, tx: Tx) -> Receipt:
        return {
            "runId": self.claim.run_id,
            "epoch": self.claim.epoch,
            "tenantId": tx.tenant,
            "resultId": saved.result_id,
            "provider": tx.provider,
            "model": tx.model,
            "writes": dict(saved.writes),
        }

    def _announcements(self, admitted: Admitted, saved: Saved) -> list[Announcement]:
        target, scope = CALLBACKS.get(admitted.processor.queue), admitted.scope
        if target is None:
            return []
        body: dict[str, JsonValue] = {
            "jobId": self.envelope.job_id,
            "jobType": self.envelope.name,
            "tenantId": scope.tenant,
            "resultId": saved.result_id,
        }
        told = [Announcement("complete", target, body, key=self._idempotency_key("complete"))]
        if self.runtime.notifies_in_app and scope.student is not None:
            notice: dict[str, JsonValue] = {**body, "studentId": scope.student}
            told.append(Announcement("in-app", IN_APP, notice, key=self._idempotency_key("in-app")))
        return told

    def _idempotency_key(self, event: str) -> str:
        job = self.envelope
        return f"{job.queue}:{job.job_id}:{to_milliseconds(job.added_at)}:{self.claim.epoch}:{event}"

    def _context(self, limits: Limits) -> Context:
        return Context(
            run_id=self.claim.run_id,
            epoch=self.claim.epoch,
            is_replay=self.claim.epoch > 0,
            now=self.runtime.now(),
            limits=limits,
            tag_key=run_tag_key(self.runtime.tag_key, self.envelope.identity, self.claim.epoch),
            reasks_refused=self.runtime.reasks_refused,
            marks_verified=self.runtime.marks_verified,
        )
