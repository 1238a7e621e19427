"""A processor is four steps; this module types them and everything that passes between them.

`gather` and `save` see the database, `ask` and `settle` are pure. A processor never calls anybody itself: it
returns calls as values, and the runtime performs them with checkpoint, budget and deadline.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints

from aiworker.envelope import Scope


class Abort(Protocol):
    """Tells work in hand that nobody wants it any more (lost lock, shutdown)."""

    @property
    def aborted(self) -> bool: ...
    @property
    def reason(self) -> str | None: ...
    async def wait(self) -> None: ...


Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""An id in a payload."""
OFFLINE = "offline"
"""The provider that is no model: it answers by rule, from a request's inputs."""
MARGIN = 0.1
"""Share of a window left free, because counts of tokens are estimates."""

JsonValue = dict[str, "JsonValue"] | list["JsonValue"] | str | int | float | bool | None


class JobPayload(BaseModel):
    """Base of every payload model: input values never appear in its errors, NaN is refused."""

    model_config = ConfigDict(hide_input_in_errors=True, allow_inf_nan=False, extra="ignore", frozen=True)

    def scope(self) -> Scope:
        """Say for whom the job works."""
        raise NotImplementedError


class Connection(Protocol):
    """What a processor may do with a database connection; asyncpg's connections are these."""

    async def execute(self, query: str, *args: Any) -> str: ...
    async def fetch(self, query: str, *args: Any) -> Sequence[Any]: ...
    async def fetchrow(self, query: str, *args: Any) -> Any: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What the model that will answer can take, in tokens, and how it counts them."""

    window: int
    output_cap: int
    count: Callable[[str], int] = len

    def answer(self, wanted: int) -> int:
        """Return the tokens an answer may have: what is wanted, if the model can and half the window is left."""
        return min(wanted, self.output_cap, self.window // 2)

    def room(self, answer: int, instructions: int) -> int:
        """Return the tokens that are left for data beside an answer and the instructions."""
        return int(self.window * (1 - MARGIN)) - answer - instructions


@dataclass(frozen=True, slots=True)
class Context:
    """What a processor knows besides its payload and facts: no client, no clock, no randomness."""

    run_id: str
    epoch: int
    is_replay: bool
    now: datetime
    limits: Limits
    tag_key: bytes = b""
    reasks_refused: bool = False
    """Whether a job may ask once more for what the guard refused."""
    marks_verified: bool = True
    """Whether a rewrite marks its bullets as verified, or each keeps the mark it had."""
    is_first: bool = False
    """Whether the facts are to be those of a job's first run: `gather` reads no result of earlier ones."""

    def tag(self, step: str) -> str:
        """Return the tag that untrusted text of a step stands in: the same at each attempt, unguessable outside."""
        return f"data-{hmac.new(self.tag_key, step.encode(), hashlib.sha256).hexdigest()[:10]}"


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a prompt as it is sent; `is_cached` asks for a cache breakpoint after it."""

    name: str
    role: Literal["system", "user"]
    text: str
    is_untrusted: bool = False
    is_cached: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt ready to be sent, with the fingerprint of the file it came from.

    `removed` counts hidden characters taken out of untrusted text, `flags` name what in it looks like an instruction.
    """

    name: str
    fingerprint: str
    blocks: tuple[Block, ...]
    removed: int = 0
    flags: tuple[str, ...] = ()

    def text(self, role: Literal["system", "user"]) -> str:
        """Return all blocks of a role as one text."""
        return "\n\n".join(block.text for block in self.blocks if block.role == role)


NO_PROMPT = Prompt("none", "none", ())
"""For requests that no model is meant to read."""


@dataclass(frozen=True, slots=True)
class LLMRequest:
    """One question to a model.

    `inputs` are the structured data the question is made of; the offline engine computes from them and never
    parses a prompt. `schema` is the JSON schema of the answer, `truncated` says what did not fit.
    """

    step: str
    task: str
    inputs: Mapping[str, JsonValue]
    schema: Mapping[str, JsonValue]
    max_tokens: int
    required: bool = True
    prompt: Prompt = NO_PROMPT
    truncated: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])

    @property
    def hash(self) -> str:
        """Return the checkpoint key: task, prompt version, facts and schema, but not provider or model."""
        return digest(
            {
                "task": self.task,
                "prompt": self.prompt.fingerprint,
                "inputs": dict(self.inputs),
                "schema": dict(self.schema),
            }
        )


