"""Anthropic's messages API over the real SDK, whose import takes a second and is put off until it is needed."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from aiworker.llm import faults
from aiworker.llm.capabilities import Served
from aiworker.llm.prices import NormalisedUsage
from aiworker.llm.reply import Answered, garbled, mapping, parse_json, tokens
from aiworker.llm.tokens import count
from aiworker.protocol import Block, LLMRequest

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

PROVIDER = "anthropic"
STOPS: Mapping[str, str] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "max_tokens": "length",
    "refusal": "refusal",
    "model_context_window_exceeded": "window",
}
SDK_TIMEOUT_S = 600.0
"""Per read, and only to lift the SDK's own check of large caps; the caller sets the total deadline."""


class _Raw(Protocol):
    """A response before anybody parsed it."""

    @property
    def headers(self) -> Mapping[str, str]: ...
    async def text(self) -> str: ...


class _Create(Protocol):
    """The SDK's method, as far as we use it: its own signature lists every option of the API."""

    def __call__(self, **body: Any) -> Awaitable[_Raw]: ...


class _Counted(Protocol):
    @property
    def input_tokens(self) -> int: ...


class _Count(Protocol):
    def __call__(self, **body: Any) -> Awaitable[_Counted]: ...


@dataclass(slots=True)
class AnthropicMessages:
    """One model behind the messages API; `http_client` is for tests."""

    served: Served
    api_key: str = field(repr=False)
    base_url: str | None = None
    temperature: float = 0.3
    http_client: Any = None
    strict: bool = False
    provider: str = PROVIDER
    _client: AsyncAnthropic | None = field(default=None, repr=False)

    def body(self, request: LLMRequest) -> dict[str, Any]:
        """Return what is sent, key by key in the order in which the SDK writes it."""
        model = self.served.served
        blocks = request.prompt.blocks
        body: dict[str, Any] = {
            "max_tokens": min(request.max_tokens, model.max_output),
            "messages": [{"role": "user", "content": self._parts(blocks, "user")}],
            "model": model.name,
        }
        if request.schema and model.structured_output:
            body["output_config"] = {"format": {"type": "json_schema", "schema": dict(request.schema)}}
        if system := self._parts(blocks, "system"):
            body["system"] = system
        if model.accepts_temperature:
            body["temperature"] = self.temperature
        return body

    async def send(self, request: LLMRequest) -> Answered:
        """Ask once; raises an AiworkerError for everything that is no reply."""
        body = self.body(request)
        # The SDK's method has no temperature any more; models that still take it get it beside the others.
        extra = {"temperature": body.pop("temperature")} if "temperature" in body else None
        try:
            create = cast("_Create", self._sdk().messages.with_raw_response.create)
            raw = await create(**body, extra_body=extra, timeout=SDK_TIMEOUT_S)
            text = await raw.text()
        except Exception as error:
            if not _is_sdk_error(error):
                raise
            raise faults.translate(error, PROVIDER, self.served.served.name) from None
        return read(text, raw.headers.get("request-id"), raw.headers)

    async def count_tokens(self, request: LLMRequest) -> int:
        """Ask the provider how many input tokens a request has; free of charge."""
        body = self.body(request)
        kept = {key: body[key] for key in ("messages", "model", "output_config", "system") if key in body}
        try:
            counted = await cast("_Count", self._sdk().messages.count_tokens)(**kept)
        except Exception as error:
            if not _is_sdk_error(error):
                raise
            raise faults.translate(error, PROVIDER, self.served.served.name) from None
        return counted.input_tokens

    def warm(self) -> None:
        """Import the SDK and build the client, which would otherwise block the loop at the first job."""
        self._sdk()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    def _parts(self, blocks: tuple[Block, ...], role: str) -> list[dict[str, Any]]:
        return [
            {"type": "text", "text": block.text} | (CACHED if self._caches(blocks, block) else {})
            for block in blocks
            if block.role == role
        ]

    def _caches(self, blocks: tuple[Block, ...], block: Block) -> bool:
        """A breakpoint below the model's minimum caches nothing and says nothing: leave it out."""
        minimum = self.served.served.min_cache_tokens
        if not block.is_cached or minimum is None:
            return False
        prefix = "\n\n".join(before.text for before in blocks[: blocks.index(block) + 1])
        return count(prefix, self.served.served).tokens >= minimum

    def _sdk(self) -> AsyncAnthropic:
        if self._client is None:
            from anthropic import AsyncAnthropic

            self._client = AsyncAnthropic(
                api_key=self.api_key,
                base_url=self.base_url,
                max_retries=0,
                open_telemetry=False,
                http_client=self.http_client,
                _strict_response_validation=self.strict,
            )
        return self._client


CACHED: dict[str, Any] = {"cache_control": {"type": "ephemeral"}}


def read(text: str, request_id: str | None, headers: Mapping[str, str]) -> Answered:
    """Read a message from its JSON; TransientFault if it is not one."""
    document = parse_json(text, PROVIDER)
    content, usage = document.get("content"), document.get("usage")
    if not isinstance(content, list) or not isinstance(usage, dict):
        raise garbled(PROVIDER)
    parts = [cast("dict[str, Any]", part) for part in cast("list[object]", content) if isinstance(part, dict)]
    texts = [str(part.get("text")) for part in parts if part.get("type") == "text"]
    stop = STOPS.get(str(document.get("stop_reason")), "end")
    if not texts and stop not in ("refusal", "window", "length"):
        raise garbled(PROVIDER)
    used = cast("dict[str, Any]", usage)
    lifetimes = mapping(used.get("cache_creation"))
    return Answered(
        text="".join(texts),
        stop=stop,
        model=str(document.get("model") or ""),
        external_id=request_id or str(document.get("id") or "") or None,
        usage=NormalisedUsage.of_anthropic(
            input_rest=tokens(used, "input_tokens"),
            output=tokens(used, "output_tokens"),
            cache_read=tokens(used, "cache_read_input_tokens"),
            cache_write=tokens(used, "cache_creation_input_tokens"),
            cache_write_1h=tokens(lifetimes, "ephemeral_1h_input_tokens"),
        ),
        limits={name: value for name, value in headers.items() if name.startswith("anthropic-ratelimit-")},
    )


def _is_sdk_error(error: Exception) -> bool:
    from anthropic import AnthropicError

    return isinstance(error, AnthropicError | json.JSONDecodeError)
