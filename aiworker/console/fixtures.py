"""Runs a folder of cases before a person's or a build server's eyes, and tells which passed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from aiworker.console import junit
from aiworker.console.output import Output, explained
from aiworker.console.progress import bar
from aiworker.console.prompts import View, affordable
from aiworker.errors import JobFailed, UsageError
from aiworker.protocol import Measured
from aiworker.runtime import cases
from aiworker.runtime.cases import Case
from aiworker.runtime.fixtures import Bench, Ready, Verdict
from aiworker.settings import Settings

SCHEMA = "aiworker.prompt-fixtures/1"


@dataclass(frozen=True, slots=True)
class Cases:
    """A folder of cases to run, and where to report on them."""

    found: Sequence[Case]
    report: Path | None
    model: str
    provider: str | None
    view: View

    @classmethod
    def of(
        cls,
        folder: Path | None,
        job: str | None,
        report: Path | None,
        models: Sequence[str],
        provider: str | None,
        view: View,
    ) -> Cases:
        """Read a folder; UsageError for a case that is malformed, or for what does not go with cases."""
        if folder is None:
            raise UsageError("--junit reports on --fixtures DIR.")
        if view.shows_one or view.repeat > 1 or len(models) > 1:
            raise UsageError("--fixtures goes with --junit, --send, --provider and one --model; a case holds the rest.")
        return cls(cases.read(folder, job), report, next(iter(models), ""), provider, view)

    async def show(self, output: Output, settings: Settings, database_url: str) -> None:
        """Run them all, print the verdicts and write the report; JobFailed if a case failed."""
        view = self.view
        bench = Bench(settings, database_url, self.model, self.provider, view.sends, view.max_cost)
        await run(output, bench, self.found, self.report, takes_unpriced=view.takes_unpriced)


async def run(
    output: Output, bench: Bench, found: Sequence[Case], report: Path | None, *, takes_unpriced: bool
) -> None:
    """Run every case, print the verdicts and write the report; JobFailed if a case failed.

    Raises UsageError before anything is sent that could cost more than the bench may spend, or nobody knows what.
    """
    verdicts = await _verdicts(output, bench, found, takes_unpriced=takes_unpriced)
    failed = sum(not verdict.passed for verdict in verdicts)
    precisions = list(precision(verdicts))
    fields = {
        "passed": len(found) - failed,
        "failed": failed,
        "entityPrecision": [each.document for each in precisions],
        "cases": [_document(each) for each in verdicts],
    }
    output.show(SCHEMA, fields, lambda: _tell(output, verdicts))
    for each in precisions:
        output.note(str(each))
    if report is not None:
        _write(report, verdicts)
    if failed:
        raise JobFailed(f"{failed} of {len(found)} cases failed.", code="cases_failed")
    output.note(f"all {len(found)} cases passed")


@dataclass(frozen=True, slots=True)
class Precision:
    """How many figures and names of a model's answers their sources hold, for one version of a prompt."""

    job: str
    prompt: str
    model: str
    grounded: int
    entities: int
    runs: int
    partial: int
    """How many of the runs were held to part of the guard's rules only, for their language."""

    def __str__(self) -> str:
        share = f"{self.grounded / self.entities:.1%}" if self.entities else "none"
        partly = f", guard partial in {self.partial} of {self.runs} runs" if self.partial else ""
        told = f"{self.job}, prompt {self.prompt}, {self.model}"
        return f"entity precision {share} ({self.grounded} of {self.entities} figures and names{partly}): {told}"

    @property
    def document(self) -> Mapping[str, object]:
        return {
            "job": self.job,
            "prompt": self.prompt,
            "model": self.model,
            "grounded": self.grounded,
            "entities": self.entities,
            "runs": self.runs,
            "partialRuns": self.partial,
            "entityPrecision": round(self.grounded / self.entities, 4) if self.entities else None,
        }


def precision(verdicts: Sequence[Verdict]) -> Iterator[Precision]:
    """Add up by job, prompt and model what was counted; an answer that a case gives says nothing of a model."""
    counted: dict[tuple[str, str, str], list[Measured]] = {}
    for each in verdicts:
        if each.case.answers is None and (measured := each.seen.measured):
            counted.setdefault((measured.job, measured.prompt, each.model), []).append(measured)
    for key, runs in counted.items():
        yield Precision(
            *key,
            grounded=sum(run.grounded for run in runs),
            entities=sum(run.entities for run in runs),
            runs=len(runs),
            partial=sum(run.is_partial for run in runs),
        )


async def _verdicts(output: Output, bench: Bench, found: Sequence[Case], *, takes_unpriced: bool) -> list[Verdict]:
    ready: list[Ready] = []
    if bench.sends:
        ready = [await bench.ready(case) for case in found]
        _require_affordable(output, bench, ready, takes_unpriced=takes_unpriced)
    verdicts: list[Verdict] = []
    with bar(output, "running", len(found), "cases") as advance:
        for number, case in enumerate(found):
            verdicts.append(await bench.verdict(ready[number] if ready else await bench.ready(case)))
            advance(len(verdicts))
    return verdicts


def _require_affordable(output: Output, bench: Bench, ready: Sequence[Ready], *, takes_unpriced: bool) -> None:
    sent = [each.previewer for each in ready if each.needs_answer and each.previewer]
    unpriced = list(dict.fromkeys(name for previewer in sent for name in previewer.unpriced()))
    most = sum((previewer.most(1) for previewer in sent), Decimal(0))
    affordable(output, unpriced, most, bench.most, takes_unpriced=takes_unpriced)


def _tell(output: Output, verdicts: Sequence[Verdict]) -> None:
    rows = [
        (each.case.file, each.case.name, "passed" if each.passed else "failed", "; ".join(_why(each)) or None)
        for each in verdicts
    ]
    output.table(("file", "case", "result", "what differed"), rows)


def _document(verdict: Verdict) -> Mapping[str, object]:
    seen = verdict.seen
    return {
        "file": verdict.case.file,
        "job": verdict.case.processor.name,
        "name": verdict.case.name,
        "passed": verdict.passed,
        "status": seen.status,
        "code": seen.code,
        "differences": _why(verdict),
        "answeredBy": verdict.model,
        "promptTokens": seen.tokens,
        "seconds": round(verdict.seconds, 3),
        "costUsd": str(verdict.cost_usd),
    }


def _why(verdict: Verdict) -> Sequence[str]:
    """Return what differed, with the words of an error that was not expected; those hold no values."""
    error = verdict.seen.error
    if verdict.passed or error is None:
        return verdict.differences
    _, message, _ = explained(error)
    return (*verdict.differences, message)


def _write(file: Path, verdicts: Sequence[Verdict]) -> None:
    results = [
        junit.Result(
            suite=each.case.processor.name,
            group=Path(each.case.file).stem,
            name=each.case.name,
            seconds=each.seconds,
            failures=tuple(_why(each)),
        )
        for each in verdicts
    ]
    try:
        file.write_text(junit.report(results), "utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({error.strerror}).") from error
