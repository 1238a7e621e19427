"""What a job would send: gather and ask on the production path, in a transaction that writes nothing.

Nothing here builds a prompt or a request: what is shown is what `serve` sends, and cannot drift from it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import cast

from aiworker.envelope import Envelope
from aiworker.errors import AiworkerError, DeadlineExceeded, InvalidPayload, UsageError
from aiworker.llm import client
from aiworker.llm.anthropic import AnthropicMessages
from aiworker.llm.caching import is_cached, prefix_tokens
from aiworker.llm.openai import OpenAIChat, wire
from aiworker.llm.prices import Price, estimate
from aiworker.llm.reply import no_answer
from aiworker.llm.tokens import count, schema_tokens
from aiworker.processors import PROCESSORS, AnyProcessor
from aiworker.protocol import Block, Context, FollowUp, Limits, LLMRequest, Replies
from aiworker.runtime import examples
from aiworker.runtime.admit import Admitted, admit
from aiworker.runtime.examples import Example
from aiworker.runtime.execute import run_tag_key
from aiworker.runtime.wiring import model_of, utc_now
from aiworker.settings import Settings
from aiworker.store import keys, runs
from aiworker.store.database import Database, opened, rolled_back

Door = OpenAIChat | AnthropicMessages
PROVIDERS = ("openai", "anthropic")

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
        return tokens_of(self.request, self.door)

    @property
    def schema_tokens(self) -> int:
        """What the schema of the answer adds to the input where it is sent beside the prompt; an estimate."""
        return schema_tokens(self.request, self.door.served.served)

    @property
    def window_share(self) -> float:
        return (self.tokens + self.schema_tokens) / self.door.served.served.window

    @property
    def caches(self) -> bool:
        """Whether the fixed beginning is long enough for the model to cache it."""
        return is_cached(self.prefix_tokens, self.door.served.served)

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
    """One answer of one model: valid or why not, how long it took and what it cost, if its price is known."""

    model: str
    number: int
    code: str
    seconds: float
    tokens_out: int
    cost_usd: Decimal | None
    text: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class Previewer:
    """A job's request for one or more models, on an open database."""

    admitted: Admitted
    facts: object
    ctx: Context
    settings: Settings
    doors: tuple[Door, ...]

    @property
    def asks(self) -> bool:
        """Whether the job makes a call for this payload at all."""
        return bool(self.requests(self.doors[0]))

    def previews(self) -> list[Preview]:
        """Ask, for the first model, and take its requests apart."""
        first = self.doors[0]
        return [_preview(request, first, self.doors) for request in self.requests(first)]

    def by_model(self) -> list[Preview]:
        """Take the first request apart for every model."""
        return [_preview(self.requests(door)[0], door, (door,)) for door in self.doors]

    async def exact(self) -> list[int]:
        """Let each provider count the tokens of its requests, by model; free of charge."""
        counts: list[int] = []
        for door in self.doors:
            counts.append(sum([await door.count_tokens(request) for request in self.requests(door)]))
            await door.aclose()
        return counts

    def unpriced(self) -> list[str]:
        """Name the models whose price is not known."""
        return [cost.model for cost in self._costs() if not cost.live.known]

    def most(self, repeat: int) -> Decimal:
        """Return what trying every model of known price `repeat` times costs at most."""
        return sum((cost.live.usd * repeat for cost in self._costs()), Decimal(0))

    def _costs(self) -> list[Cost]:
        return [cost_of(request, door) for door in self.doors for request in self.requests(door)]

    async def trials(self, repeat: int, deadline: timedelta) -> AsyncIterator[Trial]:
        """Send the request to every model `repeat` times and judge each answer as `serve` would."""
        for door in self.doors:
            for request in self.requests(door):
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
        try:
            if error := no_answer(reply.stop_reason):
                raise error
            result = self.settle(door, {request.step: reply})
            code = "follow_up" if isinstance(result, FollowUp) else code
        except AiworkerError as error:
            code = error.code
        usage = reply.usage
        cost = None if usage.cost_usd is None else Decimal(usage.cost_usd)
        return Trial(model.model, number, code, seconds, usage.tokens_out, cost, reply.text)

    def requests(self, door: Door) -> tuple[LLMRequest, ...]:
        """Ask, within the limits of a door's model."""
        return self.admitted.processor.ask(self.admitted.payload, self.facts, _for(self.ctx, door))

    def settle(self, door: Door, replies: Replies) -> object:
        """Settle replies of a door's model; returns the result, or a FollowUp."""
        return self.admitted.processor.settle(self.admitted.payload, self.facts, replies, _for(self.ctx, door))


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
    processors: Sequence[AnyProcessor] = PROCESSORS,
) -> AsyncGenerator[Previewer]:
    """Gather a job's facts; raises InvalidPayload, or NotFound for rows the tenant does not have.

    An example's facts do not depend on what earlier runs stored.
    """
    admitted = admit(envelope, processors, settings.policies())
    if isinstance(admitted, InvalidPayload):
        raise admitted
    queue = admitted.processor.queue
    doors = tuple(_door(settings, queue, name, provider, sends=sends) for name in models or [""])
    async with _database(database_url, with_example=example is not None) as database:
        if example is not None:
            await _put(database, example)
        ctx = await _context(database, envelope, settings, _limits(doors[0]), for_snapshot=for_snapshot)
        ctx = replace(ctx, is_first=example is not None)
        payload, processor = admitted.payload, admitted.processor
        facts = await database.run(
            admitted.scope.tenant, lambda db: processor.gather(payload, ctx, db), readonly=example is None
        )
    yield Previewer(admitted, facts, ctx, settings, doors)


