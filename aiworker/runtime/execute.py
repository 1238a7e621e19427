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

from aiworker.domain.characters import storable
from aiworker.domain.pacing import bounded, while_blocked, while_spent
from aiworker.domain.student_texts import student_text
from aiworker.envelope import Envelope, Identity, Scope, to_milliseconds
from aiworker.errors import (
    AiworkerError,
    BudgetSpent,
    Cancel,
    ConfigurationError,
    ContextTooLong,
    Decided,
    Fenced,
    Interrupted,
    InvalidAnswer,
    JobFailed,
    Outcome,
    Paced,
    Poisoned,
    ProviderBlocked,
    RateLimited,
    Retry,
    ServiceUnreachable,
    Snooze,
    TransientFault,
)
from aiworker.llm.client import LLM
from aiworker.policies import POISON_LIMIT, QueuePolicy
from aiworker.processors import AnyProcessor
from aiworker.protocol import Abort, Call, Connection, Context, FollowUp, JsonValue, Limits, Reply, Saved, Tx
from aiworker.runtime.admit import Admitted, admit
from aiworker.runtime.gate import OPEN, Gate
from aiworker.runtime.killpoints import crashpoint
from aiworker.runtime.perform import Performer
from aiworker.store import audit, job_errors, outbox, runs
from aiworker.store.database import Contention, Database
from aiworker.store.runs import Claim, Failed, Succeeded
from aiworker.telemetry.logs import add_to_job_context

MAX_ROUNDS = 2
LAST_WORDS = timedelta(seconds=5)
COME_BACK = timedelta(seconds=5)
"""When a job returns whose start or end could not be recorded."""
COUNTED = (RateLimited, ProviderBlocked, BudgetSpent)
"""Reasons to come back later that are counted, because a run may do so only so often and so long."""

Receipt = dict[str, JsonValue]

CALLBACKS: Mapping[str, str] = {"ai-jobs": "core-api:/internal/ai-jobs/complete"}
"""Where a queue's results are announced."""

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

    def model_of(self, queue: str) -> LLM:
        """Return the model that the jobs of a queue ask; ConfigurationError if it has none."""
        try:
            return self.models[queue]
        except KeyError:
            raise ConfigurationError(f"Jobs of {queue} have no model that can be asked.") from None


async def execute(envelope: Envelope, runtime: Runtime, abort: Abort | None = None) -> Receipt:
    """Work on one delivery and return the receipt; raises an AiworkerError whose outcome the queue follows."""
    admission = admit(envelope, runtime.processors, runtime.policies)
    scope = admission.scope if isinstance(admission, Admitted) else None
    if scope:
        add_to_job_context(tenantId=scope.tenant, studentId=scope.student, sessionId=scope.session)
    standing = await _claim(envelope, scope, runtime)
    if isinstance(standing, Succeeded):
        await runtime.deliver(standing.run_id)
        return standing.receipt
    crashpoint("claimed")
    delivery = _Delivery(envelope, scope, standing, runtime, abort)
    try:
        if standing.dirty_starts > POISON_LIMIT:
            raise Poisoned(f"The job took its worker down {standing.dirty_starts - 1} times.")
        if not isinstance(admission, Admitted):
            raise admission
        return await delivery.work(admission)
    except (asyncio.CancelledError, SystemExit) as error:
        if _is_cancelled():
            await delivery.last_words()
            raise
        # Nobody cancelled us: something the job awaited was. Let out, it would end the worker without a word.
        raise await delivery.ended(_crash(error, envelope)) from error
    except Fenced:
        raise
    except AiworkerError as error:
        raise await delivery.ended(error) from error
    except Exception as error:
        log.exception("job-crashed", extra={"fields": {"errorCode": "internal"}})
        raise await delivery.ended(_crash(error, envelope)) from error


