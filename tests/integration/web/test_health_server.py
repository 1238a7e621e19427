from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Mapping

import httpx
import pytest

from aiworker.errors import ConfigurationError
from aiworker.protocol import JsonValue
from aiworker.runtime.health import Report
from aiworker.web.health import HealthServer


class Source:
    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.let_go = asyncio.Event()
        self.let_go.set()

    def health(self) -> Mapping[str, JsonValue]:
        return {"status": "ok", "worker_active": True, "llm_provider": "offline"}

    def live(self) -> Report:
        return Report(True)

    async def ready(self) -> Report:
        self.asked.set()
        await self.let_go.wait()
        return Report(False, {"redis": "away"})


async def get(port: int, path: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://127.0.0.1:{port}{path}")


async def test_it_answers_on_a_real_socket_until_it_is_stopped() -> None:
    server = HealthServer(Source(), host="127.0.0.1", port=0)
    port = await server.start()
    assert (await get(port, "/health")).json() == {"status": "ok", "worker_active": True, "llm_provider": "offline"}
    assert (await get(port, "/live")).status_code == 200
    ready = await get(port, "/ready")
    assert (ready.status_code, ready.json()["checks"]) == (503, {"redis": "away"})
    assert "server" not in ready.headers
    await server.stop()
    with pytest.raises(httpx.ConnectError):
        await get(port, "/health")


async def test_stopping_twice_or_before_the_start_does_nothing() -> None:
    server = HealthServer(Source(), host="127.0.0.1", port=0)
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()


async def test_a_question_in_the_air_is_answered_before_it_stops() -> None:
    source = Source()
    source.let_go.clear()
    server = HealthServer(source, host="127.0.0.1", port=0)
    port = await server.start()
    question = asyncio.create_task(get(port, "/ready"))
    await source.asked.wait()
    stopping = asyncio.create_task(server.stop())
    source.let_go.set()
    assert (await question).status_code == 503
    await stopping


async def test_a_client_that_keeps_its_connection_does_not_hold_up_the_stop() -> None:
    server = HealthServer(Source(), host="127.0.0.1", port=0)
    port = await server.start()
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(f"http://127.0.0.1:{port}/health")
        async with asyncio.timeout(5):
            await server.stop()


async def test_a_taken_port_is_a_configuration_error_that_names_the_settings() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = HealthServer(Source(), host="127.0.0.1", port=port)
        with pytest.raises(ConfigurationError) as caught:
            await server.start()
    assert f"127.0.0.1:{port}" in caught.value.message
    assert "HOST" in str(caught.value.remedy)
    assert "PORT" in str(caught.value.remedy)


async def test_an_address_of_another_machine_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError):
        await HealthServer(Source(), host="192.0.2.1", port=0).start()


async def test_it_listens_on_ipv6_too() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 on this machine")
    server = HealthServer(Source(), host="::1", port=0)
    try:
        port = await server.start()
    except ConfigurationError:
        pytest.skip("no IPv6 loopback on this machine")
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"http://[::1]:{port}/live")).status_code == 200
    await server.stop()


async def test_one_sigterm_is_handled_once_by_its_handler_while_serving_and_after() -> None:
    loop = asyncio.get_running_loop()
    arrivals: list[str] = []
    came = asyncio.Event()

    def handle() -> None:
        arrivals.append("SIGTERM")
        came.set()

    loop.add_signal_handler(signal.SIGTERM, handle)
    try:
        server = HealthServer(Source(), host="127.0.0.1", port=0)
        port = await server.start()
        os.kill(os.getpid(), signal.SIGTERM)
        await came.wait()
        assert (await get(port, "/health")).status_code == 200
        await server.stop()
        assert arrivals == ["SIGTERM"]
        came.clear()
        os.kill(os.getpid(), signal.SIGTERM)
        await came.wait()
        assert arrivals == ["SIGTERM"] * 2
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
