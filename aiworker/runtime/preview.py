"""What a job would send: gather and ask on the production path, in a transaction that writes nothing.

Nothing here builds a prompt or a request: what is shown is what `serve` sends, and cannot drift from it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import takewhile
from typing import cast

from aiworker.envelope import Envelope
from aiworker.errors import AiworkerError, DeadlineExceeded, InvalidPayload, UsageError
from aiworker.llm import client
from aiworker.llm.anthropic import AnthropicMessages
from aiworker.llm.capabilities import Model
from aiworker.llm.openai import OpenAIChat, wire
from aiworker.llm.prices import Price, estimate
from aiworker.llm.tokens import count
from aiworker.processors import PROCESSORS
from aiworker.protocol import Block, Context, FollowUp, Limits, LLMRequest
from aiworker.runtime import examples
from aiworker.runtime.admit import Admitted, admit
from aiworker.runtime.examples import Example
from aiworker.runtime.execute import run_tag_key
from aiworker.runtime.wiring import utc_now
from aiworker.settings import Settings
from aiworker.store import keys, runs
from aiworker.store.database import Database, opened, rolled_back

Door = OpenAIChat | AnthropicMessages

SNAPSHOT_KEY = b"snapshot"
"""Snapshots are made with a key of their own, so that every machine writes the same one."""


@dataclass(frozen=True, slots=True)
class BlockView:
    """One block as it is sent, with its tokens."""

    block: Block
    tokens: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What one call costs at most with a model, in US dollars: live, with its prefix cached, in a batch."""

    provider: str
    model: str
    live: Price
    cached: Price
    batch: Price


@dataclass(frozen=True, slots=True)
class Preview:
    """One request, taken apart."""

    request: LLMRequest
    door: Door
    blocks: tuple[BlockView, ...]
    is_exact: bool
    source: str
    prefix_tokens: int
    costs: tuple[Cost, ...]

    @property
    def tokens(self) -> int:
        """The input's tokens: of every text in the body, as the provider sees them joined or apart."""
        model = self.door.served.served
        return sum(count(text, model).tokens for text in texts_of(self.door.body(self.request)))

    @property
    def window_share(self) -> float:
        return self.tokens / self.door.served.served.window

    @property
    def caches(self) -> bool:
        """Whether the fixed beginning is long enough for the model to cache it."""
        minimum = self.door.served.served.min_cache_tokens
        return minimum is not None and self.prefix_tokens >= minimum

    @property
    def body(self) -> bytes:
        """The request's body, byte for byte as it goes over the wire."""
        return wire(self.door.body(self.request))

    def snapshot(self) -> str:
        """Return a text to keep under version control: everything that is sent, and by which prompt."""
        head = f"# {self.request.prompt.name} {self.request.prompt.fingerprint}\n"
        return head + "".join(
            f"\n=== {view.block.role}: {view.block.name}\n{view.block.text}\n" for view in self.blocks
        )


