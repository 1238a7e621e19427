"""Holds what Redis, PostgreSQL, core-api and the model's meter saw of every job against one another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from tests.torture.canaries import leaks
from tests.torture.daemons import PAID_AND_NOT_STORED, Life
from tests.torture.meter import OK, Asked
from tests.torture.rig import Rig

PROMISES = ("lost", "duplicates", "untold_results", "failures_without_row", "told_both", "leaks")
"""What must never be, whatever happened."""
STORED_WITHIN = 2.0
"""Seconds after an answer in which a death may still be the reason that it is not stored."""

RUNS = """
SELECT r.job_id, r.run_id::text, r.epoch, r.state, r.added_at, r.error_code,
       (SELECT count(*) FROM aiworker.resume_rewrites w WHERE w.run_id = r.run_id) AS results,
       (SELECT count(*) FROM aiworker.ai_job_errors e WHERE e.run_id = r.run_id) AS errors
FROM aiworker.runs r ORDER BY r.job_id, r.epoch
"""
VARIANTS = """
SELECT substring(title FROM 't-[0-9]{5}') AS job_id, count(*) AS variants
FROM resumes WHERE is_ai_variant GROUP BY 1
"""
STORED = "SELECT external_id FROM aiworker.calls WHERE state = 'done' AND external_id IS NOT NULL"


@dataclass(slots=True)
class Report:
    """The audit of one torture: by promise what broke it (jobs, places), and the figures."""

    jobs: int = 0
    completed: int = 0
    failed: int = 0
    failed_by_code: dict[str, int] = field(default_factory=dict[str, int])
    broken: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    misreported: list[str] = field(default_factory=list[str])
    """Jobs whose end in BullMQ is not the end of their run."""
    keys_with_two_results: list[str] = field(default_factory=list[str])
    callbacks: int = 0
    callbacks_again: int = 0
    paid: int = 0
    extra_paid: int = 0
    killed_in_pay_window: int = 0
    overlapped: int = 0
    unexcused: list[str] = field(default_factory=list[str])
    seconds_to_callback: dict[str, float] = field(default_factory=dict[str, float])
    unexpected_exits: dict[str, int] = field(default_factory=dict[str, int])
    crashes: int = 0
    lines_not_json: int = 0

    def count(self, promise: str) -> int:
        return len(self.broken[promise])

    @property
    def is_kept(self) -> bool:
        """Tell whether every promise was kept."""
        return not any(self.broken.values())

    def document(self) -> dict[str, object]:
        """Return what goes into the JSON report."""
        return {**asdict(self), "kept": self.is_kept}


async def audit(rig: Rig) -> Report:
    """Look at everything once all is quiet."""
    report = Report(jobs=len(rig.jobs), broken={promise: [] for promise in PROMISES})
    states = await rig.states()
    runs = defaultdict[str, list[dict[str, Any]]](list)
    for run in await rig.rows(RUNS):
        runs[run["job_id"]].append(run)
    ends = Counter(states.values())
    report.completed, report.failed = ends["completed"], ends["failed"]
    codes = Counter(str(run["error_code"]) for found in runs.values() for run in found if run["state"] == "failed")
    report.failed_by_code = dict(codes.most_common())
    variants = {row["job_id"]: int(row["variants"]) for row in await rig.rows(VARIANTS)}
    told = {request.headers["idempotency-key"] for request in rig.core_api.received if request.answer == OK}
    for job in rig.jobs:
        _of_job(report, job, states.get(job), runs[job], variants.get(job, 0), told)
    _callbacks(report, rig, {job: found[-1]["added_at"] for job, found in runs.items() if found})
    stored = {str(row["external_id"]) for row in await rig.rows(STORED)}
    _payments(report, rig, stored)
    _processes(report, [life for place in rig.places for life in place.lives])
    report.broken["leaks"] = await leaks(rig)
    return report


def _of_job(
    report: Report, job: str, state: str | None, runs: Sequence[dict[str, Any]], variants: int, told: Iterable[str]
) -> None:
    broken = report.broken
    last = runs[-1]["state"] if runs else None
    if state is None or last is None or (state == "completed" and last != "succeeded" and not runs[-1]["results"]):
        broken["lost"].append(job)
    elif {"completed": "succeeded", "failed": "failed"}[state] != last:
        report.misreported.append(job)
    if any(run["results"] > 1 for run in runs) or variants > len(runs):
        broken["duplicates"].append(job)
    if state == "failed" and last != "succeeded" and not any(run["errors"] for run in runs):
        broken["failures_without_row"].append(job)
    for run in runs:
        is_told = any(_epoch(key) == (job, run["epoch"]) for key in told if f":{job}:" in key)
        if run["results"] and not is_told:
            broken["untold_results"].append(job)
        if run["state"] == "failed" and not run["errors"] and job not in broken["failures_without_row"]:
            broken["failures_without_row"].append(job)
        if is_told and run["errors"]:
            broken["told_both"].append(job)


def _epoch(key: str) -> tuple[str, int]:
    """Read job and epoch from an idempotency key."""
    _, job, _, epoch, _ = key.split(":")
    return job, int(epoch)


def _callbacks(report: Report, rig: Rig, added: dict[str, datetime]) -> None:
    results = defaultdict[str, set[str]](set)
    waits: dict[str, float] = {}
    delivered = 0
    for request in rig.core_api.received:
        key = request.headers["idempotency-key"]
        results[key].add(str(request.body["resultId"]))
        if request.answer == OK:
            delivered += 1
            job, _ = _epoch(key)
            waits.setdefault(key, (request.at - added[job]).total_seconds())
    report.callbacks, report.callbacks_again = len(waits), delivered - len(waits)
    report.keys_with_two_results = sorted(key for key, ids in results.items() if len(ids) > 1)
    ordered = sorted(waits.values())
    if ordered:
        report.seconds_to_callback = {
            f"p{share}": round(ordered[min(len(ordered) * share // 100, len(ordered) - 1)], 2) for share in (50, 95, 99)
        }


def _payments(report: Report, rig: Rig, stored: set[str]) -> None:
    """Count what was paid twice, and look for a reason why the answer was not stored."""
    lives = {life.name: life for place in rig.places for life in place.lives}
    asked = defaultdict[str, list[Asked]](list)
    for request in rig.meter.asked:
        asked[request.job].append(request)
    for job, requests in asked.items():
        good = [request for request in requests if request.is_good]
        report.paid += len(good)
        extra = max(0, len(good) - 1)
        report.extra_paid += extra
        wasted = [request for request in good if request.reply_id not in stored] if extra else []
        killed = [request for request in wasted if _was_killed(request, lives[request.daemon])]
        overlapped = [r for r in wasted if r not in killed and _was_overlapped(r, lives[r.daemon], requests)]
        report.killed_in_pay_window += len(killed)
        report.overlapped += len(overlapped)
        if extra > len(killed) + len(overlapped):
            report.unexcused.append(job)


def _was_killed(request: Asked, life: Life) -> bool:
    """Tell whether its process died before it can have stored the answer."""
    if life.died_at is None or (life.place is not None and life.place not in PAID_AND_NOT_STORED):
        return False
    return request.at <= life.died_at <= request.until + STORED_WITHIN


def _was_overlapped(request: Asked, life: Life, others: Iterable[Asked]) -> bool:
    """Tell whether its copy had lost the job: let go of, stood still, or another copy asked at the same time."""
    until = request.until + STORED_WITHIN
    stood_still = any(began <= until and request.at <= ended for began, ended in life.stops)
    at_once = any(o is not request and o.at <= until and request.at <= o.until + STORED_WITHIN for o in others)
    return request.gone or stood_still or at_once


def _processes(report: Report, lives: Sequence[Life]) -> None:
    exits = Counter(str(life.code) for life in lives if life.code is not None and not life.was_killed)
    report.unexpected_exits = dict(exits)
    events = Counter(str(event["event"]) for life in lives for event in life.events())
    report.crashes = events["job-crashed"]
    report.lines_not_json = events["not-json"]
