"""What both providers share: time, tokens, models, ids, limits and the script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from aiworker.testing.llm.clock import VirtualClock
from aiworker.testing.llm.limits import Limits
from aiworker.testing.llm.models import MODELS, Catalogue
from aiworker.testing.llm.questions import Count
from aiworker.testing.llm.scenarios import Step
from aiworker.testing.llm.wire import Provider

NextStep = Callable[[Provider, str | None, str], Step | None]


@dataclass(slots=True)
class World:
    """`next_step` is asked by batches, whose requests arrive inside another one."""

    clock: VirtualClock
    count: Count
    next_step: NextStep
    limits: Limits
    catalogue: Catalogue = field(default_factory=lambda: Catalogue(MODELS))
    obeying: bool = False
    batch_takes: timedelta = timedelta(minutes=10)
    _ids: Counter[str] = field(default_factory=Counter[str])

    def new_id(self, prefix: str) -> str:
        """Return the next id of a kind."""
        self._ids[prefix] += 1
        return f"{prefix}fake{self._ids[prefix]:08d}"

    @property
    def timestamp(self) -> int:
        return int(self.clock.now().timestamp())


def quarter(text: str) -> int:
    """Count tokens as a quarter of the characters, rounded up."""
    return -(-len(text) // 4)
