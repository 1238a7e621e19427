"""From what an SDK raised to one of our errors: the one place that knows both providers' faults.

Told apart by status and error code, never by class: both SDKs subclass a rate limit for faults that no waiting cures.
Neither SDK is imported here; their errors carry `status_code`, `response` and `body`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import cast

from aiworker.errors import (
    AiworkerError,
    ContextTooLong,
    DeadlineExceeded,
    JobFailed,
    ProviderBlocked,
    RateLimited,
    TransientFault,
)
from aiworker.llm.capabilities import Model

DEFAULT_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(hours=1)
OVERLOADED = 529

QUOTA = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "linked_organization_spend_limit_reached",
    }
)
TOO_LONG = "context_length_exceeded"
_TOO_LONG = re.compile(r"prompt is too long: (\d+) tokens > (\d+) maximum")
_MAXIMUM = re.compile(r"maximum context length is (\d+) tokens")


@dataclass(frozen=True, slots=True)
class Fault:
    """What a provider answered instead of a reply; `message` stays inside, it may quote the prompt."""

    provider: str
    model: str
    status: int
    code: str | None
    message: str
    headers: Mapping[str, str]
    successor: str | None = None
    setting: str = ""


def translate(error: Exception, model: Model, setting: str) -> AiworkerError:
    """Turn an SDK's exception into ours; `setting` is where the model was chosen."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return judge(_fault(error, model, setting, status))
    provider, name = model.provider, type(error).__name__
    if name == "APITimeoutError":
        return DeadlineExceeded(f"{provider} did not answer in time.")
    if name == "APIConnectionError":
        return TransientFault(f"{provider} could not be reached.", code="provider_unreachable")
    return TransientFault(f"{provider} answered something that is no reply ({name}).", code="provider_garbled")


def judge(fault: Fault) -> AiworkerError:
    """Say what a fault means for the job."""
    who = f"{fault.provider} ({fault.model})"
    if fault.code in QUOTA or fault.status == 402:
        which = fault.code if fault.code in QUOTA else fault.status
        return ProviderBlocked(f"{who} has no quota left ({which}).", code="provider_quota")
    if fault.status in (401, 403):
        return ProviderBlocked(f"{who} refused our key (status {fault.status}).", code="provider_auth")
    if fault.status in (429, OVERLOADED):
        code = "overloaded" if fault.status == OVERLOADED else "rate_limited"
        return RateLimited(f"{who} asked us to wait.", code=code, retry_after=retry_after(fault.headers))
    if maximum := _too_long(fault):
        return ContextTooLong(f"The prompt is too long for {who}.", maximum=maximum)
    if fault.status == 404:
        return _unknown_model(fault)
    if fault.status in (408, 409) or fault.status >= 500:
        return TransientFault(f"{who} failed (status {fault.status}).", code="provider_5xx")
    return JobFailed(f"{who} refused the request (status {fault.status}).", code="provider_refused")


def retry_after(headers: Mapping[str, str]) -> timedelta:
    """Read how long to wait from `retry-after-ms` or `retry-after` (seconds); a default if neither can be read."""
    for name, unit in (("retry-after-ms", timedelta(milliseconds=1)), ("retry-after", timedelta(seconds=1))):
        try:
            span = float(headers[name]) * unit
        except (KeyError, ValueError, OverflowError):
            continue
        if timedelta(0) <= span:
            return min(span, LONGEST_WAIT)
    until = _until_date(headers)
    return DEFAULT_WAIT if until is None else until


def _until_date(headers: Mapping[str, str]) -> timedelta | None:
    """Read `retry-after` as an HTTP date, held against the answer's own `date`: no clock of ours is asked."""
    try:
        span = parsedate_to_datetime(headers["retry-after"]) - parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError):
        return None
    return min(max(span, timedelta(0)), LONGEST_WAIT)


def _too_long(fault: Fault) -> int | None:
    if fault.status not in (400, 413):
        return None
    if found := _TOO_LONG.search(fault.message):
        return int(found[2])
    if fault.code == TOO_LONG:
        found = _MAXIMUM.search(fault.message)
        return int(found[1]) if found else -1
    return None


def _unknown_model(fault: Fault) -> JobFailed:
    who = f"{fault.provider} does not know the model {fault.model}"
    if fault.successor is None:
        return JobFailed(f"{who}.", code="model_not_found")
    takes_provider = fault.setting != f"{fault.provider}_model".upper()
    change = f"{fault.setting}={f'{fault.provider}:' * takes_provider}{fault.successor}"
    return JobFailed(f"{who}; {change} names its successor.", code="model_not_found", remedy=f"set {change}")


def _fault(error: Exception, model: Model, setting: str, status: int) -> Fault:
    body = _object(getattr(error, "body", None))
    inner = _object(body.get("error")) or body
    code = _object(inner.get("details")).get("error_code") or inner.get("code")
    headers: Mapping[str, str] = getattr(getattr(error, "response", None), "headers", {})
    return Fault(
        provider=model.provider,
        model=model.name,
        status=status,
        code=str(code) if code else None,
        message=str(inner.get("message") or ""),
        headers=headers,
        successor=None if model.is_compatible else model.successor,
        setting=setting,
    )


def _object(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}
