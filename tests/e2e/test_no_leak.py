"""Canaries: whatever a provider does, no text of a person, no answer and no secret leaves the place it belongs to.

The canaries have no shape that a redacting pattern would know, so that only not writing them keeps them away.
"""

from __future__ import annotations

from typing import Any, cast

import pytest
from bullmq import Job

from aiworker.testing.llm import FakeProviders
from aiworker.testing.llm.scenarios import (
    BadJson,
    ContentFilter,
    ContextTooLong,
    Cut,
    EchoMap,
    Forbidden,
    ModelNotFound,
    Overloaded,
    Quota,
    RateLimited,
    Refusal,
    Reset,
    ServerError,
    Step,
    Text,
    WrongShape,
)
from aiworker.testing.llm.wire import Provider
from tests.e2e.daemon import SECRET, Daemon, Site
from tests.support.jobs import payload

NAME = "Quillonde Barrowfax"
RESUME = "thistlewhit ledgers"
TITLE = "Brackenvale Harbourmaster"
VACANCY = "Fennimore tidewrights"
SAID = "Ostrivane"
KEY = "Zephyrkey-Marrowby-Grenlock"
WRONG_KEY = "Yarrowkey-Tollander-Winbrook"
# OpenAI's 401 quotes the ends of the key it was given.
CANARIES = (NAME, "Quillonde", RESUME, TITLE, "Brackenvale", VACANCY, SAID, SECRET, KEY, WRONG_KEY, "Yarrowke", "rook.")

FAILED: tuple[tuple[str, tuple[Step, ...]], ...] = (
    ("provider_5xx", (ServerError(),)),
    ("provider_5xx", (ServerError(502, html=True),)),
    ("provider_unreachable", (Reset(),)),
    ("provider_garbled", (BadJson(f'{{"{SAID}": "{SAID}'),)),
    ("provider_garbled", (WrongShape({"choices": SAID, "content": SAID}),)),
    ("invalid_answer", (Text(f"{SAID} would rather write prose about {NAME}."),)),
    ("invalid_answer", (Text(f'{{"b0": "{SAID}'),)),
    ("output_cut", (Cut(f'{{"b0": "{SAID}'), Cut(f'{{"b0": "{SAID}'))),
    ("refused", (Refusal(),)),
    ("refused", (ContentFilter(SAID),)),
    ("context_too_long", (ContextTooLong(9_000, 4_000), ContextTooLong(9_000, 4_000))),
    ("model_not_found", (ModelNotFound(),)),
)
PUT_OFF: tuple[Step, ...] = (RateLimited(30), Quota(), Overloaded(30), Forbidden())
DETAILS = """
SELECT to_json(e)::text FROM aiworker.ai_job_errors e
UNION ALL SELECT to_json(r)::text FROM aiworker.runs r
UNION ALL SELECT to_json(o)::text FROM aiworker.outbox o
UNION ALL SELECT to_json(a)::text FROM aiworker.audit a
UNION ALL SELECT to_json(w)::text FROM aiworker.resume_rewrites w
"""


@pytest.fixture
async def site(site: Site) -> Site:
    await _plant(site)
    return site


async def _plant(site: Site) -> None:
    await site.db.execute("UPDATE students SET name = $1", NAME)
    await site.db.execute(
        "UPDATE resumes SET title = $1, body = replace(replace(body::text, $2, $1), 'refund', $3)::json",
        NAME,
        "Ananya Velankar",
        RESUME,
    )
    await site.db.execute("UPDATE jobs SET title = $1, description = $2 || description", TITLE, VACANCY)


def variables(provider: Provider, fake: FakeProviders, key: str) -> dict[str, str]:
    """Return a daemon's variables; the SDKs' own logging is as talkative as it gets."""
    url = fake.openai_url if provider == "openai" else fake.anthropic_url
    name = provider.upper()
    return {
        "LLM_PROVIDER": provider,
        "LLM_COMPATIBLE": "false",
        f"{name}_API_KEY": key,
        f"{name}_BASE_URL": url,
        f"{name}_LOG": "debug",
    }


async def add(site: Site) -> str:
    # Five faults in a row, or one without quota, would keep the next job waiting.
    await site.forget_limits()
    job = await site.add(payload(job_title=TITLE, job_description=VACANCY), attempts=1)
    return job.id


async def give_up_waiting(site: Site, job: str) -> None:
    """Let the six hours pass that a job waits for a provider that refuses our key."""
    await site.reaches(job, "delayed")
    await site.db.execute("UPDATE aiworker.runs SET blocked_since = now() - interval '6 hours' WHERE job_id = $1", job)
    await site.forget_limits()
    await cast("Any", await Job.fromId(site.queue, job)).promote()
    await site.reaches(job, "failed")
    assert (await site.hash(job))["failedReason"].startswith("provider_blocked: ")


async def work_through(site: Site, fake: FakeProviders) -> None:
    """Have one job meet each fault, and see that it did."""
    for code, steps in FAILED:
        fake.script(*steps)
        job = await add(site)
        await site.reaches(job, "failed")
        assert (await site.hash(job))["failedReason"].startswith(f"{code}: ")
    for step in PUT_OFF:
        fake.script(step)
        await site.reaches(await add(site), "delayed")
    fake.script(EchoMap(f"{SAID} "))
    await site.reaches(await add(site), "completed")
    await site.core_api.wait_for(1)
    assert fake.unplayed == []


async def leaks(site: Site, *daemons: Daemon) -> dict[str, list[str]]:
    """Return the canaries that are where they must not be, by place."""
    places = {
        "stdout": "\n".join(line for daemon in daemons for line in daemon.out),
        "stderr": "\n".join(line for daemon in daemons for line in daemon.err),
        "Redis": await site.text_in_redis(),
        "our own rows": "\n".join([row["to_json"] for row in await site.rows(DETAILS)]),
    }
    assert all(places.values())
    found = {place: [word for word in CANARIES if word in text] for place, text in places.items()}
    return {place: words for place, words in found.items() if words}


@pytest.mark.timeout(90)  # Eighteen jobs and two daemons: 7 s on an idle machine.
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_no_canary_leaves_its_place_whatever_the_provider_does(site: Site, provider: Provider) -> None:
    async with FakeProviders(api_key=KEY) as fake:
        fake.quote(f"You sent: {RESUME}, {VACANCY}, {KEY}.")
        daemon = await site.serve(**variables(provider, fake, KEY))
        await work_through(site, fake)
        assert await daemon.stop() == 0

        mistaken = await site.serve(**variables(provider, fake, WRONG_KEY))
        await give_up_waiting(site, await add(site))
        assert await mistaken.stop() == 0

        sent = b"".join(seen.raw for seen in fake.requests).decode()
    assert RESUME in sent and TITLE in sent and VACANCY in sent, "what is looked for was there to be leaked"
    assert NAME not in sent, "what names the student is not the model's business"
    assert all(event["event"] != "job-crashed" for event in (*daemon.events, *mistaken.events))
    assert await leaks(site, daemon, mistaken) == {}
    kept = await site.rows("SELECT reply FROM aiworker.calls WHERE reply LIKE '%' || $1 || '%'", SAID)
    assert len(kept) >= 4, "the raw answers are kept, here and nowhere else"
