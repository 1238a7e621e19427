from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from aiworker.errors import ConfigurationError
from aiworker.outbound.core_api import MAX_ANSWER, CoreApi, Delivery, Verdict, judge
from aiworker.protocol import JsonValue
from aiworker.testing.core_api import COMPLETE, FakeCoreApi
from aiworker.testing.server import App, LoopbackServer, Message, Receive, Scope, Send

SECRET = "canary-s3cret"
SHORT = timedelta(seconds=0.2)


def body() -> dict[str, JsonValue]:
    return {"jobId": "1", "jobType": "rewrite-resume", "tenantId": "t1", "resultId": "r1"}


@pytest.fixture
async def peer() -> AsyncIterator[FakeCoreApi]:
    async with FakeCoreApi(secret=SECRET) as opened:
        yield opened


@pytest.fixture
async def api(peer: FakeCoreApi) -> AsyncIterator[CoreApi]:
    client = CoreApi(peer.url, SecretStr(SECRET))
    yield client
    await client.aclose()


async def post(api: CoreApi, *, key: str = "ai-jobs:1:1731499200000:0:callback", attempt: int = 1) -> Delivery:
    return await api.post(COMPLETE, body(), idempotency_key=key, attempt=attempt)


async def post_once(url: str, *, within: timedelta = timedelta(seconds=5)) -> Delivery:
    api = CoreApi(url, SECRET, timeout=within)
    try:
        return await post(api)
    finally:
        await api.aclose()


def answering(status: int, *headers: tuple[bytes, bytes], content: bytes = b"") -> App:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        start: Message = {"type": "http.response.start", "status": status, "headers": list(headers)}
        await send(start)
        await send({"type": "http.response.body", "body": content})

    return app


async def test_a_message_arrives_with_exactly_the_agreed_headers_and_body(peer: FakeCoreApi, api: CoreApi) -> None:
    assert await post(api, attempt=3) == Delivery(200, "sent", None)
    (received,) = peer.received
    assert received.body == body()
    own = {name: received.headers[name] for name in received.headers if name.startswith(("x-", "idem", "content-t"))}
    assert own == {
        "x-internal-secret": SECRET,
        "idempotency-key": "ai-jobs:1:1731499200000:0:callback",
        "x-aiworker-attempt": "3",
        "content-type": "application/json",
    }


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((status, "sent") for status in (200, 204, 409)),
        *((status, "retry") for status in (408, 425, 429, 500, 503, 599)),
        *((status, "dead") for status in (301, 304, 400, 401, 422)),
    ],
)
def test_the_status_decides(status: int, verdict: Verdict) -> None:
    assert judge(status) == Delivery(status, verdict, None if verdict == "sent" else f"http_{status}")


async def test_a_peer_that_fails_and_recovers_is_told_apart_try_by_try(peer: FakeCoreApi, api: CoreApi) -> None:
    peer.script(COMPLETE, [503, "reset", 409, 404])
    assert [await post(api) for _ in range(5)] == [
        Delivery(503, "retry", "http_503"),
        Delivery(None, "retry", "connection_lost"),
        Delivery(409, "sent", None),
        Delivery(404, "dead", "http_404"),
        Delivery(200, "sent", None),
    ]


async def test_a_wrong_secret_is_given_up_at_once(peer: FakeCoreApi) -> None:
    api = CoreApi(peer.url, "another")
    assert await post(api) == Delivery(401, "dead", "http_401")
    await api.aclose()


async def test_a_peer_that_never_answers_is_tried_again(peer: FakeCoreApi) -> None:
    peer.script(COMPLETE, ["timeout"])
    assert await post_once(peer.url, within=SHORT) == Delivery(None, "retry", "timeout")


async def test_a_peer_that_is_away_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert await post_once(f"http://127.0.0.1:{port}") == Delivery(None, "retry", "unreachable")


async def test_a_name_nobody_knows_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert await post_once("http://core-api:4000") == Delivery(None, "retry", "unreachable")


async def test_the_timeout_is_total_even_if_bytes_keep_dripping() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not reader.at_eof():
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await post_once(f"http://127.0.0.1:{port}", within=SHORT) == Delivery(None, "retry", "timeout")


async def test_an_answer_whose_body_never_ends_still_counts_by_its_status() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await receive()

    async with LoopbackServer(app) as server:
        assert await post_once(server.url, within=SHORT) == Delivery(200, "sent", None)


async def test_a_huge_answer_is_not_read_to_its_end() -> None:
    sent = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        gone = asyncio.ensure_future(receive())
        while not gone.done():
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
            sent += 65_536
            await asyncio.sleep(0)

    async with LoopbackServer(app) as server:
        assert await post_once(server.url) == Delivery(200, "sent", None)
    # The sockets' buffers hold some megabytes more than the client reads.
    assert sent < MAX_ANSWER + 64 * 1024 * 1024


