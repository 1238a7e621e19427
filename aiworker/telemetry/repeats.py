"""Keeps an error that repeats from filling the log: its first line, then one line with a count every ten seconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from aiworker.telemetry.fields import Fields

WINDOW = timedelta(seconds=10)
MAX_KINDS = 1_000
LEVELS = frozenset({"error", "critical"})
VARYING = frozenset({"timestamp", "durationMs", "waitMs", "ageMs", "lagMs", "attempt", "traceId", "spanId"})
"""Fields that do not tell two errors apart. Job and tenant do: no failed job's line is ever swallowed by another's."""


@dataclass(slots=True)
class _Kind:
    shown_at: float
    latest: Fields
    hidden: int = 0


class Repeats:
    """Decides which error lines are shown; `clock` counts seconds and never goes back."""

    def __init__(self, clock: Callable[[], float], *, window: timedelta = WINDOW) -> None:
        self._clock = clock
        self._window = window.total_seconds()
        self._kinds: dict[str, _Kind] = {}

    @property
    def is_counting(self) -> bool:
        """Whether a line with a count is still to come."""
        return any(kind.hidden for kind in self._kinds.values())

    def admits(self, fields: Fields) -> bool:
        """Say whether this line is shown now; if not, it is counted."""
        if fields.get("level") not in LEVELS:
            return True
        key = json.dumps({name: value for name, value in fields.items() if name not in VARYING}, sort_keys=True)
        kind = self._kinds.get(key)
        if kind is not None:
            kind.hidden += 1
            kind.latest = fields
            return False
        if len(self._kinds) < MAX_KINDS:
            self._kinds[key] = _Kind(self._clock(), fields)
        return True

    def due(self, *, at_end: bool = False) -> list[Fields]:
        """Return the lines with a count whose time has come (all of them `at_end`), and forget what stopped."""
        now = self._clock()
        lines: list[Fields] = []
        for key, kind in list(self._kinds.items()):
            if not at_end and now - kind.shown_at < self._window:
                continue
            if kind.hidden == 0:
                del self._kinds[key]
                continue
            lines.append({**kind.latest, "repeated": kind.hidden})
            kind.shown_at, kind.hidden = now, 0
        return lines
