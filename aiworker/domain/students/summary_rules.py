"""Writes a summary by rule: three dry sentences of what the profile states, for any profile there is.

The offline engine answers with it, and it stands in where no answer of a model can be used. It holds itself against
the same checks: of ever plainer texts the first one without fault is taken, and the last one quotes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from aiworker.domain.students.profile import Entry, Profile, sound
from aiworker.domain.students.summary_checks import Ground, check

MOST_SKILLS: Final = 6
MOST_NAMED: Final = 2
"""Of jobs and of projects."""

NOTHING_QUOTED: Final = (
    "The student has a profile at the placement office, and it holds the details of the studies and of the work done so"
    " far. Its texts could not be brought into a short form here without changing what they state. The profile itself"
    " is therefore the place to look for marks, projects and skills."
)


def write(profile: Profile, ground: Ground | None = None) -> str:
    """Return a summary of the profile that no check finds fault with."""
    against = ground or Ground.of(profile)
    return next((text for text in _ever_plainer(sound(profile)) if not check(text, against)), NOTHING_QUOTED)


def _ever_plainer(profile: Profile) -> Iterator[str]:
    plain = replace(profile, achievements=())
    few = replace(plain, entries=_first_of_each_kind(profile), skills=profile.skills[:3])
    for one in (profile, plain, few, replace(few, skills=()), replace(few, entries=())):
        # Where little is stated, what is missing is said at greater length.
        yield _text(one, is_wordy=False)
        yield _text(one, is_wordy=True)
    yield _studies_alone(profile)


def _first_of_each_kind(profile: Profile) -> tuple[Entry, ...]:
    first = {entry.kind: entry for entry in reversed(profile.entries)}
    return tuple(entry for entry in profile.entries if first[entry.kind] is entry)


def _text(profile: Profile, *, is_wordy: bool) -> str:
    studies, practice, skills = _studies(profile), _practice(profile), _skills(profile)
    if is_wordy:
        studies += ", as the records of the placement office have it"
        skills += ", and the profile states nothing further that could be added here"
    return " ".join(_ended(part) for part in (studies, practice, skills))


def _studies_alone(profile: Profile) -> str:
    return (
        f"{_ended(_studies(profile))} The practical work that the profile may list is not summed up here. The profile"
        " itself is the place to look for experience, projects, skills and whatever else has been recorded so far."
    )


def _studies(profile: Profile) -> str:
    what = _course(profile)
    return f"{what} with a CGPA of {profile.cgpa}" if profile.cgpa else f"{what}, and no CGPA is stated"


def _course(profile: Profile) -> str:
    year = profile.years[-1] if profile.years else ""
    if not (profile.degree or profile.branch):
        return f"The student is in {f'the {year} year of ' if year else ''}a course that the profile does not name"
    degree = f"{profile.degree} student" if profile.degree else "student"
    branch = f" of {profile.branch}" if profile.branch else ""
    return f"The student is a {f'{year}-year ' if year else ''}{degree}{branch}"


def _practice(profile: Profile) -> str:
    jobs = [_job(entry) for entry in profile.entries if entry.kind != "project" and entry.names][:MOST_NAMED]
    projects = [_project(entry) for entry in profile.entries if entry.kind == "project" and entry.names][:MOST_NAMED]
    if jobs and projects:
        return f"Their experience includes {_listed(jobs)}, and their projects include {_listed(projects)}"
    if jobs:
        return f"Their experience includes {_listed(jobs)}, while no projects are listed"
    if projects:
        return f"The profile lists no work experience, and the projects in it include {_listed(projects)}"
    return "The profile lists neither work experience nor projects, so that nothing can be said of practical work"


def _job(entry: Entry) -> str:
    place = entry.organisation or entry.name
    if entry.title and place:
        return f"work as {entry.title} at {place}"
    return f"work as {entry.title}" if entry.title else f"work at {place}"


def _project(entry: Entry) -> str:
    return entry.name or entry.title or entry.organisation


def _skills(profile: Profile) -> str:
    chosen = profile.skills[:MOST_SKILLS]
    if len(chosen) > 1:
        skills = f"The skills listed in the profile include {_listed(chosen)}"
    else:
        skills = f"The only skill listed is {chosen[0]}" if chosen else "No skills are listed in this summary"
    return f"{skills}, and an achievement is given as: {profile.achievements[0]}" if profile.achievements else skills


def _listed(items: Sequence[str]) -> str:
    head, last = items[:-1], items[-1]
    return f"{', '.join(head)} and {last}" if head else last


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(".") else f"{sentence}."
