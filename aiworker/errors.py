"""Every error aiworker raises on purpose; each class knows its outcome and its exit code.

AiworkerError
├── UsageError                  2  a command was called wrongly
├── InvalidPayload              2  the payload does not fit the job (Cancel)
│   ├── UnknownJob              2  no processor has that name
│   └── BadEnvelope             2  the job's data is not JSON, too large or too deep
├── ConfigurationError          3  a setting is missing or contradicts another
├── ServiceUnreachable          4  Redis, PostgreSQL or a peer does not answer (Retry)
├── NotFound                    1  a row is not there under this tenant (Cancel)
├── JobFailed                   1  the job ended for good (Cancel)
│   ├── InvalidAnswer           1  the model's answer cannot be used
│   ├── NoSafeChange            1  nothing in the answer may be stored
│   ├── ContextTooLong          1  the prompt does not fit the model's window (asked once more, shorter)
│   ├── OutputCut               1  the answer was cut at the output cap (asked once more, with a larger one)
│   ├── Refused                 1  the model or its filter refused to answer
│   └── Poisoned                1  the job took its worker down too often
├── TransientFault              5  worth another attempt (Retry)
│   ├── Fenced                  5  a newer claim owns this run (Snooze: the next delivery gets the receipt)
│   └── DeadlineExceeded        5  a call outlasted its total deadline
├── Interrupted                 5  shutdown took the job back; no attempt spent (Snooze)
├── RateLimited                 5  a provider asked us to wait; no attempt spent (Snooze)
│   └── Paced                   5  our own limiter or budget did; not counted as the provider's (Snooze)
├── ProviderBlocked             5  no key, no quota: an operator must act; no attempt spent (Snooze)
├── BudgetSpent                 5  the tenant's budget of the day is used up; no attempt spent (Snooze)
└── Decided                     *  another of these, with the outcome the runtime settled on

A message says what, which and what to do; it never holds a secret, a payload's value or personal data,
because it reaches Redis, dashboards and logs as ``code: message``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONFIGURATION = 3
    UNREACHABLE = 4
    RETRYABLE = 5
    PARTIAL = 6
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Retry:
    """Run again with the queue's backoff; an attempt is spent."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Never run again."""


@dataclass(frozen=True, slots=True)
class Snooze:
    """Run again at `until`; no attempt is spent."""

    until: datetime


Outcome = Retry | Cancel | Snooze


class AiworkerError(Exception):
    """Something went wrong."""

    code: str = "error"
    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, message: str | None = None, *, code: str | None = None, remedy: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.remedy = remedy
        self.code = code or self.code
        super().__init__(self.message)

    def outcome(self, now: datetime) -> Outcome:
        """Say what the queue should do with the job at time `now`."""
        return Cancel()

    @property
    def is_provider_wide(self) -> bool:
        """Whether every job that asks the same model would meet this now."""
        return False

    @property
    def reason(self) -> str:
        """The text other systems may see: ``code: message``."""
        return f"{self.code}: {self.message}"


class UsageError(AiworkerError):
    """The command was called wrongly."""

    code = "usage"
    exit_code = ExitCode.USAGE


class InvalidPayload(AiworkerError):
    """The payload does not fit the job."""

    code = "invalid_payload"
    exit_code = ExitCode.USAGE


class UnknownJob(InvalidPayload):
    """No processor has that name."""

    code = "unknown_job"


class BadEnvelope(InvalidPayload):
    """The job's data cannot be read."""

    code = "bad_envelope"


class ConfigurationError(AiworkerError):
    """A setting is missing or wrong."""

    code = "configuration"
    exit_code = ExitCode.CONFIGURATION


class ServiceUnreachable(AiworkerError):
    """A service does not answer."""

    code = "unreachable"
    exit_code = ExitCode.UNREACHABLE

    def outcome(self, now: datetime) -> Outcome:
        return Retry()


class NotFound(AiworkerError):
    """A row the job needs is not there under this tenant."""

    code = "not_found"


class JobFailed(AiworkerError):
    """The job failed for good."""

    code = "job_failed"


class InvalidAnswer(JobFailed):
    """The model's answer cannot be used."""

    code = "invalid_answer"


class NoSafeChange(JobFailed):
    """No change the model proposed may be stored."""

    code = "no_safe_change"


class ContextTooLong(JobFailed):
    """The prompt does not fit the model's window; `maximum` is what it takes (tokens), -1 if it did not say."""

    code = "context_too_long"

    def __init__(self, message: str | None = None, *, maximum: int) -> None:
        super().__init__(message)
        self.maximum = maximum


class OutputCut(JobFailed):
    """The answer was cut at the output cap."""

    code = "output_cut"


class Refused(JobFailed):
    """The model refused to answer."""

    code = "refused"


class Poisoned(JobFailed):
    """The job ended its worker too often and is not run again."""

    code = "poisoned"


class TransientFault(AiworkerError):
    """A fault that another attempt may not meet."""

    code = "transient"
    exit_code = ExitCode.RETRYABLE

    def outcome(self, now: datetime) -> Outcome:
        return Retry()


class Fenced(TransientFault):
    """A newer claim owns this run; this copy stops."""

    code = "fenced"

    def outcome(self, now: datetime) -> Outcome:
        # No attempt: the result may be committed by now, and the next delivery gets its receipt. A zombie's own
        # request to come back fails harmlessly on the lock it no longer holds.
        return Snooze(now + timedelta(seconds=1))


class DeadlineExceeded(TransientFault):
    """A call outlasted its total deadline.

    If it had only what earlier calls of its run had left of it (`had_all` is false), that says nothing of the provider.
    """

    code = "timeout"

    def __init__(self, message: str | None = None, *, remedy: str | None = None, had_all: bool = True) -> None:
        super().__init__(message, remedy=remedy)
        self.had_all = had_all


class Interrupted(AiworkerError):
    """Shutdown took the job back before it was finished."""

    code = "interrupted"
    exit_code = ExitCode.RETRYABLE

    def outcome(self, now: datetime) -> Outcome:
        return Snooze(now)


class RateLimited(AiworkerError):
    """The provider asked us to wait."""

    code = "rate_limited"
    exit_code = ExitCode.RETRYABLE

    def __init__(self, message: str | None = None, *, retry_after: timedelta, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after

    @property
    def is_provider_wide(self) -> bool:
        return True

    def outcome(self, now: datetime) -> Outcome:
        return Snooze(now + self.retry_after)


class Paced(RateLimited):
    """Our own limiter or a budget that others hold asked the job to wait: all workers together would take too much."""

    code = "paced"


class ProviderBlocked(AiworkerError):
    """The provider will not answer until an operator acts."""

    code = "provider_blocked"
    exit_code = ExitCode.RETRYABLE

    @property
    def is_provider_wide(self) -> bool:
        return True

    def outcome(self, now: datetime) -> Outcome:
        return Snooze(now + timedelta(minutes=1))


class BudgetSpent(AiworkerError):
    """What the tenant may spend on a day is spent; `until` is when the budget starts anew."""

    code = "budget"
    exit_code = ExitCode.RETRYABLE

    def __init__(self, message: str | None = None, *, until: datetime) -> None:
        super().__init__(message)
        self.until = until

    def outcome(self, now: datetime) -> Outcome:
        return Snooze(self.until)


class Decided(AiworkerError):
    """Another error, with the outcome the runtime settled on and has recorded."""

    def __init__(self, error: AiworkerError, outcome: Outcome) -> None:
        super().__init__(error.message, code=error.code, remedy=error.remedy)
        self.error = error
        self._outcome = outcome

    def outcome(self, now: datetime) -> Outcome:
        return self._outcome
