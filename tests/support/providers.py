"""The real SDKs, pointed at the fake and told to accept nothing but the documented shapes."""

from __future__ import annotations

from anthropic import AsyncAnthropic
from httpx2 import ASGITransport, AsyncClient, ReadError, Request, Response, Timeout
from openai import AsyncOpenAI

from aiworker.testing.llm import FakeProviders

IN_PROCESS = "http://fake"


class InProcess(ASGITransport):
    """A transport without a socket, which has broken connections all the same."""

    async def handle_async_request(self, request: Request) -> Response:
        try:
            return await super().handle_async_request(request)
        except ConnectionResetError as error:
            # OpenAI's SDK wraps the transport's own errors only.
            raise ReadError(str(error), request=request) from error


def in_process(fake: FakeProviders) -> AsyncClient:
    """Return an HTTP client that calls the fake without a socket."""
    return AsyncClient(transport=InProcess(app=fake.app))


def on_loopback() -> AsyncClient:
    """Return an HTTP client that ignores proxies of the environment."""
    return AsyncClient(trust_env=False, timeout=Timeout(10))


def openai_client(
    fake: FakeProviders, http: AsyncClient, *, url: str = f"{IN_PROCESS}/v1", strict: bool = True, key: str = ""
) -> AsyncOpenAI:
    """Return OpenAI's SDK on the fake."""
    return AsyncOpenAI(
        api_key=key or fake.api_key,
        base_url=url,
        http_client=http,
        max_retries=0,
        _strict_response_validation=strict,
    )


def anthropic_client(
    fake: FakeProviders, http: AsyncClient, *, url: str = IN_PROCESS, strict: bool = True, key: str = ""
) -> AsyncAnthropic:
    """Return Anthropic's SDK on the fake."""
    return AsyncAnthropic(
        api_key=key or fake.api_key,
        base_url=url,
        http_client=http,
        max_retries=0,
        open_telemetry=False,
        _strict_response_validation=strict,
    )
