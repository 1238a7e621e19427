"""`python -m tests.guard [--half HALF] [--show]`: false alarms and misses of the guard, kind by kind."""

from __future__ import annotations

import argparse
import math
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from statistics import mean

from rich.console import Console
from rich.table import Table

from tests.guard.cases import HALVES, UNGATED, Case, cases, forget

FALSE_ALARMS, MISSES, MS_A_BULLET = 0.03, 0.02, 2.0
Z = 1.96
PASSES = 10


@dataclass(slots=True)
class Count:
    """How many of a kind, and how many of those the guard got wrong."""

    of: int = 0
    wrong: list[Case] = field(default_factory=list[Case])

    @property
    def rate(self) -> float:
        return len(self.wrong) / self.of if self.of else 0.0


def wilson(wrong: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate (Wilson 1927)."""
    if not of:
        return 0.0, 1.0
    share, spread = wrong / of, Z * Z / of
    middle = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / of + spread / of / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def counted(found: Sequence[Case]) -> dict[tuple[bool, str], Count]:
    """Judge every case and count the wrong ones by label and kind."""
    counts: dict[tuple[bool, str], Count] = defaultdict(Count)
    for case in found:
        count = counts[case.is_honest, case.kind]
        count.of += 1
        is_refused = any(finding.is_violation for finding in case.findings())
        if is_refused == case.is_honest:
            count.wrong.append(case)
    return counts


def total(counts: dict[tuple[bool, str], Count], *, honest: bool) -> Count:
    """Add up what is gated."""
    chosen = [count for (label, kind), count in counts.items() if label is honest and (honest or kind != UNGATED)]
    return Count(sum(count.of for count in chosen), [case for count in chosen for case in count.wrong])


def timed(found: Sequence[Case]) -> tuple[float, float]:
    """Return the milliseconds of processor time a case takes, the resumes read anew in each of several passes.

    First on average, which is what is aimed at; then what each took in its fastest pass. What a pass takes more than
    another is the machine's, which may be twice as slow as a moment ago.
    """
    took: list[list[float]] = [[] for _ in found]
    for _ in range(PASSES):
        forget()
        for case, times in zip(found, took, strict=True):
            began = time.process_time()
            case.findings()
            times.append((time.process_time() - began) * 1000)
    return mean(chain.from_iterable(took)), mean(map(min, took))


def main() -> None:
    """Print the report; exit 1 if the reporting half misses a target."""
    parser = argparse.ArgumentParser(prog="python -m tests.guard", description=main.__doc__)
    parser.add_argument("--half", choices=HALVES, help="one half only")
    parser.add_argument("--show", action="store_true", help="show the cases of the tuning half that it got wrong")
    asked = parser.parse_args()
    console, missed = Console(), False
    for half in [asked.half] if asked.half else HALVES:
        found = list(cases(half))
        counts = counted(found)
        alarms, misses = total(counts, honest=True), total(counts, honest=False)
        console.print(_table(half, counts, alarms, misses))
        if asked.show and half == "tuning":
            _show(console, alarms, misses)
        if half == "reporting":
            spent, fastest = timed(found)
            console.print(f"{spent:.2f} ms a bullet on average, {fastest:.2f} at its fastest of {PASSES} passes\n")
            missed = alarms.rate > FALSE_ALARMS or misses.rate > MISSES or spent > MS_A_BULLET
    raise SystemExit(int(missed))


def _table(half: str, counts: dict[tuple[bool, str], Count], alarms: Count, misses: Count) -> Table:
    table = Table(
        title=f"{half}: {len({case.resume for c in counts.values() for case in c.wrong})} resumes with errors"
    )
    for column in ("label", "kind", "cases", "wrong", "rate", "95 % interval"):
        table.add_column(column, justify="left" if column in ("label", "kind") else "right")
    for (honest, kind), count in sorted(counts.items(), key=lambda item: (not item[0][0], item[0][1])):
        table.add_row("honest" if honest else "false", kind, *_figures(count))
    table.add_section()
    table.add_row("honest", f"false alarms (at most {FALSE_ALARMS:.0%})", *_figures(alarms))
    table.add_row("false", f"misses, without {UNGATED} (at most {MISSES:.0%})", *_figures(misses))
    return table


def _figures(count: Count) -> tuple[str, str, str, str]:
    low, high = wilson(len(count.wrong), count.of)
    return str(count.of), str(len(count.wrong)), f"{count.rate:.1%}", f"{low:.1%} - {high:.1%}"


def _show(console: Console, *counts: Count) -> None:
    for case in (case for count in counts for case in count.wrong):
        rules = ", ".join(f"{finding.rule}: {finding.token}" for finding in case.findings() if finding.is_violation)
        console.print(f"{case.name} [{case.kind}] {rules}\n  - {case.source}\n  + {case.text}", markup=False)


if __name__ == "__main__":
    main()
