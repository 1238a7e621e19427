"""Sends messages after commit: one immediate try for each run, and a loop for the rest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from aiworker.errors import AiworkerError
from aiworker.outbound.core_api import Delivery
from aiworker.protocol import Connection, JsonValue
from aiworker.runtime.killpoints import crashpoint
from aiworker.store import alerts, outbox
from aiworker.store.database import Database
from aiworker.store.outbox import Message

LEASE = timedelta(seconds=30)
BATCH = 20
FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(hours=24)
DEAD = "message_dead"
"""The alert of a message that was given up."""
IDLE = (timedelta(seconds=2), timedelta(seconds=30))

log = logging.getLogger("aiworker.relay")


class Receiver(Protocol):
    """Somebody messages go to."""

    async def post(
        self, path: str, body: Mapping[str, JsonValue], *, idempotency_key: str, attempt: int
    ) -> Delivery: ...


@dataclass(slots=True)
class Relay:
    """`receivers` are named by the part of a message's target before the colon; messages for others are left alone."""

    database: Database
    receivers: Mapping[str, Receiver]
    now: Callable[[], datetime]
    jitter: Callable[[], float]
    """A number in [0, 1)."""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self, run_id: str) -> None:
        """Try a run's messages once; never raises, because the job is done either way."""
        if not self.receivers:
            return
        try:
            messages = await self.database.run_one(
                lambda db: outbox.lease_of_run(db, run_id, receivers=self.receivers.keys(), now=self.now(), lease=LEASE)
            )
            await asyncio.gather(*(self._send(message) for message in messages))
        except AiworkerError as error:
            log.warning("delivery-postponed", extra={"fields": {"errorCode": error.code}})
        except Exception:
            log.exception("delivery-failed")
        else:
            return
        self._wake.set()

    async def pass_once(self) -> int:
        """Send what is due and return how many messages were tried."""
        if not self.receivers:
            return 0
        async with self.database.transaction(None) as db:
            messages = await outbox.lease_due(
                db, receivers=self.receivers.keys(), now=self.now(), lease=LEASE, limit=BATCH
            )
        # All at once: one after another, a slow receiver would outlast the lease of the last ones.
        await asyncio.gather(*(self._send(message) for message in messages))
        return len(messages)

    async def run(self) -> None:
        """Pass for ever, less often while there is nothing to do; a failed immediate try wakes it."""
        idle = IDLE[0]
        while True:
            try:
                tried = await self.pass_once()
            except AiworkerError as error:
                log.error("relay-postponed", extra={"fields": {"errorCode": error.code}})
                tried = 0
            except Exception:
                # Whatever it was, the messages of everybody else still have to leave.
                log.exception("relay-failed")
                tried = 0
            idle = IDLE[0] if tried else min(idle * 2, IDLE[1])
            if tried < BATCH:
                await self._idle(idle)

    async def _idle(self, span: timedelta) -> None:
        try:
            async with asyncio.timeout(span.total_seconds()):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()
        # What woke us is due after its first retry delay with the most jitter it can have, not at once.
        await asyncio.sleep(backoff(1, 1.0).total_seconds())

    async def _send(self, message: Message) -> None:
        receiver, _, path = message.target.partition(":")
        delivery = await self.receivers[receiver].post(
            path, message.body, idempotency_key=message.idempotency_key, attempt=message.tries
        )
        crashpoint("called")
        status = str(delivery.status or delivery.error_code)
        async with self.database.transaction(message.tenant) as db:
            verdict = await self._note(db, message, delivery, status)
        fields = {"kind": message.event, "status": status, "verdict": verdict, "attempt": message.tries}
        # At INFO a job is told in two lines, its start and its end: a message that went out is neither.
        level = {"sent": logging.DEBUG, "dead": logging.ERROR}.get(verdict, logging.INFO)
        log.log(level, "message", extra={"fields": fields})

    async def _note(self, db: Connection, message: Message, delivery: Delivery, status: str) -> str:
        now = self.now()
        verdict = self._verdict(message, delivery, now)
        if verdict == "sent":
            await outbox.mark_sent(db, message, now=now, status=status)
        elif verdict == "dead":
            if not await outbox.bury(db, message, now=now, status=status):
                return "overtaken"
            await alerts.note(db, DEAD, run_id=message.run_id, tenant=message.tenant, now=now)
        else:
            again = now + backoff(message.tries, self.jitter())
            await outbox.postpone(db, message, until=again, status=status, now=now)
            self._wake.set()
        return verdict

    def _verdict(self, message: Message, delivery: Delivery, now: datetime) -> str:
        since = message.first_tried_at or now
        if delivery.verdict == "retry" and now - since >= GIVE_UP_AFTER:
            return "dead"
        return delivery.verdict


def backoff(tries: int, jitter: float) -> timedelta:
    """Return the wait after `tries` tries: 1 s doubling to 10 minutes, give or take a quarter by `jitter` in [0, 1)."""
    span = min(FIRST_RETRY * 2 ** min(tries - 1, 20), LONGEST_RETRY)
    return span * (0.75 + 0.5 * jitter)
