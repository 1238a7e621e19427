"""Each error knows its exit code and its outcome, and the drawn tree is the real one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from aiworker import errors
from aiworker.errors import AiworkerError, Cancel, ExitCode, Retry, Snooze

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def classes() -> dict[str, type[AiworkerError]]:
    return {
        name: found
        for name, found in vars(errors).items()
        if isinstance(found, type) and issubclass(found, AiworkerError)
    }


def make(name: str) -> AiworkerError:
    if name == "RateLimited":
        return errors.RateLimited(retry_after=timedelta(seconds=7))
    if name == "Paced":
        return errors.Paced(retry_after=timedelta(seconds=7))
    if name == "BudgetSpent":
        return errors.BudgetSpent(until=NOW + timedelta(hours=9))
    if name == "ContextTooLong":
        return errors.ContextTooLong(maximum=200_000)
    return classes()[name]()


@pytest.mark.parametrize(
    ("code", "names"),
    [
        (1, "AiworkerError NotFound JobFailed InvalidAnswer NoSafeChange ContextTooLong OutputCut Refused Poisoned"),
        (2, "UsageError InvalidPayload UnknownJob BadEnvelope"),
        (3, "ConfigurationError"),
        (4, "ServiceUnreachable"),
        (5, "TransientFault Fenced DeadlineExceeded Interrupted RateLimited Paced ProviderBlocked BudgetSpent"),
    ],
)
def test_an_error_has_its_documented_exit_code(code: int, names: str) -> None:
    assert {make(name).exit_code for name in names.split()} == {ExitCode(code)}


@pytest.mark.parametrize("name", ["ServiceUnreachable", "TransientFault", "DeadlineExceeded"])
def test_a_passing_fault_is_retried(name: str) -> None:
    assert make(name).outcome(NOW) == Retry()


def test_a_copy_that_was_overtaken_comes_back_for_the_receipt_without_an_attempt() -> None:
    assert make("Fenced").outcome(NOW) == Snooze(NOW + timedelta(seconds=1))


@pytest.mark.parametrize(
    "name",
    [
        *("InvalidPayload", "UnknownJob", "NotFound", "UsageError"),
        *("InvalidAnswer", "ContextTooLong", "OutputCut", "Refused", "Poisoned"),
    ],
)
def test_a_final_fault_is_never_retried(name: str) -> None:
    assert make(name).outcome(NOW) == Cancel()


def test_a_rate_limit_snoozes_for_as_long_as_the_provider_asked() -> None:
    assert make("RateLimited").outcome(NOW) == Snooze(NOW + timedelta(seconds=7))


def test_a_wait_of_our_own_limiter_is_told_from_the_providers() -> None:
    assert make("Paced").code == "paced"
    assert make("Paced").outcome(NOW) == Snooze(NOW + timedelta(seconds=7))


def test_a_spent_budget_snoozes_until_it_starts_anew_and_ends_a_job_whose_own_it_is() -> None:
    assert make("BudgetSpent").outcome(NOW) == Snooze(NOW + timedelta(hours=9))


def test_a_blocked_provider_is_asked_again_in_a_minute_at_no_attempt_s_cost() -> None:
    assert make("ProviderBlocked").outcome(NOW) == Snooze(NOW + timedelta(minutes=1))


@pytest.mark.parametrize("maximum", [-1, 200_000])
def test_a_prompt_that_is_too_long_says_what_the_model_takes(maximum: int) -> None:
    assert errors.ContextTooLong(maximum=maximum).maximum == maximum


def test_a_job_cut_off_by_shutdown_is_due_again_at_once() -> None:
    assert make("Interrupted").outcome(NOW) == Snooze(NOW)


def test_the_message_is_the_class_docstring_unless_one_is_given() -> None:
    assert errors.NotFound().message == "A row the job needs is not there under this tenant."
    assert errors.NotFound("resume 7 is gone").message == "resume 7 is gone"


def test_the_reason_is_code_and_message() -> None:
    assert errors.NotFound("resume 7 is gone").reason == "not_found: resume 7 is gone"


def test_a_code_of_its_own_wins_over_the_class_code() -> None:
    assert AiworkerError("in use", code="embedded_in_use").reason == "embedded_in_use: in use"


def test_the_remedy_is_kept_apart_from_the_message() -> None:
    error = errors.ConfigurationError("no key", remedy="set it")

    assert (error.remedy, str(error)) == ("set it", "no key")


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [found.code for name, found in classes().items() if name != "Decided"]

    assert len(set(codes)) == len(codes)


def test_a_decided_error_keeps_code_message_and_remedy_but_not_the_outcome() -> None:
    decided = errors.Decided(errors.ServiceUnreachable("core-api is away", remedy="start it"), Cancel())

    assert (decided.reason, decided.remedy) == ("unreachable: core-api is away", "start it")
    assert decided.outcome(NOW) == Cancel()


def test_the_drawn_tree_shows_every_class_with_its_exit_code() -> None:
    drawn = dict(re.findall(r"[├└]── (\w+)\s+(\d)", errors.__doc__ or ""))

    assert {name: int(code) for name, code in drawn.items()} == {
        name: int(found.exit_code) for name, found in classes().items() if name not in {"AiworkerError", "Decided"}
    }
