"""What a call costs, in exact US dollars, by the price table of genai-prices pinned in the requirements.

The table works offline and keeps retired models; its background updater is never started, and one started by others
in the process is not heard. A price belongs to a moment: store it with the call, do not compute it again later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from aiworker.protocol import OFFLINE

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalisedUsage:
    """Tokens of one call, every input token counted in exactly one field.

    Anthropic reports so; OpenAI's `prompt_tokens` includes the cached ones. Build it with `of_openai`/`of_anthropic`.
    """

    input_uncached: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0

    @classmethod
    def of_openai(cls, *, prompt: int, output: int, cached: int = 0, cache_write: int = 0) -> NormalisedUsage:
        """Take OpenAI's figures apart; the details never exceed the prompt, whatever a server claims."""
        read = min(cached, prompt)
        written = min(cache_write, prompt - read)
        return cls(input_uncached=prompt - read - written, cache_read=read, cache_write_5m=written, output=output)

    @classmethod
    def of_anthropic(
        cls, *, input_rest: int, output: int, cache_read: int = 0, cache_write: int = 0, cache_write_1h: int = 0
    ) -> NormalisedUsage:
        """Take Anthropic's figures; `cache_write` is the total (`cache_creation_input_tokens`) of both lifetimes."""
        hour = min(cache_write_1h, cache_write) if cache_write else cache_write_1h
        return cls(
            input_uncached=input_rest,
            cache_read=cache_read,
            cache_write_5m=max(0, cache_write - hour),
            cache_write_1h=hour,
            output=output,
        )

    @property
    def input_total(self) -> int:
        """Return the whole prompt, cached or not: what counts against the window and for price steps."""
        return self.input_uncached + self.cache_read + self.cache_write_5m + self.cache_write_1h


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars; `known` is False (and the sum 0) for a model without a price."""

    usd: Decimal
    known: bool


UNKNOWN = Price(Decimal(0), known=False)
FREE = Price(Decimal(0), known=True)


def cost(provider: str, model: str, usage: NormalisedUsage, *, at: datetime, batch: bool = False) -> Price:
    """Price one call made at `at`; an unknown model costs 0 and says so."""
    if provider == OFFLINE:
        return FREE
    try:
        calculation = _snapshot().calc(
            _reported(usage), model, provider, None, at, {"processing": "batch"} if batch else None
        )
    except LookupError:
        return UNKNOWN
    rates = calculation.model_price
    if rates.input_mtok is None or rates.output_mtok is None:
        return UNKNOWN
    return Price(calculation.total_price, known=True)


def estimate(
    provider: str,
    model: str,
    tokens_in: int,
    tokens_out: int,
    *,
    at: datetime,
    cached_prefix: int = 0,
    batch: bool = False,
) -> Price:
    """Price a call before it is made: `cached_prefix` of the `tokens_in` are read from the cache."""
    usage = NormalisedUsage.of_openai(prompt=tokens_in, output=tokens_out, cached=cached_prefix)
    return cost(provider, model, usage, at=at, batch=batch)


@cache
def _snapshot() -> DataSnapshot:
    """Load the table of the installed package, untouched by any updater."""
    from genai_prices.data import providers
    from genai_prices.data_snapshot import DataSnapshot

    return DataSnapshot(providers=providers, from_auto_update=False)


def _reported(usage: NormalisedUsage) -> Usage:
    """Say it in the table's terms: totals, with the parts beside them."""
    from genai_prices.types import Usage

    return Usage(
        input_tokens=usage.input_total,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write_5m + usage.cache_write_1h,
        cache_write_1h_tokens=usage.cache_write_1h,
        output_tokens=usage.output,
    )
