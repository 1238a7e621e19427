"""The policy table is the documents' and the architecture page's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aiworker import policies
from aiworker.policies import KIB, MIB, POLICIES, policy_for


@pytest.mark.parametrize(
    ("queue", "concurrency", "attempts", "backoff", "max_payload"),
    [
        ("ai-jobs", 3, 3, 1, 256 * KIB),
        ("interview", 10, 3, 1, 4 * MIB),
        ("evaluation", 5, 5, 1, 4 * MIB),
        ("notification", 5, 5, 2, 256 * KIB),
    ],
)
def test_each_queue_has_the_documented_policy(
    queue: str, concurrency: int, attempts: int, backoff: int, max_payload: int
) -> None:
    policy = policy_for(queue)

    assert (policy.concurrency, policy.attempts, policy.max_payload) == (concurrency, attempts, max_payload)
    assert policy.backoff == timedelta(seconds=backoff)


def test_no_queue_has_two_rows() -> None:
    assert len({policy.queue for policy in POLICIES}) == len(POLICIES)


def test_an_unknown_queue_has_no_policy() -> None:
    with pytest.raises(KeyError, match="nope"):
        policy_for("nope")


def test_a_given_table_is_looked_at_instead_of_the_default_one() -> None:
    with pytest.raises(KeyError):
        policy_for("ai-jobs", ())


def test_our_evaluation_jobs_wait_behind_the_documents_priority_1() -> None:
    assert policy_for("evaluation").priority > 1


def test_only_the_evaluation_review_may_take_longer_than_30_seconds() -> None:
    slow = {policy.queue for policy in POLICIES if policy.deadline > timedelta(seconds=30)}

    assert slow == {"evaluation"}


def test_a_job_is_given_up_before_bullmq_drops_it_as_stalled() -> None:
    assert policies.POISON_LIMIT <= policies.MAX_STALLED_COUNT


def test_stalled_jobs_are_looked_for_more_often_than_locks_expire() -> None:
    assert policies.STALLED_INTERVAL < policies.LOCK_DURATION


def test_the_documents_number_of_failures_is_kept() -> None:
    assert policies.KEEP_FAILED == 5_000
