"""What the providers' rate headers say, in one form; whatever cannot be read was not said.

OpenAI tells when an allowance is whole again as a span (`6m0s`, `88ms`), Anthropic as a moment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from aiworker.protocol import Allowance, RateLimits

PREFIXES = ("x-ratelimit-", "anthropic-ratelimit-")
LONGEST_RESET = timedelta(days=31)
LONGEST_SPAN = 64

_COUNT = re.compile(r"[0-9]{1,18}")
_PART = re.compile(r"([0-9]{1,7}(?:\.[0-9]{1,9})?)(d|h|ms|us|µs|m|s|\Z)")
_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
    "us": timedelta(microseconds=1),
    "µs": timedelta(microseconds=1),
    "": timedelta(seconds=1),
}


def of_answer(headers: Mapping[str, str]) -> dict[str, str]:
    """Pick the headers that `read` needs."""
    return {name: value for name, value in headers.items() if name == "date" or name.startswith(PREFIXES)}


def read(headers: Mapping[str, str], now: datetime) -> RateLimits:
    """Read either provider's headers; a moment is held against the answer's own `date`, else against `now`."""
    sent_at = _date(headers.get("date", "")) or now
    if any(name.startswith("anthropic-") for name in headers):
        pattern, names = "anthropic-ratelimit-{thing}-{what}", ("requests", "input-tokens", "output-tokens")
    else:
        pattern, names = "x-ratelimit-{what}-{thing}", ("requests", "tokens", "output-tokens")
    return RateLimits(*(_allowance(headers, pattern, thing, sent_at) for thing in names))


def _allowance(headers: Mapping[str, str], pattern: str, thing: str, sent_at: datetime) -> Allowance:
    limit, remaining, reset = (
        headers.get(pattern.format(thing=thing, what=what), "").strip() for what in ("limit", "remaining", "reset")
    )
    return Allowance(_count(limit), _count(remaining), _reset(reset, sent_at))


def _count(text: str) -> int | None:
    return int(text) if _COUNT.fullmatch(text) else None


def _reset(text: str, sent_at: datetime) -> timedelta | None:
    """Read a span or a moment; one that has passed is zero, one that no limit can mean was not said."""
    span = _span(text)
    if span is None and (moment := _moment(text)):
        span = max(moment - sent_at, timedelta(0))
    return span if span is not None and span <= LONGEST_RESET else None


def _span(text: str) -> timedelta | None:
    """Read a span as Go writes it, or a plain number of seconds."""
    parts = list(_PART.finditer(text[:LONGEST_SPAN]))
    if not parts or "".join(part[0] for part in parts) != text:
        return None
    return sum((float(part[1]) * _UNITS[part[2]] for part in parts), timedelta(0))


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if "-" in text else None
    except ValueError:
        return None
    return moment and _in_utc(moment)


def _date(text: str) -> datetime | None:
    try:
        return _in_utc(parsedate_to_datetime(text))
    except (ValueError, TypeError, OverflowError):
        return None


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
