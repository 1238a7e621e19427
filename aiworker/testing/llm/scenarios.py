"""What the fake can be told to do with a request: a step for every row of the error table, and scripts of them.

A step says what happens, not how it looks on the wire: the same step is played in either provider's own shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from aiworker.protocol import JsonValue
from aiworker.testing.llm.wire import Provider

Stop = Literal["end", "length", "stop_sequence", "refusal", "filter", "window"]
RefusalCategory = Literal["cyber", "bio", "frontier_llm", "reasoning_extraction", "general_harms"]
Cap = Literal["enforced", "contract", "linked-organisation"]


@dataclass(frozen=True, slots=True)
class Text:
    """Answer this text."""

    text: str
    stop: Stop = "end"


@dataclass(frozen=True, slots=True)
class Json:
    """Answer this value as JSON text."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class EchoMap:
    """Answer the asked-for map of ids: each text is made from its id and its original ("" if not found).

    A string is put before the original text.
    """

    make: str | Callable[[str, str], str] = "Improved: "


@dataclass(frozen=True, slots=True)
class Cut:
    """Answer this text as if the output cap had cut it."""

    text: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The model declines."""

    category: RefusalCategory = "general_harms"


@dataclass(frozen=True, slots=True)
class ContentFilter:
    """OpenAI's filter stops the answer, before its first word (None) or after some; Anthropic declines instead."""

    text: str | None = None


@dataclass(frozen=True, slots=True)
class WindowExceeded:
    """The window was full before the answer was done; OpenAI says "length" then."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class RateLimited:
    """429; `retry_after` in seconds or as a date, `ms` as the header retry-after-ms."""

    retry_after: float | str | None = 7
    ms: int | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """The account has no money: OpenAI 429 insufficient_quota, Anthropic 402."""


@dataclass(frozen=True, slots=True)
class SpendCap:
    """A limit somebody set on spending; OpenAI knows insufficient_quota only."""

    kind: Cap = "enforced"


@dataclass(frozen=True, slots=True)
class Ramp:
    """429 because use grew too fast."""

    retry_after: float = 5


@dataclass(frozen=True, slots=True)
class Overloaded:
    """529."""

    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class ServerError:
    """A 5xx, as the provider's JSON or as a gateway's HTML page."""

    status: int = 500
    html: bool = False


@dataclass(frozen=True, slots=True)
class ContextTooLong:
    """400: the prompt does not fit the window."""

    tokens: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Unauthorized:
    """401, although the key is right."""


@dataclass(frozen=True, slots=True)
class Forbidden:
    """403."""


@dataclass(frozen=True, slots=True)
class ModelNotFound:
    """404 for the model asked for."""


@dataclass(frozen=True, slots=True)
class BadJson:
    """200 and a body that breaks off."""

    content: str = '{"id": "broken", "content": ['


@dataclass(frozen=True, slots=True)
class WrongShape:
    """200 and a JSON body that is no answer."""

    body: JsonValue = field(default_factory=lambda: {"unexpected": True})


@dataclass(frozen=True, slots=True)
class Hang:
    """Never answer. In a batch: never finish this request."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Break the connection without an answer."""


@dataclass(frozen=True, slots=True)
class Drip:
    """A good answer in `chunks` pieces with a real pause before each: slow in total, quick per read."""

    seconds_per_chunk: float
    chunks: int
    then: Step | None = None


@dataclass(frozen=True, slots=True)
class Delay:
    """Do nothing for a real span of time, then something else."""

    span: timedelta
    then: Step | None = None


Content = Text | Json | EchoMap | Cut | Refusal | ContentFilter | WindowExceeded
Fault = (
    RateLimited
    | Quota
    | SpendCap
    | Ramp
    | Overloaded
    | ServerError
    | ContextTooLong
    | Unauthorized
    | Forbidden
    | ModelNotFound
)
Broken = BadJson | WrongShape
Timing = Hang | Reset | Drip | Delay
Step = Content | Fault | Broken | Timing

NAMED: Mapping[str, Step] = {
    "cut": Cut("This answer breaks off in the middle of a sen"),
    "echo-map": EchoMap(),
    "refusal": Refusal(),
    "content-filter": ContentFilter(),
    "window-exceeded": WindowExceeded(),
    "rate-limited": RateLimited(),
    "quota": Quota(),
    "spend-cap": SpendCap(),
    "spend-cap-contract": SpendCap("contract"),
    "spend-cap-linked": SpendCap("linked-organisation"),
    "ramp": Ramp(),
    "overloaded": Overloaded(),
    "server-error": ServerError(),
    "html-502": ServerError(502, html=True),
    "context-too-long": ContextTooLong(tokens=200_001, maximum=200_000),
    "unauthorized": Unauthorized(),
    "forbidden": Forbidden(),
    "model-not-found": ModelNotFound(),
    "bad-json": BadJson(),
    "wrong-shape": WrongShape(),
    "hang": Hang(),
    "reset": Reset(),
    "drip": Drip(seconds_per_chunk=0.3, chunks=200),
}
"""What the header x-fake-scenario may ask for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One scripted step and the requests it is meant for; `route` None means any that asks a model."""

    step: Step
    provider: Provider | None = None
    model: str | None = None
    route: str | None = None

    def fits(self, provider: Provider, model: str | None, route: str, *, asks: bool) -> bool:
        """Say whether this step is for such a request."""
        return (
            self.provider in (None, provider)
            and self.model in (None, model)
            and (asks if self.route is None else self.route == route)
        )
