"""The time the fake lives in: it stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class VirtualClock:
    """Caches, batches, model retirements and rate-limit windows follow this clock."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the virtual time."""
        return self._now

    def advance(self, span: timedelta) -> None:
        """Move the time forward."""
        self._now += span
