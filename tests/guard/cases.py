"""The labelled rewrites: `tuning` for making rules, `reporting` for judging them; split by resume."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, cast

from aiworker.domain.resume import locator
from aiworker.domain.resume.guard import Finding, Guard
from aiworker.domain.resume.phrases import Tone

DATA = Path(__file__).parents[1] / "data" / "guard"
HALVES = ("tuning", "reporting")
UNGATED = "claim-drift"
"""A lie without a new figure or name: reported, and beyond rules."""

Half = Literal["tuning", "reporting"]


@dataclass(frozen=True, slots=True)
class Case:
    """One rewritten bullet and whether it is honest."""

    name: str
    resume: Path
    path: str
    tone: Tone
    vacancy: str
    text: str
    is_honest: bool
    kind: str

    def findings(self) -> tuple[Finding, ...]:
        """Return what the guard says of it."""
        return _guard(self.resume, self.vacancy, self.tone).check(_bullets(self.resume)[self.path].id, self.text)

    @property
    def source(self) -> str:
        return _bullets(self.resume)[self.path].text


def cases(half: Half) -> Iterator[Case]:
    """Read one half, every writer's folder in turn."""
    for folder in sorted(path for path in (DATA / half).iterdir() if (path / "cases.jsonl").exists()):
        vacancies = json.loads((folder / "vacancies.json").read_text(encoding="utf-8"))
        for line in (folder / "cases.jsonl").read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield _case(folder, json.loads(line), vacancies)


def _case(folder: Path, line: dict[str, str], vacancies: dict[str, dict[str, str]]) -> Case:
    vacancy = vacancies.get(line.get("vacancy") or "", {})
    return Case(
        name=line["id"],
        resume=_resume(folder, line["resume"]),
        path=line["path"],
        tone=cast("Tone", line["tone"]),
        vacancy="\n".join(vacancy.values()),
        text=line["text"],
        is_honest=line["label"] == "ok",
        kind=line["kind"],
    )


@cache
def _resume(folder: Path, name: str) -> Path:
    # One for all its cases: paths that are only equal take their time to compare.
    return folder / "resumes" / f"{name}.json"


def forget() -> None:
    """Read every resume anew for the cases that come."""
    _guard.cache_clear()


@lru_cache
def _document(resume: Path) -> locator.Document:
    return locator.read(resume.read_text(encoding="utf-8"))


@lru_cache
def _bullets(resume: Path) -> Mapping[str, locator.Bullet]:
    return {bullet.path: bullet for bullet in _document(resume).bullets}


# A job holds no resume but its own; here cases of three tones are mixed.
@lru_cache(maxsize=3)
def _guard(resume: Path, vacancy: str, tone: Tone) -> Guard:
    return Guard.of(_document(resume), vacancy=vacancy, tone=tone)
