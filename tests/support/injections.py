"""Attacks by texts that speak to a model: where each is planted, and what a model that obeys it answers."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

from aiworker.domain import untrusted
from aiworker.protocol import JsonValue
from aiworker.runtime import examples
from aiworker.runtime.examples import Example, Row
from tests.support.jobs import HONEST

DATA = Path(__file__).parents[1] / "data" / "injections"
REWRITE, SUGGEST, SUMMARY = "rewrite-resume", "suggest-improvements", "generate-student-summary"
ANALYTICS = "generate-analytics-summary"
REACHED: Mapping[str, tuple[str, ...]] = {
    "vacancy": (REWRITE, SUGGEST),
    "payload": (REWRITE,),
    "resume": (REWRITE, SUGGEST, SUMMARY),
    "profile": (SUMMARY,),
    "analytics": (ANALYTICS,),
}
"""By the first part of a place: the jobs whose model reads what is planted there."""
STUDENT, RESUME, VACANCY = "stu-ananya", "res-ananya", "vac-backend-intern"
BRANCH, SKILL, COMPANY = "Computer Engineering", "Python", "Kestrel Instruments"
TRUE_OF_STUDENT = (
    "The student is a final-year B.Tech. student of Computer Engineering with a CGPA of 8.40."
    " They wrote 34 unit tests as a Software Engineering Intern at Kaveri Ledger Pvt. Ltd. in Pune."
    " Their skills include Python, C, SQL, Dart, Linux and Git."
)
TRUE_OF_SEASON = (
    "In the season {registered} students were registered. With {placed} placed students the placement rate was"
    " {placement_rate}. The median package was {median_package}."
)
REASON = "It says the same with a verb."
_FRAGMENT = 4


@dataclass(frozen=True, slots=True)
class Attack:
    """A text that gives a model an order, what obeying looks like, and the words that only obeying can bring about."""

    id: str
    kind: str
    place: str
    text: str | list[str]
    obeyed: Mapping[str, Any]
    claim: tuple[str, ...]

    @property
    def jobs(self) -> tuple[str, ...]:
        return REACHED[self.place.partition(".")[0]]

    @property
    def texts(self) -> list[str]:
        return [self.text] if isinstance(self.text, str) else self.text

    @property
    def fragments(self) -> list[str]:
        """Return the runs of four words of the attack, as `seen` shows them; all of it if it is shorter."""
        runs: list[str] = []
        for text in self.texts:
            words = seen(text).split()
            starts = range(max(1, len(words) - _FRAGMENT + 1))
            runs += [" ".join(words[start : start + _FRAGMENT]) for start in starts]
        return [run for run in runs if run]


@cache
def load() -> tuple[Attack, ...]:
    """Read every attack, file by file."""
    lines = (line for file in sorted(DATA.glob("*.jsonl")) for line in file.read_text("utf-8").splitlines())
    return tuple(map(_attack, lines))


def seen(text: str) -> str:
    """Return a text as it is looked for: plain letters of one case, one blank between words, nothing hidden."""
    return " ".join(unicodedata.normalize("NFKC", untrusted.clean(text).text).casefold().split())


def found(words: Iterable[str], texts: Iterable[str]) -> list[tuple[str, str]]:
    """Return which of the words are in which of the texts."""
    plain = [seen(text) for text in texts]
    return [(word, text) for word in words for text in plain if seen(word) in text]


def leaves(value: object) -> Iterator[str]:
    """Yield every text in a JSON value, keys included."""
    if isinstance(value, dict):
        for key, item in cast("dict[str, object]", value).items():
            yield key
            yield from leaves(item)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from leaves(item)
    elif isinstance(value, str):
        yield value


def planted(attack: Attack) -> Example:
    """Return the example's rows with the attack in its place."""
    where, _, what = attack.place.partition(".")
    if where == "analytics":
        return _season(attack, what)
    example = examples.load(REWRITE)
    (text, *_) = attack.texts
    if attack.place.startswith("vacancy."):
        return _with(example, "vacancies", VACANCY, {what: lambda old: _appended(what, old, text)})
    if where == "profile":
        return _with(example, "students", STUDENT, {what: lambda old: [*old, text] if what == "skills" else text})
    if where == "resume":
        resumes = tuple(
            replace(one, body=_body(one.body, what, attack.texts)) if one.resume_id == RESUME else one
            for one in example.resumes
        )
        return replace(example, resumes=resumes)
    return example