@dataclass(frozen=True, slots=True)
class Trial:
    """One answer of one model: valid or why not, how long it took and what it cost."""

    model: str
    number: int
    code: str
    seconds: float
    tokens_out: int
    cost_usd: Decimal
    text: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class Previewer:
    """A job's request for one or more models, on an open database."""

    admitted: Admitted
    facts: object
    ctx: Context
    settings: Settings
    doors: tuple[Door, ...]

    def previews(self) -> list[Preview]:
        """Ask, for the first model, and take its requests apart."""
        first = self.doors[0]
        return [_preview(request, first, self.doors) for request in self._requests(first)]

    def by_model(self) -> list[Preview]:
        """Take the first request apart for every model."""
        return [_preview(self._requests(door)[0], door, (door,)) for door in self.doors]

    async def exact(self) -> list[int]:
        """Let each provider count the tokens of its requests, by model; free of charge."""
        counts: list[int] = []
        for door in self.doors:
            counts.append(sum([await door.count_tokens(request) for request in self._requests(door)]))
            await door.aclose()
        return counts

    def most(self, repeat: int) -> Decimal:
        """Return what trying every model `repeat` times costs at most."""
        views = [_preview(request, door, (door,)) for door in self.doors for request in self._requests(door)]
        return sum((view.costs[0].live.usd * repeat for view in views), Decimal(0))

    async def trials(self, repeat: int, deadline: timedelta) -> AsyncIterator[Trial]:
        """Send the request to every model `repeat` times and judge each answer by the job's own `settle`."""
        for door in self.doors:
            for request in self._requests(door):
                for number in range(1, repeat + 1):
                    yield await self._trial(door, request, number, deadline)
            await door.aclose()

    async def _trial(self, door: Door, request: LLMRequest, number: int, deadline: timedelta) -> Trial:
        model, began = client.SdkModel(door, utc_now), time.monotonic()
        try:
            async with asyncio.timeout(deadline.total_seconds()):
                reply = await model.answer(request)
        except TimeoutError:
            return Trial(model.model, number, DeadlineExceeded.code, time.monotonic() - began, 0, Decimal(0))
        except AiworkerError as error:
            return Trial(model.model, number, error.code, time.monotonic() - began, 0, Decimal(0))
        seconds, code = time.monotonic() - began, "valid"
        ctx = _for(self.ctx, door)
        try:
            result = self.admitted.processor.settle(self.admitted.payload, self.facts, {request.step: reply}, ctx)
            code = "follow_up" if isinstance(result, FollowUp) else code
        except AiworkerError as error:
            code = error.code
        usage = reply.usage
        return Trial(model.model, number, code, seconds, usage.tokens_out, Decimal(usage.cost_usd), reply.text)

    def _requests(self, door: Door) -> tuple[LLMRequest, ...]:
        return self.admitted.processor.ask(self.admitted.payload, self.facts, _for(self.ctx, door))


@asynccontextmanager
async def previewing(
    envelope: Envelope,
    settings: Settings,
    database_url: str,
    models: Sequence[str],
    *,
    provider: str | None = None,
    example: Example | None = None,
    sends: bool = False,
    for_snapshot: bool = False,
) -> AsyncGenerator[Previewer]:
    """Gather a job's facts; raises InvalidPayload, or NotFound for rows the tenant does not have."""
    admitted = admit(envelope, PROCESSORS, settings.policies())
    if isinstance(admitted, InvalidPayload):
        raise admitted
    doors = tuple(_door(settings, name, provider, sends=sends) for name in models or [""])
    async with _database(database_url, with_example=example is not None) as database:
        if example is not None:
            async with database.transaction(example.tenant) as db:
                await examples.insert(db, example)
        ctx = await _context(database, envelope, doors[0], for_snapshot=for_snapshot)
        payload, processor = admitted.payload, admitted.processor
        facts = await database.run(
            admitted.scope.tenant, lambda db: processor.gather(payload, ctx, db), readonly=example is None
        )
    yield Previewer(admitted, facts, ctx, settings, doors)


async def _context(database: Database, envelope: Envelope, door: Door, *, for_snapshot: bool) -> Context:
    key = SNAPSHOT_KEY if for_snapshot else await database.run(None, keys.tag_key)
    epoch = 0 if for_snapshot else await database.run(None, lambda db: runs.epoch_of(db, envelope.identity))
    tag_key = SNAPSHOT_KEY if for_snapshot else run_tag_key(key, envelope.identity, epoch)
    return Context(
        run_id="preview", epoch=epoch, is_replay=epoch > 0, now=utc_now(), limits=_limits(door), tag_key=tag_key
    )


@asynccontextmanager
async def _database(url: str, *, with_example: bool) -> AsyncGenerator[Database]:
    async with rolled_back(url) if with_example else opened(url, size=1) as database:
        yield database


def _door(settings: Settings, name: str, provider: str | None, *, sends: bool) -> Door:
    prefix, colon, model = name.rpartition(":")
    chosen = (prefix if colon else None) or provider or _provider_of(model) or settings.llm_provider
    if chosen not in ("openai", "anthropic"):
        if chosen != "offline":
            raise UsageError(f"There is no provider {chosen}; there are openai and anthropic.")
        # The rule engine reads no prompt; what openai would be sent is the nearest thing to show.
        chosen = "openai"
    return client.door(settings, chosen, now=utc_now, model=model or None, needs_key=sends)


