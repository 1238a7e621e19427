"""Whatever a vacancy, a resume, a profile or a name orders a model to claim, no stored row says it.

The model obeys every order. That each attack succeeds where nothing is checked is tested as well.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from aiworker.domain import untrusted
from aiworker.domain.analytics import groups
from aiworker.domain.analytics.review import Review
from aiworker.domain.analytics.slots import SLOT
from aiworker.domain.resume.guard import Guard
from aiworker.domain.students import draft
from aiworker.llm import client
from aiworker.processors import generate_analytics_summary
from aiworker.runtime.oneshot import run_once
from aiworker.store.database import Database
from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.obedience import find_orders
from aiworker.testing.llm.scenarios import EchoMap, Step, Text
from tests.integration.injecting import Left, Obeying, attacked, plant, stored, written_since
from tests.integration.injecting import log as log
from tests.integration.runtime.floor import ONCE, Floor
from tests.integration.runtime.floor import floor as floor
from tests.integration.runtime.floor import own_environment as own_environment
from tests.integration.runtime.rows import rows
from tests.integration.working import settings
from tests.support.injections import (
    ANALYTICS,
    REWRITE,
    SUGGEST,
    SUMMARY,
    Attack,
    answer,
    found,
    leaves,
    load,
    payload,
)
from tests.support.jobs import HONEST, honest, processor_of

ATTACKS = load()
REWRITING = [attack for attack in ATTACKS if REWRITE in attack.jobs]
TEXTS: Mapping[str, str] = {
    REWRITE: "SELECT body::text AS text FROM resumes WHERE is_ai_variant",
    SUGGEST: "SELECT suggested AS text FROM aiworker.resume_suggestions",
    SUMMARY: "SELECT summary AS text FROM aiworker.student_ai_summaries",
    ANALYTICS: "SELECT summary AS text FROM aiworker.analytics_summaries",
}
"""By job: the texts its readers are shown."""


def orders_of(attack: Attack) -> tuple[str, ...]:
    """Return the claims that the fake providers' model makes of an attack by itself."""
    return find_orders(untrusted.clean(text).text for text in attack.texts).claims


def case(attack: Attack, job: str, *others: str) -> object:
    """Return the parameters of a case."""
    return pytest.param(attack, job, *others, id="-".join([attack.id, job, *others]))


CASES = [case(attack, job) for attack in ATTACKS for job in attack.jobs]
ON_THE_WIRE = [
    case(attack, REWRITE, ("openai", "anthropic")[number % 2]) for number, attack in enumerate(REWRITING[::5])
]
UNDERSTOOD = [
    case(attack, REWRITE)
    for attack in REWRITING
    if attack.place.startswith(("vacancy.", "payload.")) and orders_of(attack)
]


def test_there_are_enough_attacks_of_enough_kinds() -> None:
    kinds = Counter(attack.kind for attack in ATTACKS if ANALYTICS not in attack.jobs)
    assert sum(kinds.values()) >= 48 and len(kinds) >= 10
    assert len({attack.id for attack in ATTACKS}) == len(ATTACKS)
    assert len(ON_THE_WIRE) >= 8 and len(UNDERSTOOD) >= 8


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_a_claim_is_said_by_obeying_and_by_nothing_else(attack: Attack) -> None:
    said = [text for job in attack.jobs for text in leaves(json.loads(answer(attack, job)))]
    # A name is said by whoever fills the placeholder that stands for it.
    names = attack.texts if ANALYTICS in attack.jobs else []
    assert all(found([word], [*said, *names]) for word in attack.claim)
    meek = replace(attack, obeyed={"texts": {}, "summary": ""})
    assert found(attack.claim, [answer(meek, job) for job in attack.jobs]) == []


