"""How values of settings are written and read: durations, sizes, addresses, queue lists."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Annotated, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

from aiworker.errors import UsageError
from aiworker.policies import KIB, MIB, POLICIES

QUEUES = tuple(policy.queue for policy in POLICIES)

_DURATION = re.compile(r"(\d{1,8}(?:\.\d{1,6})?)\s*(ms|s|m|h|d)?", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZE = re.compile(r"(\d{1,12})\s*(?:(b)|(kb|kib|k)|(mb|mib|m))?", re.ASCII | re.IGNORECASE)


def parse_duration(value: object) -> timedelta:
    """Read `60s`, `5m`, `24h`, `7d`, `250ms` or plain seconds; ValueError otherwise."""
    if isinstance(value, timedelta):
        return value
    match = None if isinstance(value, bool) else _DURATION.fullmatch(str(value).strip())
    if match is None:
        raise ValueError("must be a duration such as 60s, 5m, 24h or a number of seconds")
    return timedelta(seconds=float(match[1]) * _SECONDS[match[2] or "s"])


def duration_option(flag: str, value: str) -> timedelta:
    """Read a command's duration; UsageError naming the flag."""
    try:
        return parse_duration(value)
    except ValueError as error:
        raise UsageError(f"{flag} {error}.") from None


def parse_size(value: object) -> int:
    """Read `256KB`, `4MB` or plain bytes (a KB has 1,024 bytes); ValueError otherwise."""
    match = None if isinstance(value, bool) else _SIZE.fullmatch(str(value).strip())
    if match is None or int(match[1]) == 0:
        raise ValueError("must be a size such as 256KB, 4MB or a number of bytes")
    return int(match[1]) * (KIB if match[3] else MIB if match[4] else 1)


def known_queue(name: str) -> str:
    if name in QUEUES:
        return name
    hint = "".join(f" (did you mean {near}?)" for near in difflib.get_close_matches(name, QUEUES, n=1))
    raise ValueError(f"names an unknown queue{hint}; the queues are {', '.join(QUEUES)}")


def queue_list(value: object) -> tuple[str, ...]:
    words = re.split(r"[,\s]+", value) if isinstance(value, str) else cast("Iterable[object]", value)
    return tuple(dict.fromkeys(known_queue(str(word)) for word in words if word))


def concurrency(value: object) -> int | dict[str, int]:
    if isinstance(value, str) and "=" in value:
        pairs = (part.partition("=") for part in value.split(",") if part.strip())
        value = {queue.strip(): slots for queue, _, slots in pairs}
    if isinstance(value, Mapping):
        table = cast("Mapping[object, object]", value)
        return {known_queue(str(queue)): _slots(slots) for queue, slots in table.items()}
    return _slots(value)


def _slots(value: object) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise ValueError("must be a number of at least 1, or a list such as interview=20,evaluation=8")
    return int(text)


def _address(schemes: str, form: str) -> Callable[[SecretStr], SecretStr]:
    def check(value: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(value.get_secret_value())
            usable = parts.scheme in schemes.split() and (parts.port is None or parts.port > 0)
        except ValueError:
            usable = False
        if not usable:
            raise ValueError(f"must be an address of the form {form} (special characters in a password as %XX)")
        return value

    return check


def _http(value: str) -> str:
    if not re.match(r"https?://[^/?#\s]", value):  # urlsplit's own errors quote the value
        raise ValueError("must be an address of the form http://host:port")
    return value.rstrip("/")


def _model(value: str) -> str:
    provider, _, model = value.partition(":")
    if provider not in ("openai", "anthropic", "offline") or not model:
        raise ValueError("must be provider:model with provider openai or anthropic")
    return value


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Size = Annotated[int, BeforeValidator(parse_size)]
HttpAddress = Annotated[str, AfterValidator(_http)]
ModelName = Annotated[str, AfterValidator(_model)]
DatabaseAddress = Annotated[SecretStr, AfterValidator(_address("postgresql postgres", "postgresql://user:pw@host/db"))]
RedisAddress = Annotated[SecretStr, AfterValidator(_address("redis rediss unix", "redis://[user:pw@]host:6379/0"))]


def format_duration(value: timedelta) -> str:
    """Write a duration as `parse_duration` reads it: `60s`, or `250ms` below a whole second."""
    milliseconds = round(value / timedelta(milliseconds=1))
    return f"{milliseconds}ms" if milliseconds % 1000 else f"{milliseconds // 1000}s"


def format_size(value: int) -> str:
    """Write a size as `parse_size` reads it: `256KB`, `4MB` or plain bytes."""
    if value % KIB:
        return str(value)
    return f"{value // KIB}KB" if value % MIB else f"{value // MIB}MB"
