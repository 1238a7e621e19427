"""The models the fake serves, with what the real ones take and refuse.

Deliberately a table of its own: the client's table is held against it, not copied from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from aiworker.testing.llm.wire import Provider

Lifecycle = Literal["active", "deprecated", "retired"]


@dataclass(frozen=True, slots=True)
class Model:
    """One model; `names` are all ids it answers to, the first is the one it reports for aliases."""

    provider: Provider
    names: tuple[str, ...]
    window: int
    output_cap: int
    cache_minimum: int = 1024
    takes_temperature: bool = True
    takes_max_tokens: bool = True
    writes_cache: bool = False
    deprecated_on: date | None = None
    retires_on: date | None = None

    @property
    def name(self) -> str:
        return self.names[0]

    def lifecycle(self, now: datetime) -> Lifecycle:
        """Say where in its life the model is."""
        if self.retires_on and now >= midnight(self.retires_on):
            return "retired"
        return "deprecated" if self.retires_on else "active"


class Catalogue:
    """All models of both providers, by any of their names."""

    def __init__(self, models: Iterable[Model]) -> None:
        self._models: dict[tuple[Provider, str], Model] = {}
        for model in models:
            self.add(model)

    def add(self, model: Model) -> None:
        """Serve this model too, or instead of one of the same name."""
        for name in model.names:
            self._models[model.provider, name] = model

    def find(self, provider: Provider, name: str, now: datetime) -> Model | None:
        """Return a model that is not retired."""
        model = self._models.get((provider, name))
        return model if model and model.lifecycle(now) != "retired" else None

    def listed(self, provider: Provider) -> Iterator[tuple[str, Model]]:
        """Yield every name of the provider's models, retired ones too."""
        for (owner, name), model in self._models.items():
            if owner == provider:
                yield name, model


def midnight(day: date) -> datetime:
    """Return the start of a day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _gpt(
    *names: str, window: int, cap: int, ends: date | None = None, reasons: bool = True, writes_cache: bool = False
) -> Model:
    return Model(
        "openai",
        names,
        window,
        cap,
        takes_temperature=not reasons,
        takes_max_tokens=not reasons,
        writes_cache=writes_cache,
        retires_on=ends,
    )


def _claude(
    *names: str,
    window: int,
    cap: int = 64_000,
    minimum: int = 1024,
    newer: bool = False,
    ended: tuple[date, date] | None = None,
) -> Model:
    """`newer` means after Opus 4.6: no temperature."""
    deprecated, retired = ended or (None, None)
    return Model(
        "anthropic",
        names,
        window,
        cap,
        cache_minimum=minimum,
        takes_temperature=not newer,
        deprecated_on=deprecated,
        retires_on=retired,
    )


MODELS = (
    _gpt(
        *("gpt-4o", "gpt-4o-2024-11-20", "gpt-4o-2024-08-06"),
        window=128_000,
        cap=16_384,
        ends=date(2027, 1, 14),
        reasons=False,
    ),
    _gpt(
        *("gpt-4o-mini", "gpt-4o-mini-2024-07-18"),
        window=128_000,
        cap=16_384,
        ends=date(2027, 1, 14),
        reasons=False,
    ),
    _gpt("o3-mini", "o3-mini-2025-01-31", window=200_000, cap=100_000),
    _gpt("o4-mini", "o4-mini-2025-04-16", window=200_000, cap=100_000),
    _gpt("gpt-5-mini", "gpt-5-mini-2025-08-07", window=400_000, cap=128_000),
    _gpt("gpt-5.4-mini", "gpt-5.4-mini-2026-03-17", window=400_000, cap=128_000),
    _gpt("gpt-5.6-luna", window=1_050_000, cap=128_000, writes_cache=True),
    _gpt("gpt-6-luna", window=1_050_000, cap=128_000, writes_cache=True),
    _claude(
        *("claude-sonnet-4-20250514", "claude-sonnet-4-0"),
        window=200_000,
        ended=(date(2026, 4, 14), date(2026, 6, 15)),
    ),
    _claude("claude-haiku-4-5", "claude-haiku-4-5-20251001", window=200_000, minimum=4096),
    _claude(
        *("claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
        window=200_000,
        ended=(date(2026, 9, 30), date(2026, 11, 30)),
    ),
    _claude("claude-sonnet-4-6", window=1_000_000, cap=128_000),
    _claude("claude-opus-4-6", window=1_000_000, cap=128_000),
    _claude("claude-opus-4-8", window=1_000_000, cap=128_000, newer=True),
    _claude("claude-sonnet-5", window=1_000_000, cap=128_000, newer=True),
    _claude("claude-sonnet-5-5", window=1_000_000, cap=128_000, minimum=512, newer=True),
    _claude("claude-haiku-5-5", window=1_000_000, cap=128_000, minimum=512, newer=True),
    _claude("claude-opus-5-5", window=1_000_000, cap=128_000, minimum=512, newer=True),
)
