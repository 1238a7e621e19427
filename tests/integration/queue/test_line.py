"""The line that carries a worker's scripts: order, resending, and what one bad command does to the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import DataError, MasterDownError, ReadOnlyError, ResponseError

from aiworker.queue.connection import command_client, short_client
from aiworker.queue.line import Argument, Line
from tests.integration.queue.proxy import Proxy, proxied
from tests.integration.queue.room import Room, done, eventually
from tests.integration.queue.server import Server, free_port, running_server


@pytest.fixture
async def proxy(valkey: Server) -> AsyncGenerator[Proxy]:
    async with proxied(valkey.url) as proxy:
        yield proxy


@pytest.fixture
def breaks() -> list[Exception]:
    return []


@pytest.fixture
async def line(proxy: Proxy, breaks: list[Exception]) -> AsyncGenerator[Line]:
    client = command_client(proxy.url)
    line = Line(client, on_break=breaks.append)
    yield line
    await line.close()
    await client.aclose()


async def told(room: Room) -> list[str]:
    return cast("list[str]", await room.redis.lrange(room.key("told"), 0, -1))


async def test_answers_come_in_the_order_of_the_questions(line: Line) -> None:
    said = [str(number) for number in range(50)]
    assert await asyncio.gather(*(line.call("ECHO", text) for text in said)) == said


async def test_what_is_unanswered_at_a_break_is_sent_again_in_order(
    line: Line, proxy: Proxy, room: Room, breaks: list[Exception]
) -> None:
    await line.call("PING")
    proxy.silence()
    pushes = [line.call("RPUSH", room.key("told"), str(number)) for number in range(9)]
    line.cut()
    assert await asyncio.gather(*pushes) == list(range(1, 10))
    assert await told(room) == [str(number) for number in range(9)]
    assert len(breaks) == 1


async def test_a_call_nobody_waits_for_any_more_is_not_sent_again(line: Line, proxy: Proxy, room: Room) -> None:
    await line.call("PING")
    proxy.silence()
    dropped, kept = (line.call("RPUSH", room.key("told"), text) for text in ("dropped", "kept"))
    dropped.cancel()
    line.cut()
    await kept
    assert await told(room) == ["kept"]


async def test_an_answer_nobody_waits_for_is_not_taken_for_the_next(line: Line, proxy: Proxy) -> None:
    await line.call("PING")
    proxy.hold_answers()
    first, second = line.call("ECHO", "first"), line.call("ECHO", "second")
    await eventually(lambda: any(b"second" in link.heard for link in proxy.links), "both are sent")
    first.cancel()
    proxy.release()
    assert await second == "second"


async def test_a_command_that_cannot_be_packed_fails_alone(line: Line) -> None:
    bad = line.call("ECHO", cast("Argument", object()))
    good = line.call("ECHO", "good")
    assert await good == "good"
    with pytest.raises((DataError, TypeError, ValueError)):
        await bad


async def test_a_refused_command_fails_alone(line: Line, room: Room) -> None:
    refused, good = line.call("LPUSH", room.key("told")), line.call("ECHO", "good")
    with pytest.raises(ResponseError):
        await refused
    assert await good == "good"


async def test_closing_fails_what_is_unanswered_and_what_comes_later(line: Line, proxy: Proxy) -> None:
    await line.call("PING")
    proxy.silence()
    waiting = line.call("PING")
    await line.close()
    with pytest.raises(RedisConnectionError):
        await waiting
    with pytest.raises(RedisConnectionError):
        await line.call("PING")


async def test_without_a_server_a_call_fails_when_the_client_gives_up() -> None:
    client = short_client(f"redis://127.0.0.1:{free_port()}")
    line = Line(client, on_break=lambda _: None)
    with pytest.raises(RedisConnectionError):
        await line.call("PING")
    await line.close()
    await client.aclose()


async def test_a_server_that_forgot_the_scripts_is_told_them_again(room: Room) -> None:
    await room.start(done)
    await room.reaches(await room.add(), "completed")
    await cast("Any", room.redis).script_flush()
    await room.reaches(await room.add(), "completed")


async def test_a_server_that_was_demoted_is_left_and_what_it_refused_is_done_by_its_successor(tmp_path: Path) -> None:
    breaks: list[Exception] = []
    with running_server(tmp_path) as server:
        client, other = command_client(server.url), short_client(server.url)
        line = Line(client, on_break=breaks.append)
        try:
            await line.call("PING")
            await cast("Any", other).execute_command("REPLICAOF", "127.0.0.1", str(free_port()))
            push = line.call("RPUSH", "told", "once")
            await eventually(lambda: len(breaks) >= 2, "it looks for a server that takes it")
            assert not push.done()
            # The same address, as behind Sentinel or a load balancer.
            await cast("Any", other).execute_command("REPLICAOF", "NO", "ONE")
            assert await push == 1
            assert await other.lrange("told", 0, -1) == ["once"]
        finally:
            await line.close()
            await client.aclose()
            await other.aclose()
    assert all(isinstance(error, ReadOnlyError | MasterDownError) for error in breaks)
