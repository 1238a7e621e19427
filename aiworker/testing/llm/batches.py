"""What batches of both providers have in common: requests that were worked out at once and show up with time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from aiworker.testing.llm.faults import fault
from aiworker.testing.llm.scenarios import BadJson, Content, Delay, Drip, Fault, Hang, Reset, Step, WrongShape
from aiworker.testing.llm.wire import JsonObject, Provider, Refused, as_text
from aiworker.testing.llm.world import World

Stage = Literal["validating", "in_progress", "finalizing", "completed", "expired", "canceling", "canceled"]
Complete = Callable[[JsonObject, Content | None], JsonObject]

LIFETIME = timedelta(hours=24)
CANCELLING = timedelta(seconds=10)
ENDED: frozenset[Stage] = frozenset({"completed", "expired", "canceled"})


@dataclass(frozen=True, slots=True)
class Item:
    """One request of a batch with its outcome; neither a body nor a refusal means it never ends."""

    custom_id: str
    body: JsonObject | None = None
    refused: Refused | None = None

    @property
    def hangs(self) -> bool:
        return self.body is None and self.refused is None


@dataclass(slots=True)
class Timeline:
    """Where a batch is at a given time; `start` and `wrap_up` are spans before and after the work."""

    created: datetime
    takes: timedelta
    items: Sequence[Item]
    start: timedelta = timedelta()
    wrap_up: timedelta = timedelta()
    cancelled: datetime | None = None

    @property
    def started(self) -> datetime:
        return self.created + self.start

    @property
    def expires(self) -> datetime:
        return self.created + LIFETIME

    @property
    def worked(self) -> datetime | None:
        """When the last request is done; None if that is never, or too late."""
        done = self.started + self.takes
        late = done > self.expires or any(item.hangs for item in self.items)
        return None if late else done

    @property
    def ends(self) -> datetime:
        if self.cancelled is not None:
            return self.cancelled + CANCELLING
        return self.expires if self.worked is None else self.worked + self.wrap_up

    def stage(self, now: datetime) -> Stage:
        """Say where the batch is."""
        if self.cancelled is not None:
            return "canceled" if now >= self.ends else "canceling"
        if now >= self.ends:
            return "expired" if self.worked is None else "completed"
        if self.worked is not None and now >= self.worked:
            return "finalizing"
        return "in_progress" if now >= self.started else "validating"

    def finished(self, now: datetime) -> list[Item]:
        """Return the requests done by now; they are done one after the other at an even pace."""
        until = min(now, self.cancelled or now, self.expires)
        share = (until - self.started) / self.takes if self.takes else 1.0
        able = [item for item in self.items if not item.hangs]
        return able[: int(len(able) * min(max(share, 0.0), 1.0))]

    def cancel(self, now: datetime) -> bool:
        """Stop the batch; False if it has ended."""
        if self.stage(now) in ENDED:
            return False
        self.cancelled = self.cancelled or now
        return True


def work(
    world: World, provider: Provider, route: str, requests: Iterable[tuple[str, JsonObject]], complete: Complete
) -> list[Item]:
    """Work every request out, each with the scripted step that is its turn."""
    return [
        _worked(
            custom_id, body, world.next_step(provider, as_text(body.get("model")) or None, route), provider, complete
        )
        for custom_id, body in requests
    ]


def shuffled(items: Sequence[Item]) -> list[Item]:
    """Return the items in another order than they were sent in, always the same one."""
    mixed = sorted(items, key=lambda item: hashlib.sha256(item.custom_id.encode()).digest())
    return mixed[::-1] if mixed == list(items) else mixed


def _worked(custom_id: str, body: JsonObject, step: Step | None, provider: Provider, complete: Complete) -> Item:
    while isinstance(step, (Drip, Delay)):
        step = step.then
    if isinstance(step, Hang):
        return Item(custom_id)
    if isinstance(step, (Reset, BadJson, WrongShape)):
        return Item(custom_id, refused=Refused(500, "api_error", "Internal server error"))
    try:
        if isinstance(step, Fault):
            raise fault(provider, step, as_text(body.get("model")))
        return Item(custom_id, complete(body, step))
    except Refused as refused:
        return Item(custom_id, refused=refused)
