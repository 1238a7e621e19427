"""GUARD_REASK and VERIFY_POLICY hold for what is only looked at, as they hold for what is served."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from aiworker.domain.resume import locator
from aiworker.llm.offline import OfflineModel
from aiworker.processors.rewrite_resume import Rewrite
from aiworker.runtime import cases
from aiworker.runtime.fixtures import Bench, Verdict
from aiworker.runtime.preview import previewing
from aiworker.settings import Settings
from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import Text
from tests.support.jobs import EXAMPLE, HONEST, envelope, payload

SHIPPED = Path(__file__).parents[3] / "examples" / "fixtures" / "rewrite-resume"
MOST_REFUSED = {
    "b0": HONEST,
    "b1": "Built a REST endpoint with FastAPI and MongoDB that returns the refund status of 900 merchants",
    "b3": "Tested the reconciliation job, which handles approx. 21,000 rows a day",
}
BETTER = {
    "b1": "Built a REST endpoint with FastAPI & PostgreSQL that returns the refund status of a merchant",
    "b3": "Tested the reconciliation job, which handles approx. 12,000 rows a day",
}


def settings(**values: object) -> Settings:
    return Settings.checked({"llm_provider": "offline", "llm_compatible": False, **values}, {})


async def verdict(folder: Path, url: str, chosen: Settings, *answers: dict[str, str]) -> Verdict:
    """Run a case that expects all three bullets to be changed in the end."""
    expect = {
        "changed": ["b0", "b1", "b3"],
        "contains": list(BETTER.values()),
        "prompt_contains": ["An earlier answer"],
    }
    case = {"job": "rewrite-resume", "name": "asked again", "example": 0, "answers": answers, "expect": expect}
    (folder / "asked-again.json").write_text(json.dumps(case), "utf-8")
    (found,) = cases.read(folder)
    bench = Bench(chosen, url)
    return await bench.verdict(await bench.ready(found))


async def test_a_case_of_two_answers_is_asked_for_the_refused_bullets_once_more(
    tmp_path: Path, database_url: str
) -> None:
    seen = await verdict(tmp_path, database_url, settings(guard_reask=True), MOST_REFUSED, BETTER)
    assert seen.differences == ()


async def test_a_case_whose_second_answer_is_missing_says_so(tmp_path: Path, database_url: str) -> None:
    seen = await verdict(tmp_path, database_url, settings(guard_reask=True), MOST_REFUSED)
    assert seen.differences == ("status: expected ok, got broken (not_answered)",)


async def test_without_the_setting_the_second_answer_is_not_asked_for(tmp_path: Path, database_url: str) -> None:
    seen = await verdict(tmp_path, database_url, settings(), MOST_REFUSED, BETTER)
    assert seen.differences[:3] == ("answers: 1 not asked for", "changed: b1 was kept", "changed: b3 was kept")


async def test_the_shipped_rewrites_pass_with_the_setting_too(database_url: str) -> None:
    bench = Bench(settings(guard_reask=True), database_url)
    verdicts = [await bench.verdict(await bench.ready(case)) for case in cases.read(SHIPPED)]
    assert {verdict.case.file: verdict.differences for verdict in verdicts if not verdict.passed} == {}


@pytest.mark.parametrize(("asks", "code"), [(True, "follow_up"), (False, "valid")])
async def test_an_answer_that_would_be_asked_for_again_is_told(database_url: str, *, asks: bool, code: str) -> None:
    async with FakeProviders() as fake:
        fake.default(Text(json.dumps(MOST_REFUSED)))
        chosen = settings(
            llm_provider="openai", openai_api_key=fake.api_key, openai_base_url=fake.openai_url, guard_reask=asks
        )
        async with previewing(envelope(), chosen, database_url, ["gpt-4o"], example=EXAMPLE, sends=True) as previewer:
            trials = [trial async for trial in previewer.trials(1, timedelta(seconds=10))]
    assert [trial.code for trial in trials] == [code]


@pytest.mark.parametrize("policy", ["spec", "inherit"])
async def test_bullets_are_marked_by_the_verify_policy(database_url: str, policy: str) -> None:
    resume = next(each for each in EXAMPLE.resumes if '"verified": false' in each.body)
    job = envelope(payload(resume_id=resume.resume_id, student_id=resume.student_id))
    async with previewing(job, settings(verify_policy=policy), database_url, [], example=EXAMPLE) as previewer:
        (request,) = previewer.requests(previewer.doors[0])
        reply = await OfflineModel().answer(request)
        result = previewer.settle(previewer.doors[0], {request.step: reply})
    assert isinstance(result, Rewrite) and result.changed
    marks = [bullet.verified for bullet in locator.read(result.body).bullets]
    before = [bullet.verified for bullet in locator.read(resume.body).bullets]
    assert False in before and (marks == before if policy == "inherit" else False not in marks)
