"""How a replay is shown: the plan, the question before a large one, its progress and its end."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import typer

from aiworker.console.output import Output
from aiworker.console.progress import bar

if TYPE_CHECKING:
    from aiworker.runtime.replay import Plan, Tally

SCHEMA = "aiworker.replay-failed/1"
MANY = 100
"""From here on a person at a terminal types the number."""
COLUMNS = ("error", "jobs", "retryable", "oldest", "jobs to look at")


def show_plan(output: Output, plan: Plan, *, command: str, now: datetime) -> None:
    """Show what would be done, what it would cost, and how to do it."""
    fields = {"dry_run": True, **plan.document(), "command": command if plan.jobs else None}
    output.show(SCHEMA, fields, lambda: _tell_plan(output, plan, command, now))


def confirm(output: Output, plan: Plan, *, now: datetime) -> None:
    """Have a person at a terminal type the number of jobs, if there are many; Abort without it."""
    count = len(plan.jobs)
    if count <= MANY or output.json or not output.stdin.isatty():
        return
    _tell_groups(output, plan, now)
    output.stderr.write(f"Type {count} to replay {count} jobs: ")
    output.stderr.flush()
    if output.stdin.readline().strip().replace(",", "") != str(count):
        raise typer.Abort


@contextmanager
def progress(output: Output, plan: Plan, tally: Tally) -> Generator[Callable[[], None]]:
    """Show on stderr how far a replay is, in the block; called after each job. Cut short, it says what is done."""
    try:
        with bar(output, "replaying", len(plan.jobs), "jobs") as advance:
            yield lambda: advance(tally.done)
    except BaseException:
        output.warn(f"stopped after {tally.done} of {len(plan.jobs)} jobs; the same command does the rest")
        raise


def show_tally(output: Output, plan: Plan, tally: Tally) -> None:
    """Show what was done."""
    fields = {"dry_run": False, **plan.document(), **tally.document()}
    output.show(SCHEMA, fields, lambda: _tell_tally(output, plan, tally))


def _tell_plan(output: Output, plan: Plan, command: str, now: datetime) -> None:
    output.line(f"{plan.matched:,} of {plan.seen:,} failed jobs match (dry run: nothing changed)")
    if not plan.matched:
        return
    _tell_groups(output, plan, now)
    output.line(f"to replay: {len(plan.jobs):,}{_left_out(plan)}")
    if not plan.jobs:
        return
    unknown = f"; without {plan.cost.unknown:,} jobs of which none has completed yet" if plan.cost.unknown else ""
    output.line(f"estimated cost: ${plan.cost.usd:.2f} (mean of completed runs{unknown})")
    output.line("each is a new run: its callback is sent again, under a new Idempotency-Key")
    output.line(f"to run: {command}")


def _tell_groups(output: Output, plan: Plan, now: datetime) -> None:
    is_person = output.is_rich
    rows = [
        (
            group.error or "(no reason)",
            group.count,
            "yes" if group.verdict == "retryable" else "no*",
            _ago(group.oldest, now) if is_person else group.oldest,
            ", ".join(group.examples),
        )
        for group in plan.groups
    ]
    output.table(COLUMNS, rows)
    permanent = next((group for group in plan.groups if group.verdict == "permanent"), None)
    if permanent:
        output.line(
            "* the same job tends to fail the same way again: mend the cause, or --set a field, "
            "then add --include-permanent"
        )
    _tell_refused(output, plan.refused)


def _tell_refused(output: Output, refused: tuple[str, ...] | list[str]) -> None:
    if refused:
        output.table(("refused",), [(each,) for each in refused])


def _left_out(plan: Plan) -> str:
    parts = {
        "permanent left out": plan.permanent,
        "beyond --limit": plan.beyond_limit,
        "refused": len(plan.refused),
    }
    told = ", ".join(f"{count:,} {what}" for what, count in parts.items() if count)
    return f" ({told})" if told else ""


def _tell_tally(output: Output, plan: Plan, tally: Tally) -> None:
    counts: Mapping[str, int] = {
        "replayed": tally.replayed,
        "answered by their receipt": tally.receipts,
        "gone": tally.gone,
        "locked": tally.locked,
        "refused": len(tally.refused),
        "permanent left out": plan.permanent,
    }
    audit = f"   audit #{min(tally.audit)} to #{max(tally.audit)}" if tally.audit else ""
    output.line(", ".join(f"{count:,} {what}" for what, count in counts.items()) + audit)
    _tell_refused(output, tally.refused)


def _ago(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "-"
    for unit, span in (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1))):
        if now - at >= span:
            return f"{(now - at) // span} {unit} ago"
    return "just now"
