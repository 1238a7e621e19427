"""Which jobs a bulk action means, and how its options are written: the same for commands and pages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn, get_args

from aiworker.errors import UsageError
from aiworker.policies import QueuePolicy
from aiworker.protocol import JsonValue
from aiworker.queue.inspection import StoredJob, fields_of
from aiworker.settings.values import known_queue, parse_duration

_RATE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*/\s*(s|m|h)")
_PERIODS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which failed jobs are meant; every filter given must match, `error` anywhere in the reason."""

    queues: tuple[str, ...]
    names: tuple[str, ...] = ()
    error: str | None = None
    tenant: str | None = None
    student: str | None = None
    session: str | None = None
    job_ids: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None

    @property
    def need_data(self) -> bool:
        """Whether a job's payload must be read to tell."""
        return any(value is not None for value in (self.tenant, self.student, self.session))

    def match(self, job: StoredJob) -> bool:
        """Say whether a job is meant; `limit` is not looked at."""
        at = job.finished_at
        return all(
            (
                not self.names or job.name in self.names,
                self.error is None or self.error.casefold() in job.failed_reason.casefold(),
                not self.job_ids or not {job.job_id, f"{job.queue}:{job.job_id}"}.isdisjoint(self.job_ids),
                self.since is None or (at is not None and at >= self.since),
                self.until is None or (at is not None and at < self.until),
                not self.need_data or self._match_data(fields_of(job.data)),
            )
        )

    def _match_data(self, data: Mapping[str, object]) -> bool:
        wanted = {"tenant": self.tenant, "student": self.student, "session": self.session}
        return all(value is None or value in (data.get(f"{n}_id"), data.get(f"{n}Id")) for n, value in wanted.items())


def queues(names: Sequence[str], policies: Sequence[QueuePolicy]) -> tuple[str, ...]:
    """Return the queues to look into, all of them if none is named; UsageError for an unknown one."""
    try:
        return tuple(dict.fromkeys(known_queue(name) for name in names)) or tuple(each.queue for each in policies)
    except ValueError as error:
        raise UsageError(f"--queue {error}.") from None


def moment(flag: str, text: str | None, now: datetime) -> datetime | None:
    """Read `15m`, `24h`, `7d` before `now`, or ISO 8601 (UTC unless it says otherwise); UsageError otherwise."""
    if text is None:
        return None
    try:
        # A number alone would be seconds to one reader and a date to the other.
        if text.strip()[-1:].isalpha() and not text.strip().endswith("Z"):
            return now - parse_duration(text)
        at = datetime.fromisoformat(text.strip())
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{flag} takes 15m, 24h, 7d or a time such as 2026-11-20T09:30, not {text!r}.") from None


def pace(text: str | None) -> timedelta:
    """Return the pause between jobs that a rate such as `5/s`, `30/m` or `100/h` means; none without one."""
    found = _RATE.fullmatch(text.strip()) if text is not None else None
    if text is not None and (found is None or not float(found[1])):
        raise UsageError(f"--rate takes a rate such as 5/s, 30/m or 100/h, not {text!r}.")
    return _PERIODS[found[2]] / float(found[1]) if found else timedelta(0)


def parse_changes(texts: Sequence[str]) -> dict[str, str]:
    """Read `field=value` settings."""
    changes: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise UsageError("--set takes field=value, for example tone=concise.")
        changes[name] = value
    return changes


def value_of(text: str, kind: object) -> JsonValue:
    """Read a value for a field of that type: JSON counts as such, but a number for a text field is a text."""
    try:
        value: JsonValue = json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return text
    takes_text = str in (kind, *get_args(kind))
    return text if takes_text and isinstance(value, int | float) else value


def _no_json(_name: str) -> NoReturn:
    raise ValueError
