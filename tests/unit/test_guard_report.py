"""The guard gets no worse: its errors on labelled rewrites that no rule was made for stay at what was measured.

`python -m tests.guard --half reporting` prints the same figures kind by kind.
"""

from __future__ import annotations

import json

from aiworker.domain.resume import locator
from tests.guard.__main__ import counted, total
from tests.guard.cases import HALVES, Half, cases

FALSE_ALARMS_MEASURED, FALSE_ALARMS_TARGET = 20 / 697, 0.03
MISSES_MEASURED, MISSES_TARGET = 13 / 910, 0.02
GATES = (
    ("false alarms", True, FALSE_ALARMS_MEASURED, FALSE_ALARMS_TARGET),
    ("misses", False, MISSES_MEASURED, MISSES_TARGET),
)
FEWEST_HONEST, FEWEST_FALSE, FEWEST_RESUMES = 300, 500, 16
A_HALF: tuple[Half, ...] = ("tuning", "reporting")


def test_errors_stay_at_what_was_measured() -> None:
    # One test of both: judging the half takes seconds, and two workers would each do it.
    judged = counted(list(cases("reporting")))
    worse = [
        f"{found.rate:.1%} {what}, measured {measured:.1%}, wanted {target:.0%}: {[case.name for case in found.wrong]}"
        for what, honest, measured, target in GATES
        if (found := total(judged, honest=honest)).rate > measured
    ]
    assert not worse


def test_there_are_enough_cases_of_enough_resumes() -> None:
    found = [case for half in A_HALF for case in cases(half)]
    assert len([case for case in found if case.is_honest]) >= FEWEST_HONEST
    assert len([case for case in found if not case.is_honest]) >= FEWEST_FALSE
    assert len({case.resume for case in found}) >= FEWEST_RESUMES
    assert set(HALVES) == set(A_HALF)


def test_every_case_names_a_bullet_and_its_own_self() -> None:
    found = [case for half in A_HALF for case in cases(half)]
    assert all(case.source for case in found)
    assert len({(case.resume, case.name) for case in found}) == len(found)


def test_no_resume_is_in_both_halves() -> None:
    files, bullets = zip(*(held(half) for half in A_HALF), strict=True)
    assert not files[0] & files[1]
    assert not bullets[0] & bullets[1]


def held(half: Half) -> tuple[set[str], set[str]]:
    """Return the bodies of a half's resumes, however they are laid out, and the texts of their bullets."""
    texts = [path.read_text(encoding="utf-8") for path in {case.resume for case in cases(half)}]
    bodies = {json.dumps(json.loads(text), sort_keys=True) for text in texts}
    return bodies, {bullet.text for text in texts for bullet in locator.read(text).bullets}