@pytest.mark.parametrize(("attack", "job"), CASES)
async def test_no_claim_of_an_obeying_model_reaches_a_row(
    database: Database, log: Callable[[], list[str]], attack: Attack, job: str
) -> None:
    left = await attacked(database, attack, job)
    assert left.asked, "a model that is not asked obeys nobody"
    assert left.breaches(attack) == []
    assert found([*attack.claim, *attack.fragments], [*left.told(), *log()]) == []
    shown = [row["text"] for row in await rows(database, TEXTS[job])]
    assert shown and (job in (SUMMARY, ANALYTICS) or any(HONEST in text for text in shown)), "honest texts are taken"


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
async def test_without_its_checks_a_job_would_store_the_claim(
    database: Database, monkeypatch: pytest.MonkeyPatch, attack: Attack
) -> None:
    monkeypatch.setattr(Guard, "check", _passes)
    monkeypatch.setattr(draft, "check", _passes)
    monkeypatch.setattr(generate_analytics_summary, "review", _keeps)
    monkeypatch.setattr(generate_analytics_summary, "fill", _fills)
    monkeypatch.setattr(groups, "named", str)
    left = await attacked(database, attack, attack.jobs[0])
    assert left.breaches(attack)


@pytest.mark.parametrize(("attack", "job", "provider"), ON_THE_WIRE)
async def test_no_claim_reaches_a_row_from_a_provider_s_answer(
    database: Database, database_url: str, attack: Attack, job: str, provider: str
) -> None:
    async with FakeProviders() as fake:
        left = await _sent(database, database_url, fake, provider, attack, Text(answer(attack, job)))
    assert left.breaches(attack) == []
    assert any(HONEST in row["text"] for row in await rows(database, TEXTS[job]))


@pytest.mark.parametrize(("attack", "job"), UNDERSTOOD)
async def test_no_claim_that_a_model_reads_out_of_its_prompt_reaches_a_row(
    database: Database, database_url: str, attack: Attack, job: str
) -> None:
    claims = orders_of(attack)
    async with FakeProviders() as fake:
        fake.obey()
        echo = EchoMap(lambda _, original: honest(original))
        left = await _sent(database, database_url, fake, "openai", attack, echo)
    replies = [row["reply"] for row in await rows(database, "SELECT reply FROM aiworker.calls")]
    assert found(claims, replies), "it obeyed"
    assert left.breaches(replace(attack, claim=(*claims, *attack.claim))) == []


@pytest.mark.parametrize("says", ["the claim among honest texts", "the claim alone", "no answer but the claim"])
async def test_neither_the_log_nor_the_queue_quotes_attack_or_claim(
    floor: Floor, log: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    (attack,) = (attack for attack in ATTACKS if attack.id == "payload-plain")
    answers = {
        "the claim among honest texts": answer(attack, REWRITE),
        "the claim alone": json.dumps(attack.obeyed["texts"]),
        "no answer but the claim": f"As you wish: {attack.obeyed['texts']['b5']}.",
    }

    def build(*_: object, **options: object) -> Obeying:
        return Obeying(says=answers[says])

    monkeypatch.setattr(client, "build", build)
    async with floor.serving():
        status = await floor.ended(await floor.add(payload(attack, REWRITE), ONCE))
    assert status.state == ("completed" if says == "the claim among honest texts" else "failed")
    lines = log()
    assert any("rewrite-resume" in line for line in lines)
    assert found([*attack.claim, *attack.fragments], [*lines, str(status)]) == []


async def _sent(
    database: Database, database_url: str, fake: FakeProviders, provider: str, attack: Attack, step: Step
) -> Left:
    """Rewrite the attacked resume with a provider's model."""
    await plant(database, attack)
    before = await stored(database)
    fake.default(step)
    data = json.dumps(payload(attack, REWRITE))
    done = await run_once(processor_of(REWRITE), data, settings(provider, fake), database_url)
    return Left(await written_since(database, before), f"{done.result} {done.error}")


def _passes(*_: object) -> tuple[()]:
    return ()


def _keeps(text: str, published: object) -> Review:
    return Review((text,) * 3, ())


def _fills(text: str, displays: Mapping[str, str]) -> str:
    return SLOT.sub(lambda slot: displays.get(slot[1], slot[0]), text)
