"""The Redis script and its mirror in Python say the same, step by step, whatever happens.

The script must also say it when every command reaches it twice, as after a lost answer, and the mirror hears it once.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from aiworker import embedded
from aiworker.domain.pacing import Outcomes, Report, Rules, Standing, Verdict, admit, learn
from aiworker.protocol import Allowance, RateLimits
from aiworker.queue.connection import short_client
from aiworker.queue.limits import Admission, SharedLimits
from aiworker.queue.line import Argument, Line
from tests.support.jobs import Clock

RULES = [
    Rules(),
    Rules(requests_per_minute=60, tokens_per_minute=7_000, concurrency=4, grow_after=2, open_after=2),
    Rules(requests_per_minute=7, open_after=3, open_for=timedelta(seconds=3), blocked_for=timedelta(seconds=4)),
    Rules(tokens_per_minute=333, concurrency=2, grow_after=1, open_after=2, open_for=timedelta(seconds=2)),
]
LEASE = timedelta(seconds=9)
STEPS = 250


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that is over, and all that is told of it."""

    call: Admission
    outcome: Outcomes
    used: int | None
    pause: int
    left: int | None

    @property
    def report(self) -> Report:
        return Report(
            ticket=self.call.ticket,
            admitted_at=self.call.at_ms,
            outcome=self.outcome,
            tokens_more=0 if self.used is None else self.used - self.call.tokens,
            retry_after=self.pause,
            remaining_requests=self.left,
        )


@dataclass(slots=True)
class Pair:
    """The script and its mirror, under one clock; each hears what the other hears."""

    limits: SharedLimits
    rules: Rules
    mirror: Standing = field(default_factory=Standing)

    async def admit(self, now: int, tokens: int) -> Admission:
        got = await self.limits.admit("p:m", tokens=tokens, lease=LEASE)
        self.mirror, verdict, wait = admit(
            self.mirror, self.rules, now=now, ticket=got.ticket, tokens=tokens, lease=9_000
        )
        assert (got.verdict, got.wait) == (verdict, timedelta(milliseconds=wait))
        assert got.at_ms == now
        assert got.is_probe == (got.verdict is Verdict.ALLOWED and self.mirror.probe == got.ticket)
        return got

    async def report(self, now: int, ended: Ended) -> None:
        has_opened = await self.limits.report(
            "p:m",
            ended.call,
            ended.outcome,
            used=ended.used,
            retry_after=timedelta(milliseconds=ended.pause),
            left=RateLimits(Allowance(remaining=ended.left)),
        )
        self.mirror = learn(self.mirror, self.rules, ended.report, now=now)
        assert has_opened == (self.mirror.event_of(ended.call.ticket) == "opened")

    async def agree(self, now: int) -> None:
        live = {ticket: until for ticket, until in self.mirror.slots.items() if until > now}
        assert await self.limits.standing("p:m") == replace(self.mirror, slots=live)


@pytest.fixture(params=[1, 2], ids=["once", "twice"])
def arrivals(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Have every command arrive that often; only the last answer is heard."""
    call, times = Line.call, int(request.param)

    def repeated(line: Line, *args: Argument, text: str | None = None) -> asyncio.Future[object]:
        return [call(line, *args, text=text) for _ in range(times)][-1]

    monkeypatch.setattr(Line, "call", repeated)
    return times


@pytest.mark.parametrize("rules", RULES)
async def test_script_and_mirror_agree_at_every_step(servers: embedded.Servers, rules: Rules, arrivals: int) -> None:
    chosen = int(os.environ.get("PACING_SEED", random.SystemRandom().randrange(2**32)))
    sys.stdout.write(f"PACING_SEED={chosen}, commands arrive {arrivals} times\n")
    dice, clock = random.Random(chosen), Clock()
    prefix = f"t{uuid.uuid4().hex}"
    pair = Pair(SharedLimits(short_client(servers.redis_url), rules, prefix=prefix, now=clock), rules)
    under_way: list[Admission] = []
    over: list[Ended] = []
    for step in range(STEPS):
        clock.move(timedelta(milliseconds=dice.choice([0, 1, 40, 700, 2_500, 11_000])))
        now = _milliseconds(clock.at)
        try:
            if under_way and dice.random() < 0.5:
                over.append(_ended(under_way.pop(dice.randrange(len(under_way))), dice))
                await pair.report(now, over[-1])
            elif over and dice.random() < 0.2:
                await pair.report(now, dice.choice(over[-9:]))
            else:
                got = await pair.admit(now, dice.randrange(1, 2_000))
                under_way += [got] if got.is_allowed else []
            await pair.agree(now)
        except AssertionError as error:
            error.add_note(f"step {step}, PACING_SEED={chosen}")
            raise
    await pair.limits.aclose()


def _ended(call: Admission, dice: random.Random) -> Ended:
    outcome = dice.choice(list(Outcomes))
    used, pause = dice.choice([None, 0, 1, 500, 4_000]), dice.choice([0, 900, 6_000, 99_000])
    return Ended(call, outcome, used, pause, dice.choice([None, 0, 3, 10_000]))


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
