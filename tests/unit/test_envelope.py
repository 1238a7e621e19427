"""What came from the queue: its identity, its hash, its attempts, its moment."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.envelope import from_milliseconds, payload_hash, to_milliseconds
from tests.support.jobs import NOW, again, envelope


def test_the_hash_is_sha256_of_the_text_as_the_producer_wrote_it() -> None:
    assert payload_hash('{"a": "é"}') == hashlib.sha256('{"a": "é"}'.encode()).hexdigest()


def test_two_spellings_of_one_json_value_are_two_payloads() -> None:
    assert payload_hash('{"a":1}') != payload_hash('{"a": 1}')


@given(st.text(st.characters()))
def test_every_text_has_a_hash_even_half_a_character(text: str) -> None:
    assert len(payload_hash(text)) == 64


def test_a_second_delivery_of_one_job_has_the_same_identity() -> None:
    job = envelope()
    assert again(job, made=2).identity == job.identity


@pytest.mark.parametrize(
    "change",
    [
        {"prefix": "other"},
        {"queue": "interview"},
        {"job_id": "2"},
        {"added_at": NOW + timedelta(milliseconds=1)},
        {"data": "{}"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_part_of_the_identity_makes_another_run(change: dict[str, object]) -> None:
    job = envelope(job_id="1")
    assert replace(job, **change).identity != job.identity


@pytest.mark.parametrize(
    ("made", "allowed", "is_last"),
    [(0, 1, True), (0, 2, False), (1, 3, False), (2, 3, True), (5, 3, True), (0, 0, True)],
)
def test_the_last_attempt_is_the_one_after_which_none_is_left(made: int, allowed: int, is_last: bool) -> None:
    assert envelope(made=made, allowed=allowed).is_last_attempt is is_last


def test_bullmq_timestamps_are_utc_milliseconds() -> None:
    assert from_milliseconds(1_000) == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert to_milliseconds(NOW) == 1_795_167_000_000


@given(st.integers(0, 4_102_444_800_000))
def test_a_timestamp_survives_the_way_through_a_datetime(timestamp_ms: int) -> None:
    assert to_milliseconds(from_milliseconds(timestamp_ms)) == timestamp_ms
