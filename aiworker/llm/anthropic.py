"""Anthropic's messages API over the real SDK, whose import takes a second and is put off until it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from aiworker.llm import rates
from aiworker.llm.caching import is_cached, prefix_tokens
from aiworker.llm.capabilities import Choice, Model, Served
from aiworker.llm.prices import NormalisedUsage
from aiworker.llm.reply import Answered, garbled, mapping, parse_json, tokens
from aiworker.llm.sdk import Counted, Method, Raw, translated
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


class _Raw(Raw, Protocol):
    async def text(self) -> str: ...
    async def parse(self) -> object: ...


@dataclass(slots=True)
class AnthropicMessages:
    """One model behind the messages API; `http_client` is for tests."""

    choice: Choice
    api_key: str = field(repr=False)
    base_url: str | None = None
    temperature: float = 0.3
    http_client: Any = None
    strict: bool = False
    provider: str = PROVIDER
    _client: AsyncAnthropic | None = field(default=None, repr=False)

    @property
    def served(self) -> Served:
        return self.choice.served

    def body(self, request: LLMRequest) -> dict[str, Any]:
        """Return what is sent, key by key in the order in which the SDK writes it."""
        model = self.served.served
        blocks = request.prompt.blocks
        body: dict[str, Any] = {
            "max_tokens": min(request.max_tokens, model.max_output),
            "messages": [{"role": "user", "content": _parts(blocks, "user", model)}],
            "model": model.name,
        }
        if request.schema and model.structured_output:
            body["output_config"] = {"format": {"type": "json_schema", "schema": dict(request.schema)}}
        if system := _parts(blocks, "system", model):
            body["system"] = system
        if model.accepts_temperature:
            body["temperature"] = self.temperature
        return body

    async def send(self, request: LLMRequest) -> Answered:
        """Ask once; raises an AiworkerError for everything that is no reply."""
        from anthropic import AnthropicError

        body = self.body(request)
        # The SDK's method has no temperature any more; models that still take it get it beside the others.
        extra = {"temperature": body.pop("temperature")} if "temperature" in body else None
        with translated(AnthropicError, self.served.served, self.choice.setting):
            create = cast("Method[_Raw]", self._sdk().messages.with_raw_response.create)
            raw = await create(**body, extra_body=extra, timeout=SDK_TIMEOUT_S)
            text = await raw.text()
        answered = read(text, raw.headers.get("request-id"), raw.headers)
        if self.strict:
            await raw.parse()
        return answered

    async def count_tokens(self, request: LLMRequest) -> int:
        """Ask the provider how many input tokens a request has; free of charge."""
        from anthropic import AnthropicError

        body = self.body(request)
        kept = {key: body[key] for key in ("messages", "model", "output_config", "system") if key in body}
        with translated(AnthropicError, self.served.served, self.choice.setting):
            counted = await cast("Method[Counted]", self._sdk().messages.count_tokens)(**kept)
        return counted.input_tokens

    def warm(self) -> None:
        """Import the SDK and build the client, which would otherwise block the loop at the first job."""
        self._sdk()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

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
        raise garbled(PROVIDER, text)
    parts = [cast("dict[str, Any]", part) for part in cast("list[object]", content) if isinstance(part, dict)]
    texts = [str(part.get("text")) for part in parts if part.get("type") == "text"]
    stop = STOPS.get(str(document.get("stop_reason")), "end")
    if not texts and stop not in ("refusal", "window", "length"):
        raise garbled(PROVIDER, text)
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
        limits=rates.of_answer(headers),
    )


def _parts(blocks: tuple[Block, ...], role: str, model: Model) -> list[dict[str, Any]]:
    return [
        {"type": "text", "text": block.text} | (CACHED if _caches(blocks[: at + 1], model) else {})
        for at, block in enumerate(blocks)
        if block.role == role
    ]


def _caches(prefix: tuple[Block, ...], model: Model) -> bool:
    """A breakpoint below the model's minimum caches nothing and says nothing: leave it out."""
    return prefix[-1].is_cached and is_cached(prefix_tokens(prefix, model), model)