def _provider_of(model: str) -> str | None:
    if model.startswith("claude"):
        return "anthropic"
    return "openai" if model.startswith(("gpt", "o1", "o3", "o4")) else None


def _limits(door: Door) -> Limits:
    return client.SdkModel(door, utc_now).limits


def _for(ctx: Context, door: Door) -> Context:
    return Context(ctx.run_id, ctx.epoch, ctx.is_replay, ctx.now, _limits(door), ctx.tag_key)


def _preview(request: LLMRequest, door: Door, doors: Sequence[Door]) -> Preview:
    model, blocks = door.served.served, request.prompt.blocks
    counts = [count(block.text, model) for block in blocks]
    return Preview(
        request=request,
        door=door,
        blocks=tuple(BlockView(block, counted.tokens) for block, counted in zip(blocks, counts, strict=True)),
        is_exact=all(counted.exact for counted in counts),
        source=counts[0].source if counts else "none",
        prefix_tokens=_prefix(blocks, model),
        costs=tuple(_cost(request, other) for other in doors),
    )


def _cost(request: LLMRequest, door: Door) -> Cost:
    model, at = door.served.served, utc_now()
    total = sum(count(text, model).tokens for text in texts_of(door.body(request)))
    prefix = _prefix(request.prompt.blocks, model)
    cached = prefix if model.min_cache_tokens is not None and prefix >= model.min_cache_tokens else 0
    provider, name, out = door.provider, model.name, min(request.max_tokens, model.max_output)
    return Cost(
        provider,
        name,
        live=estimate(provider, name, total, out, at=at),
        cached=estimate(provider, name, total, out, at=at, cached_prefix=cached),
        batch=estimate(provider, name, total, out, at=at, batch=True),
    )


def _prefix(blocks: Sequence[Block], model: Model) -> int:
    """Count what stands before the first untrusted block: the part that is the same for every job."""
    return sum(count(block.text, model).tokens for block in takewhile(lambda block: not block.is_untrusted, blocks))


def texts_of(body: object) -> Iterator[str]:
    """Yield the texts a model reads in a request's body, of either provider."""
    if isinstance(body, dict):
        for key, value in cast("dict[str, object]", body).items():
            if key in ("text", "content") and isinstance(value, str):
                yield value
            elif key in ("messages", "content", "system"):
                yield from texts_of(value)
    elif isinstance(body, list):
        for item in cast("list[object]", body):
            yield from texts_of(item)


def document(previews: Sequence[Preview]) -> Mapping[str, object]:
    """Return what `--json` prints."""
    return {"requests": [_document(preview) for preview in previews]}


def _document(preview: Preview) -> Mapping[str, object]:
    model, prompt = preview.door.served, preview.request.prompt
    return {
        "step": preview.request.step,
        "prompt": {"name": prompt.name, "fingerprint": prompt.fingerprint},
        "model": {"requested": model.requested, "served": model.served.name, "warning": model.warning},
        "tokens": preview.tokens,
        "exact": preview.is_exact,
        "window": model.served.window,
        "maxTokens": preview.request.max_tokens,
        "cache": {
            "prefixTokens": preview.prefix_tokens,
            "minimum": model.served.min_cache_tokens,
            "caches": preview.caches,
        },
        "blocks": [
            {
                "role": view.block.role,
                "name": view.block.name,
                "untrusted": view.block.is_untrusted,
                "tokens": view.tokens,
                "text": view.block.text,
            }
            for view in preview.blocks
        ],
        "removedHiddenCharacters": prompt.removed,
        "flags": list(prompt.flags),
        "truncated": dict(preview.request.truncated),
        "costUsd": [_cost_document(cost) for cost in preview.costs],
        "body": json.loads(preview.body),
    }


def _cost_document(cost: Cost) -> Mapping[str, object]:
    prices = {"live": cost.live, "cached": cost.cached, "batch": cost.batch}
    return {
        "model": f"{cost.provider}:{cost.model}",
        "known": cost.live.known,
        **{name: str(price.usd) for name, price in prices.items()},
        "per1000": str(cost.live.usd * 1000),
    }
