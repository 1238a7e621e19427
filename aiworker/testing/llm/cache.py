"""Prompt caches: what a request read and wrote, by each provider's own rules, on the virtual clock."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from aiworker.testing.llm.clock import VirtualClock
from aiworker.testing.llm.models import Model
from aiworker.testing.llm.questions import Block, Count, Ttl

LIFETIMES: Mapping[Ttl, timedelta] = {"5m": timedelta(minutes=5), "1h": timedelta(hours=1)}
LOOKBACK = 20
PIECE = 512
INCREMENT = 128


@dataclass(frozen=True, slots=True)
class CacheUse:
    """Tokens read from and written to a cache; `total` is the whole prompt."""

    total: int
    read: int = 0
    written_5m: int = 0
    written_1h: int = 0

    @property
    def written(self) -> int:
        return self.written_5m + self.written_1h

    @property
    def uncached(self) -> int:
        return self.total - self.read - self.written


class _Shelf:
    """Keys with the time they are kept; reading a key keeps it as long again."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._kept: dict[bytes, tuple[datetime, timedelta]] = {}

    def has(self, key: bytes) -> bool:
        until, _ = self._kept.get(key, (None, None))
        return until is not None and until > self._clock.now()

    def put(self, key: bytes, span: timedelta) -> None:
        self._kept[key] = (self._clock.now() + span, span)

    def renew(self, key: bytes) -> None:
        if self.has(key):
            self.put(key, self._kept[key][1])


class BreakpointCache:
    """Anthropic's: only prefixes that end at a breakpoint and reach the model's minimum are kept."""

    def __init__(self, clock: VirtualClock) -> None:
        self._shelf = _Shelf(clock)

    def use(self, model: Model, blocks: Sequence[Block], count: Count) -> CacheUse:
        """Look the prompt up and write what is missing."""
        keys = _chain(model.name, [(block.role, block.text) for block in blocks])
        ends = _running(count(block.text) for block in blocks)
        marks: list[tuple[int, Ttl]] = [(at, block.ttl) for at, block in enumerate(blocks) if block.ttl]
        hit = self._longest([at for at, _ in marks], keys)
        for key in keys[: hit + 1]:
            self._shelf.renew(key)
        done = read = ends[hit] if hit >= 0 else 0
        written: dict[Ttl, int] = {"5m": 0, "1h": 0}
        for at, ttl in marks:
            if ends[at] > done and ends[at] >= model.cache_minimum:
                self._shelf.put(keys[at], LIFETIMES[ttl])
                written[ttl] += ends[at] - done
                done = ends[at]
        return CacheUse(ends[-1] if ends else 0, read, written["5m"], written["1h"])

    def _longest(self, marks: Sequence[int], keys: Sequence[bytes]) -> int:
        for mark in reversed(marks):
            for at in range(mark, max(mark - LOOKBACK, -1), -1):
                if self._shelf.has(keys[at]):
                    return at
        return -1


@dataclass(frozen=True, slots=True)
class Terms:
    """How OpenAI is to keep a prompt: routing key, lifetime, and how many blocks at most (None: all)."""

    key: str
    lifetime: timedelta
    blocks: int | None = None


class PrefixCache:
    """OpenAI's: every prompt from 1,024 tokens is kept, and the common beginning is read in steps of 128 tokens."""

    def __init__(self, clock: VirtualClock) -> None:
        self._shelf = _Shelf(clock)

    def use(self, model: Model, blocks: Sequence[Block], count: Count, terms: Terms) -> CacheUse:
        """Look the prompt up and keep it, as far as the terms allow."""
        total = sum(count(block.text) for block in blocks)
        pieces = [
            (at, start, end) for at, block in enumerate(blocks[: terms.blocks]) for start, end in _cuts(len(block.text))
        ]
        texts = [(blocks[at].role, blocks[at].text[start:end]) for at, start, end in pieces]
        keys = _chain(f"{model.name}\x1f{terms.key}", texts)
        known = next((n for n, one in enumerate(keys) if not self._shelf.has(one)), len(keys))
        read = self._tokens(model, blocks, pieces[:known], count)
        kept = self._tokens(model, blocks, pieces, count)
        if kept:
            for one in keys:
                self._shelf.put(one, terms.lifetime)
        return CacheUse(total, read, kept - read if model.writes_cache else 0)

    def _tokens(
        self, model: Model, blocks: Sequence[Block], pieces: Sequence[tuple[int, int, int]], count: Count
    ) -> int:
        """Return how much of the prompt these pieces are, in whole steps; nothing below the minimum."""
        if not pieces:
            return 0
        at, _, end = pieces[-1]
        tokens = sum(count(block.text) for block in blocks[:at]) + count(blocks[at].text[:end])
        return tokens // INCREMENT * INCREMENT if tokens >= model.cache_minimum else 0


def _cuts(length: int) -> list[tuple[int, int]]:
    return [(start, min(start + PIECE, length)) for start in range(0, max(length, 1), PIECE)]


def _running(sizes: Iterable[int]) -> list[int]:
    return list(accumulate(sizes))


def _chain(start: str, parts: Sequence[tuple[str, str]]) -> list[bytes]:
    keys: list[bytes] = []
    last = start.encode()
    for role, text in parts:
        content = b"\x1f".join((last, role.encode(), text.encode("utf-8", "surrogatepass")))
        last = hashlib.sha256(content).digest()
        keys.append(last)
    return keys
