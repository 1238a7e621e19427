"""What came from the queue, and for whom. Nothing above this module knows BullMQ."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

MAX_JOB_ID = 500
"""Characters; a longer id is refused."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which job a run records.

    BullMQ's ids start again at 1 after Redis data loss, so the id alone is not an identity: `added_at`
    and the payload's hash tell a new job with a recycled id from a second delivery of the same one.
    """

    prefix: str
    queue: str
    job_id: str
    added_at: datetime
    payload_hash: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """One delivery of one job, before anybody looked into its data."""

    prefix: str
    queue: str
    name: str
    job_id: str
    added_at: datetime
    data: str
    attempts_made: int = 0
    attempts_started: int = 1
    attempts_allowed: int = 1
    stalled_count: int = 0
    priority: int = 0
    failed_start: int = 0
    """Which start ended with the failure BullMQ noted last, 0 if none did; a retry from outside leaves that note."""
    trace: Mapping[str, str] = field(default_factory=dict[str, str])
    is_readable: bool = True
    """False if the job's data or options are not what BullMQ writes: it is claimed all the same, then refused."""

    @property
    def identity(self) -> Identity:
        return Identity(self.prefix, self.queue, self.job_id, self.added_at, payload_hash(self.data))

    @property
    def is_last_attempt(self) -> bool:
        return self.attempts_made + 1 >= self.attempts_allowed


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom a job works; the tenant bounds every statement it runs."""

    tenant: str
    student: str | None = None
    session: str | None = None


def payload_hash(data: str) -> str:
    """Return the SHA-256 of the job's data as its producer wrote it, in hex."""
    return hashlib.sha256(data.encode("utf-8", "surrogatepass")).hexdigest()


def from_milliseconds(timestamp_ms: int) -> datetime:
    """Turn BullMQ's `timestamp` (milliseconds since the epoch) into UTC."""
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC)


def to_milliseconds(moment: datetime) -> int:
    """Turn a UTC moment into BullMQ's milliseconds since the epoch."""
    return round(moment.timestamp() * 1000)