def run_tag_key(key: bytes, identity: Identity, epoch: int) -> bytes:
    """Derive a run's tag key: from its identity, so that a preview of the job builds the same request."""
    run = f"{identity.prefix}|{identity.queue}|{identity.job_id}|{identity.payload_hash}|{epoch}"
    return hmac.new(key, run.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def tighter(limits: Limits, maximum: int) -> Limits:
    """Return limits for asking once more: a fifth below what the provider stated, or half of what we thought."""
    window = int(maximum * 0.8) if maximum > 0 else limits.window // 2
    return replace(limits, window=min(window, limits.window // 2))


def _is_repeat(envelope: Envelope, failed: Failed) -> bool:
    """Say whether BullMQ never heard of this failure; if it did, somebody has retried the job on purpose."""
    told = envelope.has_failed and envelope.stalled_count <= failed.stalled
    return envelope.attempts_made == failed.attempt and not told


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _crash(error: BaseException, envelope: Envelope) -> TransientFault:
    return TransientFault(f"{type(error).__name__} in {storable(envelope.name)}.", code="internal")


async def _claim(envelope: Envelope, scope: Scope | None, runtime: Runtime) -> Claim | Succeeded:
    async def claim(db: Connection) -> Claim | Succeeded | Decided:
        now = runtime.now()
        standing = await runs.claim(db, envelope, scope, by=runtime.worker, now=now)
        if not isinstance(standing, Failed):
            return standing
        if _is_repeat(envelope, standing):
            # We died between our commit and BullMQ's: say it again, change nothing.
            detail = await job_errors.detail(db, standing.run_id, standing.tenant)
            return Decided(JobFailed(detail or None, code=standing.error_code), Cancel())
        epoch = await runs.open_epoch(db, envelope, scope, after=standing, by=runtime.worker, now=now)
        await audit.write(
            db,
            actor="queue",
            action="retry-from-outside",
            run_id=epoch.run_id,
            tenant=epoch.tenant,
            reason="the job was retried in BullMQ after its run had failed",
            details={"epoch": epoch.epoch, "previous_error": standing.error_code},
        )
        return epoch

    try:
        standing = await runtime.database.run(scope.tenant if scope else None, claim)
    except (ServiceUnreachable, ConfigurationError, Contention) as error:
        # Nothing was tried and nothing can be recorded: the job waits for the database, at no attempt's cost.
        raise Decided(error, Snooze(runtime.now() + COME_BACK)) from error
    if isinstance(standing, Decided):
        raise standing
    return standing


@dataclass(frozen=True, slots=True)
class _Delivery:
    envelope: Envelope
    scope: Scope | None
    claim: Claim
    runtime: Runtime
    abort: Abort | None

    async def work(self, admitted: Admitted) -> Receipt:
        processor, payload, tenant = admitted.processor, admitted.payload, admitted.scope.tenant
        llm = self.runtime.model_of(processor.queue)
        database, ctx = self.runtime.database, self._context(llm)
        facts = await database.run(tenant, lambda db: processor.gather(payload, ctx, db), readonly=True)
        performer = Performer(
            database=database,
            llm=llm,
            run_id=self.claim.run_id,
            tenant=tenant,
            deadline=admitted.policy.deadline,
            keep_replies=self.runtime.keep_replies,
            now=self.runtime.now,
            abort=self.abort,
            gate=self.runtime.gate,
        )
        result = await self._settled(admitted, facts, ctx, performer)
        if self.abort and self.abort.aborted:
            raise Interrupted()
        receipt = await database.run(tenant, lambda db: self._finish(db, admitted, facts, result, performer))
        crashpoint("committed")
        await self.runtime.deliver(self.claim.run_id)
        crashpoint("before_ack")
        return receipt

    async def _settled(self, admitted: Admitted, facts: object, ctx: Context, performer: Performer) -> object:
        processor, payload = admitted.processor, admitted.payload
        ctx, replies = await self._asked(admitted, facts, ctx, performer)
        for round_number in range(1, MAX_ROUNDS + 1):
            # Guards and splicing are pure CPU work: off the loop, so that locks are renewed meanwhile.
            try:
                result = await asyncio.to_thread(processor.settle, payload, facts, replies, ctx)
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
        # Truncation counts tokens of whole documents: off the loop.
        return await asyncio.to_thread(admitted.processor.ask, admitted.payload, facts, ctx)

    async def _finish(
        self, db: Connection, admitted: Admitted, facts: object, result: object, performer: Performer
    ) -> Receipt:
        now, tenant = self.runtime.now(), admitted.scope.tenant
        await runs.hold(db, self.claim)
        answered = next(iter(performer.replies.values()), None)
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
        await self._announce(db, admitted, saved, now)
        await runs.succeed(db, self.claim, receipt, now=now)
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

    async def _announce(self, db: Connection, admitted: Admitted, saved: Saved, now: datetime) -> None:
        target = CALLBACKS.get(admitted.processor.queue)
        if target is None:
            return
        await outbox.put(
            db,
            run_id=self.claim.run_id,
            event="complete",
            tenant=admitted.scope.tenant,
            target=target,
            body={
                "jobId": self.envelope.job_id,
                "jobType": self.envelope.name,
                "tenantId": admitted.scope.tenant,
                "resultId": saved.result_id,
            },
            key=self._idempotency_key("complete"),
            now=now,
        )

    def _idempotency_key(self, event: str) -> str:
        job = self.envelope
        return f"{job.queue}:{job.job_id}:{to_milliseconds(job.added_at)}:{self.claim.epoch}:{event}"

    def _context(self, llm: LLM) -> Context:
        return Context(
            run_id=self.claim.run_id,
            epoch=self.claim.epoch,
            is_replay=self.claim.epoch > 0,
            now=self.runtime.now(),
            limits=llm.limits,
            tag_key=run_tag_key(self.runtime.tag_key, self.envelope.identity, self.claim.epoch),
        )

    async def ended(self, error: AiworkerError) -> AiworkerError:
        """Record how this start ended and return the error to raise, with its outcome settled."""
        now = self.runtime.now()
        outcome = self._within_bounds(error, now)
        if isinstance(error, ProviderBlocked) and isinstance(outcome, Cancel):
            error = JobFailed(f"Nobody acted in time: {error.message}", code=ProviderBlocked.code)
        try:
            await self.runtime.database.run(self.claim.tenant, lambda db: self._record(db, error, outcome, now))
        except Fenced:
            raise
        except AiworkerError as unrecorded:
            # Not recorded is not ended: the job comes back, at no attempt's cost, and ends then.
            log.warning("end-not-recorded", extra={"fields": {"errorCode": unrecorded.code}})
            return Decided(error, Snooze(now + COME_BACK))
        crashpoint("before_ack")
        return Decided(error, outcome)

    def _within_bounds(self, error: AiworkerError, now: datetime) -> Outcome:
        """Put an end to waiting and trying again: by count and time, each kind by its own."""
        outcome, claim = error.outcome(now), self.claim
        match error:
            case Paced():
                # The queue as a whole waits, and nothing says that this job is at fault.
                return outcome
            case RateLimited():
                outcome = bounded(outcome, snoozes=claim.snoozes, since=claim.snoozed_since, now=now)
            case ProviderBlocked():
                outcome = while_blocked(outcome, since=claim.blocked_since, now=now)
            case BudgetSpent():
                outcome = while_spent(outcome, since=claim.unfunded_since, now=now)
            case _:
                pass
        return Cancel() if isinstance(outcome, Retry) and self.envelope.is_last_attempt else outcome

    async def _record(self, db: Connection, error: AiworkerError, outcome: object, now: datetime) -> None:
        match outcome:
            case Snooze() if isinstance(error, ProviderBlocked):
                await runs.block(db, self.claim, now=now)
            case Snooze() if isinstance(error, BudgetSpent):
                await runs.await_budget(db, self.claim, now=now)
            case Snooze() if isinstance(error, RateLimited) and not isinstance(error, Paced):
                await runs.snooze(db, self.claim, now=now)
            case Snooze() | Retry():
                await runs.end_attempt(db, self.claim, attempt=self.envelope.attempts_made)
            case _:
                await runs.hold(db, self.claim)
                await runs.fail(db, self.claim, error.code, attempt=self.envelope.attempts_made, now=now)
                await job_errors.record(
                    db,
                    self.claim.run_id,
                    self.envelope,
                    self.scope,
                    code=error.code,
                    message=student_text(error.code),
                    detail=error.message,
                )

    async def last_words(self) -> None:
        """Record an orderly end while being cancelled, so that a hand-back is not taken for a crash."""
        attempt = self.envelope.attempts_made
        record = self.runtime.database.run(
            self.claim.tenant, lambda db: runs.end_attempt(db, self.claim, attempt=attempt)
        )
        task = asyncio.ensure_future(record)
        try:
            await asyncio.wait_for(asyncio.shield(task), LAST_WORDS.total_seconds())
        except (TimeoutError, AiworkerError):
            task.cancel()
