"""When a provider's model may be asked, shared by all workers through one Redis script.

Without Redis's answer a call passes: a limiter that is away must not stop what it only paces.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Final, Protocol, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from aiworker.domain.pacing import Outcomes, Rules, Standing, Verdict
from aiworker.envelope import to_milliseconds
from aiworker.protocol import RateLimits
from aiworker.queue.connection import short_client
from aiworker.queue.line import Line

ANSWER_WITHIN: Final = timedelta(milliseconds=500)
TELL_EVERY: Final = timedelta(minutes=1)

NOT_SAID: Final = RateLimits()

log = logging.getLogger("aiworker.limits")


@dataclass(frozen=True, slots=True)
class Admission:
    """What a call heard; `wait` is for how long to stay away, `is_probe` that it finds out how things are."""

    verdict: Verdict = Verdict.ALLOWED
    wait: timedelta = timedelta(0)
    is_probe: bool = False
    ticket: str = ""
    at_ms: int = 0
    tokens: int = 0

    @property
    def is_allowed(self) -> bool:
        return self.verdict is Verdict.ALLOWED


class Limiter(Protocol):
    """Says when to ask, and learns from what came of it. A key is `provider:model`."""

    @property
    def needs_tokens(self) -> bool:
        """Whether a request must be counted before it is let pass, which takes a while."""
        ...

    async def admit(self, key: str, *, tokens: int, lease: timedelta) -> Admission:
        """Let one request of about `tokens` pass, or say for how long to wait; a slot nobody frees lasts `lease`."""
        ...

    async def report(
        self,
        key: str,
        admission: Admission,
        outcome: Outcomes,
        *,
        used: int | None = None,
        retry_after: timedelta = timedelta(0),
        left: RateLimits = NOT_SAID,
    ) -> bool:
        """Tell how a call ended and how many tokens it used, and hear whether that opened the breaker; never raises."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class NoLimits:
    """Lets everything pass: for one-shot runs, which never need Redis."""

    needs_tokens = False

    async def admit(self, key: str, *, tokens: int, lease: timedelta) -> Admission:
        return Admission(tokens=tokens)

    async def report(
        self,
        key: str,
        admission: Admission,
        outcome: Outcomes,
        *,
        used: int | None = None,
        retry_after: timedelta = timedelta(0),
        left: RateLimits = NOT_SAID,
    ) -> bool:
        return False

    async def aclose(self) -> None:
        return None


