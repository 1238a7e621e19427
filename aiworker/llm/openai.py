"""OpenAI and servers that speak its chat protocol, over the real SDK; imported when the first call is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from aiworker.llm import rates
from aiworker.llm.capabilities import Choice, Served
from aiworker.llm.prices import NormalisedUsage
from aiworker.llm.reply import Answered, garbled, mapping, parse_json, tokens
from aiworker.llm.sdk import Counted, Method, Raw, translated
from aiworker.protocol import JsonValue, LLMRequest

if TYPE_CHECKING:
    from openai import AsyncOpenAI

PROVIDER = "openai"
STOPS: Mapping[str, str] = {"stop": "end", "length": "length", "content_filter": "filter"}


class _Raw(Raw, Protocol):
    @property
    def text(self) -> str: ...
    def parse(self) -> object: ...


@dataclass(slots=True)
class OpenAIChat:
    """One model behind the chat completions API; `http_client` is for tests."""

    choice: Choice
    api_key: str = field(repr=False)
    base_url: str | None = None
    temperature: float = 0.3
    http_client: Any = None
    strict: bool = False
    provider: str = PROVIDER
    _client: AsyncOpenAI | None = field(default=None, repr=False)

    @property
    def served(self) -> Served:
        return self.choice.served

    def body(self, request: LLMRequest) -> dict[str, Any]:
        """Return what is sent, key by key in the order in which the SDK writes it."""
        model = self.served.served
        cap = min(request.max_tokens, model.max_output)
        body: dict[str, Any] = {
            "model": model.name,
            "messages": [
                {"role": role, "content": text} for role in ("system", "user") if (text := request.prompt.text(role))
            ],
            ("max_tokens" if model.is_compatible else "max_completion_tokens"): cap,
        }
        if not model.is_compatible:
            body["prompt_cache_key"] = f"{request.prompt.name}-{request.prompt.fingerprint}"
        if request.schema and model.structured_output:
            schema = {"name": _schema_name(request.task), "strict": True, "schema": dict(request.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        if model.accepts_temperature:
            body["temperature"] = self.temperature
        return body

    async def send(self, request: LLMRequest) -> Answered:
        """Ask once; raises an AiworkerError for everything that is no reply."""
        from openai import OpenAIError

        body = self.body(request)
        with translated(OpenAIError, self.served.served, self.choice.setting):
            raw = await cast("Method[_Raw]", self._sdk().chat.completions.with_raw_response.create)(**body)
        answered = read(raw.text, raw.headers.get("x-request-id"), raw.headers)
        if self.strict:
            raw.parse()
        return answered

    async def count_tokens(self, request: LLMRequest) -> int:
        """Ask the provider how many input tokens a request has; free of charge."""
        from openai import OpenAIError

        body = self.body(request)
        with translated(OpenAIError, self.served.served, self.choice.setting):
            count = cast("Method[Counted]", self._sdk().responses.input_tokens.count)
            counted = await count(model=body["model"], input=body["messages"])
        return counted.input_tokens

    def warm(self) -> None:
        """Import the SDK and build the client, which would otherwise block the loop at the first job."""
        self._sdk()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    def _sdk(self) -> AsyncOpenAI:
        if self._client is None:
            from openai import AsyncOpenAI

            self._client = AsyncOpenAI(
                api_key=self.api_key,
                base_url=self.base_url,
                max_retries=0,
                http_client=self.http_client,
                _strict_response_validation=self.strict,
            )
        return self._client


def read(text: str, request_id: str | None, headers: Mapping[str, str]) -> Answered:
    """Read a chat completion from its JSON; TransientFault if it is not one."""
    document = parse_json(text, PROVIDER)
    choices = document.get("choices")
    choice = mapping(cast("list[object]", choices)[0]) if isinstance(choices, list) and choices else {}
    if not isinstance(choice.get("message"), dict):
        raise garbled(PROVIDER, text)
    message, usage = mapping(choice["message"]), mapping(document.get("usage"))
    refusal, content = message.get("refusal"), message.get("content")
    stop = "refusal" if refusal else STOPS.get(str(choice.get("finish_reason")), "end")
    if not isinstance(content, str) and stop == "end":
        raise garbled(PROVIDER, text)
    details = mapping(usage.get("prompt_tokens_details"))
    return Answered(
        text=str(refusal or content or ""),
        stop=stop,
        model=str(document.get("model") or ""),
        external_id=request_id or str(document.get("id") or "") or None,
        usage=NormalisedUsage.of_openai(
            prompt=tokens(usage, "prompt_tokens"),
            output=tokens(usage, "completion_tokens"),
            cached=tokens(details, "cached_tokens"),
            cache_write=tokens(details, "cache_write_tokens"),
        ),
        limits=rates.of_answer(headers),
    )


def wire(body: Mapping[str, JsonValue]) -> bytes:
    """Return a body as both SDKs put it on the wire."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _schema_name(task: str) -> str:
    return task.replace("-", "_")
