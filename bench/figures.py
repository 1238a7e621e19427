"""What a section reports: rows with a ratio and a target beside them, and what could not be run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Options:
    """How thoroughly to measure. `quick` says whether anything works, not what is reached."""

    quick: bool = False
    long: bool = False
    rounds: int = 3
    jobs: int = 5000

    @property
    def memory_jobs(self) -> int:
        return 10_000 if self.quick else 100_000


@dataclass(frozen=True, slots=True)
class Target:
    """A limit for a row's ratio or for our own figure."""

    limit: float
    is_ceiling: bool
    of: Literal["ratio", "ours"]
    source: str = "issue 4"

    def is_met(self, value: float) -> bool:
        return value <= self.limit if self.is_ceiling else value >= self.limit

    def __str__(self) -> str:
        sign = "<=" if self.is_ceiling else ">="
        source = "" if self.source == "issue 4" else f" ({self.source})"
        return f"{self.of} {sign} {self.limit:g}{source}"


def at_least(limit: float, source: str = "issue 4") -> Target:
    """Want a ratio of at least `limit`."""
    return Target(limit, is_ceiling=False, of="ratio", source=source)


def at_most(limit: float) -> Target:
    """Want a ratio of at most `limit`."""
    return Target(limit, is_ceiling=True, of="ratio")


def ours_at_most(limit: float) -> Target:
    """Want our own figure to be at most `limit`."""
    return Target(limit, is_ceiling=True, of="ours")


def ours_at_least(limit: float) -> Target:
    """Want our own figure to be at least `limit`."""
    return Target(limit, is_ceiling=False, of="ours")


@dataclass(frozen=True, slots=True)
class Row:
    """One measure: our figure, the one it is held against, and what was wanted."""

    measure: str
    unit: str
    ours: float
    beside: float | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.beside if self.beside else None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None without one, or without the figure it compares with."""
        value = self.ours if self.target and self.target.of == "ours" else self.ratio
        return self.target.is_met(value) if self.target and value is not None else None

    @property
    def document(self) -> dict[str, object]:
        target = str(self.target) if self.target else None
        return {
            "measure": self.measure,
            "unit": self.unit,
            "ours": self.ours,
            "beside": self.beside,
            "ratio": self.ratio,
            "target": target,
            "met": self.is_met,
        }


@dataclass(slots=True)
class Report:
    """One section's outcome; `add` prints each row as it comes, because the whole takes long."""

    section: str
    rows: list[Row] = field(default_factory=list[Row])
    not_run: list[str] = field(default_factory=list[str])
    raw: dict[str, object] = field(default_factory=dict[str, object])

    def add(self, *rows: Row) -> None:
        for row in rows:
            self.rows.append(row)
            print(line(self.section, row), flush=True)

    def omit(self, what: str, why: str) -> None:
        """Say that something was not measured."""
        self.not_run.append(f"{what}: {why}")
        print(f"{self.section:9} {what:50} not run: {why}", flush=True)

    @property
    def document(self) -> dict[str, object]:
        return {"rows": [row.document for row in self.rows], "notRun": self.not_run, "raw": self.raw}


HEADER = f"{'section':9} {'measure':50} {'unit':8} {'ours':>10} {'beside':>10} {'ratio':>7}  target"
VERDICTS: Mapping[bool | None, str] = {True: "reached", False: "MISSED", None: "not known"}


def line(section: str, row: Row) -> str:
    """Return a row as a line of the table."""
    ratio = f"{row.ratio:7.2f}" if row.ratio is not None else f"{'-':>7}"
    beside = f"{row.beside:10.2f}" if row.beside is not None else f"{'-':>10}"
    wanted = f"{row.target}: {VERDICTS[row.is_met]}" if row.target else "-"
    return f"{section:9} {row.measure:50} {row.unit:8} {row.ours:10.2f} {beside} {ratio}  {wanted}"


def summary(reports: Sequence[Report]) -> str:
    """Return how many targets were reached, which were missed, and what was not run."""
    judged = [(report.section, row) for report in reports for row in report.rows if row.is_met is not None]
    missed = [f"  missed   {section}: {row.measure}" for section, row in judged if not row.is_met]
    left_out = [f"  not run  {report.section}: {what}" for report in reports for what in report.not_run]
    return "\n".join([f"{len(judged) - len(missed)} of {len(judged)} targets reached", *missed, *left_out])


def at(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of all lie; 0 without any."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0