@dataclass(slots=True)
class SharedLimits:
    """The limits all workers of one queue prefix keep together."""

    client: Redis
    rules: Rules
    prefix: str = "bull"
    now: Callable[[], datetime] | None = None
    """Whose clock counts; without one it is the server's, which all workers agree on."""
    _line: Line | None = field(init=False, default=None)
    _reports: set[asyncio.Task[bool]] = field(init=False, default_factory=set[asyncio.Task[bool]])
    _told_at: float | None = field(init=False, default=None)

    @classmethod
    def on(cls, redis_url: str, rules: Rules, *, prefix: str = "bull") -> SharedLimits:
        """Return the limits kept on a server; it is asked at the first call."""
        return cls(short_client(redis_url), rules, prefix)

    @property
    def needs_tokens(self) -> bool:
        return self.rules.tokens_per_minute is not None

    async def admit(self, key: str, *, tokens: int, lease: timedelta) -> Admission:
        ticket = secrets.token_hex(8)
        answer = await self._ask("admit", key, ticket, tokens, round(lease.total_seconds() * 1000))
        match answer:
            case [str(verdict), str(wait_ms), int(probe), str(at_ms)]:
                wait = timedelta(milliseconds=int(wait_ms))
                return Admission(Verdict(verdict), wait, bool(probe), ticket, int(at_ms), tokens)
            case _:
                return Admission(ticket=ticket, tokens=tokens)

    async def report(
        self,
        key: str,
        admission: Admission,
        outcome: Outcomes,
        *,
        used: int | None = None,
        retry_after: timedelta = timedelta(0),
        left: RateLimits = NOT_SAID,
    ) -> bool:
        more = 0 if used is None else used - admission.tokens
        counts = _told([left.requests.remaining, left.tokens.remaining])
        pause_ms = round(retry_after.total_seconds() * 1000)
        said = self._say("report", key, admission.ticket, outcome, admission.at_ms, more, pause_ms, *counts)
        heard = self._report_heard(key, outcome, said)
        if outcome is not Outcomes.GOOD or admission.is_probe:
            # What follows must find the others warned.
            return await heard
        task = asyncio.create_task(heard)
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)
        return False

    async def _report_heard(self, key: str, outcome: Outcomes, said: Awaitable[object]) -> bool:
        event = await self._heard(said)
        if event in ("opened", "closed"):
            # One worker hears this, the one whose report turned it.
            provider, _, model = key.partition(":")
            fields = {"provider": provider, "model": model, "outcome": str(outcome)}
            log.log(logging.ERROR if event == "opened" else logging.INFO, f"breaker-{event}", extra={"fields": fields})
        return event == "opened"

    async def standing(self, key: str) -> Standing | None:
        """Return what is known of a key, for health and tests; None without Redis's answer."""
        answer = cast("tuple[list[str], list[str], list[str], list[str], str] | None", await self._ask("look", key, ""))
        return None if answer is None else _standing(*answer[:4])

    async def aclose(self) -> None:
        if self._line is not None:
            await asyncio.gather(*self._reports)
            await self._line.close()
        await self.client.aclose()

    async def _ask(self, verb: str, key: str, ticket: str, *rest: str | int) -> object:
        return await self._heard(self._say(verb, key, ticket, *rest))

    def _say(self, verb: str, key: str, ticket: str, *rest: str | int) -> asyncio.Future[object]:
        rules = self.rules
        own = [
            verb,
            to_milliseconds(self.now()) if self.now else "",
            *(rules.requests_per_minute or 0, rules.tokens_per_minute or 0, rules.concurrency or 0),
            *(rules.grow_after, rules.open_after),
            *(round(span.total_seconds() * 1000) for span in (rules.open_for, rules.blocked_for)),
            ticket,
        ]
        # One hash tag, so that all keys live on the same node of a cluster.
        keys = [f"{self.prefix}:aiworker:limits:{{{key}}}{part}" for part in ("", ":calls", ":reported")]
        self._line = self._line or Line(self.client, on_break=self._tell)
        return self._line.call("EVALSHA", sha(), len(keys), *keys, *own, *rest, text=script())

    async def _heard(self, said: Awaitable[object]) -> object:
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                return await said
        except TimeoutError as error:
            # Perhaps its other end is gone without a word: the next question has a connection of its own.
            if self._line is not None:
                self._line.cut()
            self._tell(error)
        except (RedisError, OSError) as error:
            self._tell(error)
        return None

    def _tell(self, error: Exception) -> None:
        now = asyncio.get_running_loop().time()
        if self._told_at is None or now - self._told_at >= TELL_EVERY.total_seconds():
            self._told_at = now
            log.warning("limiter-away", extra={"fields": {"error": type(error).__name__}})


@cache
def script() -> str:
    """Return the text of the one script."""
    return resources.files("aiworker.queue").joinpath("limits.lua").read_text("utf-8")


@cache
def sha() -> str:
    """Return the name the server knows the script by."""
    return hashlib.sha1(script().encode()).hexdigest()  # noqa: S324 - Redis's own choice


def _told(counts: Sequence[int | None]) -> list[int | str]:
    return ["" if count is None else count for count in counts]


def _standing(fields: list[str], words: list[str], slots: list[str], reported: list[str]) -> Standing:
    requests, tokens, *numbers = fields
    probe, told_ticket, told_event = words
    filled_at, not_before, cap, halved_at, good, faults, open_until, probe_until = (int(text) for text in numbers)
    return Standing(
        requests=float(requests) if requests else None,
        tokens=float(tokens) if tokens else None,
        filled_at=filled_at,
        not_before=not_before,
        cap=cap,
        halved_at=halved_at,
        good=good,
        faults=faults,
        open_until=open_until,
        probe=probe,
        probe_until=probe_until,
        slots=_tickets(slots),
        reported=_tickets(reported),
        told_ticket=told_ticket,
        told_event=told_event,
    )


def _tickets(scored: list[str]) -> dict[str, int]:
    return {ticket: int(float(until)) for ticket, until in zip(scored[::2], scored[1::2], strict=True)}