async def test_a_redirect_is_not_followed_and_the_secret_stays_with_its_host(peer: FakeCoreApi) -> None:
    elsewhere = (b"location", f"{peer.url}{COMPLETE}".encode())
    for status in (301, 302, 307, 308):
        async with LoopbackServer(answering(status, elsewhere)) as server:
            assert await post_once(server.url) == Delivery(status, "dead", f"http_{status}")
    assert peer.received == []
    assert peer.refused == []


@pytest.mark.parametrize("path", ["", "internal", "@127.0.0.1:1/", "http://127.0.0.1:1/x", ":1/"])
async def test_a_path_that_could_name_another_host_is_not_sent(peer: FakeCoreApi, api: CoreApi, path: str) -> None:
    delivery = await api.post(path, body(), idempotency_key="k", attempt=1)
    assert delivery == Delivery(None, "dead", "invalid_path")
    assert peer.refused == []


async def test_a_path_with_two_slashes_stays_on_our_host(peer: FakeCoreApi, api: CoreApi) -> None:
    await api.post("//elsewhere.example/x", body(), idempotency_key="k", attempt=1)
    assert [refused.path for refused in peer.refused] == ["//elsewhere.example/x"]


async def test_a_proxy_in_the_environment_is_not_used(peer: FakeCoreApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert (await post_once(peer.url)).verdict == "sent"


async def test_a_base_address_with_a_path_keeps_it() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(str(scope["path"]))
        await answering(204)(scope, receive, send)

    async with LoopbackServer(app) as server:
        await post_once(f"{server.url}/core/")
    assert seen == [f"/core{COMPLETE}"]


async def test_a_key_made_of_any_text_fits_into_its_header(peer: FakeCoreApi, api: CoreApi) -> None:
    for key in ("ai-jobs:résumé 1\r\n%:0", "\ud800"):
        assert (await post(api, key=key)).verdict == "sent"
    assert [received.headers["idempotency-key"] for received in peer.received] == [
        "ai-jobs:r%C3%A9sum%C3%A9%201%0D%0A%25:0",
        "%ED%A0%80",
    ]


async def test_many_messages_share_the_connections(peer: FakeCoreApi, api: CoreApi) -> None:
    deliveries = await asyncio.gather(*(post(api, key=str(number)) for number in range(50)))
    assert {delivery.verdict for delivery in deliveries} == {"sent"}
    assert len(peer.unique) == 50


async def test_a_cancelled_try_is_cancelled_and_the_client_goes_on(peer: FakeCoreApi, api: CoreApi) -> None:
    peer.script(COMPLETE, ["timeout"])
    trying = asyncio.create_task(post(api))
    await peer.wait_for(1)
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying
    assert (await post(api)).verdict == "sent"


async def test_neither_secret_nor_answer_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    app = answering(400, content=b"canary-answer")
    async with LoopbackServer(app) as server:
        api = CoreApi(server.url, SECRET)
        delivery = await post(api)
        text = repr(api) + str(api) + repr(delivery)
        await api.aclose()
    assert "canary" not in caplog.text + text


async def test_a_given_transport_is_used() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(202)

    api = CoreApi("https://core.example.org", SECRET, transport=httpx.MockTransport(answer))
    assert await post(api) == Delivery(202, "sent", None)
    await api.aclose()


ALLOWED = (
    *("https://core.example.org", "https://8.8.8.8/api", "http://core-api:4000", "http://core_api", "http://CORE"),
    *("http://localhost:4000/base", "http://127.0.0.1", "http://[::1]:4000", "http://10.1.2.3", "http://[fd00::1]"),
)
REFUSED = (
    *("http://core.example.org", "http://8.8.8.8", "http://134744072", "http://0x08080808", "http://169.254.169.254"),
    *("http://[::ffff:8.8.8.8]", "http://0.0.0.0", "ftp://core-api", "core-api:4000", "", "http://", "https:///x"),
    *("http://user:canary@core-api", "https://core.example.org?x=canary", "https://core.example.org#canary"),
    *(
        "http://core-api:99999",
        "http://core-api:0",
        "http://core api",
        "http://core-api.",
        "http://[::1",
        "http://core-api:x",
    ),
)


@pytest.mark.parametrize("url", ALLOWED)
async def test_https_and_private_http_addresses_are_taken(url: str) -> None:
    await CoreApi(url, SECRET).aclose()


@pytest.mark.parametrize("url", REFUSED)
def test_any_other_address_is_a_configuration_error_that_names_the_setting(url: str) -> None:
    with pytest.raises(ConfigurationError, match="CORE_API_INTERNAL_URL") as caught:
        CoreApi(url, SECRET)
    assert "canary" not in f"{caught.value}{caught.value.remedy}"


@pytest.mark.parametrize("secret", ["", "canary\n", " canary", "canáry", "canary\x00"])
def test_a_secret_no_header_can_carry_is_a_configuration_error_without_its_value(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="CORE_API_INTERNAL_SECRET") as caught:
        CoreApi("http://core-api:4000", secret)
    assert "can" not in f"{caught.value}".replace("cannot", "")
