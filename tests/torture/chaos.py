"""The blows: a seed gives the same ones in the same order, though never the same moments in a job."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from redis.exceptions import RedisError

from aiworker.testing.core_api import Answer
from aiworker.testing.llm.scenarios import BadJson, EchoMap, Overloaded, RateLimited, ServerError, Step, Text
from tests.torture.meter import Play, Script
from tests.torture.rig import Rig

Kind = Literal["kill", "stop", "redis", "clients", "backends", "proxy"]
KINDS: Sequence[Kind] = ("kill", "stop", "redis", "clients", "backends", "proxy")
WEIGHTS = (30, 13, 8, 15, 22, 12)
BACKENDS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'aiworker' ORDER BY pid
"""
TERMINATE = "SELECT pg_terminate_backend($1)"
LLM_FAULTS: Sequence[tuple[float, Step]] = (
    (0.01, RateLimited(retry_after=1)),
    (0.005, Overloaded(retry_after=1)),
    (0.03, ServerError(500)),
    (0.02, BadJson()),
    (0.02, Text("I would rather write a poem.")),
)
CORE_FAULTS = 0.10


@dataclass(frozen=True, slots=True)
class Blow:
    """What happens `at` so many seconds; `span` is how long it lasts, `share` picks the victim."""

    at: float
    kind: Kind
    span: float
    share: float


def schedule(rng: random.Random, seconds: float) -> list[Blow]:
    """Draw the blows of a run."""
    blows: list[Blow] = []
    at = rng.uniform(2.0, 3.0)
    while at < seconds:
        kind = rng.choices(KINDS, WEIGHTS)[0]
        longest = {"stop": 6.0, "redis": 2.0, "proxy": 6.0}.get(kind, 0.0)
        blows.append(Blow(at, kind, rng.uniform(0.3, 1.0) * longest, rng.random()))
        at += rng.uniform(0.4, 1.1)
    return blows


def model(rng: random.Random) -> Script:
    """Return a model that takes 20 to 120 ms and fails now and then."""

    def script(job: str, before: int) -> Play:
        seconds, chance = rng.uniform(0.02, 0.12), rng.random()
        for share, step in LLM_FAULTS:
            if chance < share:
                return Play(step, seconds)
            chance -= share
        return Play(EchoMap(), seconds)

    return script


def core_answers(rng: random.Random, count: int) -> list[Answer]:
    """Return what a core-api answers that has a bad day."""
    return [(500 if rng.random() < 0.8 else "reset") if rng.random() < CORE_FAULTS else 200 for _ in range(count)]


@dataclass(slots=True)
class Chaos:
    """Deals the blows of one run and keeps a log of them."""

    rig: Rig
    blows: Sequence[Blow]
    log: list[str] = field(default_factory=list[str])
    dealt: Counter[str] = field(default_factory=Counter[str])
    _began: float = 0.0
    _busy: set[str] = field(default_factory=set[str])
    """What is down already: a server has only one life at a time."""

    async def run(self) -> None:
        """Deal every blow at its time, and return when the last one is over."""
        self._began = time.time()
        async with asyncio.TaskGroup() as blows:
            for blow in self.blows:
                await asyncio.sleep(max(0.0, self._began + blow.at - time.time()))
                blows.create_task(self._deal(blow))

    async def _deal(self, blow: Blow) -> None:
        match blow.kind:
            case "kill":
                self._kill(blow)
            case "stop":
                await self._stop(blow)
            case "redis":
                await self._redis(blow)
            case "clients":
                await self._clients()
            case "backends":
                await self._backends(blow)
            case "proxy":
                await self._proxy(blow)

    def _kill(self, blow: Blow) -> None:
        place = self.rig.places[int(blow.share * len(self.rig.places))]
        if life := place.life:
            self._tell("kill", f"SIGKILL {life.name}")
            life.send(signal.SIGKILL)

    async def _stop(self, blow: Blow) -> None:
        place = self.rig.places[int(blow.share * len(self.rig.places))]
        if (life := place.life) and life.name not in self._busy:
            self._busy.add(life.name)
            self._tell("stop", f"SIGSTOP {life.name} for {blow.span:.1f} s")
            await life.stand_still(blow.span)
            self._busy.discard(life.name)

    async def _redis(self, blow: Blow) -> None:
        if "redis" in self._busy:
            return
        self._busy.add("redis")
        self._tell("redis", f"Redis killed for {blow.span:.1f} s")
        self.rig.kill_redis()
        await asyncio.sleep(blow.span)
        await self.rig.start_redis()
        self._busy.discard("redis")

    async def _clients(self) -> None:
        if "redis" in self._busy:
            return
        self._tell("clients", "CLIENT KILL TYPE normal")
        try:
            await self.rig.command("CLIENT", "KILL", "TYPE", "normal")
        except RedisError as error:
            self._tell("clients", f"CLIENT KILL: {type(error).__name__}")

    async def _backends(self, blow: Blow) -> None:
        pids = [row["pid"] for row in await self.rig.rows(BACKENDS)]
        victims = random.Random(blow.share).sample(pids, max(1, len(pids) // 2)) if pids else []
        self._tell("backends", f"pg_terminate_backend of {len(victims)} of {len(pids)}")
        for pid in victims:
            await self.rig.db.execute(TERMINATE, pid)

    async def _proxy(self, blow: Blow) -> None:
        if "proxy" in self._busy:
            return
        self._busy.add("proxy")
        self._tell("proxy", f"the proxy of place 0 hangs for {blow.span:.1f} s")
        self.rig.proxy.hang()
        await asyncio.sleep(blow.span)
        self.rig.proxy.heal()
        self._busy.discard("proxy")

    def _tell(self, kind: Kind, what: str) -> None:
        self.dealt[kind] += 1
        self.log.append(f"{time.time() - self._began:7.2f} s  {what}")
