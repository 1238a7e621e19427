"""The rate limits both providers report with every answer: three buckets a model that fill up again by the minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from aiworker.testing.llm.clock import VirtualClock

Bucket = Literal["requests", "input", "output"]
WINDOW = timedelta(minutes=1)
SIZES: dict[Bucket, int] = {"requests": 1_000, "input": 2_000_000, "output": 400_000}


@dataclass(frozen=True, slots=True)
class Level:
    """How full a bucket is, and how long until it is full again."""

    limit: int
    remaining: int
    reset: timedelta


class Limits:
    """Counts use; it never refuses by itself."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._used: dict[tuple[str, Bucket], tuple[float, datetime]] = {}

    def take(self, model: str, *, requests: int = 1, tokens_in: int = 0, tokens_out: int = 0) -> None:
        """Note what a request used."""
        used: dict[Bucket, int] = {"requests": requests, "input": tokens_in, "output": tokens_out}
        for bucket, amount in used.items():
            spent = min(self._spent(model, bucket) + amount, SIZES[bucket])
            self._used[model, bucket] = (spent, self._clock.now())

    def level(self, model: str, bucket: Bucket) -> Level:
        """Say how much is left."""
        size, spent = SIZES[bucket], self._spent(model, bucket)
        return Level(size, int(size - spent), WINDOW * (spent / size))

    def _spent(self, model: str, bucket: Bucket) -> float:
        spent, at = self._used.get((model, bucket), (0.0, self._clock.now()))
        refilled = (self._clock.now() - at) / WINDOW * SIZES[bucket]
        return max(spent - refilled, 0.0)