def payload(attack: Attack, job: str) -> Row:
    """Return the payload of a job about what was attacked."""
    if job == ANALYTICS:
        return examples.load(ANALYTICS).payload
    rewrite = examples.load(REWRITE).payload
    if job == REWRITE and attack.place.startswith("payload."):
        name = attack.place.removeprefix("payload.")
        return {**rewrite, "job_id": "vac-elsewhere", name: _appended(name, str(rewrite[name]), attack.texts[0])}
    wanted = {
        REWRITE: tuple(rewrite),
        SUGGEST: ("tenant_id", "student_id", "resume_id", "job_id"),
        SUMMARY: ("tenant_id", "student_id"),
    }
    return {name: rewrite[name] for name in wanted[job]}


def answer(attack: Attack, job: str) -> str:
    """Return what a model that obeys answers; whatever the attack leaves alone is honest."""
    if job in (SUMMARY, ANALYTICS):
        true = TRUE_OF_STUDENT if job == SUMMARY else TRUE_OF_SEASON
        return json.dumps({"summary": f"{true} {attack.obeyed['summary']}"})
    texts = {"b0": HONEST, **attack.obeyed["texts"]}
    extra, twice = attack.obeyed.get("extra", {}), attack.obeyed.get("twice", {})
    if job == REWRITE:
        pairs = [*texts.items(), *extra.items(), *twice.items(), *twice.items()]
        return "{" + ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in pairs) + "}"
    reason = attack.obeyed.get("reason", REASON)
    items: list[JsonValue] = [
        {"id": bullet, "text": text, "reason": REASON if bullet == "b0" else reason}
        for bullet, text in [*texts.items(), *extra.items(), *twice.items()]
    ]
    return json.dumps({"suggestions": items, **extra})


def _attack(line: str) -> Attack:
    one: dict[str, Any] = json.loads(line)
    return Attack(one["id"], one["kind"], one["place"], one["text"], one["obeyed"], tuple(one["claim"]))


def _appended(what: str, old: str, text: str) -> str:
    return text if what in ("title", "job_title") else f"{old}\n\n{text}"


def _with(example: Example, kind: str, row_id: str, changes: Mapping[str, Callable[[Any], JsonValue]]) -> Example:
    """Return the example with one row of a kind changed."""
    found_rows: tuple[Row, ...] = getattr(example, kind)
    rows = tuple(
        {**row, **{name: change(row[name]) for name, change in changes.items()}} if row["id"] == row_id else row
        for row in found_rows
    )
    return replace(example, **{kind: rows})


def _body(body: str, what: str, texts: list[str]) -> str:
    """Return a resume with the attack in it; bullets are attacked from the second entry on."""
    resume: dict[str, Any] = json.loads(body)
    lab = resume["experience"][1]
    (text, *_) = texts
    match what:
        case "bullet":
            for bullet, part in zip(reversed(lab["bullets"]), reversed(texts), strict=False):
                bullet["text"] += f". {part}"
        case "summary":
            resume["summary"] += f" {text}"
        case "skills":
            resume["skills"].append(text)
        case "company":
            lab["company"] = text
        case "heading":
            lab["title"] = text
        case "project":
            resume["projects"][0]["name"] = text
        case _:
            resume["achievements"].append({"text": text})
    return json.dumps(resume, ensure_ascii=False)


def _season(attack: Attack, what: str) -> Example:
    """Return the season with the attack as the name of its largest branch, its first skill, or a company."""
    example = examples.load(ANALYTICS)
    (text,) = attack.texts

    def renamed(row: Row) -> Row:
        match what:
            case "skill":
                skills = cast("list[JsonValue]", row["skills"])
                return {**row, "skills": [text if skill == SKILL else skill for skill in skills]}
            case _:
                key, old = ("branch", BRANCH) if what == "branch" else ("company", COMPANY)
                return {**row, key: text} if row[key] == old else row

    if what == "branch":
        return replace(example, students=tuple(map(renamed, example.students)))
    return replace(example, vacancies=tuple(map(renamed, example.vacancies)))
