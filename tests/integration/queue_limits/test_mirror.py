"""The Redis script and its mirror in Python say the same, step by step, whatever happens."""

from __future__ import annotations

import os
import random
import sys
import uuid
from datetime import timedelta

import pytest

from aiworker import embedded
from aiworker.domain.pacing import Outcomes, Report, Rules, Standing, admit, learn
from aiworker.protocol import Allowance, RateLimits
from aiworker.queue.connection import short_client
from aiworker.queue.limits import Admission, SharedLimits
from tests.support.jobs import Clock

RULES = [
    Rules(),
    Rules(requests_per_minute=60, tokens_per_minute=7_000, concurrency=4, grow_after=2, open_after=2),
    Rules(requests_per_minute=7, open_after=3, open_for=timedelta(seconds=3), blocked_for=timedelta(seconds=4)),
    Rules(tokens_per_minute=333, concurrency=2, grow_after=1, open_after=2, open_for=timedelta(seconds=2)),
]
LEASE = timedelta(seconds=9)
STEPS = 250


def seed() -> int:
    return int(os.environ.get("PACING_SEED", random.SystemRandom().randrange(2**32)))


@pytest.mark.parametrize("rules", RULES)
async def test_script_and_mirror_agree_at_every_step(servers: embedded.Servers, rules: Rules) -> None:
    chosen = seed()
    sys.stdout.write(f"PACING_SEED={chosen}\n")
    dice, clock, mirror = random.Random(chosen), Clock(), Standing()
    limits = SharedLimits(short_client(servers.redis_url), rules, prefix=f"t{uuid.uuid4().hex}", now=clock)
    under_way: list[Admission] = []
    for step in range(STEPS):
        clock.move(timedelta(milliseconds=dice.choice([0, 1, 40, 700, 2_500, 11_000])))
        now = round(clock.at.timestamp() * 1000)
        if under_way and dice.random() < 0.5:
            mirror = await report(limits, mirror, rules, under_way.pop(dice.randrange(len(under_way))), dice, now)
        else:
            tokens = dice.randrange(1, 2_000)
            got = await limits.admit("p:m", tokens=tokens, lease=LEASE)
            mirror, verdict, wait = admit(mirror, rules, now=now, ticket=got.ticket, tokens=tokens, lease=9_000)
            assert (got.verdict, got.wait) == (verdict, timedelta(milliseconds=wait)), f"step {step}, seed {chosen}"
            assert not got.is_allowed or got.is_probe == (mirror.probe == got.ticket)
            under_way += [got] if got.is_allowed else []
        live = {ticket: until for ticket, until in mirror.slots.items() if until > now}
        mirror_now = Standing(
            **{name: getattr(mirror, name) for name in Standing.__slots__ if name != "slots"}, slots=live
        )
        assert await limits.standing("p:m") == mirror_now, f"step {step}, seed {chosen}"
    await limits.aclose()


async def report(
    limits: SharedLimits, mirror: Standing, rules: Rules, call: Admission, dice: random.Random, now: int
) -> Standing:
    outcome = dice.choice(list(Outcomes))
    used, pause = dice.choice([None, 0, 1, 500, 4_000]), dice.choice([0, 900, 6_000, 99_000])
    left = dice.choice([None, 0, 3, 10_000])
    await limits.report(
        "p:m",
        call,
        outcome,
        used=used,
        retry_after=timedelta(milliseconds=pause),
        left=RateLimits(Allowance(remaining=left)),
    )
    told = Report(
        ticket=call.ticket,
        admitted_at=call.at_ms,
        outcome=outcome,
        tokens_more=0 if used is None else used - call.tokens,
        retry_after=pause,
        remaining_requests=left,
    )
    return learn(mirror, rules, told, now=now)