Call = LLMRequest


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call used: tokens, and money in US dollars as exact text; None if the model's price is not known.

    `tokens_in` is the whole prompt; `tokens_cached` of it were read from the cache, `tokens_cache_written` put there.
    """

    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    cost_usd: str | None = "0"
    tokens_cache_written: int = 0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a provider still grants of one thing, and when all of it is back; None is what it did not say."""

    limit: int | None = None
    remaining: int | None = None
    reset: timedelta | None = None


@dataclass(frozen=True, slots=True)
class RateLimits:
    """A provider's allowances after a call.

    `tokens` are OpenAI's of both directions and Anthropic's of the input; `tokens_out` are told by Anthropic only.
    """

    requests: Allowance = field(default_factory=Allowance)
    tokens: Allowance = field(default_factory=Allowance)
    tokens_out: Allowance = field(default_factory=Allowance)


@dataclass(frozen=True, slots=True)
class LLMReply:
    """A model's answer, exactly as it came: stored before anybody parses it.

    `seconds` and `rate_limits` belong to the moment of the call: a reply that is recalled has neither.
    """

    text: str
    provider: str
    requested_model: str
    served_model: str
    stop_reason: str
    usage: Usage = field(default_factory=Usage)
    external_id: str | None = None
    seconds: float = 0.0
    rate_limits: RateLimits = field(default_factory=RateLimits)

    @property
    def is_by_rule(self) -> bool:
        """Whether the rule engine wrote it: it sees texts themselves, a model quotes them as it was shown them."""
        return self.provider == OFFLINE


@dataclass(frozen=True, slots=True)
class Unavailable:
    """An optional call that failed; required ones raise instead."""

    code: str
    retryable: bool


Reply = LLMReply | Unavailable
Replies = Mapping[str, Reply]
"""The replies of all rounds so far, by step."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """`settle` needs another round of calls before it can decide."""

    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """What `save` wrote: the id that the callback names, and a note of each row for people."""

    result_id: str
    writes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Measured:
    """What a guard counted in the answers of one run to one version of a prompt; without any text.

    `refused` of the `texts` may not be taken; `grounded` of their `entities`, figures and names, are in their sources.
    """

    job: str
    prompt: str
    model: str
    texts: int
    refused: int
    entities: int
    grounded: int
    is_partial: bool
    """Whether the sources are in a language of which only part of the rules can tell."""


@dataclass(frozen=True, slots=True)
class Described:
    """A result in terms that a case of `prompt-preview --fixtures` can be held against.

    A place is what the job calls a text: a bullet's id, a section's path, `summary`. `changed` holds the new texts by
    place, `kept` the places whose text stays, `findings` what a guard found: place and rule. `notes` holds what a job
    tells of a place beside its text: why it is suggested, or which way it came.
    """

    changed: Mapping[str, str]
    kept: tuple[str, ...] = ()
    findings: tuple[tuple[str, str], ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict[str, str])
    measured: Measured | None = None
    """What a guard counted; None if no guard held the answers against anything."""


@dataclass(frozen=True, slots=True)
class Tx:
    """The finishing transaction, as a processor sees it."""

    connection: Connection
    tenant: str
    run_id: str
    now: datetime
    provider: str
    model: str


P = TypeVar("P", bound=JobPayload)
F = TypeVar("F")
R = TypeVar("R")


class Processor(Protocol[P, F, R]):
    """What a module under `aiworker.processors` must hold."""

    @property
    def QUEUE(self) -> str: ...
    @property
    def NAME(self) -> str: ...
    @property
    def Payload(self) -> type[P]: ...

    async def gather(self, payload: P, ctx: Context, db: Connection) -> F:
        """Read what the calls need, tenant-scoped; the connection is released afterwards."""
        ...

    def ask(self, payload: P, facts: F, ctx: Context) -> tuple[Call, ...]:
        """Say what to ask; pure. Empty if nobody outside is needed."""
        ...

    def settle(self, payload: P, facts: F, replies: Replies, ctx: Context) -> R | FollowUp:
        """Turn replies into the result, or ask once more; pure."""
        ...

    async def save(self, payload: P, facts: F, result: R, tx: Tx) -> Saved:
        """Write rows inside the finishing transaction."""
        ...


def digest(value: object) -> str:
    """Return the SHA-256 of a JSON value in canonical form, in hex."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
