"""Every fault step as each provider words it."""

from __future__ import annotations

from collections.abc import Mapping

from aiworker.testing.llm.scenarios import (
    Cap,
    ContextTooLong,
    Fault,
    Forbidden,
    ModelNotFound,
    Overloaded,
    Quota,
    Ramp,
    RateLimited,
    ServerError,
    SpendCap,
    Unauthorized,
)
from aiworker.testing.llm.wire import Answer, Provider, Refused, invalid

QUOTA = "You exceeded your current quota, please check your plan and billing details."
CAPS: Mapping[Cap, tuple[int, str, str, str]] = {
    "enforced": (
        429,
        "rate_limit_error",
        "enforced_spend_limit_reached",
        "Your organization has crossed the monthly API usage threshold of its tier.",
    ),
    "contract": (
        429,
        "rate_limit_error",
        "contract_spend_limit_reached",
        "Your organization has reached the spend limit of its contract.",
    ),
    "linked-organisation": (
        402,
        "billing_error",
        "linked_organization_spend_limit_reached",
        "The linked organization has reached a spend limit.",
    ),
}
REASONS: Mapping[int, str] = {
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


def html_page(step: ServerError) -> Answer:
    """Return what a gateway in front of a provider says."""
    title = f"{step.status} {REASONS.get(step.status, 'Server Error')}"
    rows = "\r\n".join("<!-- padding to disable the friendly error page -->" for _ in range(6))
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        f"<hr><center>gateway</center>\r\n</body>\r\n</html>\r\n{rows}\r\n"
    )
    return Answer(step.status, page.encode(), {"content-type": "text/html"})


def fault(provider: Provider, step: Fault, model: str) -> Refused:
    """Return the refusal a fault step stands for."""
    return _of_openai(step, model) if provider == "openai" else _of_anthropic(step, model)


def unknown_model(provider: Provider, model: str) -> Refused:
    """Refuse a model that is not there, or not any more."""
    if provider == "anthropic":
        return Refused(404, "not_found_error", f"model: {model}")
    message = f"The model `{model}` does not exist or you do not have access to it."
    return Refused(404, "invalid_request_error", message, code="model_not_found")


def too_long(provider: Provider, tokens: int, maximum: int) -> Refused:
    """Refuse a prompt that does not fit the window."""
    if provider == "anthropic":
        return invalid(f"prompt is too long: {tokens} tokens > {maximum} maximum")
    return invalid(
        f"This model's maximum context length is {maximum} tokens. However, your messages resulted in {tokens} "
        "tokens. Please reduce the length of the messages.",
        code="context_length_exceeded",
        param="messages",
    )


def bad_key(provider: Provider, given: str) -> Refused:
    """Refuse a key; OpenAI repeats a part of it, which therefore must not reach a log."""
    if provider == "anthropic":
        return Refused(401, "authentication_error", "invalid x-api-key")
    shown = f"{given[:8]}{'*' * 8}{given[-4:]}" if len(given) > 12 else "*" * len(given)
    return Refused(401, "invalid_request_error", f"Incorrect API key provided: {shown}.", code="invalid_api_key")


def _of_openai(step: Fault, model: str) -> Refused:
    match step:
        case RateLimited() | Ramp():
            message = f"Rate limit reached for {model} on tokens per min (TPM). Please try again later."
            return Refused(429, "tokens", message, code="rate_limit_exceeded", headers=_waits(step))
        case Quota() | SpendCap():
            return Refused(429, "insufficient_quota", QUOTA, code="insufficient_quota")
        case Overloaded():
            message = "That model is currently overloaded with other requests."
            return Refused(529, "server_error", message, headers=_waits(step))
        case ServerError(status):
            return Refused(status, "server_error", "The server had an error while processing your request.")
        case _:
            return _of_request("openai", step, model)


def _of_anthropic(step: Fault, model: str) -> Refused:
    match step:
        case RateLimited():
            message = "This request would exceed your organization's rate limit."
            return Refused(429, "rate_limit_error", message, headers=_waits(step))
        case Ramp():
            message = "This request would exceed your organization's ramp limit."
            return Refused(429, "rate_limit_error", message, code="ramp_limit_exceeded", headers=_waits(step))
        case SpendCap(kind):
            status, error, code, message = CAPS[kind]
            return Refused(status, error, message, code=code, headers={"x-should-retry": "false"})
        case Quota():
            return Refused(402, "billing_error", "Your credit balance is too low to access the API.")
        case Overloaded():
            return Refused(529, "overloaded_error", "Overloaded", headers=_waits(step))
        case ServerError(504):
            return Refused(504, "timeout_error", "Request timed out.", headers=_retry())
        case ServerError(status):
            return Refused(status, "api_error", "Internal server error", headers=_retry())
        case _:
            return _of_request("anthropic", step, model)


def _of_request(
    provider: Provider, step: ContextTooLong | Unauthorized | Forbidden | ModelNotFound, model: str
) -> Refused:
    match step:
        case ContextTooLong(tokens, maximum):
            return too_long(provider, tokens, maximum)
        case Unauthorized():
            return bad_key(provider, "")
        case ModelNotFound():
            return unknown_model(provider, model)
        case Forbidden() if provider == "anthropic":
            return Refused(403, "permission_error", "Your API key does not have permission to use this resource.")
        case Forbidden():
            message = "Country, region, or territory not supported"
            return Refused(403, "request_forbidden", message, code="unsupported_country_region_territory")


def _waits(step: RateLimited | Ramp | Overloaded) -> dict[str, str]:
    headers = _retry()
    if step.retry_after is not None:
        headers["retry-after"] = str(step.retry_after)
    if isinstance(step, RateLimited) and step.ms is not None:
        headers["retry-after-ms"] = str(step.ms)
    return headers


def _retry() -> dict[str, str]:
    return {"x-should-retry": "true"}
