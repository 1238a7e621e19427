"""Real `aiworker serve` processes: each place has one at a time, and the next when it has died."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiworker.protocol import JsonValue
from aiworker.testing.llm.wire import as_object
from tests.support.environment import scrubbed
from tests.torture.meter import Meter

ROOT = Path(__file__).parents[2]
SERVE = ("serve", "-Q", "ai-jobs", "-c", "5", "--no-health", "--log", "json")
KILLPOINT = "AIWORKER_KILLPOINT"
PAID_AND_NOT_STORED = ("llm_sent", "llm_received")


@dataclass(slots=True)
class Life:
    """One process from start to end; `stops` are when it stood still, `place` is the kill point it died at."""

    name: str
    process: Process
    log: Path
    died_at: float | None = None
    code: int | None = None
    place: str | None = None
    stops: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL

    def send(self, sent: signal.Signals) -> None:
        """Send a signal unless it has ended."""
        if self.process.returncode is None:
            self.process.send_signal(sent)

    async def stand_still(self, seconds: float) -> None:
        """Stop the process for a while, as a machine does that swaps or migrates."""
        began = time.time()
        self.send(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.send(signal.SIGCONT)
            self.stops.append((began, time.time()))

    def events(self) -> list[dict[str, JsonValue]]:
        """Return what it logged; a line that is no object is an event of its own."""
        return [_event(line) for line in self.log.read_text("utf-8", "replace").splitlines()]


@dataclass(slots=True)
class Place:
    """Where one daemon after the other runs, until it is told to `end`."""

    number: int
    directory: Path
    variables: Mapping[str, str]
    meter: Meter
    lives: list[Life] = field(default_factory=list[Life])
    first: Mapping[str, str] = field(default_factory=dict[str, str])
    """Variables of the first process only: its kill point."""
    _is_ending: bool = False

    @property
    def life(self) -> Life | None:
        """The process that runs now."""
        return self.lives[-1] if self.lives and self.lives[-1].process.returncode is None else None

    def log_says(self, words: str) -> bool:
        """Tell whether the process that runs now has written this to stderr."""
        life = self.life
        return life is not None and words in life.log.with_suffix(".err").read_text("utf-8", "replace")

    async def run(self) -> None:
        """Keep one process running."""
        while not self._is_ending:
            life = await self._begin()
            life.code = await life.process.wait()
            if self._is_ending:
                return
            life.died_at = time.time()
            life.place = next((str(event["state"]) for event in life.events() if event["event"] == "killed-at"), None)
            if not life.was_killed:
                # It could not start, for example because Redis was away: no orchestrator tries again at once.
                await asyncio.sleep(0.3)

    async def end(self) -> None:
        """Kill what runs and start nothing more."""
        self._is_ending = True
        for life in self.lives:
            if life.process.returncode is None:
                life.process.kill()
            await life.process.wait()

    async def _begin(self) -> Life:
        name = f"d{self.number}-{len(self.lives)}"
        log = self.directory / f"{name}.log"
        variables = {**self.variables, "OPENAI_BASE_URL": self.meter.url_of(name), "PYTHONPATH": str(ROOT)}
        if not self.lives:
            variables |= self.first
        with log.open("wb") as out, (self.directory / f"{name}.err").open("wb") as err:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.torture.sabotage", *SERVE),
                stdin=DEVNULL,
                stdout=out,
                stderr=err,
                cwd=self.directory,
                env=scrubbed(self.directory, **variables),
                start_new_session=True,
            )
        life = Life(name, process, log)
        self.lives.append(life)
        if self._is_ending:
            process.kill()
        return life


def _event(line: str) -> dict[str, JsonValue]:
    try:
        found = as_object(json.loads(line))
    except ValueError:
        found = {}
    return {"event": "not-json", "line": line, **found}
