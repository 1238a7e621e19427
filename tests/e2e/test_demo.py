"""`aiworker demo` as a newcomer sees it: nothing configured, one command, the whole way."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest

from aiworker.commands.demo import OF_EACH
from tests.e2e.daemon import LOADING, NOWHERE, Running, start_process
from tests.e2e.resume_jobs import JOBS
from tests.integration.embedded.support import end_everything, server_processes, supervisor_pids
from tests.support.jobs import EXAMPLE, TENANT
from tests.support.waiting import wait_until

NAMES = (EXAMPLE.job, *(job.name for job in JOBS))
ESCAPE = "\x1b["

Start = Callable[..., Awaitable[Running]]

pytestmark = pytest.mark.slow


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "embedded"


@pytest.fixture
async def demo(tmp_path: Path, data_dir: Path) -> AsyncGenerator[Start]:
    """Start demos with servers of the test's own; leave no process behind."""
    started: list[Running] = []

    async def start(**variables: str) -> Running:
        own = {"AIWORKER_DATA_DIR": str(data_dir), "AIWORKER_EMBEDDED_LINGER": "0.3"}
        running = Running(await start_process(tmp_path, "demo", **own, **variables))
        started.append(running)
        return running

    try:
        yield start
    finally:
        for running in started:
            await running.kill()
        end_everything(data_dir)


def jobs(running: Running) -> list[tuple[str, str, str]]:
    """Return id, name and result id of each job told as completed and called back."""
    line = re.compile(r"  ai-jobs:(\d+) +([\w-]+) +completed +\d+\.\d\d s +([0-9a-f-]{36})  received")
    return [(found[1], found[2], found[3]) for told in running.out if (found := line.fullmatch(told))]


def left_behind(data_dir: Path) -> list[int]:
    return [*server_processes(data_dir), *supervisor_pids(data_dir)]


async def test_it_shows_the_whole_way_on_one_screen_within_30_seconds_and_exits_0(demo: Start, data_dir: Path) -> None:
    running = await demo()
    assert await running.ended(LOADING) == 0
    told = "\n".join(running.out)

    assert "The offline rule engine answers: no model, no key, no cost." in told
    count = OF_EACH * len(NAMES)
    assert f"{count} jobs enqueued" in told
    assert [told_of[:2] for told_of in jobs(running)] == [
        (str(number), name) for number, name in enumerate((name for name in NAMES for _ in range(OF_EACH)), start=1)
    ]
    assert re.search(rf"{count} jobs worked .* in \d+\.\d s", told)
    assert "aiworker serve --embedded" in told
    assert ESCAPE not in told
    assert len(running.out) <= 45
    assert running.err == []
    await asyncio.to_thread(wait_until, lambda: not left_behind(data_dir), "the servers stop", 10.0)


async def test_it_shows_what_the_first_job_of_each_kind_wrote(demo: Start) -> None:
    running = await demo()
    assert await running.ended(LOADING) == 0
    places = [running.out.index(line) for line in running.out if re.match(r"  (resumes|aiworker\.\w+)  ", line)]
    variant, suggestion, student, season = (running.out[place : place + 2] for place in places)

    assert variant[0] == f"  resumes  is_ai_variant True, base_resume_id {EXAMPLE.payload['resume_id']}"
    assert re.match(r"    experience\.0\.bullets\.0 .*\[-.+?-\].*\{\+.+?\+\}", variant[1])
    assert re.match(r'  aiworker\.resume_suggestions  reason ".+"', suggestion[0])
    assert re.match(r"    \w+\.\d\.bullets\.\d .*\[-.+?-\].*\{\+.+?\+\}", suggestion[1])
    assert student[0] == f"  aiworker.student_ai_summaries  student_id {EXAMPLE.payload['student_id']}"
    assert student[1].startswith("    The student is a final-year B.Tech. student")
    assert season[0] == "  aiworker.analytics_summaries  season 2026-27"
    assert season[1].startswith("    In season 2026-27, 130 of 144 registered students applied. 61 students")


async def test_the_callback_is_shown_with_its_four_keys_and_without_its_secret(demo: Start) -> None:
    running = await demo()
    assert await running.ended(LOADING) == 0
    line = running.out.index("  POST /internal/ai-jobs/complete")
    secret, key, body = running.out[line + 1 : line + 4]

    assert secret.strip() == "x-internal-secret: ****"
    assert re.match(r" +Idempotency-Key: ai-jobs:1:\d+:0:complete", key)
    callback = json.loads(body)
    assert callback.keys() == {"jobId", "jobType", "tenantId", "resultId"}
    assert (callback["jobId"], callback["jobType"], callback["tenantId"]) == ("1", "rewrite-resume", TENANT)
    assert ("1", "rewrite-resume", callback["resultId"]) in jobs(running)


async def test_a_terminal_gets_colours(demo: Start) -> None:
    running = await demo(FORCE_COLOR="1")
    assert await running.ended(LOADING) == 0

    assert any(ESCAPE in line for line in running.out)
    assert not any("{+" in line or "[-" in line for line in running.out)


async def test_it_runs_again_on_the_last_data_whatever_addresses_and_keys_are_set(demo: Start) -> None:
    assert await (await demo()).ended(LOADING) == 0
    again = await demo(
        DATABASE_URL="postgresql://nobody@127.0.0.1:1/none",
        REDIS_URL=NOWHERE,
        LLM_PROVIDER="openai",
        OPENAI_API_KEY="sk-fictional",
        CORE_API_INTERNAL_URL="http://127.0.0.1:1",
        CORE_API_INTERNAL_SECRET="fictional",
    )
    assert await again.ended(LOADING) == 0


async def test_ctrl_c_exits_130_and_leaves_no_server_behind(demo: Start, data_dir: Path) -> None:
    running = await demo()
    await running.until(
        lambda: any("Valkey and PostgreSQL" in line for line in running.out), "the servers run", within=LOADING
    )
    running.interrupt()

    assert await running.ended() == 130
    assert not any("Traceback" in line for line in running.err)
    await asyncio.to_thread(wait_until, lambda: not left_behind(data_dir), "the servers stop", 10.0)
