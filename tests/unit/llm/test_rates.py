"""Rate headers of both providers: two forms of reset, one of ours, and no header that breaks anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.llm.rates import LONGEST_RESET, of_answer, read
from aiworker.protocol import Allowance, RateLimits

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def reset(text: str, provider: str = "openai", **headers: str) -> timedelta | None:
    name = {"openai": "x-ratelimit-reset-requests", "anthropic": "anthropic-ratelimit-requests-reset"}[provider]
    return read({name: text, **headers}, NOW).requests.reset


def test_openai_s_headers_are_requests_and_tokens() -> None:
    headers = {
        "x-ratelimit-limit-requests": "10000",
        "x-ratelimit-remaining-requests": "9999",
        "x-ratelimit-reset-requests": "8.64s",
        "x-ratelimit-limit-tokens": "30000000",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "6m0s",
    }
    assert read(headers, NOW) == RateLimits(
        requests=Allowance(10_000, 9_999, timedelta(seconds=8.64)),
        tokens=Allowance(30_000_000, 0, timedelta(minutes=6)),
    )


def test_anthropic_s_headers_are_requests_and_tokens_of_both_directions() -> None:
    headers = {
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-requests-reset": "2026-11-20T09:30:01Z",
        "anthropic-ratelimit-input-tokens-limit": "50000",
        "anthropic-ratelimit-input-tokens-remaining": "49000",
        "anthropic-ratelimit-input-tokens-reset": "2026-11-20T09:31:00+00:00",
        "anthropic-ratelimit-output-tokens-limit": "10000",
        "anthropic-ratelimit-output-tokens-remaining": "9000",
        "anthropic-ratelimit-output-tokens-reset": "2026-11-20T10:31:00.5+01:00",
    }
    assert read(headers, NOW) == RateLimits(
        requests=Allowance(50, 49, timedelta(seconds=1)),
        tokens=Allowance(50_000, 49_000, timedelta(minutes=1)),
        tokens_out=Allowance(10_000, 9_000, timedelta(seconds=60.5)),
    )


def test_who_says_nothing_allows_nothing_known() -> None:
    assert read({}, NOW) == RateLimits(Allowance(None, None, None), Allowance(), Allowance())


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("88ms", timedelta(milliseconds=88)),
        ("1s", timedelta(seconds=1)),
        ("0s", timedelta(0)),
        ("1h2m3.5s", timedelta(hours=1, minutes=2, seconds=3.5)),
        ("1d2h", timedelta(days=1, hours=2)),
        ("500µs", timedelta(microseconds=500)),
        ("30", timedelta(seconds=30)),
        (" 1s ", timedelta(seconds=1)),
        ("2026-11-20T09:29:00Z", timedelta(0)),
    ],
)
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_reset_is_a_span_in_whatever_form(provider: str, text: str, span: timedelta) -> None:
    assert reset(text, provider) == span


@pytest.mark.parametrize(
    "text",
    ["", "soon", "-5", "1s soon", "5 m", "1e9s", "1732093800", "40d", "9999999d" * 9, "2036-11-20T09:30:00Z", "nan"],
)
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_reset_that_cannot_be_meant_was_not_said(provider: str, text: str) -> None:
    assert reset(text, provider) is None


def test_a_moment_is_held_against_the_answer_s_own_clock() -> None:
    date = "Fri, 20 Nov 2026 09:00:00 GMT"
    assert reset("2026-11-20T09:00:07Z", "anthropic", date=date) == timedelta(seconds=7)
    assert reset("2026-11-20T09:30:07Z", "anthropic", date="yesterday") == timedelta(seconds=7)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "many", "٣", "1" * 5_000])
def test_a_number_that_is_none_was_not_said(text: str) -> None:
    assert read({"x-ratelimit-remaining-tokens": text}, NOW).tokens.remaining is None


def test_only_what_is_read_is_kept_of_an_answer_s_headers() -> None:
    kept = {"x-ratelimit-limit-tokens": "1", "anthropic-ratelimit-requests-limit": "1", "date": "today"}
    assert of_answer({**kept, "set-cookie": "canary", "x-request-id": "req_1"}) == kept


HEADER = st.sampled_from(
    ["x-ratelimit-reset-tokens", "anthropic-ratelimit-requests-reset", "x-ratelimit-limit-requests", "date"]
)
VALUE = st.text() | st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat) | st.from_regex(r"\A([0-9.]+[dhms]*)+")


@given(st.dictionaries(HEADER, VALUE))
def test_no_header_is_an_error_and_no_reset_is_negative_or_endless(headers: dict[str, str]) -> None:
    limits = read(headers, NOW)
    spans = [each.reset for each in (limits.requests, limits.tokens, limits.tokens_out) if each.reset is not None]
    assert all(timedelta(0) <= span <= LONGEST_RESET for span in spans)
