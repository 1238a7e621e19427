"""Ends runs that nobody will end: jobs that stalled out, and runs whose job Redis no longer has or holds as ended.

No payload is kept, so nothing is put back into a queue here: a lost job gets its error row and is told of.
Every serving process runs this; each pass is under an advisory lock, each ending under the run's own fence.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Protocol

from aiworker.domain.student_texts import student_text
from aiworker.envelope import Envelope
from aiworker.errors import AiworkerError, Fenced
from aiworker.policies import QueuePolicy
from aiworker.processors import AnyProcessor
from aiworker.protocol import Connection
from aiworker.queue.events import EventKind, QueueEvent
from aiworker.queue.whereabouts import Place
from aiworker.runtime.admit import CLI_QUEUE, Admitted, admit
from aiworker.store import alerts, budgets, calls, job_errors, runs, stale
from aiworker.store.database import Database
from aiworker.store.runs import Claim
from aiworker.store.stale import Unfinished

PERIOD = timedelta(minutes=1)
FAILED_AFTER = timedelta(minutes=1)
"""How old a claim is before its job is looked up: a job that has just failed is about to be recorded."""
LOST_AFTER = timedelta(minutes=10)
"""Longer than any job takes: one that Redis has forgotten may still be worked on and deliver its result."""
PAGE = 500
PURGE_AT_ONCE = 1_000
MAX_HEARD = 10_000
CODE = "stalled"
SUPERSEDED = "superseded"
"""Of a run whose job has succeeded as another one, because its data was changed between two starts."""
WORDS = {
    Place.GONE: "Redis holds no such job any more; its payload is lost.",
    Place.FAILED: "BullMQ gave the job up without asking its worker.",
    Place.COMPLETED: "BullMQ holds the job as completed by somebody else; no result of it is here.",
}

log = logging.getLogger("aiworker.reconcile")


class Lookup(Protocol):
    """Where jobs are, named by id and added-at."""

    async def places(self, queue: str, jobs: Sequence[tuple[str, datetime]]) -> list[Place]: ...


class _Chore(Protocol):
    async def __call__(self, db: Connection, *, now: datetime, limit: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Done:
    """What a pass did."""

    stalled: int = 0
    lost: int = 0
    superseded: int = 0
    purged: int = 0
    expired: int = 0


@dataclass(slots=True)
class Reconciler:
    """`heard` is given to every worker as its listener; `run` lasts as long as the process."""

    database: Database
    lookup: Lookup
    prefix: str
    queues: Sequence[str]
    processors: Sequence[AnyProcessor]
    policies: tuple[QueuePolicy, ...]
    now: Callable[[], datetime]
    worker: str
    _heard: deque[Envelope] = field(default_factory=lambda: deque[Envelope](maxlen=MAX_HEARD))
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self, event: QueueEvent) -> None:
        """Note a job that failed without its handler being asked; listeners must not do more than that."""
        if event.kind is EventKind.JOB_FAILED and not event.was_handled and event.envelope is not None:
            self._heard.append(event.envelope)
            self._wake.set()

    async def run(self) -> None:
        """Work off what was heard at once, and everything else each minute."""
        loop = asyncio.get_running_loop()
        next_pass = loop.time()
        while True:
            await self._contained(self.work_off)
            if loop.time() >= next_pass:
                await self._contained(self.pass_once)
                next_pass = loop.time() + PERIOD.total_seconds()
            try:
                async with asyncio.timeout(next_pass - loop.time()):
                    await self._wake.wait()
            except TimeoutError:
                continue
            self._wake.clear()

    async def work_off(self) -> int:
        """Record the failures that were heard of; one that cannot be recorded now is kept for the next time."""
        ended, kept = 0, list[Envelope]()
        try:
            while self._heard:
                envelope = self._heard.popleft()
                try:
                    ended += await self._record(envelope)
                except AiworkerError:
                    self._heard.appendleft(envelope)
                    raise
                except Exception:
                    fields = {"queue": envelope.queue, "jobId": envelope.job_id}
                    log.exception("failure-not-recorded", extra={"fields": fields})
                    kept.append(envelope)
        finally:
            self._heard.extend(kept)
        return ended

    async def pass_once(self) -> Done:
        """Look at every run that has been claimed for a while, and purge what is past its day."""
        ended = await self._reconcile()
        purged = await self._until_done("purge", calls.purge)
        expired = await self._until_done("budgets", budgets.expire)
        await self._until_done("alerts", alerts.purge)
        done = replace(ended, purged=purged, expired=expired)
        for kind, count in asdict(done).items():
            # The superseded are told one by one, and nobody has to do anything about them.
            if count and kind != SUPERSEDED:
                log.info("reconciled", extra={"fields": {"kind": kind, "count": count}})
        return done

    async def _record(self, envelope: Envelope) -> bool:
        admission = admit(envelope, self.processors, self.policies)
        scope = admission.scope if isinstance(admission, Admitted) else None

        async def record(db: Connection) -> str | None:
            now = self.now()
            # Whoever holds the run has an older fence: BullMQ counted this delivery too before it gave the job up.
            standing = await runs.claim(db, envelope, scope, by=self.worker, now=now)
            if not isinstance(standing, Claim):
                return None
            await runs.hold(db, standing)
            await runs.fail(db, standing, CODE, attempt=envelope.attempts_made, now=now)
            words, detail = student_text(CODE, envelope.name), WORDS[Place.FAILED]
            await job_errors.record(db, standing.run_id, envelope, scope, code=CODE, message=words, detail=detail)
            await alerts.note(db, CODE, run_id=standing.run_id, tenant=standing.tenant, now=now)
            return standing.run_id

        try:
            run_id = await self.database.run(scope.tenant if scope else None, record)
        except Fenced:
            return False
        if run_id is not None:
            _tell(CODE, Place.FAILED, envelope.queue, envelope.job_id, run_id)
        return run_id is not None

    async def _reconcile(self) -> Done:
        ends = Counter[tuple[str, Place]]()
        last: Unfinished | None = None
        while page := await self._page(last):
            last = page[-1]
            for queue, group in groupby(sorted(page, key=attrgetter("queue")), key=attrgetter("queue")):
                found = list(group)
                for run, place in zip(found, await self._places(queue, found), strict=True):
                    if self._is_over(run, place) and (code := await self._end(run, place)):
                        ends[code, place] += 1
        return Done(
            stalled=ends[CODE, Place.FAILED] + ends[CODE, Place.COMPLETED],
            lost=ends[CODE, Place.GONE],
            superseded=ends[SUPERSEDED, Place.COMPLETED],
        )

    async def _page(self, last: Unfinished | None) -> list[Unfinished]:
        before, queues = self.now() - FAILED_AFTER, [*self.queues, CLI_QUEUE]
        async with self.database.transaction(None) as db:
            if not await stale.is_mine(db, "reconcile"):
                return []
            return await stale.unfinished(db, self.prefix, queues, before=before, after=last, limit=PAGE)

    async def _places(self, queue: str, found: Sequence[Unfinished]) -> list[Place]:
        if queue == CLI_QUEUE:
            # One-shot runs have no job: they are over when their process is.
            return [Place.GONE] * len(found)
        return await self.lookup.places(queue, [(run.job_id, run.added_at) for run in found])

    def _is_over(self, run: Unfinished, place: Place) -> bool:
        match place:
            case Place.FAILED:
                # There a replay's job waits to be sent back.
                return run.state == "running"
            case Place.GONE | Place.COMPLETED:
                return self.now() - run.claimed_at >= LOST_AFTER
            case Place.QUEUED:
                return False

    async def _end(self, run: Unfinished, place: Place) -> str | None:
        """Return the code that the run was ended with, None if somebody else was first."""
        words, now = student_text(CODE, run.name), self.now()

        async def end(db: Connection) -> str | None:
            if place is Place.COMPLETED and await stale.supersede(db, run, code=SUPERSEDED, now=now):
                return SUPERSEDED
            if not await stale.end(db, run, code=CODE, message=words, detail=WORDS[place], now=now):
                return None
            await alerts.note(db, CODE, run_id=run.run_id, tenant=run.tenant, now=now)
            return CODE

        code = await self.database.run(run.tenant, end)
        if code is not None:
            _tell(code, place, run.queue, run.job_id, run.run_id)
        return code

    async def _until_done(self, task: str, work: _Chore) -> int:
        """Repeat a chore in small transactions until it finds nothing more."""
        total = 0
        while True:
            async with self.database.transaction(None) as db:
                if not await stale.is_mine(db, task):
                    return total
                done = await work(db, now=self.now(), limit=PURGE_AT_ONCE)
            total += done
            if done < PURGE_AT_ONCE:
                return total

    async def _contained(self, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await work()
        except AiworkerError as error:
            log.warning("reconcile-postponed", extra={"fields": {"errorCode": error.code}})
        except Exception:
            # Whatever it was, the other runs still have to be looked at next time.
            log.exception("reconcile-failed")


def _tell(code: str, place: Place, queue: str, job_id: str, run_id: str) -> None:
    fields = {"queue": queue, "jobId": job_id, "runId": run_id, "errorCode": code, "state": str(place)}
    log.log(logging.INFO if code == SUPERSEDED else logging.ERROR, "run-ended", extra={"fields": fields})
