"""Messages to core-api: what was tried is told as a verdict, never as an exception.

The secret goes to the one host the base address names: no redirect is followed and no proxy is asked.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from aiworker.errors import ConfigurationError
from aiworker.protocol import JsonValue

Verdict = Literal["sent", "retry", "dead"]

TIMEOUT = timedelta(seconds=5)
MAX_ANSWER = 64 * 1024
"""Bytes of an answer we read, only to keep the connection; a longer one costs it its connection."""
MAX_PORT = 65_535
ALREADY_DONE = 409
TRY_AGAIN = frozenset({408, 425, 429})
PRIVATE_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)
SERVICE_NAME = re.compile(r"[a-z](?:[a-z0-9_-]{0,61}[a-z0-9])?\Z")
"""A name without dots, as container networks give; it cannot be a number that stands for a public address."""
HEADER_SAFE = string.punctuation.replace("%", "")


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a try ended. `status` is None if no answer came; `error_code` is None if it was sent."""

    status: int | None
    verdict: Verdict
    error_code: str | None


class CoreApi:
    """The one client of core-api in this process; close it with `aclose`."""

    def __init__(
        self,
        base_url: str,
        secret: SecretStr | str,
        *,
        timeout: timedelta = TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._base = _checked_base(base_url)
        self._secret = _checked_secret(secret)
        self._timeout = timeout.total_seconds()
        self._client = httpx.AsyncClient(
            transport=transport,
            verify=httpx.create_ssl_context(),
            follow_redirects=False,
            trust_env=False,
            timeout=self._timeout,
            limits=httpx.Limits(max_connections=20),
        )

    def __repr__(self) -> str:
        return f"CoreApi({self._base.host!r})"

    async def post(self, path: str, body: Mapping[str, JsonValue], *, idempotency_key: str, attempt: int) -> Delivery:
        """Send `body` once, within the total timeout; faults of network and peer are told by the verdict."""
        url = self._address(path)
        if url is None:
            return Delivery(None, "dead", "invalid_path")
        headers = {
            "x-internal-secret": self._secret.get_secret_value(),
            # Ids are text as sent; a header takes only ASCII.
            "Idempotency-Key": quote(idempotency_key, safe=HEADER_SAFE, errors="surrogatepass"),
            "x-aiworker-attempt": str(attempt),
            "Content-Type": "application/json",
        }
        content = json.dumps(dict(body), separators=(",", ":"), allow_nan=False).encode()
        status: int | None = None
        fault = "unreachable"
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._client.stream("POST", url, content=content, headers=headers) as answer,
            ):
                status = answer.status_code
                await _drain(answer)
        except (TimeoutError, httpx.TimeoutException):
            fault = "timeout"
        except httpx.ConnectError:
            fault = "unreachable"
        except httpx.HTTPError:
            fault = "connection_lost"
        # The status line is the answer: a body that breaks off after it changes nothing.
        return Delivery(None, "retry", fault) if status is None else judge(status)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _address(self, path: str) -> httpx.URL | None:
        """Return where `path` is on our host; None if it is no absolute path."""
        if not path.startswith("/"):
            return None
        target = (
            self._base.raw_path.rstrip(b"/") + quote(path, safe="/%:@!$&'()*+,;=-._~?", errors="surrogatepass").encode()
        )
        return self._base.copy_with(raw_path=target)


def judge(status: int) -> Delivery:
    """Say what a status means for the message."""
    if 200 <= status < 300 or status == ALREADY_DONE:
        return Delivery(status, "sent", None)
    if status in TRY_AGAIN or status >= 500:
        return Delivery(status, "retry", f"http_{status}")
    return Delivery(status, "dead", f"http_{status}")


async def _drain(answer: httpx.Response) -> None:
    if answer.is_stream_consumed:
        return
    read = 0
    async for chunk in answer.aiter_raw():
        read += len(chunk)
        if read > MAX_ANSWER:
            return


def _checked_base(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, ValueError):
        raise _refused("is not an address") from None
    if url.scheme not in ("http", "https") or not url.host or not _is_port(url.port):
        raise _refused("is not an address of the form http://host:port")
    if url.userinfo or url.query or url.fragment:
        raise _refused("holds more than scheme, host, port and path")
    if url.scheme == "http" and not _is_private(url.host):
        raise _refused(f"would send the secret unencrypted to {url.host}")
    return url


def _refused(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"CORE_API_INTERNAL_URL {why}.",
        remedy="Use https://, or http:// with a loopback or private address or a service name such as core-api.",
    )


def _is_port(port: int | None) -> bool:
    return port is None or 0 < port <= MAX_PORT


def _is_private(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return SERVICE_NAME.match(host) is not None
    return any(address in network for network in PRIVATE_NETWORKS)


def _checked_secret(secret: SecretStr | str) -> SecretStr:
    plain = secret.get_secret_value() if isinstance(secret, SecretStr) else secret
    if not plain or not plain.isascii() or not plain.isprintable() or plain != plain.strip():
        raise ConfigurationError(
            "CORE_API_INTERNAL_SECRET is empty or holds characters a header cannot carry.",
            remedy="Set it to printable ASCII without spaces or line ends around it.",
        )
    return SecretStr(plain)