async def _put(database: Database, example: Example) -> None:
    try:
        async with database.transaction(example.tenant) as db:
            await examples.put(db, example)
    except KeyError as lacking:
        raise UsageError(f"rows: one has no {lacking.args[0]}.") from lacking


async def _context(
    database: Database, envelope: Envelope, settings: Settings, limits: Limits, *, for_snapshot: bool
) -> Context:
    key = SNAPSHOT_KEY if for_snapshot else await database.run(None, keys.tag_key)
    epoch = 0 if for_snapshot else await database.run(None, lambda db: runs.epoch_of(db, envelope.identity))
    tag_key = SNAPSHOT_KEY if for_snapshot else run_tag_key(key, envelope.identity, epoch)
    return Context(
        run_id="preview",
        epoch=epoch,
        is_replay=epoch > 0,
        now=utc_now(),
        limits=limits,
        tag_key=tag_key,
        reasks_refused=settings.guard_reask,
        marks_verified=settings.verify_policy == "spec",
    )


@asynccontextmanager
async def _database(url: str, *, with_example: bool) -> AsyncGenerator[Database]:
    async with rolled_back(url) if with_example else opened(url, size=1) as database:
        yield database


def _door(settings: Settings, queue: str, name: str, provider: str | None, *, sends: bool) -> Door:
    prefix, colon, rest = name.partition(":")
    # Names of local models hold colons too: only a provider's name is a prefix.
    named, model = (prefix, rest) if colon and prefix in PROVIDERS else (None, name)
    usual, own_model = model_of(queue, settings)
    chosen = named or provider or _provider_of(model) or usual
    if chosen not in PROVIDERS:
        if chosen != "offline":
            raise UsageError(f"There is no provider {chosen}; there are {' and '.join(PROVIDERS)}.")
        # The rule engine reads no prompt; what openai would be sent is the nearest thing to show.
        chosen = "openai"
    asked = model or (own_model if chosen == usual else None)
    return client.door(settings, chosen, now=utc_now, model=asked, needs_key=sends)


def _provider_of(model: str) -> str | None:
    if model.startswith("claude"):
        return "anthropic"
    return "openai" if model.startswith(("gpt", "o1", "o3", "o4")) else None


def _limits(door: Door) -> Limits:
    return client.SdkModel(door, utc_now).limits


def _for(ctx: Context, door: Door) -> Context:
    return replace(ctx, limits=_limits(door))


def _preview(request: LLMRequest, door: Door, doors: Sequence[Door]) -> Preview:
    model, blocks = door.served.served, request.prompt.blocks
    counts = [count(block.text, model) for block in blocks]
    return Preview(
        request=request,
        door=door,
        blocks=tuple(BlockView(block, counted.tokens) for block, counted in zip(blocks, counts, strict=True)),
        is_exact=all(counted.exact for counted in counts),
        source=counts[0].source if counts else "none",
        prefix_tokens=prefix_tokens(blocks, model),
        costs=tuple(cost_of(request, other) for other in doors),
    )


def cost_of(request: LLMRequest, door: Door) -> Cost:
    """Say what one call costs at most."""
    model, at = door.served.served, utc_now()
    total = tokens_of(request, door) + schema_tokens(request, model)
    prefix = prefix_tokens(request.prompt.blocks, model)
    cached = prefix if is_cached(prefix, model) else 0
    provider, name, out = door.provider, model.name, min(request.max_tokens, model.max_output)
    return Cost(
        provider,
        name,
        live=estimate(provider, name, total, out, at=at),
        cached=estimate(provider, name, total, out, at=at, cached_prefix=cached),
        batch=estimate(provider, name, total, out, at=at, batch=True),
    )


def tokens_of(request: LLMRequest, door: Door) -> int:
    """Count the tokens of every text in a request's body."""
    model = door.served.served
    return sum(count(text, model).tokens for text in texts_of(door.body(request)))


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
        "schemaTokens": preview.schema_tokens,
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
        **{name: str(price.usd) if price.known else None for name, price in prices.items()},
        "per1000": str(cost.live.usd * 1000) if cost.live.known else None,
    }
