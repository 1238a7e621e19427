from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiworker.telemetry.redaction import CUT, HIDDEN, MAX_LENGTH, hidden_spans, redact

# Assembled, so that no scanner takes this file for a leak.
TOKEN = "Zq7" + "canaryK9xW3vT8rL2mN6pB4" * 2
JWT = ".".join(("eyJ" + "hbGciOiJIUzI1NiJ9", "eyJ" + "zdWIiOiJjYW5hcnkifQ", "c4n4ryS1gnature_x-Y"))

SHAPES = {
    "openai project key": ("sk-proj-" + TOKEN, TOKEN),
    "openai old key": ("sk-" + TOKEN.replace("_", ""), TOKEN),
    "anthropic key": ("sk-ant-api03-" + TOKEN + "-AA_x", TOKEN),
    "aws key id": ("AKIA" + "QWERTYUIOPCANARY", "QWERTYUIOPCANARY"),
    "google key": ("AIza" + TOKEN, TOKEN),
    "github token": ("ghp_" + TOKEN, TOKEN),
    "slack token": ("xoxb-" + "123456-" + TOKEN, TOKEN),
    "jwt": (JWT, "c4n4ryS1gnature"),
    "bearer": ("Bearer " + TOKEN, TOKEN),
    "authorization header": ("Authorization: Basic " + TOKEN, TOKEN),
    "internal secret header": ("x-internal-secret: " + TOKEN, TOKEN),
    "password in json": ('{"password": "' + TOKEN + '"}', TOKEN),
    "password in escaped json": ('{\\"password\\": \\"' + TOKEN + '\\"}', TOKEN),
    "key in a query": ("?api_key=" + TOKEN + "&", TOKEN),
    "dsn": ("postgresql://worker:p/w:c@nary-Pa55@db.internal:5432/app", "nary-Pa55"),
    "dsn without user": ("redis://:canary-Pa55@redis:6379/0", "canary-Pa55"),
    "e-mail": ("canary.person+tag@mail.example.org", "canary.person+tag"),
    "e-mail with accents": ("canáry.pérson@exämple.org", "canáry.pérson"),
    "international phone": ("+91 98765 43210", "98765 43210"),
    "phone with brackets": ("+1 (415) 555-0132", "555-0132"),
}

# Shapes that are only known by the words or digits around them are exempt from adjacency to any text.
NATIONAL_PHONES = ["9876543210", "98765 43210", "(415) 555-0132", "415-555-0132", "022 24567890"]

ORDINARY = [
    "550e8400-e29b-41d4-a716-446655440000",
    "4bf92f3577b34da6a3ce929d0e0e4736",
    "a69876543210bcdef",
    "claude-sonnet-4-20250514",
    "gpt-4o-2024-08-06",
    "2025-11-13T10:30:00.123Z",
    "2025-11-13 10:30:00+05:30",
    "ai-jobs:1:1731499200000:0:callback",
    "task-evaluation-of-candidates-2024",
    "task-550e8400-e29b-41d4-a716-446655440000",
    "risk-assessment-for-the-department",
    "http://core-api:4000/internal/ai-jobs/complete",
    "127.0.0.1:4002",
    "aiworker/runtime/execute.py:142",
    "tokensIn",
    "CGPA 8.40 of 10",
]


@pytest.mark.parametrize(("text", "secret"), SHAPES.values(), ids=SHAPES.keys())
@settings(max_examples=30)
@given(before=st.text(max_size=80), after=st.text(max_size=80))
def test_a_secret_is_hidden_whatever_stands_around_it(text: str, secret: str, before: str, after: str) -> None:
    assert secret not in redact(before + text + after)


LOOKALIKES = st.lists(
    st.sampled_from(
        ["sk-", "eyJabcdefg.", "bearer ", "token: ", "://", "a@b.", "+1 ", "Authorization:", "@", " ", "x"]
    ),
    max_size=8,
).map("".join)


@pytest.mark.parametrize(("text", "secret"), SHAPES.values(), ids=SHAPES.keys())
@settings(max_examples=30)
@given(before=LOOKALIKES, after=LOOKALIKES)
def test_beginnings_of_other_secrets_do_not_shield_one(text: str, secret: str, before: str, after: str) -> None:
    assert secret not in redact(before + text + after)


@pytest.mark.parametrize(("text", "secret"), SHAPES.values(), ids=SHAPES.keys())
@settings(max_examples=15)
@given(shown=st.integers(min_value=0, max_value=80))
def test_a_secret_across_the_cut_leaves_no_part_behind(text: str, secret: str, shown: int) -> None:
    result = redact("." * (MAX_LENGTH - shown - 1) + " " + text + " tail" * 100)
    assert secret[:8] not in result
    assert result.endswith(CUT)


@pytest.mark.parametrize("number", NATIONAL_PHONES)
def test_a_national_phone_number_standing_alone_is_hidden(number: str) -> None:
    assert number not in redact(f"call {number}, please")


@pytest.mark.parametrize("text", ORDINARY)
def test_ids_models_times_and_places_stay_readable(text: str) -> None:
    assert redact(text) == text


def test_what_stands_around_a_password_stays_readable() -> None:
    assert redact("postgresql://app:hunter2@db:5432/x") == f"postgresql://{HIDDEN}@db:5432/x"
    assert redact("password=hunter2 next") == f"password={HIDDEN} next"


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(st.text(max_size=400))
def test_text_without_hidden_spans_is_returned_unchanged(text: str) -> None:
    assert (redact(text) == text) or hidden_spans(text)


ADVERSARIAL = (
    *("a", "eyJ", "eyJabcdef.", "sk-", "bearer=", "bearer ", "password=", "token: ", "://", "a@", "a@b.", "+1 "),
    *("(555) ", "-----BEGIN PRIVATE KEY-----", "SG.", "9", "@", " "),
)


def best_time(text: str) -> float:
    times: list[float] = []
    for _ in range(3):
        begun = time.process_time()
        hidden_spans(text)
        times.append(time.process_time() - begun)
    return min(times)


@pytest.mark.parametrize("seed", ADVERSARIAL)
def test_eight_times_the_text_takes_nowhere_near_sixty_four_times_the_work(seed: str) -> None:
    size = 8 * 1024 // len(seed)
    assert best_time(seed * size * 8) < 28 * best_time(seed * size)


@pytest.mark.parametrize("seed", ADVERSARIAL)
def test_a_megabyte_is_cut_before_any_pattern_sees_it(seed: str) -> None:
    result = redact((seed * (1 << 20))[: 1 << 20])
    assert len(result) <= MAX_LENGTH * len(HIDDEN)
    assert result.endswith(CUT)
