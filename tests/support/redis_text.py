"""Everything that stands in Redis as one text, to look for what must not be there."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Any, Protocol, cast

from redis.asyncio import Redis


class _Commands(Protocol):
    """redis-py leaves this one's parameters untyped."""

    def execute_command(self, *words: object) -> Awaitable[Any]: ...


async def text_in_redis(redis: Redis, keys: Iterable[str]) -> str:
    """Return what these keys hold but for what the producer wrote: each job's data."""
    return "\n".join([f"{key} {await _content(cast('_Commands', redis), key)}" for key in keys])


async def _content(redis: _Commands, key: str) -> object:
    match await redis.execute_command("TYPE", key):
        case "hash":
            content = await redis.execute_command("HGETALL", key)
            return {name: value for name, value in content.items() if name != "data"}
        case "string":
            return await redis.execute_command("GET", key)
        case "list":
            return await redis.execute_command("LRANGE", key, 0, -1)
        case "zset":
            return await redis.execute_command("ZRANGE", key, 0, -1)
        case "set":
            return await redis.execute_command("SMEMBERS", key)
        case "stream":
            return await redis.execute_command("XRANGE", key, "-", "+")
        case "none":
            return "gone by now"
        case other:
            raise AssertionError(f"{key} is a {other}")
