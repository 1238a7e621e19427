"""How clients are built, and what `check` says about servers that are well, silent, closed or locked."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Generator, Mapping
from contextlib import closing

import pytest
from redis.asyncio import Redis

from aiworker.errors import AiworkerError, ConfigurationError, ExitCode, ServiceUnreachable
from aiworker.queue.connection import (
    blocking_client,
    check,
    client_name,
    command_client,
    server_info,
    short_client,
)
from tests.integration.queue.server import Server, free_port

REMEDIES = ("start Redis or Valkey", "--embedded", "REDIS_URL")


@pytest.fixture
def silent_port() -> Generator[int]:
    """Listen and never answer."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield int(listener.getsockname()[1])


def test_the_client_name_is_the_one_node_looks_for() -> None:
    assert client_name("ai-jobs", "aiworker@host-1") == "bull:YWktam9icw==:w:aiworker@host-1"


def test_the_client_name_begins_with_the_key_prefix_as_nodes_does() -> None:
    assert client_name("ai-jobs", "host-1", prefix="staging") == "staging:YWktam9icw==:w:host-1"


def test_the_client_name_holds_no_spaces() -> None:
    assert client_name("ai-jobs", "my host\t1") == "bull:YWktam9icw==:w:my-host-1"


def options(client: Redis) -> Mapping[str, object]:
    return client.connection_pool.connection_kwargs


@pytest.mark.parametrize("url", ["redis://localhost", "redis://localhost?socket_timeout=5&decode_responses=0"])
def test_worker_clients_never_time_out_whatever_the_url_says(url: str) -> None:
    for client in (command_client(url), blocking_client(url, queue="ai-jobs", worker_name="w")):
        assert options(client)["socket_timeout"] is None
        assert options(client)["decode_responses"] is True
        assert options(client)["socket_keepalive"] is True


def test_only_the_blocking_client_has_a_name() -> None:
    url = "redis://localhost"
    assert "client_name" not in options(command_client(url))
    assert options(blocking_client(url, queue="ai-jobs", worker_name="w"))["client_name"] == client_name("ai-jobs", "w")


def test_a_short_client_gives_up_soon() -> None:
    assert options(short_client("redis://localhost"))["socket_timeout"] == 5.0


async def test_check_tells_what_the_server_is(valkey: Server) -> None:
    info = await check(valkey.url)
    assert info.is_valkey and info.keeps_jobs and info.maxmemory_policy == "noeviction"
    assert info.address == f"127.0.0.1:{valkey.port}"
    assert int(info.version.split(".")[0]) >= 9


async def refusal(url: str, *, seconds: float = 2.0) -> tuple[AiworkerError, float]:
    began = asyncio.get_running_loop().time()
    with pytest.raises(AiworkerError) as caught:
        await check(url, timeout=seconds)
    return caught.value, asyncio.get_running_loop().time() - began


async def test_a_closed_port_is_named_with_its_remedies() -> None:
    port = free_port()
    error, took = await refusal(f"redis://user:hidden-password@127.0.0.1:{port}")
    assert isinstance(error, ServiceUnreachable) and error.exit_code is ExitCode.UNREACHABLE
    assert f"127.0.0.1:{port}" in error.message and "refused" in error.message
    assert error.remedy is not None and all(remedy in error.remedy for remedy in REMEDIES)
    assert "hidden-password" not in f"{error} {error.remedy} {error.__cause__}"
    assert took < 1.5


async def test_a_server_that_never_answers_is_given_up_in_time(silent_port: int) -> None:
    error, took = await refusal(f"redis://127.0.0.1:{silent_port}", seconds=0.3)
    assert isinstance(error, ServiceUnreachable)
    assert f"127.0.0.1:{silent_port}" in error.message and "0.3 s" in error.message
    assert took < 1.0


async def test_a_wrong_password_is_a_setting_to_correct(valkey: Server) -> None:
    error, took = await refusal(valkey.url_with("wrong-password"))
    assert isinstance(error, ConfigurationError) and error.code == "redis_auth"
    assert f"127.0.0.1:{valkey.port}" in error.message
    assert "wrong-password" not in f"{error} {error.remedy}"
    assert took < 1.5


async def test_a_missing_password_is_a_setting_to_correct(valkey: Server) -> None:
    error, _ = await refusal(f"redis://127.0.0.1:{valkey.port}")
    assert isinstance(error, ConfigurationError) and error.code == "redis_auth"


@pytest.mark.parametrize("url", ["http://localhost:6379", "localhost:6379", "redis://localhost:port", ""])
@pytest.mark.parametrize("build", [command_client, short_client])
def test_what_is_not_a_redis_url_is_refused_without_repeating_it(url: str, build: Callable[[str], Redis]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(url)
    assert not url or url not in caught.value.message


def test_a_server_too_old_for_bullmq_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"6\.0\.9.*6\.2"):
        server_info({"redis_version": "6.0.9"}, "localhost:6379")


def test_an_evicting_server_is_reported_and_left_to_the_caller() -> None:
    info = server_info({"redis_version": "7.4.1", "maxmemory_policy": "allkeys-lru"}, "localhost:6379")
    assert (info.maxmemory_policy, info.keeps_jobs, info.is_valkey) == ("allkeys-lru", False, False)
